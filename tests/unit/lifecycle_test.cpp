/// Jobs, background workers, the slow path and the end of a lease, each with a Lifecycle and no pool.
#include <carpool/detail/acquire_wait.hpp>
#include <carpool/detail/background/reaper_pass.hpp>
#include <carpool/detail/background/workers.hpp>
#include <carpool/detail/lease_return.hpp>
#include <carpool/detail/lifecycle.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/fifo_queue.hpp>
#include <carpool/single_backend.hpp>
#include <carpool/thread_backend.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using carpool::CloseReason;
using carpool::never;
using carpool::detail::SlotState;

template <class Backend>
using TypesOn = carpool::detail::PoolTypes<Backend, carpool::FifoQueue, carpool::FakeConnector, carpool::NeverEvict,
                                           carpool::NoObserver>;

/// What a pool's core is to its Lifecycle.
template <class Backend>
class Holder final : public carpool::detail::LifecycleHolder {
 public:
  using Types = TypesOn<Backend>;
  using Settings = carpool::detail::Settings<Types>;

  Holder(const carpool::FakeServer& server, bool& deleted, carpool::PoolOptions options = {})
      : lifecycle(std::make_shared<Settings>(Settings{server.connector(), std::move(options), {}, {}}), *this),
        deleted_(deleted) {}
  ~Holder() override { deleted_ = true; }

  carpool::detail::Lifecycle<Types> lifecycle;

 private:
  bool& deleted_;
};

/// On a backend on which the caller itself does the pool's work.
class LifecycleTest : public ::testing::Test {
 public:
  using Backend = carpool::SingleBackend;
  using Types = TypesOn<Backend>;
  using Jobs = carpool::detail::JobQueue<Types>;
  using PoolSlot = carpool::detail::PoolSlot<Types>;
  using Return = carpool::detail::LeaseReturn<Types>;
  using Timeout = carpool::detail::Timeout<Backend>;
  using Wakeups = carpool::detail::Wakeups<Backend>;

  ~LifecycleTest() override {
    if (!deleted) owner_goes();
    EXPECT_TRUE(deleted);
  }
  [[nodiscard]] std::size_t count(SlotState state) { return pool.access()->inventory.slots.count(state); }
  void ask_for_one() {
    auto state = pool.access();
    carpool::detail::Instant<Backend> now;
    state->demand.ask_for_one(state->inventory.endpoints.sole(), now);
  }
  [[nodiscard]] PoolSlot& acquire() {
    Timeout timeout(1s);
    return carpool::detail::AcquireWait<Types>(pool, {}, timeout, carpool::SourceLocation::current()).run();
  }
  void owner_goes() {
    pool.run_closes_inline();
    Wakeups wakeups;
    auto state = pool.access();
    state->references.retain();
    state->gate.close();
    state->inventory.close_idle(CloseReason::closed, [](const PoolSlot&) { return true; });
    state->references.owner_goes();
    pool.end().owner_goes();
    pool.release(state, wakeups);
  }

  carpool::FakeServer server;
  bool deleted = false;
  Holder<Backend>& holder = *new Holder<Backend>(server, deleted);  // deleted by the last that refers to it
  carpool::detail::Lifecycle<Types>& pool = holder.lifecycle;
};

TEST_F(LifecycleTest, NothingIsDoneWhereNothingIsWanted) {
  EXPECT_FALSE(Jobs::run_all(pool, never));
  EXPECT_EQ(server.counts().connects, 0U);
}

TEST_F(LifecycleTest, AJobOpensWhatIsAskedFor) {
  ask_for_one();
  EXPECT_TRUE(Jobs::run_all(pool, never));
  EXPECT_EQ(count(SlotState::idle), 1U);
}

TEST_F(LifecycleTest, AJobThatFailsFreesItsSlot) {
  server.other_connects(carpool::fake::refuse("down"));
  ask_for_one();
  EXPECT_TRUE(Jobs::run_all(pool, never));
  auto state = pool.access();
  EXPECT_EQ(state->inventory.slots.occupied(), 0U);
  EXPECT_EQ(state->inventory.counters.connect_failures, 1U);
  EXPECT_NE(state->inventory.endpoints.sole().failure, nullptr);
}

TEST_F(LifecycleTest, AWaitIsServedByAConnectAndItsLeaseByAReturn) {
  PoolSlot& slot = acquire();
  EXPECT_EQ(slot.state, SlotState::leased);
  Return::give_back(pool, slot);
  EXPECT_EQ(slot.state, SlotState::idle);
  EXPECT_EQ(pool.access()->gate.waiting(), 0U);
}

TEST_F(LifecycleTest, AWaitThatFailsThrowsTheConnectorsError) {
  server.other_connects(carpool::fake::refuse("down"));
  EXPECT_THROW((void)acquire(), carpool::PoolError);
  EXPECT_EQ(pool.access()->gate.waiting(), 0U);
}

TEST_F(LifecycleTest, ADiscardedConnectionIsDestroyedAndItsSlotFree) {
  Return::discard(pool, acquire());
  EXPECT_EQ(server.counts().open, 0U);
  EXPECT_EQ(count(SlotState::empty), 1U);
}

TEST_F(LifecycleTest, ADueRefreshIsAJob) {
  PoolSlot& slot = acquire();
  Return::give_back(pool, slot);
  pool.access()->inventory.refresh_idle(slot);
  EXPECT_EQ(slot.state, SlotState::refreshing);
  EXPECT_TRUE(Jobs::run_all(pool, never));
  EXPECT_EQ(slot.state, SlotState::idle);
}

TEST_F(LifecycleTest, AReaperPassHasIdleConnectionsPinged) {
  bool gone = false;
  const auto own = std::make_unique<Holder<Backend>>(server, gone, carpool::PoolOptions{.keepalive_time = 1ns});
  auto& watched = own->lifecycle;
  {
    auto state = watched.access();
    carpool::detail::Instant<Backend> now;
    state->demand.ask_for_one(state->inventory.endpoints.sole(), now);
  }
  EXPECT_TRUE(Jobs::run_all(watched, never));
  EXPECT_EQ(carpool::detail::ReaperPass<Types>().run(watched).evicted, 0U);
  EXPECT_EQ(watched.access()->inventory.slots.count(SlotState::refreshing), 1U);
  EXPECT_TRUE(Jobs::run_all(watched, never));
  EXPECT_EQ(watched.access()->inventory.slots.count(SlotState::idle), 1U);
}

TEST_F(LifecycleTest, TheLastThatRefersToItDeletesItsHolder) {
  PoolSlot& first = acquire();
  PoolSlot& second = acquire();
  owner_goes();
  EXPECT_FALSE(deleted) << "two leases are out";
  Return::give_back(pool, first);
  EXPECT_FALSE(deleted);
  static_cast<void>(Return::detach(pool, second));
  EXPECT_TRUE(deleted);
}

TEST(BackgroundWorkersByThemselves, DoWhatIsAskedForAndEnd) {
  using Backend = carpool::ThreadBackend;
  using Types = TypesOn<Backend>;
  const carpool::FakeServer server;
  bool deleted = false;
  const auto holder = std::make_unique<Holder<Backend>>(server, deleted);
  auto& pool = holder->lifecycle;
  carpool::detail::BackgroundWorkers<Types> workers(pool);
  workers.start();
  {
    carpool::detail::Wakeups<Backend> wakeups;
    auto state = pool.access();
    carpool::detail::Instant<Backend> now;
    state->demand.ask_for_one(state->inventory.endpoints.sole(), now);
    pool.wake_background_work(*state, wakeups);
  }
  const auto idle = [&] { return pool.access()->inventory.slots.count(SlotState::idle); };
  for (const auto deadline = Backend::now() + 10s; idle() == 0 && Backend::now() < deadline;) {
    Backend::sleep_until(Backend::now() + 1ms);
  }
  EXPECT_EQ(idle(), 1U);
  pool.access()->gate.close();
  workers.stop();
}

}  // namespace

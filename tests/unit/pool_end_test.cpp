// needs: fiber_backend
// How a pool ends: how long its destructor takes, and what is called after it.
#include <carpool/connection_pool.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/single_backend.hpp>
#include <carpool/thread_backend.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "time_of.hpp"

namespace {

using namespace std::chrono_literals;
using namespace carpool::fake;
using carpool::TimePoint;

template <class Backend>
class PoolEnd : public ::testing::Test {};
using Backends = ::testing::Types<carpool::ThreadBackend, carpool::FiberBackend, carpool::SingleBackend>;
TYPED_TEST_SUITE(PoolEnd, Backends);

template <class Backend>
using FakePool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::FakeConnector>;

// One deadline after the other would be 2.5 s with four background workers, and 10 s with none.
TYPED_TEST(PoolEnd, GivesGoodbyesThatHangOneDeadlineForAll) {
  carpool::FakeServer server;
  server.other_connects(ok().slow_to_part(1h));
  auto pool = std::make_unique<FakePool<TypeParam>>(
      server.connector(), carpool::PoolOptions{.max_size = 100, .close_timeout = 100ms, .max_connecting = 8});
  ASSERT_EQ(pool->prewarm(100, 30s), 100U);
  EXPECT_LT(time_of<TypeParam>([&] { pool.reset(); }), 1500ms);
  EXPECT_EQ(server.counts().open, 0U);
  EXPECT_GE(server.counts().invalidated, 1U);
}

// What comes back after close() has its goodbye still, whenever that is.
TYPED_TEST(PoolEnd, GivesWhatComesBackLaterItsOwnGoodbye) {
  carpool::FakeServer server;
  FakePool<TypeParam> pool(server.connector(), {.close_timeout = 300ms});
  auto lease = pool.acquire();
  pool.close();
  TypeParam::sleep_until(TypeParam::now() + 400ms);
  lease.release();
  while (pool.stats().size() > 0) TypeParam::sleep_until(TypeParam::now() + 1ms);
  EXPECT_EQ(server.counts().invalidated, 1U);
}

/// Connects only when it is interrupted, and then in vain.
template <class Backend>
struct Interruptible {
  struct Connection {
    [[nodiscard]] bool is_connected() const noexcept { return true; }
  };
  struct State {
    std::atomic<int> connects{0};
    std::atomic<int> interrupts{0};
    std::function<void()> on_interrupt = [] {};
  };
  std::shared_ptr<State> state = std::make_shared<State>();

  Connection connect(TimePoint deadline) const {
    ++state->connects;
    while (state->interrupts == 0 && Backend::now() < deadline) Backend::sleep_until(Backend::now() + 1ms);
    throw std::runtime_error("interrupted, or late");
  }
  void interrupt() const noexcept {
    state->on_interrupt();
    ++state->interrupts;
  }
};

TYPED_TEST(PoolEnd, InterruptsWhatIsInFlightOnceAndWithoutTheLock) {
  if (!TypeParam::concurrent) GTEST_SKIP() << "nothing goes on in the background";
  const Interruptible<TypeParam> connector;
  using Pool = carpool::ConnectionPool<TypeParam, carpool::LifoStack, Interruptible<TypeParam>>;
  auto pool = std::make_unique<Pool>(connector, carpool::PoolOptions{.max_size = 8, .connect_timeout = 10s});
  connector.state->on_interrupt = [&pool = *pool] { EXPECT_EQ(pool.stats().waiting, 0U); };  // takes the lock
  EXPECT_EQ(pool->prewarm(3, 10ms), 0U);
  pool->close();
  EXPECT_GE(connector.state->connects, 1);
  EXPECT_EQ(connector.state->interrupts, 0) << "close() waits for nothing, and interrupts nothing";
  EXPECT_LT(time_of<TypeParam>([&] { pool.reset(); }), 200ms);
  EXPECT_EQ(connector.state->interrupts, 1);
}

// The bound that the pool's documentation names, with a connect that takes all the time that it may.
TYPED_TEST(PoolEnd, IsBoundedByConnectTimeoutAndCloseTimeout) {
  if (!TypeParam::concurrent) GTEST_SKIP() << "nothing goes on in the background";
  carpool::FakeServer server;
  server.other_connects(hang());
  auto pool = std::make_unique<FakePool<TypeParam>>(
      server.connector(), carpool::PoolOptions{.connect_timeout = 200ms, .close_timeout = 100ms});
  static_cast<void>(pool->try_acquire());
  while (server.counts().connects == 0) TypeParam::sleep_until(TypeParam::now() + 1ms);
  EXPECT_LT(time_of<TypeParam>([&] { pool.reset(); }), 3s) << "three attempts and two back-offs were too many";
}

/// What a connector, an eviction and an observer of an application refer to.
struct Registry {
  std::atomic<int> calls = 0;
};

struct RegisteredConnector {
  struct Connection {
    explicit Connection(std::atomic<int>& open) : open_(&open) { ++*open_; }
    Connection(Connection&& other) noexcept : open_(std::exchange(other.open_, nullptr)) {}
    Connection& operator=(Connection&&) = delete;
    ~Connection() {
      if (open_ != nullptr) --*open_;
    }
    std::atomic<int>* open_;
  };
  [[nodiscard]] Connection connect(TimePoint) const {
    ++registry->calls;
    return Connection(*open);
  }
  [[nodiscard]] bool is_connected(const Connection&) const noexcept { return ++registry->calls > 0; }
  [[nodiscard]] bool reusable(const Connection&) const noexcept { return ++registry->calls > 0; }
  [[nodiscard]] bool dirty(const Connection&) const noexcept { return ++registry->calls < 0; }
  [[nodiscard]] bool reset(Connection&, TimePoint) const { return ++registry->calls > 0; }
  void invalidate(Connection&, TimePoint) const { ++registry->calls; }
  Registry* registry;
  std::atomic<int>* open;
};
struct RegisteredEviction {
  [[nodiscard]] bool expired(const carpool::Slot&, TimePoint) const { return ++registry->calls < 0; }
  [[nodiscard]] TimePoint due(const carpool::Slot&) const { return ++registry->calls, TimePoint::min(); }
  Registry* registry;
};
struct RegisteredObserver {
  void released(std::uint64_t, carpool::Duration) const noexcept { ++registry->calls; }
  void connection_closed(std::uint64_t, carpool::CloseReason) const noexcept { ++registry->calls; }
  void acquire_failed(carpool::AcquireFailure) const noexcept { ++registry->calls; }
  Registry* registry;
};

// The destructor's promise: what the policies refer to may be destroyed next, also where leases are out.
TYPED_TEST(PoolEnd, CallsNothingOfTheUsersAfterwards) {
  using Pool = carpool::ConnectionPool<TypeParam, carpool::LifoStack, RegisteredConnector, RegisteredEviction,
                                       RegisteredObserver>;
  Registry registry;
  std::atomic<int> open = 0;
  std::vector<typename Pool::Lease> leases;
  {
    Pool pool(RegisteredConnector{&registry, &open}, {}, RegisteredEviction{&registry}, RegisteredObserver{&registry});
    for (int i = 0; i < 4; ++i) leases.push_back(pool.acquire());
  }
  ASSERT_EQ(open, 4);
  const int calls = registry.calls;
  leases[0].release();
  leases[1].discard();
  EXPECT_EQ(open, 2);
  static_cast<void>(leases[2].detach());
  EXPECT_EQ(open, 1);
  leases.clear();
  EXPECT_EQ(open, 0) << "each connection's own destructor has closed it";
  EXPECT_EQ(registry.calls, calls);
}

}  // namespace

// needs: simulation_backend
// The memory orders of what is done without a lock: in a memory of views all hold, and none can be left out.
#include <carpool/detail/state/wait_queue.hpp>
#include <carpool/detail/suspensions.hpp>
#include <carpool/posix/asymmetric_mutex.hpp>
#include <carpool/posix/futex_parking.hpp>
#include <carpool/posix/per_process.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "cache_bench.hpp"
#include "simulated_platform.hpp"

#include "weakened_orders.hpp"

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using B = carpool::SimulationBackend;
using P = SimulatedPlatform;
using carpool::Simulation;

TEST(SimulatedOrders, OfACacheEntry) {
  const Scenarios scenarios{an_entry_opens_and_closes_beside_its_owner, an_entry_closes_while_two_come_back,
                            an_entry_goes_when_its_owner_has_gone};
  expect_each_order_matters("cache_entry.hpp", 13, scenarios);
  expect_each_order_matters("worker_cache.hpp", 1, scenarios);
}

/// One after the other, and nobody sleeps beside a free mutex.
template <int SpinRounds>
void two_take_turns() {
  carpool::BasicAsymmetricMutex<SpinRounds, P> mutex;
  SimulatedPlain guarded;
  const auto work = [&] {
    for (int round = 0; round < 2; ++round) {
      mutex.lock();
      guarded.write();
      mutex.unlock();
    }
  };
  auto other = B::spawn(work);
  work();
}

TEST(SimulatedOrders, OfTheAsymmetricMutex) {
  expect_each_order_matters("asymmetric_mutex.hpp", 4, {two_take_turns<0>});
}

using ParkingSlot = carpool::BasicFutexParkingSlot<P>;

/// Who parks sees what was done before the token was left.
void one_unparks_one() {
  ParkingSlot slot;
  SimulatedPlain news;
  auto other = B::spawn([&] {
    news.write();
    static_cast<void>(slot.unpark());
  });
  slot.park_until(carpool::never);
  news.read();
}
/// By each of those who left one, although two tokens are the same one: else it sleeps for ever.
void two_unpark_one() {
  ParkingSlot slot;
  std::deque<P::Atomic<int>> news(2);
  std::vector<B::Task> tasks;
  for (auto& mine : news) {
    tasks.push_back(B::spawn([&] {
      mine.store(1, std::memory_order_relaxed);
      static_cast<void>(slot.unpark());
    }));
  }
  const auto seen = [](auto& each) { return each.load(std::memory_order_relaxed) == 1; };
  while (!std::all_of(news.begin(), news.end(), seen)) slot.park_until(carpool::never);
  tasks.clear();
}
/// A token that comes together with the deadline is taken, and what came with it is seen.
void the_deadline_meets_a_token() {
  ParkingSlot slot;
  SimulatedPlain news;
  auto other = B::spawn([&] {
    news.write();
    static_cast<void>(slot.unpark());
  });
  if (!slot.park_until(B::now() + 1ms)) slot.park_until(carpool::never);
  news.read();
}

TEST(SimulatedOrders, OfTheParkingSlot) {
  expect_each_order_matters("futex_parking.hpp", 2, {one_unparks_one, two_unpark_one, the_deadline_meets_a_token});
}

struct MadeOnce {
  MadeOnce() { made.write(); }
  SimulatedPlain made;
};

/// Who gets it may look at it.
void two_use_the_one_of_the_process() {
  carpool::detail::PerProcess<MadeOnce, P> one;
  const MadeOnce* used = nullptr;
  auto other = B::spawn([&] {
    auto& mine = one.get();
    mine.made.read();
    used = &mine;
  });
  auto& mine = one.get();
  mine.made.read();
  other.join();
  Simulation::check(used == &mine, "two of what is to be one");
}

TEST(SimulatedOrders, OfWhatIsMadeOncePerProcess) {
  expect_each_order_matters("per_process.hpp", 3, {two_use_the_one_of_the_process});
}

/// A waiter and who serves it: PoolState's notify and grant, and AcquireWait's wait, without the rest of the state.
class GrantBench {
  struct Types {
    using Backend = B;
    using Connection = int;
    using Observer = carpool::NoObserver;
    static constexpr carpool::WorkerCaching worker_caching = carpool::WorkerCaching::none;
  };
  using PoolSlot = carpool::detail::PoolSlot<Types>;

 public:
  void notify() {
    mutex_.lock();
    tell();
    mutex_.unlock();
  }
  void grant() {
    connection_.write();
    mutex_.lock();
    const bool will_look = set_notified(true);
    waiter_.granted.store(&slot_, std::memory_order_release);
    if (!will_look) static_cast<void>(waiter_.parking.unpark());
    mutex_.unlock();
  }
  /// Looks at the state where it is not granted one.
  void wait() {
    for (PoolSlot* granted = nullptr; granted == nullptr;) {
      waiter_.parking.park_until(carpool::never);
      granted = waiter_.take_granted();
      if (granted == nullptr) mutex_.lock();
      set_notified(false);
      if (granted == nullptr) granted = waiter_.take_granted(), mutex_.unlock();
    }
    connection_.write();
  }

 private:
  bool set_notified(bool value) {
    notified_.write();
    return std::exchange(waiter_.notified, value);
  }
  void tell() {
    if (!set_notified(true)) static_cast<void>(waiter_.parking.unpark());
  }

  carpool::detail::SlotOwner nobody_;
  PoolSlot slot_{nobody_};
  B::Mutex mutex_;
  carpool::detail::Waiter<Types> waiter_;
  SimulatedPlain connection_;
  SimulatedPlain notified_;
};

/// It is told to look, and before it does, it is granted one: then no second token is sent.
void one_is_told_to_look_and_granted() {
  GrantBench bench;
  auto other = B::spawn([&] {
    bench.notify();
    bench.grant();
  });
  bench.wait();
}

TEST(SimulatedOrders, OfAGrant) {
  expect_each_order_matters("wait_queue.hpp", 1, {one_is_told_to_look_and_granted});
  expect_each_order_matters("orders_test.cpp", 1, {one_is_told_to_look_and_granted});
}

/// What CachedCoarseClock's host and its callers share (attach, request_ticks), but for the time, which is a number by
/// itself.
class CopiedClock {
 public:
  void attach() {
    slot_.write();
    host_.store(&slot_, std::memory_order_release);
  }
  void request_ticks() {
    SimulatedPlain* const host = host_.load(std::memory_order_acquire);
    if (host != nullptr) host->read();
  }

 private:
  SimulatedPlain slot_;
  P::Atomic<SimulatedPlain*> host_{nullptr};
};

void one_attaches_and_one_requests_ticks() {
  CopiedClock clock;
  auto other = B::spawn([&] { clock.request_ticks(); });
  clock.attach();
}

TEST(SimulatedOrders, OfTheCoarseClock) {
  expect_each_order_matters("orders_test.cpp", 2, {one_attaches_and_one_requests_ticks});
}

struct SleptBackend : B {
  [[nodiscard]] static carpool::Duration time_suspended() noexcept { return slept; }
  static inline carpool::Duration slept{};  // of the run
};

/// Both notice that the machine slept, whoever writes it down.
void two_ask_whether_the_machine_slept() {
  SleptBackend::slept = {};
  carpool::detail::Suspensions<SleptBackend> suspensions;
  SleptBackend::slept = 10s;
  const auto look = [&] {
    Simulation::check(suspensions.any_between(carpool::TimePoint(1h), carpool::TimePoint(2h)),
                      "slept, and not noticed");
  };
  auto other = B::spawn(look);
  look();
}

TEST(SimulatedOrders, OfSuspensions) {
  expect_each_order_matters("suspensions.hpp", 2, {two_ask_whether_the_machine_slept});
}

}  // namespace

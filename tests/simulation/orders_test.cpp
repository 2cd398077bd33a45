// needs: simulation_backend
// The memory orders of what is done without a lock: in a memory of views all hold, and none can be left out.
#include <carpool/asymmetric_mutex.hpp>
#include <carpool/futex_parking.hpp>
#include <carpool/per_process.hpp>

#include <chrono>
#include <deque>
#include <vector>

#include "seat_bench.hpp"
#include "simulated_platform.hpp"

#include "weakened_orders.hpp"

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using B = carpool::SimulationBackend;
using P = SimulatedPlatform;
using carpool::Simulation;

TEST(SimulatedOrders, OfASeat) {
  const Scenarios scenarios{a_seat_opens_and_closes_beside_its_owner, a_seat_closes_while_two_come_back,
                            a_seat_goes_when_its_owner_has_gone};
  expect_each_order_matters("seat.hpp", 13, scenarios);
  expect_each_order_matters("seats.hpp", 1, scenarios);
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

}  // namespace

// needs: simulation_backend, fiber_backend
// The memory orders of how fibers of different threads rouse each other: see orders_test.cpp.
#include <carpool/fiber/parking_slot.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "simulated_fibers.hpp"
#include "simulated_plain.hpp"

#include "weakened_orders.hpp"

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using B = carpool::SimulationBackend;
using P = SimulatedFibers;
using carpool::Simulation;
using ParkingSlot = carpool::BasicFiberParkingSlot<P>;
using Sleeper = carpool::detail::BasicFiberSleeper<P>;

enum class On { fiber, thread };

/// Who parks sees what was done before the token was left; and as soon as it has the token, the slot and the thread may
/// go.
template <On on>
void one_unparks_one() {
  std::optional<SimulatedReactor> thread;
  if (on == On::fiber) thread.emplace();
  std::optional<ParkingSlot> slot(std::in_place);
  SimulatedPlain news;
  auto other = B::spawn([&news, &slot = *slot] {
    news.write();
    const auto wakeup = slot.unpark();
  });
  slot->park_until(carpool::never);
  news.read();
  slot.reset();
  thread.reset();
}

/// The same where the token may come together with the deadline; and nobody delivers to it when it has gone on.
template <On on>
void the_deadline_meets_a_token() {
  std::optional<SimulatedReactor> thread;
  if (on == On::fiber) thread.emplace();
  std::optional<ParkingSlot> slot(std::in_place);
  SimulatedPlain news;
  auto other = B::spawn([&news, &slot = *slot] {
    news.write();
    const auto wakeup = slot.unpark();
  });
  if (!slot->park_until(B::now() + 1ms)) slot->park_until(carpool::never);
  news.read();
  slot.reset();
  other.join();
  if (on == On::fiber) thread->sleep(thread->waker(), B::now() + 1ms);
}

/// Two tokens are the same one, but what each of two did before must be seen: else it sleeps for ever.
void two_unpark_one() {
  const SimulatedReactor thread;
  ParkingSlot slot;
  std::deque<P::Atomic<int>> news(2);
  std::vector<B::Task> tasks;
  for (auto& mine : news) {
    tasks.push_back(B::spawn([&] {
      mine.store(1, std::memory_order_relaxed);
      const auto wakeup = slot.unpark();
    }));
  }
  const auto seen = [](auto& each) { return each.load(std::memory_order_relaxed) == 1; };
  while (!std::all_of(news.begin(), news.end(), seen)) slot.park_until(carpool::never);
  tasks.clear();
}

/// It parks again in the same slot, and the next token finds it.
void one_parks_twice() {
  const SimulatedReactor thread;
  ParkingSlot slot;
  SimulatedPlain news[2];
  auto other = B::spawn([&] {
    for (auto& each : news) {
      each.write();
      const auto wakeup = slot.unpark();
    }
  });
  slot.park_until(carpool::never);
  news[0].read();
  static_cast<void>(slot.park_until(B::now() + 1ms));
  other.join();
}

const Scenarios parking{one_unparks_one<On::fiber>,
                        one_unparks_one<On::thread>,
                        the_deadline_meets_a_token<On::fiber>,
                        the_deadline_meets_a_token<On::thread>,
                        two_unpark_one,
                        one_parks_twice};

TEST(SimulatedOrders, OfTheFibersParkingSlot) {
  expect_each_order_matters("parking_slot.hpp", 5, parking, {.preemptions = 3});
}

/// Two fibers of one thread sleep, each roused by another thread: the one that comes first rings for both.
void two_are_pushed() {
  SimulatedReactor thread;
  SimulatedPlain news[2];
  std::deque<Sleeper> sleepers(2);
  std::vector<B::Task> tasks;
  for (std::size_t i = 0; i < 2; ++i) {
    sleepers[i].waker = thread.waker();
    tasks.push_back(B::spawn([&news = news[i], &sleeper = sleepers[i], inbox = thread.inbox()] {
      news.write();
      if (inbox->push(sleeper)) inbox->ring();
    }));
  }
  const auto roused = [](const Sleeper& each) { return each.state.load(std::memory_order_relaxed) == Sleeper::token; };
  while (!std::all_of(sleepers.begin(), sleepers.end(), roused)) thread.sleep(thread.waker(), carpool::never);
  for (auto& each : news) each.read();
  tasks.clear();
}

TEST(SimulatedOrders, OfTheInbox) {
  expect_each_order_matters("inbox.hpp", 6, {two_are_pushed, one_unparks_one<On::fiber>, two_unpark_one},
                            {.preemptions = 3});
}

}  // namespace

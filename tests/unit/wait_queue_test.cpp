// sanitizers: not thread
/// The queue of those who wait: by ticket, a waiter that comes back included.
#include <carpool/detail/settings.hpp>
#include <carpool/detail/state/wait_queue.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/fifo_queue.hpp>
#include <carpool/single_backend.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <set>
#include <vector>

namespace {

using Types = carpool::detail::PoolTypes<carpool::SingleBackend, carpool::FifoQueue, carpool::FakeConnector,
                                         carpool::NeverEvict, carpool::NoObserver>;
using Queue = carpool::detail::WaitQueue<Types>;
using Waiter = carpool::detail::Waiter<Types>;

template <std::size_t N>
struct Crowd {
  std::array<Waiter, N> waiters;
  Crowd() {
    for (std::size_t i = 0; i < N; ++i) waiters[i].ticket = i + 1;
  }
  Waiter& operator[](std::size_t i) { return waiters[i]; }
};

/// The tickets from front to back; the links back must agree.
std::vector<std::uint64_t> tickets(const Queue& queue) {
  std::vector<std::uint64_t> all;
  const Waiter* previous = nullptr;
  for (const Waiter* waiter = queue.front(); waiter != nullptr; previous = waiter, waiter = waiter->next) {
    EXPECT_EQ(waiter->previous, previous);
    EXPECT_TRUE(waiter->enqueued);
    all.push_back(waiter->ticket);
  }
  EXPECT_EQ(all.size(), queue.size());
  EXPECT_EQ(all.empty(), queue.empty());
  return all;
}

using Tickets = std::vector<std::uint64_t>;

TEST(WaitQueue, IsEmptyAtFirst) {
  const Queue queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.front(), nullptr);
}

TEST(WaitQueue, NewcomersStandAtTheEnd) {
  Crowd<3> crowd;
  Queue queue;
  for (std::size_t i = 0; i < 3; ++i) queue.insert(crowd[i]);
  EXPECT_EQ(tickets(queue), (Tickets{1, 2, 3}));
}

TEST(WaitQueue, WhoComesBackStandsWhereItStood) {
  Crowd<4> crowd;
  Queue queue;
  for (std::size_t i = 0; i < 4; ++i) queue.insert(crowd[i]);
  for (std::size_t i : {0U, 1U, 3U}) {
    queue.remove(crowd[i]);
    EXPECT_FALSE(crowd[i].enqueued);
    queue.insert(crowd[i]);
    EXPECT_EQ(tickets(queue), (Tickets{1, 2, 3, 4}));
  }
}

TEST(WaitQueue, IsInOrderWhateverComesAndGoes) {
  constexpr std::size_t size = 12;
  Crowd<size> crowd;
  Queue queue;
  std::set<std::uint64_t> expected;
  std::mt19937 random(7);
  for (int step = 0; step < 3000; ++step) {
    Waiter& waiter = crowd[std::uniform_int_distribution<std::size_t>(0, size - 1)(random)];
    if (waiter.enqueued) {
      queue.remove(waiter);
      expected.erase(waiter.ticket);
    } else {
      queue.insert(waiter);
      expected.insert(waiter.ticket);
    }
    ASSERT_EQ(tickets(queue), Tickets(expected.begin(), expected.end()));
  }
}

}  // namespace

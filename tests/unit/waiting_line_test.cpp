/// The line of those who wait: by ticket, whoever comes back included.
#include <carpool/connection_pool.hpp>
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
using Line = carpool::detail::WaitingLine<Types>;
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
std::vector<std::uint64_t> tickets(const Line& line) {
  std::vector<std::uint64_t> all;
  const Waiter* previous = nullptr;
  for (const Waiter* waiter = line.front(); waiter != nullptr; previous = waiter, waiter = waiter->next) {
    EXPECT_EQ(waiter->previous, previous);
    EXPECT_TRUE(waiter->in_line);
    all.push_back(waiter->ticket);
  }
  EXPECT_EQ(all.size(), line.size());
  EXPECT_EQ(all.empty(), line.empty());
  return all;
}

using Tickets = std::vector<std::uint64_t>;

TEST(WaitingLine, IsEmptyAtFirst) {
  const Line line;
  EXPECT_TRUE(line.empty());
  EXPECT_EQ(line.front(), nullptr);
}

TEST(WaitingLine, NewcomersStandAtTheEnd) {
  Crowd<3> crowd;
  Line line;
  for (std::size_t i = 0; i < 3; ++i) line.insert(crowd[i]);
  EXPECT_EQ(tickets(line), (Tickets{1, 2, 3}));
}

TEST(WaitingLine, WhoComesBackStandsWhereItStood) {
  Crowd<4> crowd;
  Line line;
  for (std::size_t i = 0; i < 4; ++i) line.insert(crowd[i]);
  for (std::size_t i : {0U, 1U, 3U}) {
    line.remove(crowd[i]);
    EXPECT_FALSE(crowd[i].in_line);
    line.insert(crowd[i]);
    EXPECT_EQ(tickets(line), (Tickets{1, 2, 3, 4}));
  }
}

TEST(WaitingLine, IsInOrderWhateverComesAndGoes) {
  constexpr std::size_t size = 12;
  Crowd<size> crowd;
  Line line;
  std::set<std::uint64_t> expected;
  std::mt19937 random(7);
  for (int step = 0; step < 3000; ++step) {
    Waiter& waiter = crowd[std::uniform_int_distribution<std::size_t>(0, size - 1)(random)];
    if (waiter.in_line) {
      line.remove(waiter);
      expected.erase(waiter.ticket);
    } else {
      line.insert(waiter);
      expected.insert(waiter.ticket);
    }
    ASSERT_EQ(tickets(line), Tickets(expected.begin(), expected.end()));
  }
}

}  // namespace

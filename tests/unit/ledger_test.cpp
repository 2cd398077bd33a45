/// The counts behind max_size, and the lists of places.
#include <carpool/connection_pool.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/fifo_queue.hpp>
#include <carpool/single_backend.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <iterator>
#include <memory>
#include <random>
#include <vector>

namespace {

using carpool::detail::PlaceState;
using Types = carpool::detail::PoolTypes<carpool::SingleBackend, carpool::FifoQueue, carpool::FakeConnector,
                                         carpool::NeverEvict, carpool::NoObserver>;
using Core = carpool::detail::PoolCore<Types>;
using Ledger = carpool::detail::Ledger<Types>;
using Place = carpool::detail::Place<Types>;
using PlaceList = carpool::detail::PlaceList<Types>;

/// A ledger, and the core that its places belong to.
class LedgerTest : public ::testing::Test {
 public:
  [[nodiscard]] std::size_t count(PlaceState state) const { return ledger.count(state); }
  [[nodiscard]] std::size_t places() { return static_cast<std::size_t>(std::distance(ledger.begin(), ledger.end())); }
  void expect_counts_that_agree() {
    std::size_t counted[carpool::detail::place_state_count] = {};
    for (const Place& place : ledger) ++counted[static_cast<std::size_t>(place.state)];
    for (std::size_t i = 0; i < std::size(counted); ++i) {
      ASSERT_EQ(count(static_cast<PlaceState>(i)), counted[i]) << "state " << i;
    }
    ASSERT_EQ(ledger.occupied(), places() - count(PlaceState::empty));
  }

  Core core{std::make_shared<carpool::detail::Settings<Types>>(carpool::detail::Settings<Types>{
      carpool::FakeServer().connector(), carpool::PoolOptions(), carpool::NeverEvict(), carpool::NoObserver()})};
  Ledger ledger;
};

TEST_F(LedgerTest, IsEmptyAtFirst) {
  EXPECT_EQ(ledger.occupied(), 0U);
  EXPECT_EQ(places(), 0U);
}

TEST_F(LedgerTest, GrowsOnDemandAndUsesEmptyPlacesAgain) {
  Place& first = ledger.reserve(core);
  Place& second = ledger.reserve(core);
  EXPECT_EQ(first.state, PlaceState::connecting);
  EXPECT_EQ(ledger.occupied(), 2U);
  ledger.move(first, PlaceState::empty);
  EXPECT_EQ(ledger.occupied(), 1U);
  EXPECT_EQ(&ledger.reserve(core), &first);
  EXPECT_EQ(places(), 2U);
  EXPECT_EQ(second.state, PlaceState::connecting);
}

TEST_F(LedgerTest, PlacesNeverMoveInMemory) {
  std::vector<Place*> known;
  for (int i = 0; i < 300; ++i) known.push_back(&ledger.reserve(core));
  std::size_t i = 0;
  for (Place& place : ledger) EXPECT_EQ(&place, known[i++]);
}

TEST_F(LedgerTest, ItsCountsAgreeWithItsPlacesWhateverMoves) {
  std::vector<Place*> occupied;
  std::mt19937 random(7);
  const auto below = [&](std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
  };
  for (int step = 0; step < 2000; ++step) {
    if (occupied.empty() || (occupied.size() < 20 && below(3) == 0)) {
      occupied.push_back(&ledger.reserve(core));
    } else {
      std::swap(occupied[below(occupied.size())], occupied.back());
      const auto to = static_cast<PlaceState>(below(carpool::detail::place_state_count));
      if (to == occupied.back()->state || to == PlaceState::connecting) continue;
      ledger.move(*occupied.back(), to);
      if (to == PlaceState::empty) occupied.pop_back();
    }
    expect_counts_that_agree();
    ASSERT_EQ(ledger.occupied(), occupied.size());
  }
}

TEST_F(LedgerTest, APlaceListIsFirstInFirstOut) {
  PlaceList list;
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.pop(), nullptr);
  Place& first = ledger.reserve(core);
  Place& second = ledger.reserve(core);
  Place& third = ledger.reserve(core);
  list.push(first);
  list.push(second);
  EXPECT_EQ(list.pop(), &first);
  list.push(third);
  list.push(first);
  EXPECT_EQ(list.pop(), &second);
  EXPECT_EQ(list.pop(), &third);
  EXPECT_EQ(list.pop(), &first);
  EXPECT_TRUE(list.empty());
}

}  // namespace

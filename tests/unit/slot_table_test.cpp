// sanitizers: not thread
/// The counts behind max_size, and the lists of slots.
#include <carpool/detail/state/slot_table.hpp>
#include <carpool/single_backend.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <iterator>
#include <random>
#include <vector>

namespace {

using carpool::detail::SlotEvent;
using carpool::detail::SlotState;
struct Types {
  using Backend = carpool::SingleBackend;
  using Connection = int;
  using Observer = carpool::NoObserver;
  static constexpr carpool::WorkerCaching worker_caching = carpool::WorkerCaching::none;
};
using SlotTable = carpool::detail::SlotTable<Types>;
using PoolSlot = carpool::detail::PoolSlot<Types>;
using SlotFifo = carpool::detail::SlotFifo<Types>;

/// A table, and nothing of a pool around it.
class SlotTableTest : public ::testing::Test {
 public:
  [[nodiscard]] std::size_t count(SlotState state) const { return table.count(state); }
  [[nodiscard]] std::size_t slots() { return static_cast<std::size_t>(std::distance(table.begin(), table.end())); }
  void expect_counts_that_agree() {
    std::size_t counted[carpool::detail::slot_state_count] = {};
    for (const PoolSlot& slot : table) ++counted[static_cast<std::size_t>(slot.state)];
    for (std::size_t i = 0; i < std::size(counted); ++i) {
      ASSERT_EQ(count(static_cast<SlotState>(i)), counted[i]) << "state " << i;
    }
    ASSERT_EQ(table.occupied(), slots() - count(SlotState::empty));
  }

  carpool::detail::SlotOwner owner;
  SlotTable table{owner};
};

TEST_F(SlotTableTest, IsEmptyAtFirst) {
  EXPECT_EQ(table.occupied(), 0U);
  EXPECT_EQ(slots(), 0U);
}

TEST_F(SlotTableTest, GrowsOnDemandAndUsesEmptyPlacesAgain) {
  PoolSlot& first = table.reserve();
  PoolSlot& second = table.reserve();
  EXPECT_EQ(first.state, SlotState::connecting);
  EXPECT_EQ(table.occupied(), 2U);
  table.advance(first, SlotEvent::failed);
  EXPECT_EQ(table.occupied(), 1U);
  EXPECT_EQ(&table.reserve(), &first);
  EXPECT_EQ(slots(), 2U);
  EXPECT_EQ(second.state, SlotState::connecting);
}

TEST_F(SlotTableTest, PlacesNeverMoveInMemory) {
  std::vector<PoolSlot*> known;
  for (int i = 0; i < 300; ++i) known.push_back(&table.reserve());
  std::size_t i = 0;
  for (PoolSlot& slot : table) EXPECT_EQ(&slot, known[i++]);
}

TEST_F(SlotTableTest, ItsCountsAgreeWithItsPlacesWhateverMoves) {
  std::vector<PoolSlot*> occupied;
  std::mt19937 random(7);
  const auto below = [&](std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
  };
  for (int step = 0; step < 2000; ++step) {
    if (occupied.empty() || (occupied.size() < 20 && below(3) == 0)) {
      occupied.push_back(&table.reserve());
    } else {
      std::swap(occupied[below(occupied.size())], occupied.back());
      const auto event = static_cast<SlotEvent>(below(carpool::detail::slot_event_count));
      const auto to = carpool::detail::next(occupied.back()->state, event);
      if (!to) continue;
      table.advance(*occupied.back(), event);
      EXPECT_EQ(occupied.back()->state, *to);
      if (*to == SlotState::empty) occupied.pop_back();
    }
    expect_counts_that_agree();
    ASSERT_EQ(table.occupied(), occupied.size());
  }
}

TEST_F(SlotTableTest, APlaceListIsFirstInFirstOut) {
  SlotFifo list;
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.pop(), nullptr);
  PoolSlot& first = table.reserve();
  PoolSlot& second = table.reserve();
  PoolSlot& third = table.reserve();
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

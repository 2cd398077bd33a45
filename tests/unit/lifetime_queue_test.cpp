// sanitizers: not thread
/// The order of LifetimeQueue: socketpool's, the oldest birth first, ties by number.
#include <carpool/lifetime_queue.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <iterator>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace {

using carpool::LifetimeQueue;
using carpool::Slot;
using carpool::TimePoint;

struct GoesBefore {
  bool operator()(const Slot* left, const Slot* right) const {
    return left->born != right->born ? left->born < right->born : left->id < right->id;
  }
};

/// Slots number 1, 2, 3 ... born at these seconds.
std::deque<Slot> born_at(std::initializer_list<int> seconds) {
  std::deque<Slot> slots;
  for (const int second : seconds) {
    auto& slot = slots.emplace_back();
    slot.id = slots.size();
    slot.born = TimePoint{} + std::chrono::seconds(second);
  }
  return slots;
}

std::vector<std::uint64_t> drain(LifetimeQueue& queue) {
  std::vector<std::uint64_t> ids;
  while (const Slot* slot = queue.pop()) ids.push_back(slot->id);
  return ids;
}

TEST(LifetimeQueue, GivesTheOldestBirthFirst) {
  auto slots = born_at({30, 10, 50, 20, 40});
  LifetimeQueue queue;
  for (auto& slot : slots) queue.push(slot);
  EXPECT_EQ(drain(queue), (std::vector<std::uint64_t>{2, 4, 1, 5, 3}));
}

TEST(LifetimeQueue, GivesTheOldestBirthFirstWhoeverWasGivenBackLast) {  // socketpool's rule: use does not matter
  auto slots = born_at({10, 20});
  LifetimeQueue queue;
  queue.push(slots[0]);
  queue.push(slots[1]);
  Slot* const oldest = queue.pop();
  Slot* const youngest = queue.pop();
  EXPECT_EQ(oldest, &slots[0]);
  EXPECT_EQ(youngest, &slots[1]);
  queue.push(*oldest);
  queue.push(*youngest);
  EXPECT_EQ(queue.pop(), oldest);
}

TEST(LifetimeQueue, GivesTheSmallerNumberFirstOfThoseBornTogether) {
  auto slots = born_at({7, 7, 7, 7, 3});
  LifetimeQueue queue;
  for (const std::size_t i : {3u, 0u, 4u, 2u, 1u}) queue.push(slots[i]);
  EXPECT_EQ(drain(queue), (std::vector<std::uint64_t>{5, 1, 2, 3, 4}));
}

TEST(LifetimeQueue, OrdersByBirthBeforeNumber) {
  auto slots = born_at({20, 10});
  LifetimeQueue queue;
  queue.push(slots[0]);
  queue.push(slots[1]);
  EXPECT_EQ(drain(queue), (std::vector<std::uint64_t>{2, 1}));
}

TEST(LifetimeQueue, OneBorrowerUsesTheOldestAlone) {
  auto slots = born_at({5, 1, 9, 3});
  LifetimeQueue queue;
  for (auto& slot : slots) queue.push(slot);
  for (int i = 0; i < 100; ++i) {
    Slot* const slot = queue.pop();
    ASSERT_EQ(slot, &slots[1]);
    queue.push(*slot);
  }
}

TEST(LifetimeQueue, PopAndPushOfTheOldestTouchesTwoSlotsHoweverManyAreIdle) {
  std::deque<Slot> slots(10'000);
  LifetimeQueue queue;
  for (auto& slot : slots) {
    slot.id = 1 + queue.size();
    slot.born = TimePoint{} + std::chrono::seconds(slot.id);
    queue.push(slot);
  }
  queue.push(*queue.pop());  // the first pop orders what came in
  for (int i = 0; i < 3; ++i) {
    Slot* const oldest = queue.pop();
    queue.push(*oldest);
    ASSERT_EQ(oldest, &slots.front());
    EXPECT_NE(oldest->child, nullptr);
    EXPECT_EQ(oldest->child->next, nullptr) << "more than one child must be melded at the next pop";
  }
}

TEST(LifetimeQueue, TheOldestCanBeRemovedAndTheNextOldestFollows) {
  auto slots = born_at({4, 2, 6, 1, 3, 5});
  LifetimeQueue queue;
  for (auto& slot : slots) queue.push(slot);
  queue.remove(slots[3]);
  EXPECT_EQ(queue.pop(), &slots[1]);
  queue.remove(slots[0]);
  EXPECT_EQ(drain(queue), (std::vector<std::uint64_t>{5, 6, 3}));
}

TEST(LifetimeQueue, AgreesWithASetUnderRandomOperations) {
  for (const std::size_t count : {3u, 30u, 1'000u}) {
    std::mt19937_64 random(22 + count);
    std::deque<Slot> slots(count);
    std::vector<Slot*> outside;
    for (auto& slot : slots) {
      slot.id = outside.size() + 1;
      slot.born = TimePoint{} + std::chrono::seconds(random() % (count / 2 + 1));  // about two of each age
      outside.push_back(&slot);
    }
    std::set<Slot*, GoesBefore> model;
    LifetimeQueue queue;
    for (int i = 0; i < 20'000; ++i) {
      const auto dice = random() % 10;
      if (dice < 5 && !outside.empty()) {
        std::swap(outside[random() % outside.size()], outside.back());
        queue.push(*outside.back());
        model.insert(outside.back());
        outside.pop_back();
      } else if (!model.empty()) {
        const auto place = dice < 8 ? 0 : random() % model.size();
        const auto chosen = std::next(model.begin(), static_cast<std::ptrdiff_t>(place));
        Slot* const slot = *chosen;
        if (dice < 8) {
          ASSERT_EQ(queue.pop(), slot);
        } else {
          queue.remove(*slot);
        }
        outside.push_back(slot);
        model.erase(chosen);
      }
      ASSERT_EQ(queue.size(), model.size());
    }
  }
}

}  // namespace

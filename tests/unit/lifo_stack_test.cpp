// sanitizers: not thread
/// The order of LifoStack: what was pushed last goes first.
#include <carpool/lifo_stack.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <random>
#include <vector>

namespace {

using carpool::LifoStack;
using carpool::Slot;

TEST(LifoStack, GivesWhatWasPushedLast) {
  std::array<Slot, 3> slots;
  LifoStack stack;
  for (auto& slot : slots) stack.push(slot);
  EXPECT_EQ(stack.pop(), &slots[2]);
  EXPECT_EQ(stack.pop(), &slots[1]);
  stack.push(slots[2]);
  EXPECT_EQ(stack.pop(), &slots[2]);
  EXPECT_EQ(stack.pop(), &slots[0]);
  EXPECT_EQ(stack.pop(), nullptr);
}

TEST(LifoStack, RemovalKeepsTheOrderOfTheOthers) {
  std::array<Slot, 5> slots;
  LifoStack stack;
  for (auto& slot : slots) stack.push(slot);
  stack.remove(slots[4]);  // the top
  stack.remove(slots[2]);  // the middle
  stack.remove(slots[0]);  // the bottom
  EXPECT_EQ(stack.pop(), &slots[3]);
  EXPECT_EQ(stack.pop(), &slots[1]);
  EXPECT_EQ(stack.pop(), nullptr);
}

TEST(LifoStack, AgreesWithAVectorUnderRandomOperations) {
  std::vector<Slot> slots(40);
  std::vector<Slot*> model, outside;
  for (auto& slot : slots) outside.push_back(&slot);
  std::mt19937_64 random(20);
  LifoStack stack;
  for (int i = 0; i < 20'000; ++i) {
    const auto dice = random() % 10;
    if (dice < 5 && !outside.empty()) {
      stack.push(*outside.back());
      model.push_back(outside.back());
      outside.pop_back();
    } else if (dice < 8 && !model.empty()) {
      ASSERT_EQ(stack.pop(), model.back());
      outside.push_back(model.back());
      model.pop_back();
    } else if (!model.empty()) {
      const auto chosen = model.begin() + static_cast<std::ptrdiff_t>(random() % model.size());
      stack.remove(**chosen);
      outside.insert(outside.begin(), *chosen);
      model.erase(chosen);
    }
  }
}

}  // namespace

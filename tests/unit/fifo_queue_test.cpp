// sanitizers: not thread
/// The order of FifoQueue: each its turn.
#include <carpool/fifo_queue.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <deque>
#include <random>
#include <vector>

namespace {

using carpool::FifoQueue;
using carpool::Slot;

TEST(FifoQueue, GivesWhatWasPushedFirst) {
  std::array<Slot, 3> slots;
  FifoQueue queue;
  for (auto& slot : slots) queue.push(slot);
  EXPECT_EQ(queue.pop(), &slots[0]);
  queue.push(slots[0]);
  EXPECT_EQ(queue.pop(), &slots[1]);
  EXPECT_EQ(queue.pop(), &slots[2]);
  EXPECT_EQ(queue.pop(), &slots[0]);
  EXPECT_EQ(queue.pop(), nullptr);
}

TEST(FifoQueue, EveryConnectionHasItsTurnUnderOneBorrower) {
  std::array<Slot, 4> slots;
  FifoQueue queue;
  for (auto& slot : slots) queue.push(slot);
  for (std::size_t i = 0; i < 12; ++i) {
    Slot* const slot = queue.pop();
    ASSERT_EQ(slot, &slots[i % 4]);
    queue.push(*slot);
  }
}

TEST(FifoQueue, RemovalKeepsTheOrderOfTheOthers) {
  std::array<Slot, 5> slots;
  FifoQueue queue;
  for (auto& slot : slots) queue.push(slot);
  queue.remove(slots[0]);
  queue.remove(slots[2]);
  queue.remove(slots[4]);
  EXPECT_EQ(queue.pop(), &slots[1]);
  EXPECT_EQ(queue.pop(), &slots[3]);
  EXPECT_EQ(queue.pop(), nullptr);
}

TEST(FifoQueue, AgreesWithADequeUnderRandomOperations) {
  std::vector<Slot> slots(40);
  std::vector<Slot*> outside;
  for (auto& slot : slots) outside.push_back(&slot);
  std::deque<Slot*> model;
  std::mt19937_64 random(21);
  FifoQueue queue;
  for (int i = 0; i < 20'000; ++i) {
    const auto dice = random() % 10;
    if (dice < 5 && !outside.empty()) {
      queue.push(*outside.back());
      model.push_back(outside.back());
      outside.pop_back();
    } else if (dice < 8 && !model.empty()) {
      ASSERT_EQ(queue.pop(), model.front());
      outside.push_back(model.front());
      model.pop_front();
    } else if (!model.empty()) {
      const auto chosen = model.begin() + static_cast<std::ptrdiff_t>(random() % model.size());
      queue.remove(**chosen);
      outside.insert(outside.begin(), *chosen);
      model.erase(chosen);
    }
  }
}

}  // namespace

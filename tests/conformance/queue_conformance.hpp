/// The laws of every Queue, whatever its order. For one of your own, two lines in a test program that links GoogleTest:
///   #include "queue_conformance.hpp"
///   INSTANTIATE_TYPED_TEST_SUITE_P(Mine, QueueConformance, MyQueue);
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/slot.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <random>
#include <set>
#include <type_traits>
#include <utility>
#include <vector>

namespace queue_conformance {

/// pop() or pop(worker), whichever the queue has.
template <class Queue>
carpool::Slot* pop_for(Queue& queue, carpool::WorkerId worker) {
  if constexpr (requires { queue.pop(worker); }) {
    return queue.pop(worker);
  } else {
    return queue.pop();
  }
}

/// Slots that never move, numbered from 1, born one after the other and last leased by a few workers in turn.
inline std::deque<carpool::Slot> make_slots(std::size_t count) {
  std::deque<carpool::Slot> slots(count);
  for (std::size_t i = 0; i < count; ++i) {
    slots[i].id = i + 1;
    slots[i].born = carpool::TimePoint{} + std::chrono::seconds(i);
    slots[i].last_worker = 1 + i % 5;
  }
  return slots;
}

/// One queue and, beside it, the set of the slots that must be in it.
template <class Queue>
class QueueModel {
 public:
  explicit QueueModel(std::uint64_t seed, std::size_t slots) : random_(seed), slots_(make_slots(slots)) {
    for (auto& slot : slots_) {
      slot.born = carpool::TimePoint{} + std::chrono::seconds(below(8));  // many ties
      outside_.push_back(&slot);
    }
  }

  void step() {
    const auto dice = below(100);
    if (dice < 45) push();
    if (dice >= 45 && dice < 85) pop();
    if (dice >= 85) remove();
    ASSERT_EQ(queue_.size(), inside_.size());
  }

  void empty() {
    while (!inside_.empty() && !testing::Test::HasFatalFailure()) pop();
    ASSERT_EQ(pop_for(queue_, 1), nullptr);
  }

 private:
  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_); }

  void push() {
    if (outside_.empty()) return;
    std::swap(outside_[below(outside_.size())], outside_.back());
    carpool::Slot* const slot = outside_.back();
    outside_.pop_back();
    queue_.push(*slot);
    inside_.insert(slot);
  }

  void pop() {
    const carpool::WorkerId worker = 1 + below(40);
    carpool::Slot* const slot = pop_for(queue_, worker);
    if (inside_.empty()) {
      ASSERT_EQ(slot, nullptr);
    } else {
      ASSERT_EQ(inside_.erase(slot), 1u) << "pop gave what is not in the queue";
      slot->last_worker = worker;  // as the pool does at hand-out
      outside_.push_back(slot);
    }
  }

  void remove() {
    if (inside_.empty()) return;
    auto chosen = inside_.begin();
    std::advance(chosen, static_cast<std::ptrdiff_t>(below(inside_.size())));
    queue_.remove(**chosen);
    outside_.push_back(*chosen);
    inside_.erase(chosen);
  }

  std::mt19937_64 random_;
  std::deque<carpool::Slot> slots_;
  Queue queue_;
  std::set<carpool::Slot*> inside_;
  std::vector<carpool::Slot*> outside_;
};

}  // namespace queue_conformance

template <class Queue>
class QueueConformance : public testing::Test {
 protected:
  void push_all() {
    for (auto& slot : slots_) queue_.push(slot);
  }
  std::multiset<std::uint64_t> drain() {
    std::multiset<std::uint64_t> ids;
    while (const auto* slot = queue_conformance::pop_for(queue_, 1 + ids.size() % 7)) ids.insert(slot->id);
    return ids;
  }

  std::deque<carpool::Slot> slots_ = queue_conformance::make_slots(9);
  Queue queue_;
};

TYPED_TEST_SUITE_P(QueueConformance);

TYPED_TEST_P(QueueConformance, IsAQueuePolicyAndCannotBeCopied) {
  static_assert(carpool::QueuePolicy<TypeParam>);
  static_assert(
      !std::is_copy_constructible_v<TypeParam> && !std::is_copy_assignable_v<TypeParam>,
      "delete the queue's copy constructor and assignment: a copied queue would claim the links of slots that are in "
      "the original");
}

TYPED_TEST_P(QueueConformance, PopOfAnEmptyQueueIsNull) {
  EXPECT_EQ(queue_conformance::pop_for(this->queue_, 1), nullptr);
  EXPECT_EQ(this->queue_.size(), 0u);
  this->queue_.push(this->slots_[0]);
  EXPECT_EQ(queue_conformance::pop_for(this->queue_, 1), &this->slots_[0]);
  EXPECT_EQ(queue_conformance::pop_for(this->queue_, 1), nullptr);
}

TYPED_TEST_P(QueueConformance, EachPushedSlotComesOutExactlyOnce) {
  this->push_all();
  EXPECT_EQ(this->drain(), (std::multiset<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TYPED_TEST_P(QueueConformance, SizeCountsWhatIsInside) {
  for (std::size_t i = 0; i < this->slots_.size(); ++i) {
    this->queue_.push(this->slots_[i]);
    EXPECT_EQ(this->queue_.size(), i + 1);
  }
  this->queue_.remove(this->slots_[4]);
  EXPECT_EQ(this->queue_.size(), 8u);
  EXPECT_NE(queue_conformance::pop_for(this->queue_, 3), nullptr);
  EXPECT_EQ(this->queue_.size(), 7u);
}

TYPED_TEST_P(QueueConformance, AnySlotCanBeRemovedAndNoOtherIsLost) {
  for (auto& chosen : this->slots_) {
    this->push_all();
    this->queue_.remove(chosen);
    std::multiset<std::uint64_t> others;
    for (const auto& slot : this->slots_) {
      if (&slot != &chosen) others.insert(slot.id);
    }
    EXPECT_EQ(this->drain(), others) << "after the removal of slot " << chosen.id;
  }
}

TYPED_TEST_P(QueueConformance, TheLastSlotCanBeRemovedAndTheQueueUsedOn) {
  this->queue_.push(this->slots_[0]);
  this->queue_.remove(this->slots_[0]);
  EXPECT_EQ(queue_conformance::pop_for(this->queue_, 1), nullptr);
  this->push_all();
  EXPECT_EQ(this->drain().size(), this->slots_.size());
}

TYPED_TEST_P(QueueConformance, ASlotThatLeftOneQueueCanEnterAnother) {
  TypeParam other;
  this->push_all();
  while (auto* slot = queue_conformance::pop_for(this->queue_, 2)) other.push(*slot);
  EXPECT_EQ(other.size(), this->slots_.size());
  std::swap(this->slots_.front().born, this->slots_.back().born);  // facts may change outside, links must not leak in
  while (auto* slot = queue_conformance::pop_for(other, 3)) this->queue_.push(*slot);
  EXPECT_EQ(this->drain().size(), this->slots_.size());
}

TYPED_TEST_P(QueueConformance, TheFactsOfASlotAreNotTouched) {
  auto& slot = this->slots_[3];
  slot.uses = 17;
  slot.jitter = 0.5;
  slot.idle_since = slot.born + std::chrono::hours(1);
  this->push_all();
  this->queue_.remove(slot);
  this->queue_.push(slot);
  this->drain();
  EXPECT_EQ(slot.id, 4u);
  EXPECT_EQ(slot.uses, 17u);
  EXPECT_EQ(slot.jitter, 0.5);
  EXPECT_EQ(slot.born, carpool::TimePoint{} + std::chrono::seconds(3));
  EXPECT_EQ(slot.idle_since, slot.born + std::chrono::hours(1));
  EXPECT_EQ(slot.last_worker, 4u);
}

TYPED_TEST_P(QueueConformance, AHundredThousandSlotsInAnyOrderOfBirthNeedNoDeepStack) {
  constexpr std::size_t count = 100'000;
  auto many = queue_conformance::make_slots(count);
  std::mt19937_64 random(7);
  for (int order = 0; order < 3; ++order) {
    if (order == 1) std::reverse(many.begin(), many.end());
    if (order == 2) std::shuffle(many.begin(), many.end(), random);
    for (auto& slot : many) this->queue_.push(slot);
    for (std::size_t i = 0; i < count; i += 3) this->queue_.remove(many[i]);
    EXPECT_EQ(this->drain().size(), count - (count + 2) / 3);
  }
}

TYPED_TEST_P(QueueConformance, RandomOperationsAgreeWithASet) {
  for (const std::size_t slots : std::array<std::size_t, 4>{1, 2, 7, 100}) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      SCOPED_TRACE(testing::Message() << slots << " slots, seed " << seed);
      queue_conformance::QueueModel<TypeParam> model(seed, slots);
      for (int i = 0; i < 5'000; ++i) {
        ASSERT_NO_FATAL_FAILURE(model.step());
      }
      ASSERT_NO_FATAL_FAILURE(model.empty());
    }
  }
}

REGISTER_TYPED_TEST_SUITE_P(QueueConformance, IsAQueuePolicyAndCannotBeCopied, PopOfAnEmptyQueueIsNull,
                            EachPushedSlotComesOutExactlyOnce, SizeCountsWhatIsInside,
                            AnySlotCanBeRemovedAndNoOtherIsLost, TheLastSlotCanBeRemovedAndTheQueueUsedOn,
                            ASlotThatLeftOneQueueCanEnterAnother, TheFactsOfASlotAreNotTouched,
                            AHundredThousandSlotsInAnyOrderOfBirthNeedNoDeepStack, RandomOperationsAgreeWithASet);

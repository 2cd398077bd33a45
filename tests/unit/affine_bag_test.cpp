/// The order of AffineBag: a worker gets back what it used last, else what anybody gave back last.
#include <carpool/affine_bag.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace {

using carpool::AffineBag;
using carpool::Slot;
using carpool::WorkerId;

/// What the pool does at hand-out.
Slot* lease(AffineBag& bag, WorkerId worker) {
  Slot* const slot = bag.pop(worker);
  if (slot != nullptr) slot->last_worker = worker;
  return slot;
}

/// A bag with these slots in it, slot i last leased by worker i + 1.
struct Bag {
  explicit Bag(std::size_t count) : slots(count) {
    for (auto& slot : slots) {
      slot.last_worker = slot.id = static_cast<std::uint64_t>(bag.size() + 1);
      bag.push(slot);
    }
  }
  std::deque<Slot> slots;
  AffineBag bag;
};

TEST(AffineBag, GivesAWorkerWhatItUsedLast) {
  Bag of(4);
  EXPECT_EQ(lease(of.bag, 2), &of.slots[1]);
  EXPECT_EQ(lease(of.bag, 1), &of.slots[0]);
  EXPECT_EQ(lease(of.bag, 4), &of.slots[3]);
}

TEST(AffineBag, GivesAStrangerWhatWasGivenBackLast) {
  Bag of(4);
  EXPECT_EQ(lease(of.bag, 99), &of.slots[3]);
  EXPECT_EQ(lease(of.bag, 98), &of.slots[2]);
}

TEST(AffineBag, GivesAnotherWhereTheOwnOneIsOut) {
  Bag of(3);
  EXPECT_EQ(lease(of.bag, 1), &of.slots[0]);
  EXPECT_EQ(lease(of.bag, 1), &of.slots[2]);  // its own is out: given back last
  EXPECT_EQ(lease(of.bag, 3), &of.slots[1]);  // worker 3's was taken by worker 1
  EXPECT_EQ(lease(of.bag, 2), nullptr);
}

TEST(AffineBag, AStolenSlotBelongsToTheThiefAfterwards) {
  Bag of(2);
  Slot* const stolen = lease(of.bag, 7);
  of.bag.push(*stolen);
  of.bag.push(*lease(of.bag, 1));
  EXPECT_EQ(lease(of.bag, 7), stolen);
}

TEST(AffineBag, OfTwoThatAWorkerUsedTheOneGivenBackLastComesFirst) {
  Bag of(3);
  Slot* const first = lease(of.bag, 1);
  Slot* const second = lease(of.bag, 1);
  of.bag.push(*second);
  of.bag.push(*first);
  of.bag.push(*lease(of.bag, 2));
  EXPECT_EQ(lease(of.bag, 1), first);
  EXPECT_EQ(lease(of.bag, 1), second);
}

TEST(AffineBag, ARemovedSlotIsNotFoundByItsHint) {
  Bag of(3);
  of.bag.remove(of.slots[0]);
  EXPECT_EQ(of.bag.pop(1), &of.slots[2]);
  EXPECT_EQ(of.bag.pop(1), &of.slots[1]);
  EXPECT_EQ(of.bag.pop(1), nullptr);
}

TEST(AffineBag, EightWorkersOnEightConnectionsKeepTheirOwn) {
  std::mt19937_64 random(23);
  std::array<WorkerId, 8> workers;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    workers[i] = 0x7f3a'0000'0640u + i * 0x80'1000u;  // as thread_locals of neighbouring stacks lie
  }
  Bag of(8);
  std::array<Slot*, 8> own{};
  for (int round = 0; round < 100; ++round) {
    std::array<std::size_t, 8> order{0, 1, 2, 3, 4, 5, 6, 7};
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t i : order) {
      Slot* const slot = lease(of.bag, workers[i]);
      if (round > 0) {
        ASSERT_EQ(slot, own[i]) << "worker " << i << " in round " << round;
      }
      own[i] = slot;
    }
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t i : order) of.bag.push(*own[i]);
  }
}

TEST(AffineBag, MoreWorkersThanHintsStillFindEveryConnection) {
  Bag of(300);
  std::set<Slot*> found;
  for (WorkerId worker = 1; worker <= 300; ++worker) found.insert(lease(of.bag, worker));
  EXPECT_EQ(found.size(), 300u);
  EXPECT_EQ(found.count(nullptr), 0u);
}

TEST(AffineBag, WithFewWorkersAgreesWithAModelUnderRandomOperations) {
  std::mt19937_64 random(24);
  std::deque<Slot> slots(4);          // as many as a set of hints holds: none is ever lost, so the rule is exact
  std::vector<Slot*> model, outside;  // model: given back last at the end
  for (auto& slot : slots) outside.push_back(&slot);
  AffineBag bag;
  for (int i = 0; i < 20'000; ++i) {
    const WorkerId worker = 1 + random() % 3;
    const auto dice = random() % 10;
    if (dice < 5 && !outside.empty()) {
      std::swap(outside[random() % outside.size()], outside.back());
      bag.push(*outside.back());
      model.push_back(outside.back());
      outside.pop_back();
    } else if (!model.empty()) {
      const auto own =
          std::find_if(model.rbegin(), model.rend(), [&](Slot* slot) { return slot->last_worker == worker; });
      Slot* const expected = dice >= 8 ? model[random() % model.size()] : own != model.rend() ? *own : model.back();
      if (dice >= 8) {
        bag.remove(*expected);
      } else {
        ASSERT_EQ(lease(bag, worker), expected);
      }
      model.erase(std::find(model.begin(), model.end(), expected));
      outside.push_back(expected);
    }
  }
}

}  // namespace

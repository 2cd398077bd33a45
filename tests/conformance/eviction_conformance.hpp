/// The laws of every Eviction. For one of your own, in a test program that links GoogleTest:
///   #include "eviction_conformance.hpp"
///   struct MineAtNight { static MyEviction make() { return MyEviction{...}; } };
///   INSTANTIATE_TYPED_TEST_SUITE_P(Mine, EvictionConformance, MineAtNight);
#pragma once

#include <carpool/evictions.hpp>
#include <carpool/slot.hpp>
#include <carpool/time.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

namespace eviction_conformance {

/// Slots of all kinds: born before, at and long after the clock's zero, used and unused, just and long idle.
inline std::vector<carpool::Slot> slots() {
  using namespace std::chrono_literals;
  std::vector<carpool::Slot> all;
  for (const carpool::Duration born : std::array<carpool::Duration, 4>{-1h, 0h, 5min, 100'000h}) {
    for (const carpool::Duration used_for : std::array<carpool::Duration, 3>{0s, 1s, 20min}) {
      for (const std::uint64_t uses : std::array<std::uint64_t, 4>{0, 1, 2, 1'000}) {
        for (const double jitter : {0.0, 0.3, 0.999'999'999}) {
          auto& slot = all.emplace_back();
          slot.id = all.size();
          slot.uses = uses;
          slot.born = carpool::TimePoint{} + born;
          slot.idle_since = slot.born + used_for;
          slot.jitter = jitter;
        }
      }
    }
  }
  return all;
}

/// Times from a slot's birth to a century later.
inline std::vector<carpool::TimePoint> times_after(const carpool::Slot& slot) {
  using namespace std::chrono_literals;
  std::vector<carpool::TimePoint> times;
  const std::array<carpool::Duration, 8> ages = {0s, 1ns, 1s, 20min, 1h, 24h, 10'000h, 1'000'000h};
  for (const carpool::Duration age : ages) {
    times.push_back(slot.born + age);
  }
  return times;
}

}  // namespace eviction_conformance

template <class Case>
class EvictionConformance : public testing::Test {
 protected:
  using Eviction = decltype(Case::make());
  static_assert(carpool::EvictionPolicy<Eviction>);

  const Eviction eviction_ = Case::make();
};

TYPED_TEST_SUITE_P(EvictionConformance);

TYPED_TEST_P(EvictionConformance, IsExpiredFromDueOnAndNotBefore) {
  if constexpr (carpool::TellsWhenDue<typename TestFixture::Eviction>) {
    const carpool::Duration instant{1};
    for (const auto& slot : eviction_conformance::slots()) {
      const carpool::TimePoint due = this->eviction_.due(slot);
      SCOPED_TRACE(testing::Message() << "slot " << slot.id << ", due " << due.time_since_epoch().count());
      EXPECT_TRUE(due == carpool::TimePoint::min() || !this->eviction_.expired(slot, due - instant));
      EXPECT_TRUE(due == carpool::never || this->eviction_.expired(slot, due));
      for (const auto time : eviction_conformance::times_after(slot)) {
        EXPECT_EQ(this->eviction_.expired(slot, time), time >= due)
            << "expired must hold from due on and not before; at " << time.time_since_epoch().count();
      }
    }
  }
}

TYPED_TEST_P(EvictionConformance, UsesDecideNothingWhereTimesAloneDo) {
  if constexpr (carpool::DueByTimesAlone<typename TestFixture::Eviction>) {
    for (auto slot : eviction_conformance::slots()) {
      const carpool::TimePoint due = this->eviction_.due(slot);
      slot.uses += 1'000'000;
      EXPECT_EQ(this->eviction_.due(slot), due) << "slot " << slot.id;
    }
  }
}

TYPED_TEST_P(EvictionConformance, WhatIsExpiredStaysExpired) {
  for (const auto& slot : eviction_conformance::slots()) {
    bool was_expired = false;
    for (const auto time : eviction_conformance::times_after(slot)) {
      const bool is_expired = this->eviction_.expired(slot, time);
      EXPECT_TRUE(is_expired || !was_expired)
          << "what was expired must stay so; slot " << slot.id << " at " << time.time_since_epoch().count();
      was_expired = is_expired;
    }
  }
}

TYPED_TEST_P(EvictionConformance, AskingTwiceOrAskingACopyGivesTheSameAnswer) {
  const auto copy = this->eviction_;
  for (const auto& slot : eviction_conformance::slots()) {
    for (const auto time : eviction_conformance::times_after(slot)) {
      const bool answer = this->eviction_.expired(slot, time);
      EXPECT_EQ(this->eviction_.expired(slot, time), answer);
      EXPECT_EQ(copy.expired(slot, time), answer);
    }
  }
}

TYPED_TEST_P(EvictionConformance, TheReasonIsExpiredOrIdle) {
  for (const auto& slot : eviction_conformance::slots()) {
    for (const auto time : eviction_conformance::times_after(slot)) {
      if (!this->eviction_.expired(slot, time)) continue;
      const auto reason = carpool::reason_of(this->eviction_, slot, time);
      EXPECT_TRUE(reason == carpool::CloseReason::expired || reason == carpool::CloseReason::idle)
          << carpool::to_string(reason);
    }
  }
}

REGISTER_TYPED_TEST_SUITE_P(EvictionConformance, IsExpiredFromDueOnAndNotBefore, UsesDecideNothingWhereTimesAloneDo,
                            WhatIsExpiredStaysExpired, AskingTwiceOrAskingACopyGivesTheSameAnswer,
                            TheReasonIsExpiredOrIdle);

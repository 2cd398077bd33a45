/// Every eviction of the library keeps the laws of an eviction, alone and combined.
#include "eviction_conformance.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

namespace {

using namespace std::chrono_literals;
using carpool::AllOf;
using carpool::AnyOf;
using carpool::CloseReason;
using carpool::DefaultEviction;
using carpool::forever;
using carpool::IdleTimeout;
using carpool::Jittered;
using carpool::MaxLifetime;
using carpool::MaxUses;
using carpool::never;
using carpool::NeverEvict;
using carpool::Slot;
using carpool::TimePoint;

// clang-format off
struct Never { static auto make() { return NeverEvict{}; } };
struct HourOfLife { static auto make() { return MaxLifetime{1h}; } };
struct InstantOfLife { static auto make() { return MaxLifetime{1ns}; } };
struct EndlessLife { static auto make() { return MaxLifetime{forever}; } };
struct MinuteOfIdleness { static auto make() { return IdleTimeout{1min}; } };
struct EndlessIdleness { static auto make() { return IdleTimeout{forever}; } };
struct OneUse { static auto make() { return MaxUses{1}; } };
struct TwoUses { static auto make() { return MaxUses{2}; } };
struct HourLessAQuarter { static auto make() { return Jittered<MaxLifetime>{MaxLifetime{1h}}; } };
struct AlmostWhollyJittered { static auto make() { return Jittered{IdleTimeout{1h}, 0.999'999}; } };
struct EndlessJittered { static auto make() { return Jittered{MaxLifetime{forever}, 0.5}; } };
struct LongestJittered { static auto make() { return Jittered{MaxLifetime{forever - 1ns}, 0.5}; } };
struct Defaults { static auto make() { return DefaultEviction{}; } };
struct AnyOfThree { static auto make() { return AnyOf(MaxLifetime{1h}, IdleTimeout{1min}, MaxUses{2}); } };
struct AllOfThree { static auto make() { return AllOf(MaxLifetime{1h}, IdleTimeout{1min}, MaxUses{2}); } };
struct Nested { static auto make() { return AnyOf(AllOf(IdleTimeout{1min}, MaxUses{2}), Jittered{MaxLifetime{9h}}); } };
struct WithNever { static auto make() { return AllOf(MaxLifetime{1h}, NeverEvict{}); } };
// clang-format on

/// As a user may write one: it cannot tell when.
struct UsedAndOld {
  bool expired(const Slot& slot, TimePoint now) const { return slot.uses > 1 && now - slot.born > 1h; }
};
static_assert(!carpool::TellsWhenDue<UsedAndOld> && !carpool::TellsWhenDue<AnyOf<MaxLifetime, UsedAndOld>>);
static_assert(!carpool::TellsWhenDue<AllOf<MaxLifetime, UsedAndOld>>);
struct Foreign {
  static auto make() { return UsedAndOld{}; }
};
struct AnyOfForeign {
  static auto make() { return AnyOf(UsedAndOld{}, IdleTimeout{1h}); }
};

using Cases = testing::Types<Never, HourOfLife, InstantOfLife, EndlessLife, MinuteOfIdleness, EndlessIdleness, OneUse,
                             TwoUses, HourLessAQuarter, AlmostWhollyJittered, EndlessJittered, LongestJittered,
                             Defaults, AnyOfThree, AllOfThree, Nested, WithNever, Foreign, AnyOfForeign>;
INSTANTIATE_TYPED_TEST_SUITE_P(Carpool, EvictionConformance, Cases);

/// An eviction that does as it is told.
struct Told {
  TimePoint when;
  CloseReason why = CloseReason::expired;
  bool expired(const Slot&, TimePoint now) const noexcept { return now >= when; }
  TimePoint due(const Slot&) const noexcept { return when; }
  CloseReason reason(const Slot&, TimePoint) const noexcept { return why; }
};

TEST(CombinedEvictions, AnyOfIsOrAndAllOfIsAndInEveryRowOfTheTable) {
  const TimePoint now{100s};
  for (int row = 0; row < 8; ++row) {
    const auto part = [&](int bit) { return Told{(row & bit) != 0 ? now : now + 1ns}; };
    const bool first = (row & 1) != 0, second = (row & 2) != 0, third = (row & 4) != 0;
    EXPECT_EQ(AnyOf(part(1), part(2), part(4)).expired(Slot{}, now), first || second || third) << "row " << row;
    EXPECT_EQ(AllOf(part(1), part(2), part(4)).expired(Slot{}, now), first && second && third) << "row " << row;
  }
}

TEST(CombinedEvictions, AnyOfIsDueWithTheFirstOfItsPartsAndAllOfWithTheLast) {
  const std::vector<TimePoint> moments = {TimePoint::min(), TimePoint{}, TimePoint{1h}, never};
  for (const auto left : moments) {
    for (const auto right : moments) {
      EXPECT_EQ(AnyOf(Told{left}, Told{right}).due(Slot{}), std::min(left, right));
      EXPECT_EQ(AllOf(Told{left}, Told{right}).due(Slot{}), std::max(left, right));
    }
  }
}

TEST(CombinedEvictions, AnyOfSaysWhatTheFirstExpiredPartSays) {
  const TimePoint now{100s};
  const Told fresh{now + 1ns, CloseReason::dead}, idle{now, CloseReason::idle}, old{now, CloseReason::expired};
  EXPECT_EQ(AnyOf(fresh, idle, old).reason(Slot{}, now), CloseReason::idle);
  EXPECT_EQ(AnyOf(fresh, old, idle).reason(Slot{}, now), CloseReason::expired);
  EXPECT_EQ(AnyOf(idle, fresh).reason(Slot{}, now), CloseReason::idle);
  EXPECT_EQ(AnyOf(AnyOf(fresh, fresh), AnyOf(fresh, idle)).reason(Slot{}, now), CloseReason::idle);
}

TEST(CombinedEvictions, AllOfSaysWhatAllItsPartsSayElseExpired) {
  const TimePoint now{100s};
  const Told idle{now, CloseReason::idle}, old{now, CloseReason::expired};
  EXPECT_EQ(AllOf(idle, idle).reason(Slot{}, now), CloseReason::idle);
  EXPECT_EQ(AllOf(idle, old).reason(Slot{}, now), CloseReason::expired);
  EXPECT_EQ(AllOf(old, idle).reason(Slot{}, now), CloseReason::expired);
  EXPECT_EQ(AllOf(old, old).reason(Slot{}, now), CloseReason::expired);
}

}  // namespace

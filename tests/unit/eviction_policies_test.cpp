// sanitizers: not thread
/// What each eviction does by itself: its moment, its default, its reason, and what it refuses.
#include <carpool/evictions.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "thrown.hpp"

namespace {

using namespace std::chrono_literals;
using namespace carpool;

constexpr TimePoint birth{1h};

Slot slot_born_at(TimePoint born) {
  Slot slot;
  slot.born = slot.idle_since = born;
  return slot;
}

TEST(MaxLifetime, EndsSoLongAfterBirthWhateverTheUse) {
  Slot slot = slot_born_at(birth);
  slot.uses = 1'000;
  slot.idle_since = birth + 59min;
  EXPECT_FALSE(MaxLifetime{1h}.expired(slot, birth + 1h - 1ns));
  EXPECT_TRUE(MaxLifetime{1h}.expired(slot, birth + 1h));
  EXPECT_EQ(MaxLifetime{1h}.due(slot), birth + 1h);
}

TEST(MaxLifetime, IsThirtyMinutesByDefault) { EXPECT_EQ(MaxLifetime{}.due(slot_born_at(birth)), birth + 30min); }

TEST(IdleTimeout, EndsSoLongAfterTheLastUseWhateverTheAge) {
  Slot slot = slot_born_at(birth);
  slot.idle_since = birth + 100h;
  EXPECT_FALSE(IdleTimeout{1min}.expired(slot, birth + 100h));  // as on release: idle_since is now
  EXPECT_FALSE(IdleTimeout{1min}.expired(slot, birth + 100h + 1min - 1ns));
  EXPECT_TRUE(IdleTimeout{1min}.expired(slot, birth + 100h + 1min));
}

TEST(IdleTimeout, IsTenMinutesByDefault) { EXPECT_EQ(IdleTimeout{}.due(slot_born_at(birth)), birth + 10min); }

TEST(MaxUses, EndsWithTheLastUseAndNotByTime) {
  Slot slot = slot_born_at(birth);
  slot.uses = 1;
  EXPECT_FALSE(MaxUses{2}.expired(slot, birth + 10'000h));
  EXPECT_EQ(MaxUses{2}.due(slot), never);
  slot.uses = 2;
  EXPECT_TRUE(MaxUses{2}.expired(slot, birth));
  EXPECT_LE(MaxUses{2}.due(slot), birth);
  slot.uses = 3;
  EXPECT_TRUE(MaxUses{2}.expired(slot, birth));
}

TEST(NeverEvict, ClosesNothing) {
  Slot slot = slot_born_at(birth);
  slot.uses = std::numeric_limits<std::uint64_t>::max();
  EXPECT_FALSE(NeverEvict{}.expired(slot, never));
  EXPECT_EQ(NeverEvict{}.due(slot), never);
}

TEST(Evictions, ForeverDoesNotOverflowWhereverTheClockStands) {
  for (const auto born : {TimePoint::min(), TimePoint{-1h}, TimePoint{}, TimePoint{100'000h}, never - 1ns}) {
    EXPECT_EQ(MaxLifetime{forever}.due(slot_born_at(born)), never);
    EXPECT_EQ(IdleTimeout{forever}.due(slot_born_at(born)), never);
    EXPECT_EQ(Jittered{MaxLifetime{forever}}.due(slot_born_at(born)), never);
    EXPECT_FALSE(MaxLifetime{forever}.expired(slot_born_at(born), never - 1ns));
  }
}

TEST(Evictions, ALengthThatPassesTheEndOfTheClockIsNever) {
  EXPECT_EQ(MaxLifetime{2h}.due(slot_born_at(never - 1h)), never);
  EXPECT_EQ(IdleTimeout{forever - 1ns}.due(slot_born_at(TimePoint{1h})), never);
}

TEST(Jittered, LeavesTheLengthWhereTheDrawIsZero) {
  EXPECT_EQ(Jittered{MaxLifetime{1h}}.due(slot_born_at(birth)), birth + 1h);
}

TEST(Jittered, ShortensByTheFractionTimesTheDraw) {
  Slot slot = slot_born_at(birth);
  slot.jitter = 0.5;
  EXPECT_EQ(Jittered<MaxLifetime>{MaxLifetime{80min}}.due(slot), birth + 70min);  // 25 % unless told otherwise
  EXPECT_EQ((Jittered{MaxLifetime{80min}, 0.5}.due(slot)), birth + 60min);
  EXPECT_EQ((Jittered{MaxLifetime{80min}, 0.0}.due(slot)), birth + 80min);
  slot.idle_since = birth + 1h;
  EXPECT_EQ((Jittered{IdleTimeout{80min}, 0.25}.due(slot)), birth + 1h + 70min);
}

TEST(Jittered, SpreadsConnectionsBornTogetherEvenlyOverTheLastQuarter) {
  constexpr std::size_t connections = 10'000;
  std::array<std::size_t, 10> tenths{};
  for (std::size_t i = 0; i < connections; ++i) {
    Slot slot = slot_born_at(birth);
    slot.jitter = static_cast<double>(i) / connections;
    const Duration life = Jittered{MaxLifetime{40min}}.due(slot) - birth;
    ASSERT_GT(life, 30min);
    ASSERT_LE(life, 40min);
    ++tenths[static_cast<std::size_t>((life - 1ns - Duration{30min}) / 1min)];
  }
  for (const auto count : tenths) EXPECT_NEAR(static_cast<double>(count), connections / 10.0, 2.0);
}

TEST(Jittered, NeverShortensALengthToNothing) {
  Slot slot = slot_born_at(birth);
  slot.jitter = std::nextafter(1.0, 0.0);
  const double most = std::nextafter(1.0, 0.0);
  for (const Duration length : std::array<Duration, 4>{1ns, 2ns, 1h, forever - 1ns}) {
    EXPECT_GT((Jittered{MaxLifetime{length}, most}.due(slot)), birth) << length.count();
  }
}

TEST(DefaultEviction, IsHalfAnHourLessUpToAQuarterAndTenMinutesIdle) {
  Slot slot = slot_born_at(birth);
  EXPECT_EQ(DefaultEviction{}.due(slot), birth + 10min);
  slot.idle_since = birth + 25min;
  EXPECT_EQ(DefaultEviction{}.due(slot), birth + 30min);
  slot.jitter = 0.8;
  EXPECT_EQ(DefaultEviction{}.due(slot), birth + 24min);
}

TEST(DefaultEviction, ReportsIdleAndExpiredApart) {
  Slot slot = slot_born_at(birth);
  EXPECT_EQ(DefaultEviction{}.reason(slot, birth + 10min), CloseReason::idle);
  slot.idle_since = birth + 25min;
  EXPECT_EQ(DefaultEviction{}.reason(slot, birth + 30min), CloseReason::expired);
  EXPECT_EQ(reason_of(Jittered{IdleTimeout{1h}}, slot, birth + 24h), CloseReason::idle);
  EXPECT_EQ(reason_of(MaxUses{1}, slot, birth), CloseReason::expired);
}

TEST(Evictions, RefuseNonsenseByNameAndBound) {
  EXPECT_EQ(refusal_by([] { return MaxLifetime{0s}; }),
            "carpool MaxLifetime: length must be longer than 0 (or carpool::forever), not 0 ns");
  EXPECT_EQ(refusal_by([] { return IdleTimeout{-1us}; }),
            "carpool IdleTimeout: length must be longer than 0 (or carpool::forever), not -1000 ns");
  EXPECT_EQ(refusal_by([] { return MaxLifetime{Duration::min()}; }).substr(0, 28), "carpool MaxLifetime: length ");
  EXPECT_EQ(refusal_by([] { return MaxUses{0}; }), "carpool MaxUses: uses must be at least 1, not 0");
  EXPECT_EQ(refusal_by([] { return Jittered{MaxLifetime{1h}, 1.0}; }),
            "carpool Jittered: fraction must be at least 0 and less than 1, not 1.000000");
  EXPECT_EQ(refusal_by([] { return Jittered{MaxLifetime{1h}, -0.1}; }),
            "carpool Jittered: fraction must be at least 0 and less than 1, not -0.100000");
  EXPECT_NE(refusal_by([] { return Jittered{MaxLifetime{1h}, std::numeric_limits<double>::quiet_NaN()}; }), "");
}

TEST(Evictions, AcceptTheBoundsThemselves) {
  EXPECT_EQ(refusal_by([] { return MaxLifetime{1ns}; }), "");
  EXPECT_EQ(refusal_by([] { return IdleTimeout{forever}; }), "");
  EXPECT_EQ(refusal_by([] { return MaxUses{1}; }), "");
  EXPECT_EQ(refusal_by([] { return Jittered{MaxLifetime{1h}, 0.0}; }), "");
  EXPECT_EQ(refusal_by([] { return Jittered{MaxLifetime{1h}, std::nextafter(1.0, 0.0)}; }), "");
}

TEST(Evictions, AreMadeByTypeOrByValue) {
  using Three = AnyOf<MaxLifetime, IdleTimeout, MaxUses>;
  static_assert(std::same_as<decltype(AnyOf(MaxLifetime{1h}, IdleTimeout{1h}, MaxUses{2})), Three>);
  static_assert(std::default_initializable<AnyOf<MaxLifetime, Jittered<IdleTimeout>, NeverEvict>>);
  static_assert(std::default_initializable<AllOf<MaxLifetime, IdleTimeout>>);
  static_assert(!std::default_initializable<Three>, "MaxUses has no default number");
  static_assert(!std::convertible_to<Duration, MaxLifetime>, "a bare duration does not say which it is");
  constexpr AnyOf made_at_compile_time(MaxLifetime{1h}, MaxUses{2});
  static_assert(made_at_compile_time.due(Slot{}) == TimePoint{1h});
  const AnyOf<MaxLifetime, IdleTimeout> defaults{};
  EXPECT_EQ(defaults.due(slot_born_at(birth)), birth + 10min);
  EXPECT_EQ((AllOf<MaxLifetime, IdleTimeout>{}.due(slot_born_at(birth))), birth + 30min);
}

TEST(Evictions, DoNotThrowUnlessAPartMay) {
  struct MayThrow {
    bool expired(const Slot&, TimePoint) const { return false; }
  };
  const Slot slot = slot_born_at(birth);
  const DefaultEviction ours;
  const AnyOf<MaxLifetime, MayThrow> mixed;
  static_assert(noexcept(ours.expired(slot, birth)));
  static_assert(noexcept(ours.due(slot)));
  static_assert(noexcept(ours.reason(slot, birth)));
  static_assert(!noexcept(mixed.expired(slot, birth)));
  static_assert(!noexcept(mixed.reason(slot, birth)));
}

}  // namespace

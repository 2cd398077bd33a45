/// When a connection is closed: MaxLifetime, IdleTimeout, MaxUses, NeverEvict, and how to combine and spread them.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/observer.hpp>
#include <carpool/slot.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

// The rules that every eviction here keeps, and that tests/conformance/eviction_conformance.hpp checks for yours:
// - expired(slot, now) holds from due(slot) on and not a nanosecond earlier; due is `never` where no time ends it and
//   TimePoint::min() where the slot is over already. At the instant `never` itself nothing is asked.
// - Slot::idle_since means idleness only while the slot is idle; the pool sets it to now before it asks on release.
// - by_times_alone, where it is there and true, promises that due does not depend on Slot::uses.
// - Cost: some additions and comparisons, no clock, no lock; threads: const, so any worker may ask at any time.

namespace carpool {

// Each reason stands on the line of its requirement, as in concepts.hpp.
// clang-format off

/// An eviction that counts a length of time from one moment of the slot: what Jittered can shorten.
template <class E>
concept TimedEviction = EvictionPolicy<E> && requires(const E& eviction, const Slot& slot) {
  { eviction.length() } noexcept -> std::same_as<Duration>;            // A timed eviction needs Duration length() const noexcept: what Jittered shortens
  { eviction.counts_from(slot) } noexcept -> std::same_as<TimePoint>;  // A timed eviction needs TimePoint counts_from(const Slot&) const noexcept: where its length begins
};

/// An eviction that can say why: with it the pool reports idle and expired connections apart.
template <class E>
concept TellsReason = requires(const E& eviction, const Slot& slot, TimePoint now) {
  { eviction.reason(slot, now) } -> std::same_as<CloseReason>;
};

/// An eviction whose due() depends on when alone, and not on Slot::uses: static constexpr bool by_times_alone = true.
/// It is not asked again about a connection that comes back within a tick of the coarse clock.
template <class E>
concept DueByTimesAlone = EvictionPolicy<E> && requires {
  requires E::by_times_alone;
};

namespace detail {

/// None of its members throws; what is made of such parts alone does not either.
template <class E>
concept NothrowEviction = requires(const E& eviction, const Slot& slot, TimePoint now) {
  { eviction.expired(slot, now) } noexcept;
  requires !TellsReason<E> || requires { { eviction.reason(slot, now) } noexcept; };
  requires !TellsWhenDue<E> || requires { { eviction.due(slot) } noexcept; };
};

}  // namespace detail
// clang-format on

/// Why this slot, which the eviction calls expired at `now`, is closed: CloseReason::expired unless it says otherwise.
template <EvictionPolicy Eviction>
[[nodiscard]] constexpr CloseReason reason_of(const Eviction& eviction, const Slot& slot,
                                              TimePoint now) noexcept(detail::NothrowEviction<Eviction>) {
  if constexpr (TellsReason<Eviction>) return eviction.reason(slot, now);
  return CloseReason::expired;
}

namespace detail {

/// The moment that ends a length. Not after() alone: a clock may stand below zero, where forever would have an end.
[[nodiscard]] constexpr TimePoint end_of(TimePoint start, Duration length) noexcept {
  return length == forever ? never : after(start, length);
}

[[nodiscard]] constexpr Duration require_length(Duration length, const char* field) {
  if (length > Duration::zero()) return length;
  throw std::invalid_argument(std::string("carpool ") + field + " must be longer than 0 (or carpool::forever), not " +
                              std::to_string(length.count()) + " ns");
}

}  // namespace detail

/// Closes nothing.
struct NeverEvict {
  static constexpr bool by_times_alone = true;

  [[nodiscard]] constexpr bool expired(const Slot&, TimePoint) const noexcept { return false; }
  [[nodiscard]] constexpr TimePoint due(const Slot&) const noexcept { return never; }
};

/// Closes a connection so long after it was born, used or not. Alone it closes what was opened together together:
/// see Jittered.
class MaxLifetime {
 public:
  static constexpr bool by_times_alone = true;

  /// Throws: std::invalid_argument where the length is not longer than 0; carpool::forever is allowed.
  constexpr explicit MaxLifetime(Duration length) : length_(detail::require_length(length, "MaxLifetime: length")) {}
  constexpr MaxLifetime() noexcept = default;  ///< 30 minutes

  [[nodiscard]] constexpr bool expired(const Slot& slot, TimePoint now) const noexcept { return now >= due(slot); }
  [[nodiscard]] constexpr TimePoint due(const Slot& slot) const noexcept { return detail::end_of(slot.born, length_); }

  [[nodiscard]] constexpr Duration length() const noexcept { return length_; }
  [[nodiscard]] constexpr TimePoint counts_from(const Slot& slot) const noexcept { return slot.born; }

 private:
  Duration length_ = std::chrono::minutes(30);
};

/// Closes a connection that nobody has wanted for so long: the pool shrinks when the load does.
class IdleTimeout {
 public:
  static constexpr bool by_times_alone = true;

  /// Throws: std::invalid_argument where the length is not longer than 0; carpool::forever is allowed.
  constexpr explicit IdleTimeout(Duration length) : length_(detail::require_length(length, "IdleTimeout: length")) {}
  constexpr IdleTimeout() noexcept = default;  ///< 10 minutes

  [[nodiscard]] constexpr bool expired(const Slot& slot, TimePoint now) const noexcept { return now >= due(slot); }
  [[nodiscard]] constexpr TimePoint due(const Slot& slot) const noexcept {
    return detail::end_of(slot.idle_since, length_);
  }
  [[nodiscard]] constexpr CloseReason reason(const Slot&, TimePoint) const noexcept { return CloseReason::idle; }

  [[nodiscard]] constexpr Duration length() const noexcept { return length_; }
  [[nodiscard]] constexpr TimePoint counts_from(const Slot& slot) const noexcept { return slot.idle_since; }

 private:
  Duration length_ = std::chrono::minutes(10);
};

/// Closes a connection that has served so many leases: for servers whose sessions grow. It has no default number.
class MaxUses {
 public:
  /// Throws: std::invalid_argument where uses is 0.
  constexpr explicit MaxUses(std::uint64_t uses) : uses_(uses) {
    if (uses == 0) throw std::invalid_argument("carpool MaxUses: uses must be at least 1, not 0");
  }

  [[nodiscard]] constexpr bool expired(const Slot& slot, TimePoint) const noexcept { return slot.uses >= uses_; }
  /// No time ends it, so never; but a slot that is used up is due since the beginning of time.
  [[nodiscard]] constexpr TimePoint due(const Slot& slot) const noexcept {
    return slot.uses >= uses_ ? TimePoint::min() : never;
  }

 private:
  std::uint64_t uses_;
};

/// Closes when at least one of its parts would: AnyOf(MaxLifetime{1h}, MaxUses{100}).
template <EvictionPolicy... Evictions>
requires(sizeof...(Evictions) >= 1) class AnyOf {
 public:
  static constexpr bool by_times_alone = (DueByTimesAlone<Evictions> && ...);

  constexpr explicit AnyOf(Evictions... parts) : parts_(std::move(parts)...) {}
  constexpr AnyOf() requires(std::default_initializable<Evictions>&&...) = default;

  [[nodiscard]] constexpr bool expired(const Slot& slot, TimePoint now) const
      noexcept((detail::NothrowEviction<Evictions> && ...)) {
    return std::apply([&](const auto&... part) { return (part.expired(slot, now) || ...); }, parts_);
  }
  /// The earliest of its parts; absent where a part cannot tell.
  [[nodiscard]] constexpr TimePoint due(const Slot& slot) const
      noexcept((detail::NothrowEviction<Evictions> && ...)) requires(TellsWhenDue<Evictions>&&...) {
    return std::apply([&](const auto&... part) { return std::min({part.due(slot)...}); }, parts_);
  }
  /// That of the first part that is expired.
  [[nodiscard]] constexpr CloseReason reason(const Slot& slot, TimePoint now) const
      noexcept((detail::NothrowEviction<Evictions> && ...)) {
    CloseReason reason = CloseReason::expired;
    const auto decides = [&](const auto& part) {
      if (!part.expired(slot, now)) return false;
      reason = reason_of(part, slot, now);
      return true;
    };
    std::apply([&](const auto&... part) { static_cast<void>((decides(part) || ...)); }, parts_);
    return reason;
  }

 private:
  std::tuple<Evictions...> parts_{};
};

/// Closes when all of its parts would: AllOf(IdleTimeout{1min}, MaxUses{1000}).
template <EvictionPolicy... Evictions>
requires(sizeof...(Evictions) >= 1) class AllOf {
 public:
  static constexpr bool by_times_alone = (DueByTimesAlone<Evictions> && ...);

  constexpr explicit AllOf(Evictions... parts) : parts_(std::move(parts)...) {}
  constexpr AllOf() requires(std::default_initializable<Evictions>&&...) = default;

  [[nodiscard]] constexpr bool expired(const Slot& slot, TimePoint now) const
      noexcept((detail::NothrowEviction<Evictions> && ...)) {
    return std::apply([&](const auto&... part) { return (part.expired(slot, now) && ...); }, parts_);
  }
  /// The latest of its parts; absent where a part cannot tell.
  [[nodiscard]] constexpr TimePoint due(const Slot& slot) const
      noexcept((detail::NothrowEviction<Evictions> && ...)) requires(TellsWhenDue<Evictions>&&...) {
    return std::apply([&](const auto&... part) { return std::max({part.due(slot)...}); }, parts_);
  }
  /// What all its parts say, or expired where they differ.
  [[nodiscard]] constexpr CloseReason reason(const Slot& slot, TimePoint now) const
      noexcept((detail::NothrowEviction<Evictions> && ...)) {
    const CloseReason first = reason_of(std::get<0>(parts_), slot, now);
    const auto agrees = [&](const auto& part) { return reason_of(part, slot, now) == first; };
    const bool all = std::apply([&](const auto&... part) { return (agrees(part) && ...); }, parts_);
    return all ? first : CloseReason::expired;
  }

 private:
  std::tuple<Evictions...> parts_{};
};

/// Shortens the length of a timed eviction by 0 to `fraction`, drawn once per connection (Slot::jitter): connections
/// that were opened together are not closed together, so no storm of connects follows.
template <TimedEviction Eviction>
class Jittered {
 public:
  static constexpr bool by_times_alone = DueByTimesAlone<Eviction>;

  /// Throws: std::invalid_argument where fraction is not in [0, 1): a length must remain.
  constexpr explicit Jittered(Eviction eviction, double fraction = 0.25)
      : eviction_(std::move(eviction)), fraction_(fraction) {
    if (fraction >= 0.0 && fraction < 1.0) return;  // said so that NaN is refused too
    throw std::invalid_argument("carpool Jittered: fraction must be at least 0 and less than 1, not " +
                                std::to_string(fraction));
  }
  constexpr Jittered() requires std::default_initializable<Eviction>
  = default;

  [[nodiscard]] constexpr bool expired(const Slot& slot, TimePoint now) const noexcept { return now >= due(slot); }
  [[nodiscard]] constexpr TimePoint due(const Slot& slot) const noexcept {
    return detail::end_of(eviction_.counts_from(slot), length_for(slot));
  }
  [[nodiscard]] constexpr CloseReason reason(const Slot& slot, TimePoint now) const
      noexcept(detail::NothrowEviction<Eviction>) {
    return reason_of(eviction_, slot, now);
  }

 private:
  /// Longer than 0, because fraction and jitter are less than 1; forever stays forever.
  [[nodiscard]] constexpr Duration length_for(const Slot& slot) const noexcept {
    const Duration full = eviction_.length();
    if (full == forever) return forever;
    return full - Duration(static_cast<Duration::rep>(static_cast<double>(full.count()) * fraction_ * slot.jitter));
  }

  Eviction eviction_{};
  double fraction_ = 0.25;
};

/// What a pool does that is told nothing: a lifetime of 30 minutes less up to 25 %, and 10 minutes of idleness.
using DefaultEviction = AnyOf<Jittered<MaxLifetime>, IdleTimeout>;

static_assert(EvictionPolicy<NeverEvict> && EvictionPolicy<MaxUses> && EvictionPolicy<AllOf<MaxUses, IdleTimeout>>);
static_assert(TimedEviction<MaxLifetime> && TimedEviction<IdleTimeout> && EvictionPolicy<DefaultEviction>);

}  // namespace carpool

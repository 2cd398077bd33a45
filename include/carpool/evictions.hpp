/// When a connection is closed: MaxLifetime, IdleTimeout, MaxUses, NeverEvict, and how to combine and spread them.
#pragma once

#include <carpool/eviction_concepts.hpp>
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

namespace carpool::inline v0_1 {

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
  constexpr explicit MaxLifetime(SaturatedDuration length)
      : length_(detail::require_length(length, "MaxLifetime: length")) {}
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
  constexpr explicit IdleTimeout(SaturatedDuration length)
      : length_(detail::require_length(length, "IdleTimeout: length")) {}
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
  requires(sizeof...(Evictions) >= 1)
class AnyOf {
 public:
  using Wrapped = std::tuple<Evictions...>;  // due is there only where each of them has it
  static constexpr bool by_times_alone = (DueByTimesAlone<Evictions> && ...);

  /// Asks its parts in this order: the first that is expired gives the reason.
  constexpr explicit AnyOf(Evictions... parts) : parts_(std::move(parts)...) {}
  constexpr AnyOf()
    requires(std::default_initializable<Evictions> && ...)
  = default;

  [[nodiscard]] constexpr bool expired(const Slot& slot, TimePoint now) const
      noexcept((detail::NothrowEviction<Evictions> && ...)) {
    return std::apply([&](const auto&... part) { return (part.expired(slot, now) || ...); }, parts_);
  }
  /// The earliest of its parts; absent where a part cannot tell.
  [[nodiscard]] constexpr TimePoint due(const Slot& slot) const noexcept((detail::NothrowEviction<Evictions> && ...))
    requires(TellsWhenDue<Evictions> && ...)
  {
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
  Wrapped parts_{};
};

/// Closes when all of its parts would: AllOf(IdleTimeout{1min}, MaxUses{1000}).
template <EvictionPolicy... Evictions>
  requires(sizeof...(Evictions) >= 1)
class AllOf {
 public:
  using Wrapped = std::tuple<Evictions...>;  // due is there only where each of them has it
  static constexpr bool by_times_alone = (DueByTimesAlone<Evictions> && ...);

  /// Asks its parts in this order, up to the first that is not expired.
  constexpr explicit AllOf(Evictions... parts) : parts_(std::move(parts)...) {}
  constexpr AllOf()
    requires(std::default_initializable<Evictions> && ...)
  = default;

  [[nodiscard]] constexpr bool expired(const Slot& slot, TimePoint now) const
      noexcept((detail::NothrowEviction<Evictions> && ...)) {
    return std::apply([&](const auto&... part) { return (part.expired(slot, now) && ...); }, parts_);
  }
  /// The latest of its parts; absent where a part cannot tell.
  [[nodiscard]] constexpr TimePoint due(const Slot& slot) const noexcept((detail::NothrowEviction<Evictions> && ...))
    requires(TellsWhenDue<Evictions> && ...)
  {
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
  Wrapped parts_{};
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
  constexpr Jittered()
    requires std::default_initializable<Eviction>
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

}  // namespace carpool::inline v0_1

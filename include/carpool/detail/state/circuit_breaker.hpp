/// Whether, and how many at once, connects to one endpoint may start: pure arithmetic, no lock.
#pragma once

#include <carpool/detail/state/instant.hpp>
#include <carpool/pool_options.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace carpool::inline v0_1::detail {

/// initial, 2 initial, 4 initial ... max, shortened by up to half ("equal jitter"); draw is 64 random bits.
[[nodiscard]] constexpr Duration backoff_delay(const Backoff& backoff, std::size_t step, std::uint64_t draw) noexcept {
  Duration delay = backoff.initial;
  const Duration max = backoff.max;
  for (; step > 0 && delay < max; --step) delay = delay > max / 2 ? max : delay * 2;
  delay = std::min(delay, max);
  const auto half = static_cast<std::uint64_t>(delay.count() / 2);
  return delay - Duration(static_cast<Duration::rep>(draw % (half + 1)));
}

/// healthy: connects as usual. An attempt that fails pauses the endpoint for a back-off, during which none starts. The
/// last attempt of a series opens the breaker until retry_at(); then one probe at a time; the first success closes it,
/// and connects ramp 1, 2, 4 ... so that a server that has just come back is not trampled.
class CircuitBreaker {
 public:
  /// Numbers the rounds of attempts, and may begin anew: equality alone means anything. Attempts that run side by side
  /// belong to one round and fail once together.
  using Round = std::uint16_t;

  [[nodiscard]] constexpr bool open(TimePoint now) const noexcept { return failures_ > 0 && now < retry_at_; }
  [[nodiscard]] constexpr bool closed() const noexcept { return failures_ == 0; }
  /// No attempt has failed since the last success: then no clock need be read.
  [[nodiscard]] constexpr bool healthy() const noexcept { return failures_ == 0 && tried_ == 0; }
  /// Open, or between two attempts of a series.
  [[nodiscard]] constexpr bool pausing(TimePoint now) const noexcept { return !healthy() && now < retry_at_; }
  [[nodiscard]] constexpr TimePoint retry_at() const noexcept { return healthy() ? TimePoint::min() : retry_at_; }

  /// How many connects may be in flight now.
  [[nodiscard]] constexpr std::size_t limit(TimePoint now, std::size_t max_connecting) const noexcept {
    if (pausing(now)) return 0;
    return closed() ? std::min(ramp_, max_connecting) : 1;
  }
  // The same, and no clock is read while all is well.
  template <class Backend>
  [[nodiscard]] constexpr bool open(Instant<Backend>& now) const noexcept {
    return !closed() && open(now.get());
  }
  template <class Backend>
  [[nodiscard]] constexpr bool pausing(Instant<Backend>& now) const noexcept {
    return !healthy() && pausing(now.get());
  }

  [[nodiscard]] constexpr Round round() const noexcept { return round_; }
  /// Attempts of the present series that have failed.
  [[nodiscard]] constexpr std::size_t tried() const noexcept { return tried_; }

  /// A connect has succeeded once: the server is there, and the credentials are right.
  [[nodiscard]] constexpr bool proven() const noexcept { return proven_; }

  constexpr void succeeded() noexcept {
    tried_ = 0;
    proven_ = true;
    if (!closed()) {
      failures_ = 0;
      ramp_ = 2;
      wave_ = 0;
    } else if (ramp_ != unlimited && ++wave_ >= ramp_) {
      ramp_ = ramp_ > unlimited / 2 ? unlimited : ramp_ * 2;
      wave_ = 0;
    }
  }

  /// An attempt that began in `round` failed. True: it was the last of a series of `attempts`, and the breaker is open
  /// from now on. A probe is a series of one.
  constexpr bool attempt_failed(Round round, TimePoint now, std::size_t attempts, const Backoff& backoff,
                                std::uint64_t draw) noexcept {
    if (round != round_) return false;  // another of its round has been counted
    if (!closed() || tried_ + 1 >= attempts) return failed(now, backoff, draw), true;
    retry_at_ = after(now, backoff_delay(backoff, tried_, draw));
    ++tried_;
    ++round_;
    return false;
  }
  /// A whole series failed.
  constexpr void failed(TimePoint now, const Backoff& backoff, std::uint64_t draw) noexcept {
    open_until(after(now, backoff_delay(backoff, failures_, draw)), now);
  }
  /// The server refused the credentials: the next try is at least refusal_lasts away, because servers lock an account
  /// after a few.
  constexpr void refused(TimePoint now, const Backoff& backoff, std::uint64_t draw) noexcept {
    open_until(after(now, std::max(refusal_lasts, backoff_delay(backoff, failures_, draw))), now);
  }
  static constexpr Duration refusal_lasts = std::chrono::seconds(30);

  /// The user says that something has changed: the next probe may start now.
  constexpr void allow() noexcept { retry_at_ = TimePoint::min(); }
  constexpr void reset() noexcept { *this = CircuitBreaker(); }

 private:
  /// Or for longer, where another series has said so.
  constexpr void open_until(TimePoint time, TimePoint now) noexcept {
    retry_at_ = open(now) ? std::max(retry_at_, time) : time;
    ++failures_;
    ++round_;
    tried_ = 0;
    ramp_ = 1;
    wave_ = 0;
  }

  static constexpr std::size_t unlimited = ~std::size_t{0};

  Round round_ = 0;
  std::size_t tried_ = 0;  // attempts of the present series that failed
  bool proven_ = false;
  std::size_t failures_ = 0;      // series that failed in a row
  TimePoint retry_at_{};          // meaningful unless healthy
  std::size_t ramp_ = unlimited;  // connects in flight allowed while closed
  std::size_t wave_ = 0;          // successes since ramp_ last doubled
};

}  // namespace carpool::inline v0_1::detail

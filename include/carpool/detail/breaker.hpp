/// Whether, and how many at once, connects to one endpoint may start: pure arithmetic, no lock.
#pragma once

#include <carpool/detail/instant.hpp>
#include <carpool/pool_options.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace carpool::detail {

/// initial, 2 initial, 4 initial ... max, shortened by up to half ("equal jitter"); draw is 64 random bits.
[[nodiscard]] inline Duration backoff_delay(const Backoff& backoff, std::size_t step, std::uint64_t draw) noexcept {
  Duration delay = backoff.initial;
  const Duration max = backoff.max;
  for (; step > 0 && delay < max; --step) delay = delay > max / 2 ? max : delay * 2;
  delay = std::min(delay, max);
  const auto half = static_cast<std::uint64_t>(delay.count() / 2);
  return delay - Duration(static_cast<Duration::rep>(draw % (half + 1)));
}

/// closed: connects as usual. A failed series opens it until retry_at(); then one probe at a time; the first success
/// closes it, and connects ramp 1, 2, 4 ... so that a server that has just come back is not trampled.
class Breaker {
 public:
  [[nodiscard]] bool open(TimePoint now) const noexcept { return failures_ > 0 && now < retry_at_; }
  [[nodiscard]] bool closed() const noexcept { return failures_ == 0; }
  [[nodiscard]] TimePoint retry_at() const noexcept { return failures_ > 0 ? retry_at_ : TimePoint::min(); }

  /// How many connects may be in flight now.
  [[nodiscard]] std::size_t limit(TimePoint now, std::size_t max_connecting) const noexcept {
    if (open(now)) return 0;
    return closed() ? std::min(ramp_, max_connecting) : 1;
  }
  // The same, and no clock is read while all is well.
  template <class Backend>
  [[nodiscard]] bool open(Instant<Backend>& now) const noexcept {
    return !closed() && open(now.get());
  }
  template <class Backend>
  [[nodiscard]] std::size_t limit(Instant<Backend>& now, std::size_t max_connecting) const noexcept {
    return limit(closed() ? TimePoint::min() : now.get(), max_connecting);
  }
  /// A probe is a single try: the series was spent when the breaker opened.
  [[nodiscard]] std::size_t attempts(std::size_t configured) const noexcept { return closed() ? configured : 1; }

  void succeeded() noexcept {
    if (!closed()) {
      failures_ = 0;
      ramp_ = 2;
      wave_ = 0;
    } else if (ramp_ != unlimited && ++wave_ >= ramp_) {
      ramp_ = ramp_ > unlimited / 2 ? unlimited : ramp_ * 2;
      wave_ = 0;
    }
  }

  void failed(TimePoint now, const Backoff& backoff, std::uint64_t draw) noexcept {
    retry_at_ = after(now, backoff_delay(backoff, failures_, draw));
    ++failures_;
    ramp_ = 1;
    wave_ = 0;
  }

  void reset() noexcept { *this = Breaker(); }

 private:
  static constexpr std::size_t unlimited = ~std::size_t{0};

  std::size_t failures_ = 0;      // series that failed in a row
  TimePoint retry_at_{};          // meaningful while failures_ > 0
  std::size_t ramp_ = unlimited;  // connects in flight allowed while closed
  std::size_t wave_ = 0;          // successes since ramp_ last doubled
};

}  // namespace carpool::detail

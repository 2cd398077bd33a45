/// How long a caller will wait, turned into a deadline at most once, and how long it has waited.
#pragma once

#include <carpool/time.hpp>

#include <cstdint>
#include <utility>

namespace carpool::inline v0_1::detail {

/// A clock read costs as much as the whole fast path, so a relative time-out becomes a deadline only when the
/// pool asks; from then on it is that deadline and never re-armed (law 4).
template <class Backend>
class Timeout {
 public:
  explicit Timeout(Duration length) noexcept : length_(length) {}
  explicit Timeout(TimePoint deadline) noexcept : deadline_(deadline), stage_(Stage::absolute) {}

  /// The wait begins now, unless it has begun.
  void begin(TimePoint now) noexcept {
    const Stage before = std::exchange(stage_, Stage::begun);
    if (before == Stage::begun) return;
    if (before == Stage::relative) deadline_ = after(now, length_);
    began_ = now;
  }
  [[nodiscard]] TimePoint deadline() noexcept {
    if (stage_ == Stage::relative) begin(Backend::now());
    return deadline_;
  }
  /// So far; 0 where nothing had to be waited for.
  [[nodiscard]] Duration waited() const noexcept {
    return stage_ == Stage::begun ? Backend::now() - began_ : Duration::zero();
  }

 private:
  enum class Stage : std::uint8_t { relative, absolute, begun };

  Duration length_{};
  TimePoint deadline_{};
  TimePoint began_{};
  Stage stage_ = Stage::relative;
};

}  // namespace carpool::inline v0_1::detail

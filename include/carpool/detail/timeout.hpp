/// How long a caller will wait, turned into a deadline at most once.
#pragma once

#include <carpool/time.hpp>

#include <utility>

namespace carpool::inline v0_1::detail {

/// A clock read costs as much as the whole fast path, so a relative time-out becomes a deadline only when the
/// pool asks; from then on it is that deadline and never re-armed (law 4).
template <class Backend>
class Timeout {
 public:
  explicit Timeout(Duration length) noexcept : length_(length) {}
  explicit Timeout(TimePoint deadline) noexcept : deadline_(deadline), fixed_(true) {}

  /// The time-out begins now.
  void begin(TimePoint now) noexcept {
    if (std::exchange(fixed_, true)) return;
    deadline_ = after(now, length_);
  }
  [[nodiscard]] TimePoint deadline() noexcept {
    if (!fixed_) begin(Backend::now());
    return deadline_;
  }

 private:
  Duration length_{};
  TimePoint deadline_{};
  bool fixed_ = false;
};

}  // namespace carpool::inline v0_1::detail

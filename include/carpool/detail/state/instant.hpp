/// A point in time that costs nothing unless somebody wants to know it.
#pragma once

#include <carpool/time.hpp>

#include <optional>

namespace carpool::inline v0_1::detail {

/// The backend's exact clock, read when it is first asked for, and once.
template <class Backend>
class Instant {
 public:
  [[nodiscard]] TimePoint get() noexcept {
    if (!time_) time_ = Backend::now();
    return *time_;
  }

 private:
  std::optional<TimePoint> time_;
};

}  // namespace carpool::inline v0_1::detail

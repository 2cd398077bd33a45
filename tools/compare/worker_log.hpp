/// What one worker writes down of its own requests.
#pragma once

#include "control.hpp"
#include "failures.hpp"
#include "histogram.hpp"

#include <carpool/time.hpp>

#include <array>
#include <cstdint>
#include <exception>
#include <optional>

namespace carpool::compare {

/// Served and failed requests of one part of the timeline.
struct TimelineBin {
  std::uint64_t served = 0;
  std::uint64_t failed = 0;
};

using Timeline = std::array<TimelineBin, timeline_bins>;

/// Each worker has its own, on cache lines of its own, and nobody else touches it before the worker is joined.
class alignas(64) WorkerLog {
 public:
  /// A lease, or a refusal, came after so long to a request that began in this phase.
  void waited(Phase phase, Duration wait) noexcept {
    if (phase == Phase::measuring) wait_.record(wait);
    if (phase == Phase::down) wait_while_down_.record(wait);
  }

  /// A request that began in this phase is done; the connection was held for so long.
  void served(const Control& control, Phase phase, Duration held, TimePoint now) noexcept {
    ++served_[static_cast<std::size_t>(phase)];
    if (phase == Phase::measuring) held_ += held;
    if (phase == Phase::recovering && !recovered_at_) recovered_at_ = now;
    if (const auto bin = control.bin_of(now); bin < timeline_bins) ++timeline_[bin].served;
  }

  /// A request that began in this phase failed.
  void failed(const Control& control, Phase phase, TimePoint now, const std::exception& error) {
    ++failed_[static_cast<std::size_t>(phase)];
    if (phase != Phase::warm_up && phase != Phase::stop) failures_.note(error);
    if (const auto bin = control.bin_of(now); bin < timeline_bins) ++timeline_[bin].failed;
  }

  [[nodiscard]] std::uint64_t served_in(Phase phase) const noexcept { return served_[static_cast<std::size_t>(phase)]; }
  [[nodiscard]] std::uint64_t failed_in(Phase phase) const noexcept { return failed_[static_cast<std::size_t>(phase)]; }
  [[nodiscard]] const Histogram& wait() const noexcept { return wait_; }
  [[nodiscard]] const Histogram& wait_while_down() const noexcept { return wait_while_down_; }
  [[nodiscard]] Duration held() const noexcept { return held_; }
  [[nodiscard]] const Failures& failures() const noexcept { return failures_; }
  [[nodiscard]] const Timeline& timeline() const noexcept { return timeline_; }
  /// When it was first served again after the outage.
  [[nodiscard]] std::optional<TimePoint> recovered_at() const noexcept { return recovered_at_; }

 private:
  std::array<std::uint64_t, phase_count> served_{}, failed_{};
  Histogram wait_, wait_while_down_;
  Duration held_{};
  Failures failures_;
  Timeline timeline_{};
  std::optional<TimePoint> recovered_at_;
};

}  // namespace carpool::compare

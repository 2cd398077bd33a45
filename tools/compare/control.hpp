/// What the conductor of a run tells its workers.
#pragma once

#include <carpool/time.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace carpool::compare {

/// Where a run stands.
enum class Phase : std::uint8_t {
  warm_up,     ///< connections are opened, caches filled; nothing counts
  measuring,   ///< what counts
  down,        ///< the server is dead
  recovering,  ///< the server is back
  stop,        ///< workers end after the request they are at
};
inline constexpr std::size_t phase_count = 5;

/// The timeline of an outage is kept in so many equal parts of the run.
inline constexpr std::size_t timeline_bins = 60;

/// Shared by the conductor, the workers and the connector of one run. The atomics stand alone: what else the threads
/// exchange is exchanged by starting and joining them, so relaxed order is enough.
class Control {
 public:
  explicit Control(TimePoint timeline_start = {}, Duration timeline_length = {}) noexcept
      : start_(timeline_start), bin_(timeline_length / static_cast<Duration::rep>(timeline_bins)) {}

  [[nodiscard]] Phase phase() const noexcept { return phase_.load(std::memory_order_relaxed); }
  void enter(Phase phase) noexcept { phase_.store(phase, std::memory_order_relaxed); }

  /// A connect begins; counted by phase, because what a dead server is asked matters most.
  void note_connect() noexcept { connects_[static_cast<std::size_t>(phase())].fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t connects_in(Phase phase) const noexcept {
    return connects_[static_cast<std::size_t>(phase)].load(std::memory_order_relaxed);
  }

  /// The part of the timeline that a moment belongs to; timeline_bins where it lies outside or no timeline is kept.
  [[nodiscard]] std::size_t bin_of(TimePoint moment) const noexcept {
    if (bin_ <= Duration::zero() || moment < start_) return timeline_bins;
    const auto bin = static_cast<std::size_t>((moment - start_) / bin_);
    return bin < timeline_bins ? bin : timeline_bins;
  }

 private:
  std::atomic<Phase> phase_{Phase::warm_up};  // the conductor writes, everybody reads
  std::array<std::atomic<std::uint64_t>, phase_count>
      connects_{};  // the connector writes, the conductor reads at the end
  const TimePoint start_;
  const Duration bin_;
};

}  // namespace carpool::compare

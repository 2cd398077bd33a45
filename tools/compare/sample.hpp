/// What one round of one combination gave.
#pragma once

#include "failures.hpp"
#include "histogram.hpp"
#include "worker_log.hpp"

#include <carpool/observer.hpp>
#include <carpool/pool_stats.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace carpool::compare {

/// What the tasks of a run hand back when they have ended.
struct HostReport {
  std::vector<WorkerLog> logs;
  PoolStats stats;        ///< before the pool was closed
  Duration all_served{};  ///< spike: from the first caller's arrival to the last one's service
};

/// What the conductor measured from outside.
struct Measurement {
  double seconds = 0;       ///< of Phase::measuring
  double cpu_seconds = 0;   ///< of this process in it, without the embedded server's thread and the conductor's
  double down_seconds = 0;  ///< of Phase::down
  std::uint64_t connects_while_down = 0;
  std::optional<TimePoint> restored_at;  ///< when the server was back
  std::uint64_t server_peak = 0;         ///< connections open at once, as the embedded server saw them; 0 = not known
};

/// What an outage did.
struct OutageFigures {
  Histogram wait;                       ///< how long callers waited for a lease or a refusal while the server was down
  double failures_per_second = 0;       ///< while it was down
  double connects_per_second = 0;       ///< while it was down
  std::optional<Duration> first_again;  ///< from the server's return to the first request served
  std::optional<Duration> all_again;    ///< until every worker had been served; none: not within the run
  Timeline timeline{};
};

/// One round.
struct Sample {
  double seconds = 0;
  std::uint64_t requests = 0;
  double cpu_seconds = 0;
  double held_seconds = 0;  ///< summed over all leases
  Histogram wait;
  double fairness = 1;       ///< requests of the slowest worker over those of the fastest
  std::uint64_t opened = 0;  ///< connections, over the whole life of the pool
  std::array<std::uint64_t, close_reason_count> closed{};
  Failures failures;
  std::uint64_t server_peak = 0;
  Duration all_served{};
  std::optional<OutageFigures> outage;
};

namespace detail {

inline double in_seconds(Duration length) noexcept { return static_cast<double>(length.count()) / 1e9; }

/// Over the workers, for the phase that counts.
inline double fairness_of(const std::vector<WorkerLog>& logs) {
  std::uint64_t fastest = 0, slowest = UINT64_MAX;
  for (const auto& log : logs) {
    fastest = std::max(fastest, log.served_in(Phase::measuring));
    slowest = std::min(slowest, log.served_in(Phase::measuring));
  }
  return fastest > 0 ? static_cast<double>(slowest) / static_cast<double>(fastest) : 1;
}

inline void find_recovery(OutageFigures& outage, const std::vector<WorkerLog>& logs, TimePoint restored_at) {
  bool everybody = true;
  for (const auto& log : logs) {
    everybody = everybody && log.recovered_at().has_value();
    if (!log.recovered_at()) continue;
    const Duration took = *log.recovered_at() - restored_at;
    outage.first_again = std::min(outage.first_again.value_or(took), took);
    outage.all_again = std::max(outage.all_again.value_or(took), took);
  }
  if (!everybody) outage.all_again.reset();
}

inline OutageFigures outage_of(const std::vector<WorkerLog>& logs, const Measurement& measured) {
  OutageFigures outage;
  std::uint64_t failed = 0;
  for (const auto& log : logs) {
    outage.wait.merge(log.wait_while_down());
    failed += log.failed_in(Phase::down);
    for (std::size_t i = 0; i < timeline_bins; ++i) {
      outage.timeline[i].served += log.timeline()[i].served;
      outage.timeline[i].failed += log.timeline()[i].failed;
    }
  }
  outage.failures_per_second = static_cast<double>(failed) / measured.down_seconds;
  outage.connects_per_second = static_cast<double>(measured.connects_while_down) / measured.down_seconds;
  find_recovery(outage, logs, *measured.restored_at);
  return outage;
}

}  // namespace detail

/// Puts together what was seen from inside and from outside.
[[nodiscard]] inline Sample make_sample(const HostReport& report, const Measurement& measured) {
  Sample sample;
  sample.seconds = measured.seconds;
  sample.cpu_seconds = measured.cpu_seconds;
  sample.server_peak = measured.server_peak;
  for (const auto& log : report.logs) {
    sample.requests += log.served_in(Phase::measuring);
    sample.held_seconds += detail::in_seconds(log.held());
    sample.wait.merge(log.wait());
    sample.failures.merge(log.failures());
  }
  sample.fairness = detail::fairness_of(report.logs);
  sample.opened = report.stats.created;
  sample.closed = report.stats.closed_by_reason;
  sample.all_served = report.all_served;
  if (measured.restored_at) sample.outage = detail::outage_of(report.logs, measured);
  return sample;
}

}  // namespace carpool::compare

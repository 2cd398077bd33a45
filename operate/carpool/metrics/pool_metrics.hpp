/// What a MetricsObserver has counted of one pool.
#pragma once

#include <carpool/metrics/histogram.hpp>
#include <carpool/observer.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace carpool::inline v0_1 {

/// Why an attempt to connect failed, as far as its exception tells.
enum class ConnectFailureClass : std::uint8_t {
  authentication,  ///< AuthenticationError: the server refused the credentials
  refused,         ///< ConnectRefused: it refused for another reason and would again
  timeout,         ///< std::errc::timed_out: connect_timeout was over
  network,         ///< another std::system_error: nobody listens, the name is unknown, the peer hung up
  other,           ///< anything else, also a new connection that was dead at once
};
inline constexpr std::size_t connect_failure_class_count = 5;  ///< for tables that ConnectFailureClass indexes

/// The name as it stands in reports and metrics.
[[nodiscard]] constexpr std::string_view to_string(ConnectFailureClass why) noexcept {
  constexpr std::string_view names[connect_failure_class_count] = {"authentication", "refused", "timeout", "network",
                                                                   "other"};
  return names[static_cast<std::size_t>(why)];
}

/// Since the pool was made. A value; stale as soon as it is returned. Threads count on while it is taken: what one
/// event changes in two places may be in one of them.
struct PoolMetrics {
  HistogramSnapshot wait_time;    ///< of each lease, from asking until it was given; 0 where a connection was ready
  HistogramSnapshot use_time;     ///< of each lease that has ended, until it was given back
  HistogramSnapshot create_time;  ///< of each connect that succeeded
  HistogramSnapshot connection_duration;  ///< of each connection that was closed, from ready; without those detached

  std::array<std::uint64_t, acquire_failure_count> acquire_failures{};        ///< by AcquireFailure
  std::array<std::uint64_t, connect_failure_class_count> connect_failures{};  ///< by ConnectFailureClass
  std::array<std::uint64_t, close_reason_count> closed{};                     ///< by CloseReason
  std::uint64_t leaks_suspected = 0;                                          ///< leases

  /// Acquires that ended so.
  [[nodiscard]] std::uint64_t of(AcquireFailure why) const noexcept {
    return acquire_failures[static_cast<std::size_t>(why)];
  }
  /// Attempts to connect that ended so.
  [[nodiscard]] std::uint64_t of(ConnectFailureClass why) const noexcept {
    return connect_failures[static_cast<std::size_t>(why)];
  }
  /// Connections that were closed for this.
  [[nodiscard]] std::uint64_t of(CloseReason reason) const noexcept { return closed[static_cast<std::size_t>(reason)]; }
};

}  // namespace carpool::inline v0_1

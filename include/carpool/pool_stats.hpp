/// One consistent snapshot of a pool.
#pragma once

#include <carpool/observer.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace carpool::inline v0_1 {

/// Taken under the pool's lock, so the numbers belong together; stale as soon as it is returned. In every snapshot,
///   connects = created + connect_failures + attempts in flight (none where nothing is connecting), and
///   created = idle + in_use + closing + those closed for any reason but connect_failed.
struct PoolStats {
  std::size_t max_size = 0;    ///< as of the last resize()
  std::size_t connecting = 0;  ///< slots reserved for a connect in flight
  std::size_t idle = 0;        ///< neither leased nor being pinged or reset
  std::size_t in_use = 0;      ///< leased, or being validated for a lease or by the reaper
  std::size_t closing = 0;     ///< no longer usable, not yet closed: still counted against max_size
  std::size_t waiting = 0;     ///< callers that wait
  bool suspended = false;      ///< by suspend(); no longer once resume() has begun to serve
  bool closed = false;         ///< closed or draining

  std::uint64_t acquired = 0;          ///< leases given
  std::uint64_t cache_hits = 0;        ///< of these, leases of what the worker itself had given back last
  std::uint64_t timeouts = 0;          ///< acquires that ended in AcquireTimeout
  std::uint64_t connects = 0;          ///< single attempts to connect that began: connection_created
  std::uint64_t created = 0;           ///< of these, those that succeeded: connection_ready
  std::uint64_t connect_failures = 0;  ///< and those that failed: connection_failed
  /// connection_closed, each once the connection is gone; for connect_failed the same as connect_failures.
  std::array<std::uint64_t, close_reason_count> closed_by_reason{};

  /// Connections that exist or are being made: what max_size bounds.
  [[nodiscard]] std::size_t size() const noexcept { return connecting + idle + in_use + closing; }
  /// closed_by_reason's entry for this reason.
  [[nodiscard]] std::uint64_t closed_for(CloseReason reason) const noexcept {
    return closed_by_reason[static_cast<std::size_t>(reason)];
  }
};

}  // namespace carpool::inline v0_1

/// What became of what an OtlpExporter was to send.
#pragma once

#include <cstdint>
#include <string>

namespace carpool::inline v0_1 {

/// Since the exporter was made. A value. recorded = sent + rejected + dropped + those that wait.
struct OtlpCounts {
  std::uint64_t spans_recorded = 0;   ///< that were sampled and ended
  std::uint64_t spans_sent = 0;       ///< that the collector took
  std::uint64_t spans_rejected = 0;   ///< that it answered it would not have, in part or as a whole
  std::uint64_t spans_dropped = 0;    ///< for which the queue had no room, or time was over
  std::uint64_t readings_sent = 0;    ///< of the pools' metrics, that the collector took
  std::uint64_t readings_lost = 0;    ///< that it did not; counts are cumulative, so the next one makes up for it
  std::uint64_t points_rejected = 0;  ///< of readings that it took, the data points that it would not have
  std::uint64_t retries = 0;          ///< requests beyond the first for the same
  std::string last_error;             ///< of the last request that failed; empty where none did
};

}  // namespace carpool::inline v0_1

/// Which traces are recorded.
#pragma once

#include <cstdint>
#include <stdexcept>

namespace carpool::inline v0_1 {

/// A trace that began elsewhere is recorded where its caller did; of those that begin here, a part is: OpenTelemetry's
/// ParentBased(TraceIdRatioBased). The part is chosen by the last 56 bits of the trace's id, as in
/// https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/, so that every process that is
/// asked for the same ratio, or a greater one, chooses it too.
class TraceSampler {
 public:
  /// ratio: 0 to 1. Throws std::invalid_argument.
  explicit TraceSampler(double ratio) : threshold_(threshold_of(ratio)) {}

  /// Of a trace that begins here: the second half of its id.
  [[nodiscard]] constexpr bool takes(std::uint64_t trace_low) const noexcept { return (trace_low % ids) >= threshold_; }

 private:
  static constexpr std::uint64_t ids = std::uint64_t{1} << 56U;

  [[nodiscard]] static std::uint64_t threshold_of(double ratio) {
    if (!(ratio >= 0 && ratio <= 1)) throw std::invalid_argument("carpool: a sampling ratio must be from 0 to 1");
    return ids - static_cast<std::uint64_t>(ratio * static_cast<double>(ids));
  }

  std::uint64_t threshold_;  // of ids, how many are not taken
};

}  // namespace carpool::inline v0_1

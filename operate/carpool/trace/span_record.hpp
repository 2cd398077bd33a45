/// A span that is over, and who takes it.
#pragma once

#include <carpool/trace/context.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace carpool::inline v0_1 {

/// What a span is to the trace; the numbers are OTLP's.
enum class SpanKind : std::uint8_t {
  internal = 1,  ///< within the process
  server = 2,    ///< it answers a request
  client = 3,    ///< it asks a server
};

/// One fact about a span.
struct SpanAttribute {
  std::string key;                                ///< as OpenTelemetry's semantic conventions spell it
  std::variant<std::string, std::int64_t> value;  ///< text or number
};

/// Why what a span stands for did not succeed.
struct SpanFailure {
  std::string type;       ///< error.type: one of a small set
  std::string exception;  ///< exception.type; empty where nothing was thrown
  std::string message;    ///< exception.message, and the status's description
};

/// A value.
struct SpanRecord {
  TraceContext context;                           ///< its own
  std::uint64_t parent = 0;                       ///< the parent's span id; 0: it is the trace's first
  std::string name;                               ///< one of a small set
  SpanKind kind = SpanKind::internal;             ///< what it is to the trace
  std::chrono::system_clock::time_point start{};  ///< by the wall clock
  std::chrono::system_clock::time_point end{};    ///< start and how long it took by the steady clock
  std::vector<SpanAttribute> attributes{};        ///< in the order in which they were set
  std::optional<SpanFailure> failure{};           ///< std::nullopt: none
};

/// Takes spans that are over.
class SpanSink {
 public:
  SpanSink() noexcept = default;
  SpanSink(const SpanSink&) = delete;
  SpanSink& operator=(const SpanSink&) = delete;
  virtual ~SpanSink() = default;

  /// May be called by any thread. Does not wait for a network.
  virtual void record(SpanRecord&& span) noexcept = 0;
};

}  // namespace carpool::inline v0_1

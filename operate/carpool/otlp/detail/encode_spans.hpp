/// Spans as OTLP has them.
#pragma once

#include <carpool/otlp/detail/json_writer.hpp>
#include <carpool/otlp/detail/resource.hpp>
#include <carpool/otlp/options.hpp>
#include <carpool/trace/span_record.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace carpool::inline v0_1::detail {

/// The status, and where something was thrown the event, by
/// https://opentelemetry.io/docs/specs/otel/trace/exceptions/.
inline void encode_failure(JsonWriter& json, const SpanRecord& span) {
  const SpanFailure& failure = *span.failure;
  if (!failure.exception.empty()) {
    json.key("events").open('[').open('{').key("timeUnixNano").integer(unix_nanoseconds(span.end));
    json.key("name").text("exception").key("attributes").open('[');
    json.attribute("exception.type", failure.exception).attribute("exception.message", failure.message);
    json.close(']').close('}').close(']');
  }
  const std::string& words = failure.message.empty() ? failure.type : failure.message;
  json.key("status").open('{').key("code").number(2).key("message").text(words).close('}');
}

/// opentelemetry/proto/trace/v1/trace.proto: Span.
inline void encode_span(JsonWriter& json, const SpanRecord& span) {
  json.open('{').key("traceId").text(span.context.trace_id()).key("spanId").text(span.context.span_id());
  if (span.parent != 0) json.key("parentSpanId").text(TraceContext{0, 0, span.parent, 0}.span_id());
  json.key("flags").number(int{span.context.flags});
  json.key("name").text(span.name).key("kind").number(static_cast<int>(span.kind));
  json.key("startTimeUnixNano").integer(unix_nanoseconds(span.start));
  json.key("endTimeUnixNano").integer(unix_nanoseconds(span.end)).key("attributes").open('[');
  for (const SpanAttribute& each : span.attributes) json.attribute(each.key, each.value);
  if (span.failure) json.attribute("error.type", span.failure->type);
  json.close(']');
  if (span.failure) encode_failure(json, span);
  json.close('}');
}

/// ExportTraceServiceRequest. Throws std::bad_alloc.
[[nodiscard]] inline std::string encode_spans(const OtlpOptions& options, const std::vector<SpanRecord>& spans) {
  JsonWriter json;
  open_message(json, options, "Spans");
  for (const SpanRecord& span : spans) encode_span(json, span);
  return close_message(json);
}

}  // namespace carpool::inline v0_1::detail

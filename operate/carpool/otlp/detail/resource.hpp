/// Of which program, and which library, OTLP's messages tell.
#pragma once

#include <carpool/otlp/detail/json_writer.hpp>
#include <carpool/otlp/options.hpp>
#include <carpool/version.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace carpool::inline v0_1::detail {

/// opentelemetry/proto/resource/v1/resource.proto and common.proto, up to the list of spans or metrics: `signal` is
/// "Spans" or "Metrics".
inline void open_message(JsonWriter& json, const OtlpOptions& options, const std::string& signal) {
  json.open('{').key("resource" + signal).open('[').open('{').key("resource").open('{').key("attributes").open('[');
  json.attribute("service.name", options.service_name);
  json.attribute("telemetry.sdk.name", "carpool");
  json.attribute("telemetry.sdk.language", "cpp");
  json.attribute("telemetry.sdk.version", std::string(version));
  for (const auto& [key, value] : options.resource) json.attribute(key, value);
  json.close(']').close('}').key("scope" + signal).open('[').open('{');
  json.key("scope").open('{').key("name").text("carpool").key("version").text(version).close('}');
  json.key(signal == "Spans" ? "spans" : "metrics").open('[');
}
[[nodiscard]] inline std::string close_message(JsonWriter& json) {
  json.close(']').close('}').close(']').close('}').close(']').close('}');
  return json.take();
}

/// fixed64 time_unix_nano.
[[nodiscard]] inline std::int64_t unix_nanoseconds(std::chrono::system_clock::time_point when) noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count();
}

}  // namespace carpool::inline v0_1::detail

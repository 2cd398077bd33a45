/// The few names of the OpenTelemetry C++ API that opentelemetry_tracer.hpp uses, with the API's signatures, over spans
/// that a test can read. Debian 12 has no package of the API.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

// NOLINTBEGIN(readability-identifier-naming): the API's own names
namespace opentelemetry {

namespace nostd {

template <class T>
using shared_ptr = std::shared_ptr<T>;
template <class... T>
using variant = std::variant<T...>;
using string_view = std::string_view;

}  // namespace nostd

namespace common {

using AttributeValue =
    nostd::variant<bool, std::int32_t, std::int64_t, std::uint32_t, double, const char*, nostd::string_view>;

template <class Clock>
struct Timestamp {
  Timestamp() noexcept = default;
  Timestamp(const typename Clock::time_point& when) noexcept : point(when) {}  // NOLINT(google-explicit-constructor)
  typename Clock::time_point point{};
};
using SystemTimestamp = Timestamp<std::chrono::system_clock>;
using SteadyTimestamp = Timestamp<std::chrono::steady_clock>;

}  // namespace common

namespace context {

class Context {};

}  // namespace context

namespace trace {

enum class SpanKind { kInternal, kServer, kClient, kProducer, kConsumer };
enum class StatusCode { kUnset, kOk, kError };

class SpanContext {
 public:
  explicit SpanContext(std::uint64_t number) noexcept : id(number) {}
  static SpanContext GetInvalid() noexcept { return SpanContext(0); }
  [[nodiscard]] bool IsValid() const noexcept { return id != 0; }
  std::uint64_t id;
};

struct StartSpanOptions {
  common::SystemTimestamp start_system_time;
  common::SteadyTimestamp start_steady_time;
  nostd::variant<SpanContext, context::Context> parent = SpanContext::GetInvalid();
  SpanKind kind = SpanKind::kInternal;
};
struct EndSpanOptions {
  common::SteadyTimestamp end_steady_time;
};

class Span {
 public:
  Span(std::uint64_t number, std::string called, const StartSpanOptions& how)
      : id(number), name(std::move(called)), options(how) {}
  void SetAttribute(nostd::string_view key, const common::AttributeValue& value) noexcept {
    const auto* text = std::get_if<nostd::string_view>(&value);
    const auto* number = std::get_if<std::int64_t>(&value);
    attributes[std::string(key)] =
        text != nullptr ? std::string(*text) : std::to_string(number != nullptr ? *number : -1);
  }
  void AddEvent(nostd::string_view event,
                std::initializer_list<std::pair<nostd::string_view, common::AttributeValue>> with) noexcept {
    events.emplace_back(event);
    for (const auto& [key, value] : with) SetAttribute(key, value);
  }
  void SetStatus(StatusCode code, nostd::string_view words = "") noexcept { status = code, description = words; }
  void End(const EndSpanOptions& = {}) noexcept { ++ends; }
  [[nodiscard]] bool IsRecording() const noexcept { return id != 0; }
  [[nodiscard]] SpanContext GetContext() const noexcept { return SpanContext(id); }

  std::uint64_t id;
  std::string name;
  StartSpanOptions options;
  std::map<std::string, std::string> attributes;
  std::vector<std::string> events;
  StatusCode status = StatusCode::kUnset;
  std::string description;
  int ends = 0;
};

class Tracer {
 public:
  nostd::shared_ptr<Span> StartSpan(nostd::string_view name, const StartSpanOptions& options = {}) noexcept {
    spans.push_back(std::make_shared<Span>(sampled ? ++last_id : 0, std::string(name), options));
    return spans.back();
  }
  static nostd::shared_ptr<Span> GetCurrentSpan() noexcept { return current; }

  bool sampled = true;
  std::uint64_t last_id = 0;
  std::vector<nostd::shared_ptr<Span>> spans;
  static inline nostd::shared_ptr<Span> current = std::make_shared<Span>(0, "none", StartSpanOptions());
};

}  // namespace trace

}  // namespace opentelemetry
// NOLINTEND(readability-identifier-naming)

/// Puts OpenTelemetry's own tracers under a TraceObserver.
#pragma once

#include <carpool/time.hpp>
#include <carpool/trace/tracer.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

#include <opentelemetry/nostd/shared_ptr.h>
#include <opentelemetry/nostd/string_view.h>
#include <opentelemetry/trace/span.h>
#include <opentelemetry/trace/span_startoptions.h>
#include <opentelemetry/trace/tracer.h>

namespace carpool::inline v0_1 {

/// OpenTelemetry C++ from version 1.0 on. The caller's span is the API's current one, which its scopes keep for each
/// thread; sampling and export are its SDK's.
///   carpool::TraceObserver observer(carpool::OpenTelemetryTracer(provider->GetTracer("carpool")));
/// Threads: any, at any time, as the API's own tracers.
class OpenTelemetryTracer {
 public:
  /// One of the API's.
  class Span {
   public:
    Span() noexcept = default;

    /// False: none, or sampled out.
    [[nodiscard]] bool recording() const noexcept { return span_ != nullptr && span_->IsRecording(); }
    /// A fact. Only of one that records.
    void set(std::string_view key, std::string_view value) noexcept { span_->SetAttribute(to(key), to(value)); }
    /// A fact. Only of one that records.
    void set(std::string_view key, std::int64_t value) noexcept { span_->SetAttribute(to(key), value); }
    /// Status, error.type, and where something was thrown the event "exception". Only of one that records.
    void fail(std::string_view type, std::string_view exception, std::string_view message) noexcept {
      span_->SetAttribute("error.type", to(type));
      span_->SetStatus(opentelemetry::trace::StatusCode::kError, to(message.empty() ? type : message));
      if (exception.empty()) return;
      span_->AddEvent("exception", {{"exception.type", to(exception)}, {"exception.message", to(message)}});
    }
    /// Now. Only of one that records.
    void end() noexcept { span_->End(); }

   private:
    friend class OpenTelemetryTracer;
    using Handle = opentelemetry::nostd::shared_ptr<opentelemetry::trace::Span>;
    explicit Span(Handle span) noexcept : span_(std::move(span)) {}

    [[nodiscard]] static opentelemetry::nostd::string_view to(std::string_view text) noexcept {
      return {text.data(), text.size()};
    }
    Handle span_;
  };

  /// tracer: not null.
  explicit OpenTelemetryTracer(opentelemetry::nostd::shared_ptr<opentelemetry::trace::Tracer> tracer) noexcept
      : tracer_(std::move(tracer)) {}

  /// Below the API's current span, or else below otherwise, or in a trace of its own.
  [[nodiscard]] Span start(const SpanStart& how, const Span* otherwise) noexcept {
    using std::chrono::duration_cast, std::chrono::steady_clock, std::chrono::system_clock;
    opentelemetry::trace::StartSpanOptions options;
    options.start_system_time = system_clock::now() - duration_cast<system_clock::duration>(how.ago);
    options.start_steady_time = steady_clock::now() - duration_cast<steady_clock::duration>(how.ago);
    options.kind = kind_of(how.kind);
    const bool has_caller = opentelemetry::trace::Tracer::GetCurrentSpan()->GetContext().IsValid();
    if (!has_caller && otherwise != nullptr && otherwise->span_ != nullptr)
      options.parent = otherwise->span_->GetContext();
    return Span(tracer_->StartSpan(Span::to(how.name), options));
  }

 private:
  [[nodiscard]] static opentelemetry::trace::SpanKind kind_of(SpanKind kind) noexcept {
    if (kind == SpanKind::client) return opentelemetry::trace::SpanKind::kClient;
    return kind == SpanKind::server ? opentelemetry::trace::SpanKind::kServer
                                    : opentelemetry::trace::SpanKind::kInternal;
  }

  opentelemetry::nostd::shared_ptr<opentelemetry::trace::Tracer> tracer_;
};

static_assert(Tracer<OpenTelemetryTracer>);

}  // namespace carpool::inline v0_1

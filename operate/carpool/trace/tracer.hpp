/// What a TraceObserver asks of a tracer, so that any library's can be put under it.
#pragma once

#include <carpool/time.hpp>
#include <carpool/trace/span_record.hpp>

#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

namespace carpool::inline v0_1 {

/// How a span begins.
struct SpanStart {
  std::string_view name;               ///< one of a small set
  SpanKind kind = SpanKind::internal;  ///< what it is to the trace
  Duration ago{};                      ///< it began so long before now
};

// clang-format off
/// A span that is default constructed, or was moved from, records nothing; so does one that was sampled out, and then
/// costs as little as its tracer can manage. start(how, otherwise): below the span under which the caller works, or, if
/// there is none, below otherwise, if that records, or in a trace of its own. All noexcept: one that has no memory does
/// not record.
/// A tracer may have bool sampled_out() noexcept beside it: true where the next start of this caller, without otherwise,
/// would not record. It is asked first, and saves making a span for nothing.
/// Threads: start may be called by any thread at any time. A span is used by one thread at a time, and may change
///          threads.
template <class T>
concept Tracer =
    std::is_nothrow_move_constructible_v<T> &&
    requires(T& tracer, typename T::Span& span, const SpanStart& how, std::string_view text, std::int64_t number) {
      requires std::is_nothrow_default_constructible_v<typename T::Span>; // Tracer's Span cannot be made as one that records nothing
      requires std::is_nothrow_move_assignable_v<typename T::Span>;       // Tracer's Span cannot be kept with a connection
      { tracer.start(how, &std::as_const(span)) } noexcept -> std::same_as<typename T::Span>; // Tracer has no Span start(const SpanStart&, const Span* otherwise) noexcept
      { std::as_const(span).recording() } noexcept -> std::same_as<bool>; // Tracer's Span does not say by bool recording() const noexcept whether it was sampled out
      { span.set(text, text) } noexcept;                                  // Tracer's Span takes no text: set(std::string_view key, std::string_view) noexcept
      { span.set(text, number) } noexcept;                                // Tracer's Span takes no number: set(std::string_view key, std::int64_t) noexcept
      { span.fail(text, text, text) } noexcept;                           // Tracer's Span does not take fail(type, exception, message) noexcept
      { span.end() } noexcept;                                            // Tracer's Span has no end() noexcept
    };
// clang-format on

}  // namespace carpool::inline v0_1

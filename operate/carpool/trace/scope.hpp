/// Under which span a thread works just now.
#pragma once

#include <carpool/trace/context.hpp>

namespace carpool::inline v0_1 {

/// While it lives, what its thread acquires belongs to this span:
///   const carpool::TraceScope scope(carpool::TraceContext::parse(request["traceparent"]).value_or({}));
///   auto lease = pool.acquire();
/// Scopes nest; the inner one counts.
/// Threads:  it begins and ends on one thread, and counts for that one. Two fibers of one thread would see each other's
///           unless neither waits within its scope; nor may it live over a co_await. For these give RecordingTracer
///           a context of their own: see its template parameter.
class [[nodiscard]] TraceScope {
 public:
  /// context: one that is not valid() means that there is no trace.
  explicit TraceScope(const TraceContext& context) noexcept : before_(current_) { current_ = context; }
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;
  ~TraceScope() { current_ = before_; }

  /// The calling thread's; one that is not valid() where there is none.
  [[nodiscard]] static const TraceContext& current() noexcept { return current_; }

 private:
  static inline constinit thread_local TraceContext current_{};
  const TraceContext before_;
};

}  // namespace carpool::inline v0_1

/// A tracer of this library's own: gives the spans that are sampled to a sink, an OtlpExporter's as a rule.
#pragma once

#include <carpool/trace/detail/random_ids.hpp>
#include <carpool/trace/sampler.hpp>
#include <carpool/trace/scope.hpp>
#include <carpool/trace/span_record.hpp>
#include <carpool/trace/tracer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace carpool::inline v0_1 {

/// A span that is under way, and ends with end() or its destructor. One that was sampled out has a context too: what is
/// begun below it is sampled out with it.
class RecordingSpan {
 public:
  RecordingSpan() noexcept = default;
  RecordingSpan(RecordingSpan&&) noexcept = default;
  RecordingSpan& operator=(RecordingSpan&& other) noexcept {
    end();
    context_ = other.context_;
    state_ = std::move(other.state_);
    return *this;
  }
  ~RecordingSpan() { end(); }

  [[nodiscard]] bool recording() const noexcept { return state_ != nullptr; }      ///< false: sampled out, or over
  [[nodiscard]] const TraceContext& context() const noexcept { return context_; }  ///< for a TraceScope, or a header

  /// A fact; for one that does not record, nothing.
  void set(std::string_view key, std::string_view value) noexcept {
    attempt([&](SpanRecord& span) { span.attributes.push_back({std::string(key), std::string(value)}); });
  }
  /// A fact; for one that does not record, nothing.
  void set(std::string_view key, std::int64_t value) noexcept {
    attempt([&](SpanRecord& span) { span.attributes.push_back({std::string(key), value}); });
  }
  /// It did not succeed. exception: what was thrown; empty where nothing was. The last call counts.
  void fail(std::string_view type, std::string_view exception, std::string_view message) noexcept {
    attempt([&](SpanRecord& span) {
      span.failure = SpanFailure{std::string(type), std::string(exception), std::string(message)};
    });
  }
  /// Now. What comes behind it does nothing.
  void end() noexcept {
    if (state_ != nullptr) [[unlikely]]
      finish();
  }

 private:
  template <class>
  friend class RecordingTracer;
  struct State {
    std::shared_ptr<SpanSink> sink;
    SpanRecord span;
    std::chrono::steady_clock::time_point began;
  };

  explicit RecordingSpan(const TraceContext& context) noexcept : context_(context) {}
  RecordingSpan(const TraceContext& context, std::unique_ptr<State> state) noexcept
      : context_(context), state_(std::move(state)) {}

  [[gnu::noinline]] void finish() noexcept {
    state_->span.end = state_->span.start + std::chrono::duration_cast<std::chrono::system_clock::duration>(
                                                std::chrono::steady_clock::now() - state_->began);
    state_->sink->record(std::move(state_->span));
    state_.reset();
  }
  /// One that finds no memory leaves the fact out.
  template <class Change>
  void attempt(Change change) noexcept {
    if (state_ == nullptr) return;
    try {
      change(state_->span);
    } catch (...) {
    }
  }

  TraceContext context_{};
  std::unique_ptr<State> state_;
};

/// Current::current() gives the TraceContext under which the caller works, noexcept. TraceScope's is the thread's.
/// Fibers need one of their own, by boost::fibers::fiber_specific_ptr, and coroutines what their framework keeps for
/// them: docs/how-to/operate.md has both.
/// Threads:  any, at any time. Copies feed the same sink.
template <class Current = TraceScope>
class RecordingTracer {
 public:
  using Span = RecordingSpan;  ///< what start gives

  /// sink: not null; spans that are under way keep it alive.
  RecordingTracer(std::shared_ptr<SpanSink> sink, TraceSampler sampler) noexcept
      : sink_(std::move(sink)), sampler_(sampler) {}

  /// Whether the span that the caller would start next, without `otherwise`, would not record. Where it is false, that
  /// one records: the number of its trace is drawn.
  [[nodiscard, gnu::always_inline]] bool sampled_out() const noexcept {
    const TraceContext& current = Current::current();
    if (current.valid()) return !current.sampled();
    if (sampler_.takes(detail::RandomIds::next().at(0))) [[unlikely]]
      return false;
    detail::RandomIds::skip();
    return true;
  }
  /// Below Current::current(), or else below otherwise, or in a trace of its own.
  [[nodiscard]] Span start(const SpanStart& how, const Span* otherwise = nullptr) noexcept {
    const TraceContext& current = Current::current();
    const TraceContext& parent = current.valid() || otherwise == nullptr ? current : otherwise->context();
    if (!parent.valid()) return begin_trace(how);
    return parent.sampled() ? record(how, parent, detail::RandomIds::draw().at(0)) : Span(parent);
  }

 private:
  [[nodiscard]] Span begin_trace(const SpanStart& how) const noexcept {
    const detail::RandomIds::Three random = detail::RandomIds::draw();
    TraceContext own{random.at(1) | 1U, random.at(0), random.at(2) | 1U, TraceContext::random_flag};
    if (!sampler_.takes(own.trace_low)) [[likely]]
      return Span(own);
    own.trace_high = detail::RandomIds::of_this_process(own.trace_high);
    own.flags |= TraceContext::sampled_flag;
    return record(how, {own.trace_high, own.trace_low, 0, own.flags}, own.span);
  }
  [[nodiscard]] [[gnu::noinline]] Span record(const SpanStart& how, const TraceContext& parent,
                                              std::uint64_t random) const noexcept {
    TraceContext own = parent;
    own.span = detail::RandomIds::of_this_process(random);
    try {
      auto state = std::make_unique<Span::State>();
      state->sink = sink_;
      state->span.context = own;
      state->span.parent = parent.span;
      state->span.name = how.name;
      state->span.kind = how.kind;
      state->span.start =
          std::chrono::system_clock::now() - std::chrono::duration_cast<std::chrono::system_clock::duration>(how.ago);
      state->began = std::chrono::steady_clock::now() - how.ago;
      return Span(own, std::move(state));
    } catch (...) {  // no memory: as if it had been sampled out
      own.flags &= static_cast<std::uint8_t>(~TraceContext::sampled_flag);
      return Span(own);
    }
  }

  std::shared_ptr<SpanSink> sink_;
  TraceSampler sampler_;
};

static_assert(Tracer<RecordingTracer<>>);

}  // namespace carpool::inline v0_1

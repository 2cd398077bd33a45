/// An observer that writes lines: what becomes of connections, and what failed.
#pragma once

#include <carpool/log/detail/line.hpp>
#include <carpool/log/detail/rate_limit.hpp>
#include <carpool/log/level.hpp>
#include <carpool/log/options.hpp>
#include <carpool/metrics/connect_failure_class.hpp>
#include <carpool/observer.hpp>

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

namespace carpool::inline v0_1 {

/// One line for each event, in logfmt or as JSON:
///   ts=2026-11-29T19:35:48.123Z level=error event=connection_failed pool=orders connection=7 server=10.0.0.7:5432
///     class=network error="connection refused" took_ms=0.214
/// Leases write nothing, so a lease costs next to nothing. Of each kind of event at most LogOptions::lines_per_second
/// lines are written in a second; then one that says how many more there were, with the next line of any kind after
/// that second, or when the observer ends. Text is escaped, values beyond 480 bytes are cut, and what looks like a
/// password in a URL is not written. Threads:  events come from any; the sink may be called by several at once. It runs
/// without a lock of the pool's or
///           this observer's, but in the caller of the pool who caused the event, so it should not wait. What it throws
///           is dropped.
/// Memory:   fixed; a line is made on the stack, in some 2.5 kB.
class LogObserver {
 public:
  using Sink = std::function<void(LogLevel, std::string_view)>;  ///< takes a line without its newline

  /// To standard error, a line in one piece.
  explicit LogObserver(LogOptions options = {}) : LogObserver(options, write_to_stderr) {}
  /// sink: void(std::string_view line), or void(LogLevel, std::string_view line). The view is good during the call.
  /// Throws std::bad_alloc.
  template <class To>
    requires std::invocable<To&, LogLevel, std::string_view> || std::invocable<To&, std::string_view>
  LogObserver(LogOptions options, To sink) : state_(std::make_unique<State>(options, sink_of(std::move(sink)))) {}
  LogObserver(LogObserver&&) noexcept = default;
  LogObserver& operator=(LogObserver&&) = delete;
  /// Says what was suppressed and not said yet.
  ~LogObserver() {
    if (state_ == nullptr) return;
    Counts more{};
    for (std::size_t i = 0; i < names.size(); ++i) more[i] = state_->limits[i].take_all_suppressed();
    tell_suppressed(more);
  }

  // --- the pool's events ---------------------------------------------------------------------------------

  /// A line at level info.
  void pool_ready(const PoolInfo& pool) noexcept { write(Event::pool_ready, LogLevel::info, pool); }
  /// A line at level info.
  void pool_cleared(const PoolInfo& pool) noexcept { write(Event::pool_cleared, LogLevel::info, pool); }
  /// A line at level info.
  void pool_closed(const PoolInfo& pool) noexcept { write(Event::pool_closed, LogLevel::info, pool); }
  /// A line at level warning, with the reason.
  void acquire_failed(const PoolInfo& pool, AcquireFailure why, Duration waited) noexcept {
    write(Event::acquire_failed, LogLevel::warning, pool,
          [&](Line& line) { line.text("reason", to_string(why)).milliseconds("waited_ms", waited); });
  }
  /// A line at level debug.
  void connection_created(const ConnectionInfo& connection) noexcept {
    write(Event::connection_created, LogLevel::debug, connection);
  }
  /// A line at level debug.
  void connection_ready(const ConnectionInfo& connection, Duration took) noexcept {
    write(Event::connection_ready, LogLevel::debug, connection,
          [&](Line& line) { line.milliseconds("took_ms", took); });
  }
  /// A line at level error, with the class of the failure and the connector's words.
  void connection_failed(const ConnectionInfo& connection, std::string_view why, const std::exception_ptr& cause,
                         Duration took) noexcept {
    write(Event::connection_failed, LogLevel::error, connection, [&](Line& line) {
      line.text("class", to_string(connect_failure_class(cause))).text("error", why).milliseconds("took_ms", took);
    });
  }
  /// A line with the reason: at level warning where the connection, or who used it, was at fault, else at debug.
  void connection_closed(const ConnectionInfo& connection, CloseReason reason) noexcept {
    write(Event::connection_closed, level_of(reason), connection,
          [&](Line& line) { line.text("reason", to_string(reason)); });
  }
  /// A line at level warning, with the place that acquired the lease.
  void leak_suspected(const ConnectionInfo& connection, const SourceLocation& site, Duration age) noexcept {
    write(Event::leak_suspected, LogLevel::warning, connection, [&](Line& line) {
      line.text("file", site.file_name()).number("line", site.line()).milliseconds("age_ms", age);
    });
  }

 private:
  using Line = detail::LogLine;
  enum class Event : std::uint8_t {
    pool_ready,
    pool_cleared,
    pool_closed,
    acquire_failed,
    connection_created,
    connection_ready,
    connection_failed,
    connection_closed,
    leak_suspected,
  };
  static constexpr std::array<std::string_view, 9> names = {
      "pool_ready",       "pool_cleared",      "pool_closed",       "acquire_failed", "connection_created",
      "connection_ready", "connection_failed", "connection_closed", "leak_suspected"};
  using Counts = std::array<std::uint64_t, names.size()>;
  struct State {
    State(LogOptions with, Sink to) : options(with), sink(std::move(to)) {}
    const LogOptions options;
    const Sink sink;
    std::mutex mutex;  // for limits, by any thread that has an event
    std::array<detail::RateLimit, names.size()> limits{};
  };

  template <class To>
  [[nodiscard]] static Sink sink_of(To sink) {
    if constexpr (std::invocable<To&, LogLevel, std::string_view>) {
      return Sink(std::move(sink));
    } else {
      return [sink = std::move(sink)](LogLevel, std::string_view line) mutable { sink(line); };
    }
  }
  static void write_to_stderr(LogLevel, std::string_view line) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
  }
  /// Whether the connection, or who used it, was at fault.
  [[nodiscard]] static LogLevel level_of(CloseReason reason) noexcept {
    const bool is_bad =
        reason == CloseReason::dead || reason == CloseReason::reset_failed || reason == CloseReason::discarded;
    return is_bad ? LogLevel::warning : LogLevel::debug;
  }
  static void say_whom(Line& line, const PoolInfo& pool) noexcept {
    line.text("pool", pool.name);
    if (!pool.server.empty()) line.text("server", pool.server);
  }
  static void say_whom(Line& line, const ConnectionInfo& connection) noexcept {
    line.text("pool", connection.pool).number("connection", connection.id);
    if (!connection.server.empty()) line.text("server", connection.server);
  }

  template <class Whom>
  void write(Event event, LogLevel level, const Whom& whom) noexcept {
    write(event, level, whom, [](Line&) {});
  }
  template <class Whom, class Say>
  void write(Event event, LogLevel level, const Whom& whom, Say say) noexcept {
    if (level < state_->options.least) return;
    const auto [admitted, more] = judge(event);
    tell_suppressed(more);
    if (!admitted) return;
    Line line = begin(level, names[static_cast<std::size_t>(event)]);
    say_whom(line, whom);
    say(line);
    give(level, line);
  }
  /// Whether the event may have a line, and how many of each kind are to be told of that had none.
  [[nodiscard]] std::pair<bool, Counts> judge(Event event) noexcept {
    const std::scoped_lock lock(state_->mutex);
    const auto now = detail::RateLimit::Clock::now();
    Counts more{};
    for (std::size_t i = 0; i < names.size(); ++i) more[i] = state_->limits[i].take_suppressed(now);
    const bool admitted = state_->limits[static_cast<std::size_t>(event)].admit(now, state_->options.lines_per_second);
    return {admitted, more};
  }
  void tell_suppressed(const Counts& more) noexcept {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (more[i] == 0) continue;
      Line line = begin(LogLevel::warning, "suppressed");
      line.text("of", names[i]).number("more", more[i]);
      give(LogLevel::warning, line);
    }
  }
  [[nodiscard]] Line begin(LogLevel level, std::string_view event) const noexcept {
    Line line(state_->options.format);
    if (state_->options.timestamp) line.time("ts", std::chrono::system_clock::now());
    line.text("level", to_string(level)).text("event", event);
    return line;
  }
  void give(LogLevel level, Line& line) const noexcept {
    try {
      state_->sink(level, line.finish());
    } catch (...) {
    }
  }

  std::unique_ptr<State> state_;
};

}  // namespace carpool::inline v0_1

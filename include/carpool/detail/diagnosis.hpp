/// Turns the facts of a refusal into the sentences of its exception. Without the lock.
#pragma once

#include <carpool/detail/refusal.hpp>
#include <carpool/errors.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

/// "1.5 s", "20.0 ms", "3.0 us": the unit in which it reads best, with one decimal, cut off. In digits of its own, so
/// that no locale changes it.
[[nodiscard]] inline std::string to_text(Duration length) {
  if (length == forever) return "forever";
  if (length < Duration::zero()) return "-" + to_text(-std::max(length, -Duration::max()));
  struct Unit {
    Duration size;
    const char* name;
  };
  constexpr Unit units[] = {{std::chrono::seconds(1), " s"}, {std::chrono::milliseconds(1), " ms"}};
  const auto in = [length](const Unit& unit) {
    const auto tenths = length / (unit.size / 10);
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + unit.name;
  };
  for (const Unit& unit : units) {
    if (length >= unit.size) return in(unit);
  }
  return in({std::chrono::microseconds(1), " us"});
}

/// "331.0 to 463.2 ms", "900.0 us to 1.2 ms", or one of them where they read alike.
[[nodiscard]] inline std::string to_text(Duration least, Duration most) {
  std::string from = to_text(least);
  std::string to = to_text(most);
  if (from == to) return to;
  const auto unit = [](const std::string& text) { return text.substr(text.find(' ')); };
  if (unit(from) == unit(to)) from.resize(from.find(' '));
  return from + " to " + to;
}

/// "main.cpp:143": who wants the whole path asks the Holder for it.
[[nodiscard]] inline std::string to_text(const SourceLocation& site) {
  std::string_view file = site.file_name();
  file.remove_prefix(file.find_last_of('/') + 1);  // npos + 1 is 0
  return std::string(file) + ":" + std::to_string(site.line());
}

/// The leases that were taken at one line of the source.
struct SiteOfHolders {
  std::string site;
  std::size_t count = 0;
  Duration youngest{};
  Duration oldest{};
};

/// `holders`: the oldest first; so are the sites.
[[nodiscard]] inline std::vector<SiteOfHolders> group_by_site(const std::vector<Holder>& holders) {
  std::vector<SiteOfHolders> groups;
  for (const Holder& holder : holders) {
    const std::string site = to_text(holder.site);
    auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& each) { return each.site == site; });
    if (group == groups.end()) group = groups.insert(group, {site, 0, holder.age, holder.age});
    ++group->count;
    group->youngest = holder.age;
  }
  return groups;
}

/// " (all at main.cpp:143, 331.0 to 463.2 ms)", " (14 at main.cpp:143, 331.0 to 463.2 ms; 1 at api.cpp:20, 12.0 ms)";
/// of `out` leases in all.
[[nodiscard]] inline std::string list_holders(const std::vector<Holder>& holders, std::size_t out) {
  if (holders.empty()) return {};
  constexpr std::size_t most_sites = 6;
  const std::vector<SiteOfHolders> groups = group_by_site(holders);
  std::string text = holders.size() < out ? "the " + std::to_string(holders.size()) + " out longest: " : "";
  for (std::size_t i = 0; i < groups.size() && i < most_sites; ++i) {
    const SiteOfHolders& group = groups[i];
    const bool all = groups.size() == 1 && group.count > 1;
    if (i > 0) text += "; ";
    if (all || out > 1) text += all ? "all " : std::to_string(group.count) + " ";
    text += "at " + group.site + ", " + to_text(group.youngest, group.oldest);
  }
  if (groups.size() > most_sites) text += "; and at " + std::to_string(groups.size() - most_sites) + " lines more";
  return " (" + text + ")";
}

/// "1 try", "3 tries", "2 tries so far".
[[nodiscard]] inline std::string tries_of(const ConnectFailure& failure) {
  return std::to_string(failure.attempts) + (failure.attempts == 1 ? " try" : " tries") +
         (failure.ended ? "" : " so far");
}

/// "; connecting to 127.0.0.1:6379 for 3.0 s", as far as it is known.
[[nodiscard]] inline std::string describe_connects(const Refusal& refusal, const std::string& where) {
  if (!refusal.connecting || (where.empty() && !refusal.connecting_for)) return {};
  std::string text = "; connecting";
  if (!where.empty()) text += " to " + where;
  if (refusal.connecting_for) text += " for " + to_text(*refusal.connecting_for);
  return text;
}

[[nodiscard]] inline AcquireTimeout timeout_error(const PoolOptions& options, const Refusal& refusal,
                                                  const std::string& where) {
  const PoolStats& stats = refusal.stats;
  std::vector<Holder> holders = refusal.holders.sorted();
  std::string text = "carpool '" + options.name + "': no connection within " + to_text(refusal.length) + "; " +
                     std::to_string(stats.in_use) + " of " + std::to_string(stats.max_size) + " in use" +
                     list_holders(holders, refusal.holders_total) + ", " + std::to_string(stats.idle) + " idle, " +
                     std::to_string(stats.connecting) + " connecting, " + std::to_string(stats.closing) + " closing, " +
                     std::to_string(stats.waiting) + " waiting" + describe_connects(refusal, where);
  if (stats.suspended) text += "; the pool is suspended";
  if (refusal.failure != nullptr)
    text += "; last connect error: " + refusal.failure->message + " (" + tries_of(*refusal.failure) + ")";
  return {text, std::move(holders), refusal.holders_total};
}

[[nodiscard]] inline std::string describe_failure(const PoolOptions& options, const ConnectFailure& failure) {
  return "carpool '" + options.name + "': could not connect (" + tries_of(failure) + "): " + failure.message;
}

/// For observers.
[[nodiscard]] inline AcquireFailure failure_of(const PoolError& error) noexcept {
  switch (static_cast<PoolErrc>(error.code().value())) {
    case PoolErrc::acquire_timeout: return AcquireFailure::timeout;
    case PoolErrc::pool_closed: return AcquireFailure::closed;
    case PoolErrc::queue_full: return AcquireFailure::queue_full;
    case PoolErrc::breaker_open: return AcquireFailure::breaker_open;
    case PoolErrc::connect_failed:
    case PoolErrc::authentication_failed: return AcquireFailure::connect_error;
    case PoolErrc::interrupted: break;
  }
  return AcquireFailure::interrupted;
}

[[noreturn]] inline void throw_connect_error(const PoolOptions& options, const ConnectFailure& failure) {
  const PoolErrc code = failure.authentication ? PoolErrc::authentication_failed : PoolErrc::connect_failed;
  throw ConnectError(code, describe_failure(options, failure), failure.cause, failure.attempts);
}

[[noreturn]] inline void throw_breaker_open(const PoolOptions& options, const ConnectFailure& failure,
                                            Duration retry_after) {
  std::string text = describe_failure(options, failure) + "; next try in " + to_text(retry_after);
  if (failure.authentication) text += ", or once retire_all() is called";
  throw BreakerOpen(text, failure.cause, failure.attempts, retry_after);
}

[[noreturn]] inline void throw_closed(const PoolOptions& options) {
  throw PoolClosed("carpool '" + options.name + "': the pool is closed");
}

[[noreturn]] inline void throw_called_off(const PoolOptions& options) {
  throw AcquireCancelled("carpool '" + options.name + "': the acquire was called off");
}

[[noreturn]] inline void throw_queue_full(const PoolOptions& options, std::size_t waiting) {
  const std::string begin = "carpool '" + options.name + "': ";
  if (options.max_waiters == 0U) throw QueueFull(begin + "no connection is idle, and nobody may wait (max_waiters 0)");
  throw QueueFull(begin + std::to_string(waiting) + " callers wait already (max_waiters)");
}

/// `where`: what the pool connects to, in the connector's words, if it has any.
[[noreturn]] inline void throw_refusal(const PoolOptions& options, const Refusal& refusal, const std::string& where) {
  switch (refusal.why) {
    case PoolErrc::acquire_timeout: throw timeout_error(options, refusal, where);
    case PoolErrc::queue_full: throw_queue_full(options, refusal.stats.waiting);
    case PoolErrc::breaker_open: throw_breaker_open(options, *refusal.failure, refusal.length);
    case PoolErrc::connect_failed:
    case PoolErrc::authentication_failed: throw_connect_error(options, *refusal.failure);
    case PoolErrc::pool_closed:
    case PoolErrc::interrupted: break;  // an interruption is no refusal
  }
  throw_closed(options);
}

}  // namespace carpool::inline v0_1::detail

/// One pool, as /pools.json tells of it.
#pragma once

#include <carpool/admin/detail/json.hpp>
#include <carpool/admin/detail/readiness.hpp>
#include <carpool/admin/detail/recent_waits.hpp>
#include <carpool/errors.hpp>
#include <carpool/observer.hpp>
#include <carpool/pool_options.hpp>
#include <carpool/text/without_credentials.hpp>
#include <carpool/watched_pool.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace carpool::inline v0_1::detail {

/// Used by one thread at a time.
class PoolJson {
 public:
  static constexpr std::size_t most_holders = 32;    ///< listed, the oldest first
  static constexpr std::size_t most_endpoints = 64;  ///< listed, those in trouble first

  PoolJson(Json& json, RecentWaits& recent, RecentWaits::Clock::time_point now)
      : json_(json), recent_(recent), now_(now) {}

  void add(const std::string& name, const WatchedPool& pool) {
    const PoolStats stats = pool.stats();
    auto endpoints = pool.endpoints();
    const std::string_view trouble = why_not_ready(stats, endpoints);
    json_.open('{').field("name", name).field("ready", trouble.empty());
    json_.key("not_ready_because");
    trouble.empty() ? json_.null() : json_.value(trouble);
    add_stats(stats);
    add_metrics(name, pool);
    add_holders(pool.holders());
    add_endpoints(endpoints);
    add_options(pool.options());
    json_.close('}');
  }

 private:
  void add_stats(const PoolStats& stats) {
    json_.field("suspended", stats.suspended).field("closed", stats.closed).field("max_size", stats.max_size);
    json_.field("idle", stats.idle).field("in_use", stats.in_use).field("connecting", stats.connecting);
    json_.field("closing", stats.closing).field("waiting", stats.waiting).field("acquired", stats.acquired);
    json_.field("cache_hits", stats.cache_hits).field("timeouts", stats.timeouts).field("connects", stats.connects);
    json_.field("created", stats.created).field("connect_failures", stats.connect_failures);
    add_counts<CloseReason>("closed_by_reason", stats.closed_by_reason);
  }

  void add_metrics(const std::string& name, const WatchedPool& pool) {
    json_.key("metrics");
    const auto metrics = pool.metrics();
    if (!metrics) return static_cast<void>(json_.null());
    json_.open('{');
    add_distribution("wait", metrics->wait_time);
    const auto recent = recent_.look(name, metrics->wait_time, now_);
    json_.field("wait_recent_window_s", recent.length);
    add_distribution("wait_recent", recent.waits);
    add_distribution("use", metrics->use_time);
    add_distribution("create", metrics->create_time);
    add_counts<AcquireFailure>("acquire_failures", metrics->acquire_failures);
    add_counts<ConnectFailureClass>("connect_failures", metrics->connect_failures);
    json_.field("leaks_suspected", metrics->leaks_suspected).close('}');
  }
  void add_distribution(std::string_view name, const HistogramSnapshot& of) {
    json_.key(name).open('{').field("count", of.count()).field("sum_s", of.sum);
    json_.field("p50_s", of.quantile(0.5))
        .field("p90_s", of.quantile(0.9))
        .field("p99_s", of.quantile(0.99))
        .close('}');
  }
  template <class Which, std::size_t size>
  void add_counts(std::string_view name, const std::array<std::uint64_t, size>& counts) {
    json_.key(name).open('{');
    for (std::size_t i = 0; i < size; ++i) json_.field(to_string(static_cast<Which>(i)), counts[i]);
    json_.close('}');
  }

  void add_holders(const std::vector<Holder>& holders) {
    json_.field("holders_total", holders.size()).key("holders").open('[');
    for (std::size_t i = 0; i < std::min(holders.size(), most_holders); ++i) {
      const Holder& holder = holders[i];
      json_.open('{').field("connection", holder.connection).field("file", file_of(holder.site));
      json_.field("line", std::uint64_t{holder.site.line()}).field("age_s", holder.age);
      json_.field("worker", std::uint64_t{holder.worker}).close('}');
    }
    json_.close(']');
  }
  /// Without its folders: they tell of the machine that compiled the program.
  [[nodiscard]] static std::string_view file_of(const SourceLocation& site) noexcept {
    const std::string_view path = site.file_name();
    return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  }

  void add_endpoints(std::vector<EndpointStats>& endpoints) {
    const auto in_trouble = [](const EndpointStats& one) {
      return one.breaker != BreakerState::closed || one.waiting > 0;
    };
    std::partition(endpoints.begin(), endpoints.end(), in_trouble);
    json_.field("endpoints_total", endpoints.size()).key("endpoints").open('[');
    for (std::size_t i = 0; i < std::min(endpoints.size(), most_endpoints); ++i) add_endpoint(endpoints[i]);
    json_.close(']');
  }
  void add_endpoint(const EndpointStats& endpoint) {
    json_.open('{').field("server", without_credentials(endpoint.server)).field("connections", endpoint.connections);
    json_.field("idle", endpoint.idle).field("connecting", endpoint.connecting).field("waiting", endpoint.waiting);
    json_.field("oldest_wait_s", endpoint.oldest_wait).field("breaker", to_string(endpoint.breaker));
    json_.field("retry_after_s", endpoint.retry_after)
        .field("last_error", without_credentials(endpoint.last_error))
        .close('}');
  }

  void add_options(const PoolOptions& options) {
    json_.key("options").open('{').field("name", options.name).field("max_size", options.max_size);
    json_.field("max_idle", options.max_idle.value_or(options.max_size)).field("min_idle", options.min_idle);
    json_.field("acquire_timeout_s", options.acquire_timeout).field("connect_timeout_s", options.connect_timeout);
    json_.field("close_timeout_s", options.close_timeout).field("max_connecting", options.max_connecting);
    json_.key("max_waiters");
    options.max_waiters ? json_.value(*options.max_waiters) : json_.null();
    json_.field("connect_attempts", options.connect_attempts);
    json_.field("connect_backoff_initial_s", options.connect_backoff.initial);
    json_.field("connect_backoff_max_s", options.connect_backoff.max);
    json_.field("validation_bypass_window_s", options.validation_bypass_window);
    json_.field("validation_timeout_s", options.validation_timeout).field("keepalive_time_s", options.keepalive_time);
    json_.field("handoff_after_s", options.handoff_after);
    json_.field("leak_detection_threshold_s", options.leak_detection_threshold.value_or(forever)).close('}');
  }

  Json& json_;
  RecentWaits& recent_;
  RecentWaits::Clock::time_point now_;
};

}  // namespace carpool::inline v0_1::detail

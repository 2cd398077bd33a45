/// Pools as Prometheus sees them: what a server scrapes, or a program pushes.
#pragma once

#include <carpool/pool_registry.hpp>
#include <carpool/prometheus/detail/families.hpp>
#include <carpool/prometheus/detail/pool_samples.hpp>
#include <carpool/watched_pool.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

namespace carpool::inline v0_1 {

/// For designated initialisers, in this order.
struct PrometheusOptions {
  /// The pools of HTTP connections, by the names that they are registered under (PoolRegistry::Registration::name).
  /// Their connections are counted as http_client_open_connections, not as db_client_connection_count. Default: none.
  std::vector<std::string> http_pools = {};
  /// How many servers of one pool are told apart at most: those with open breakers first, then those with waiters. Each
  /// is three series, with HTTP five. carpool_endpoints counts all of them. Default 100.
  std::size_t servers_per_pool = 100;
};

/// All pools of a registry, for a prometheus::Exposer, a prometheus::Gateway or a serializer:
///   prometheus::Exposer exposer("127.0.0.1:9464");
///   const auto exporter = std::make_shared<carpool::PrometheusExporter>();
///   exposer.RegisterCollectable(exporter);
///   const auto registration = carpool::PoolRegistry::of_process().add(pool);
/// docs/how-to/operate.md lists the families. A pool with a MetricsObserver has all of them; the others have no
/// histograms, no failures by reason and no leaks.
/// Cost:     nothing until somebody looks; then some 20 us for each pool, most of it without the pool's lock.
/// Threads:  Collect may be called by any thread at any time. It looks at pools from that thread: a pool on
///           SingleBackend is to be in the registry only where its own thread is the one that calls Collect.
/// Lifetime: pools come and go with their registrations; the exporter may outlive the registry that it was given.
class PrometheusExporter : public prometheus::Collectable {
 public:
  /// Of all pools that `registry` has, now and later.
  explicit PrometheusExporter(PoolRegistry registry = PoolRegistry::of_process(), PrometheusOptions options = {})
      : registry_(std::move(registry)), options_(std::move(options)) {}

  /// The families as they are now. Throws std::bad_alloc.
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
    detail::Families families;
    registry_.for_each([&](const std::string& name, const WatchedPool& pool) {
      const auto& http = options_.http_pools;
      const bool is_http = std::find(http.begin(), http.end(), name) != http.end();
      detail::PoolSamples(families, name).add(pool, is_http, options_.servers_per_pool);
    });
    return families.take();
  }

 private:
  PoolRegistry registry_;
  PrometheusOptions options_;
};

}  // namespace carpool::inline v0_1

// needs: prometheus_exporter thread_backend
// What Prometheus is told is what the pools say of themselves, whatever their names are.
#include <carpool/connection_pool.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/metrics_observer.hpp>
#include <carpool/pool_registry.hpp>
#include <carpool/prometheus_exporter.hpp>
#include <carpool/thread_backend.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include "eventually.hpp"

namespace {

using namespace std::chrono_literals;
using namespace carpool::fake;

using carpool::CloseReason;
using carpool::FakeServer;
using carpool::MetricsObserver;
using carpool::PoolRegistry;
using carpool::PrometheusExporter;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Plain = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::FakeConnector>;
using Metered = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::FakeConnector,
                                        carpool::DefaultEviction, MetricsObserver>;

/// Connections to an address, which they say.
struct Sessions {
  struct Connection {};
  std::string address = "10.0.0.7:8080";
  Connection connect(carpool::TimePoint) const { return {}; }
  bool is_connected(const Connection&) const noexcept { return true; }
  std::string describe() const { return address; }
};
/// The same, to addresses that callers name; `broken` ones refuse.
struct Shards {
  using Target = std::string;
  struct Connection {
    std::string target;
  };
  Connection connect(const std::string& target, carpool::TimePoint) const {
    if (target.starts_with("broken")) throw std::system_error(std::make_error_code(std::errc::connection_refused));
    return {target};
  }
  bool is_connected(const Connection&) const noexcept { return true; }
  bool matches(const Connection& connection, const std::string& target) const { return connection.target == target; }
  std::string describe(const std::string& target) const { return target.starts_with("same") ? "same:1" : target; }
};
template <class Connector>
using PoolOf = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Connector, carpool::DefaultEviction,
                                       MetricsObserver>;

using Labels = std::map<std::string, std::string>;

/// One scrape.
class Scrape {
 public:
  explicit Scrape(const PrometheusExporter& exporter) : families_(exporter.Collect()) {}

  [[nodiscard]] const MetricFamily* family(const std::string& name) const {
    const auto has_name = [&](const MetricFamily& each) { return each.name == name; };
    const auto found = std::find_if(families_.begin(), families_.end(), has_name);
    return found == families_.end() ? nullptr : &*found;
  }
  /// The one series of the family that has these labels.
  [[nodiscard]] const ClientMetric* series(const std::string& name, const Labels& labels) const {
    const MetricFamily* const all = family(name);
    if (all == nullptr) return nullptr;
    const ClientMetric* found = nullptr;
    for (const ClientMetric& each : all->metric) {
      if (!has(each, labels)) continue;
      EXPECT_EQ(found, nullptr) << "two of " << name;
      found = &each;
    }
    return found;
  }
  [[nodiscard]] std::optional<double> value(const std::string& name, const Labels& labels) const {
    const ClientMetric* const one = series(name, labels);
    if (one == nullptr) return std::nullopt;
    return family(name)->type == MetricType::Counter ? one->counter.value : one->gauge.value;
  }
  [[nodiscard]] std::string text() const { return prometheus::TextSerializer().Serialize(families_); }
  [[nodiscard]] const std::vector<MetricFamily>& families() const { return families_; }

 private:
  static bool has(const ClientMetric& metric, const Labels& labels) {
    return std::all_of(labels.begin(), labels.end(), [&](const auto& wanted) {
      return std::any_of(metric.label.begin(), metric.label.end(),
                         [&](const auto& label) { return label.name == wanted.first && label.value == wanted.second; });
    });
  }

  std::vector<MetricFamily> families_;
};

Labels of(const std::string& pool, const Labels& more = {}) {
  Labels labels = more;
  labels["db_client_connection_pool_name"] = pool;
  return labels;
}

/// Some of everything has happened to it.
void live(FakeServer& server, Metered& pool) {
  server.next_connects({refuse("down")});
  static_cast<void>(pool.acquire());
  {
    const auto one = pool.acquire();
    const auto two = pool.acquire();
    EXPECT_THROW(static_cast<void>(pool.acquire_for(1ms)), carpool::AcquireTimeout);
  }
  pool.acquire().discard();
  EXPECT_TRUE(eventually<carpool::ThreadBackend>([&] { return pool.stats().closing == 0; })) << "in the background";
}

void expect_states(const Scrape& scrape, const std::string& name, const carpool::PoolStats& stats) {
  const auto in_state = [&](const char* state) {
    return scrape.value("db_client_connection_count", of(name, {{"db_client_connection_state", state}}));
  };
  EXPECT_EQ(in_state("idle"), stats.idle);
  EXPECT_EQ(in_state("used"), stats.in_use);
  EXPECT_EQ(in_state("connecting"), stats.connecting);
  EXPECT_EQ(in_state("closing"), stats.closing);
  EXPECT_EQ(scrape.value("db_client_connection_max", of(name)), stats.max_size);
  EXPECT_EQ(scrape.value("db_client_connection_pending_requests", of(name)), stats.waiting);
}

void expect_counts(const Scrape& scrape, const std::string& name, const carpool::PoolStats& stats) {
  EXPECT_EQ(scrape.value("db_client_connection_timeouts_total", of(name)), static_cast<double>(stats.timeouts));
  EXPECT_EQ(scrape.value("carpool_leases_total", of(name)), static_cast<double>(stats.acquired));
  EXPECT_EQ(scrape.value("carpool_cache_hits_total", of(name)), static_cast<double>(stats.cache_hits));
  EXPECT_EQ(scrape.value("carpool_connections_created_total", of(name)), static_cast<double>(stats.created));
  for (std::size_t i = 0; i < carpool::close_reason_count; ++i) {
    const auto reason = static_cast<CloseReason>(i);
    EXPECT_EQ(scrape.value("carpool_connections_closed_total", of(name, {{"reason", std::string(to_string(reason))}})),
              static_cast<double>(stats.closed_for(reason)));
  }
}

TEST(PrometheusExporter, SaysWhatThePoolSaysOfItself) {
  FakeServer server;
  PoolRegistry registry;
  Metered pool(server.connector(),
               {.name = "orders", .max_size = 2, .max_idle = 1, .min_idle = 1, .connect_backoff = {1ms, 1ms}});
  const auto registration = registry.add(pool);
  live(server, pool);
  const auto lease = pool.acquire();
  EXPECT_TRUE(eventually<carpool::ThreadBackend>([&] {
    const carpool::PoolStats stats = pool.stats();
    return stats.connecting + stats.closing == 0 && stats.idle == 1;
  })) << "min_idle is kept up in the background";
  const Scrape scrape{PrometheusExporter(registry)};
  expect_states(scrape, "orders", pool.stats());
  expect_counts(scrape, "orders", pool.stats());
  EXPECT_EQ(scrape.value("db_client_connection_idle_max", of("orders")), 1);
  EXPECT_EQ(scrape.value("db_client_connection_idle_min", of("orders")), 1);
  EXPECT_EQ(scrape.value("carpool_acquire_failures_total", of("orders", {{"reason", "timeout"}})), 1);
  EXPECT_EQ(scrape.value("carpool_connect_failures_total", of("orders", {{"class", "network"}})), 1);
  EXPECT_EQ(scrape.value("carpool_leaks_suspected_total", of("orders")), 0);
  EXPECT_EQ(scrape.value("carpool_endpoints", of("orders", {{"state", "closed"}})), 1);
  EXPECT_EQ(scrape.value("carpool_pool_closed", of("orders")), 0);
  EXPECT_EQ(scrape.value("carpool_pool_suspended", of("orders")), 0);
}

TEST(PrometheusExporter, HasCumulativeBucketsThatAgreeWithCountAndSum) {
  FakeServer server;
  PoolRegistry registry;
  Metered pool(server.connector(), {.name = "orders", .max_size = 2, .connect_backoff = {1ms, 1ms}});
  const auto registration = registry.add(pool);
  live(server, pool);
  const Scrape scrape{PrometheusExporter(registry)};
  const auto metrics = pool.observer().metrics();
  for (const auto& [name, snapshot] : {std::pair("wait", metrics.wait_time), std::pair("use", metrics.use_time),
                                       std::pair("create", metrics.create_time)}) {
    const ClientMetric* const one =
        scrape.series(std::string("db_client_connection_") + name + "_time_seconds", of("orders"));
    ASSERT_NE(one, nullptr);
    EXPECT_EQ(one->histogram.sample_count, snapshot.count());
    EXPECT_GT(one->histogram.sample_count, 0U);
    EXPECT_DOUBLE_EQ(one->histogram.sample_sum, std::chrono::duration<double>(snapshot.sum).count());
    std::uint64_t last = 0;
    for (const auto& bucket : one->histogram.bucket) {
      const auto bound =
          std::chrono::duration_cast<carpool::Duration>(std::chrono::duration<double>(bucket.upper_bound));
      EXPECT_EQ(bucket.cumulative_count, snapshot.at_most(bound)) << name << " at " << bucket.upper_bound;
      EXPECT_GE(bucket.cumulative_count, last);
      last = bucket.cumulative_count;
    }
    EXPECT_LE(last, one->histogram.sample_count);
  }
  EXPECT_EQ(scrape.series("http_client_connection_duration_seconds", of("orders")), nullptr);
}

TEST(PrometheusExporter, SaysOfAPoolWithoutMetricsWhatItsStatsHave) {
  FakeServer server;
  server.next_connects({refuse("down")});
  PoolRegistry registry;
  Plain pool(server.connector(), {.name = "orders", .max_size = 2, .connect_backoff = {1ms, 1ms}});
  const auto registration = registry.add(pool);
  static_cast<void>(pool.acquire());
  const Scrape scrape{PrometheusExporter(registry)};
  expect_states(scrape, "orders", pool.stats());
  expect_counts(scrape, "orders", pool.stats());
  EXPECT_EQ(scrape.value("carpool_connect_failures_total", of("orders", {{"class", "unknown"}})), 1);
  EXPECT_EQ(scrape.family("db_client_connection_wait_time_seconds"), nullptr);
  EXPECT_EQ(scrape.family("carpool_acquire_failures_total"), nullptr);
  EXPECT_EQ(scrape.family("carpool_leaks_suspected_total"), nullptr);
}

TEST(PrometheusExporter, CountsHttpConnectionsUnderTheNamesOfHttp) {
  PoolRegistry registry;
  PoolOf<Sessions> pool(Sessions{}, {.name = "api"});
  PoolOf<Sessions> other(Sessions{"[::1]:80"}, {.name = "search"});
  PoolOf<Sessions> database(Sessions{}, {.name = "orders"});
  const auto a = registry.add(pool);
  const auto b = registry.add(other);
  const auto c = registry.add(database);
  const auto lease = pool.acquire();
  static_cast<void>(other.acquire());
  other.acquire().discard();
  while (other.stats().closing != 0) std::this_thread::yield();
  const Scrape scrape{PrometheusExporter(registry, {.http_pools = {a.name(), b.name()}})};
  const std::string connections = "http_client_open_connections";
  EXPECT_EQ(
      scrape.value(
          connections,
          of("api", {{"http_connection_state", "active"}, {"server_address", "10.0.0.7"}, {"server_port", "8080"}})),
      1);
  EXPECT_EQ(
      scrape.value(connections,
                   of("search", {{"http_connection_state", "idle"}, {"server_address", "::1"}, {"server_port", "80"}})),
      0);
  EXPECT_EQ(scrape.series("db_client_connection_count", of("api")), nullptr);
  EXPECT_EQ(scrape.value("db_client_connection_max", of("api")), 10);
  EXPECT_EQ(scrape.series(connections, of("orders")), nullptr);
  const ClientMetric* const lives = scrape.series("http_client_connection_duration_seconds", of("search"));
  ASSERT_NE(lives, nullptr);
  EXPECT_EQ(lives->histogram.sample_count, 1U);
}

TEST(PrometheusExporter, ShowsTheBreakerOfEachServer) {
  PoolRegistry registry;
  PoolOf<Shards> pool(Shards{}, {.name = "shards", .connect_attempts = 1, .connect_backoff = {10s, 10s}});
  const auto registration = registry.add(pool);
  std::error_code error;
  static_cast<void>(pool.acquire("good:1"));
  EXPECT_FALSE(pool.acquire("broken:1", error));
  const Scrape scrape{PrometheusExporter(registry)};
  const auto state = [&](const char* server, const char* name) {
    return scrape.value("carpool_breaker_state", of("shards", {{"server", server}, {"state", name}}));
  };
  EXPECT_EQ(state("broken:1", "open"), 1);
  EXPECT_EQ(state("broken:1", "closed"), 0);
  EXPECT_EQ(state("good:1", "closed"), 1);
  EXPECT_EQ(scrape.value("carpool_endpoints", of("shards", {{"state", "open"}})), 1);
}

TEST(PrometheusExporter, TellsNoMoreServersApartThanItIsTold) {
  PoolRegistry registry;
  PoolOf<Shards> pool(Shards{},
                      {.name = "shards", .max_size = 100, .connect_attempts = 1, .connect_backoff = {10s, 10s}});
  const auto registration = registry.add(pool);
  std::error_code error;
  for (int i = 0; i < 20; ++i) static_cast<void>(pool.acquire("good:" + std::to_string(i)));
  EXPECT_FALSE(pool.acquire("broken:1", error));
  const Scrape scrape{PrometheusExporter(registry, {.http_pools = {"shards"}, .servers_per_pool = 3})};
  EXPECT_EQ(scrape.family("carpool_breaker_state")->metric.size(), 3U * 3U);
  EXPECT_EQ(scrape.family("http_client_open_connections")->metric.size(), 3U * 2U);
  EXPECT_EQ(scrape.value("carpool_breaker_state", of("shards", {{"server", "broken:1"}, {"state", "open"}})), 1);
  EXPECT_EQ(scrape.value("carpool_endpoints", of("shards", {{"state", "closed"}})), 20) << "all are counted";
}

TEST(PrometheusExporter, SaysNothingTwice) {
  PoolRegistry registry;
  PoolOf<Shards> pool(Shards{}, {.name = "shards"});
  const auto registration = registry.add(pool);
  const auto one = pool.acquire("same-a");  // which describes itself as the next does
  static_cast<void>(pool.acquire("same-b"));
  const Scrape scrape{PrometheusExporter(registry, {.http_pools = {"shards"}})};
  for (const MetricFamily& family : scrape.families()) {
    std::set<std::vector<ClientMetric::Label>> seen;
    for (ClientMetric metric : family.metric) {
      std::sort(metric.label.begin(), metric.label.end());
      EXPECT_TRUE(seen.insert(metric.label).second) << family.name;
    }
  }
  const auto count = [&](const char* state) {
    return scrape.value("http_client_open_connections", of("shards", {{"http_connection_state", state}}));
  };
  EXPECT_EQ(*count("active") + *count("idle"), 2);
}

TEST(PrometheusExporter, EscapesWhateverAPoolIsCalled) {
  const FakeServer server;
  PoolRegistry registry;
  using namespace std::string_literals;
  Plain quoted(server.connector(), {.name = "a \"b\" \\ c\nd {e}"});
  Plain binary(server.connector(), {.name = "\xFF\xC0\x80 \xED\xA0\x80\0 \xF0\x9F\x9A\x97"s});
  const auto a = registry.add(quoted);
  const auto b = registry.add(binary);
  const std::string text = Scrape{PrometheusExporter(registry)}.text();
  EXPECT_NE(text.find(R"(carpool_leases_total{db_client_connection_pool_name="a \"b\" \\ c\nd {e}"} 0)"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\"??? ???? \xF0\x9F\x9A\x97\""), std::string::npos) << text;
}

TEST(PrometheusExporter, KnowsWhatUtf8Allows) {
  using carpool::detail::character_length;
  EXPECT_EQ(character_length("a"), 1U);
  EXPECT_EQ(character_length("\xC3\xA9"), 2U);
  EXPECT_EQ(character_length("\xE2\x82\xAC"), 3U);
  EXPECT_EQ(character_length("\xF4\x8F\xBF\xBF"), 4U);
  for (const char* bad : {"\x80", "\xC1\xBF", "\xC3", "\xC3(", "\xE0\x9F\xBF", "\xE2\x82", "\xE2\x82(", "\xED\xA0\x80",
                          "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80"})
    EXPECT_EQ(character_length(bad), 0U) << bad;
}

TEST(PrometheusExporter, OutlivesItsRegistryAndThePoolsInIt) {
  const FakeServer server;
  auto registry = std::make_unique<PoolRegistry>();
  const PrometheusExporter exporter(*registry);
  {
    Plain pool(server.connector(), {.name = "orders"});
    const auto registration = registry->add(pool);
    registry.reset();
    EXPECT_NE(Scrape{exporter}.series("carpool_leases_total", of("orders")), nullptr);
  }
  EXPECT_TRUE(exporter.Collect().empty());
}

TEST(PrometheusExporter, PoolsComeAndGoWhileItIsScraped) {
  const FakeServer server;
  PoolRegistry registry;
  const PrometheusExporter exporter(registry);
  std::atomic<bool> over{false};
  std::atomic<int> seen{0};
  std::thread scraper([&] {
    while (!over) seen += exporter.Collect().empty() ? 0 : 1;
  });
  for (int i = 0; i < 100 || seen < 10; ++i) {
    Metered pool(server.connector(), {.name = "orders"});
    const auto registration = registry.add(pool);
    static_cast<void>(pool.acquire());
  }
  over = true;
  scraper.join();
  EXPECT_TRUE(exporter.Collect().empty());
}

TEST(PrometheusExporter, LosesNoneOfAMillionLeasesWhileItIsScraped) {
  const FakeServer server;
  PoolRegistry registry;
  Metered pool(server.connector(), {.name = "orders", .max_size = 2});
  const auto registration = registry.add(pool);
  const PrometheusExporter exporter(registry);
  std::atomic<int> at_work{2};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 500'000; ++n) static_cast<void>(pool.acquire());
      --at_work;
    });
  }
  double last = 0;
  while (at_work > 0) {
    const double seen = *Scrape{exporter}.value("carpool_leases_total", of("orders"));
    EXPECT_GE(seen, last) << "a counter";
    last = seen;
  }
  for (std::thread& each : threads) each.join();
  const Scrape scrape{exporter};
  EXPECT_EQ(pool.stats().acquired, 1'000'000U);
  EXPECT_EQ(scrape.value("carpool_leases_total", of("orders")), 1e6);
  EXPECT_EQ(scrape.series("db_client_connection_wait_time_seconds", of("orders"))->histogram.sample_count, 1'000'000U);
  EXPECT_EQ(scrape.series("db_client_connection_use_time_seconds", of("orders"))->histogram.sample_count, 1'000'000U);
}

/// benchmarks/scrape_benchmark.cpp has the figure: this finds what is ten times as slow, on any machine.
TEST(PrometheusExporter, ScrapesAHundredPoolsSoon) {
  const FakeServer server;
  PoolRegistry registry;
  std::vector<std::unique_ptr<Metered>> pools;
  std::vector<PoolRegistry::Registration> registrations;
  for (int i = 0; i < 100; ++i) {
    pools.push_back(std::make_unique<Metered>(server.connector(), carpool::PoolOptions{.name = "orders"}));
    static_cast<void>(pools.back()->acquire());
    registrations.push_back(registry.add(*pools.back()));
  }
  const PrometheusExporter exporter(registry);
  auto best = 1h + 0ns;
  for (int i = 0; i < 10; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_GT(Scrape{exporter}.text().size(), 100'000U);
    best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - begin);
  }
  EXPECT_LT(best, 1s);
  registrations.clear();
}

}  // namespace

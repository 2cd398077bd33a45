// needs: prometheus_exporter, thread_backend
// sanitizers: not thread
// A real Prometheus scrapes a program with pools, and answers with the pools' own numbers.
#include "plain_http.hpp"
#include "real_server.hpp"

#include <carpool/connection_pool.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/metrics_observer.hpp>
#include <carpool/pool_registry.hpp>
#include <carpool/prometheus_exporter.hpp>
#include <carpool/thread_backend.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <prometheus/exposer.h>
#include <nlohmann/json.hpp>

namespace {

using namespace std::chrono_literals;
using namespace carpool::fake;

using Json = nlohmann::json;
using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::FakeConnector,
                                     carpool::DefaultEviction, carpool::MetricsObserver>;

const std::string strange = "a \"b\" \\ c\nd {e} \xFF";
const std::string strange_in_promql = R"(a \"b\" \\ c\nd {e} ?)";

/// A program with three pools, one of them of HTTP connections, to which some of everything has happened.
struct Program {
  carpool::FakeServer server;
  carpool::PoolRegistry registry;
  Pool orders{server.connector(),
              {.name = "orders", .max_size = 2, .connect_backoff = {1ms, 1ms}, .leak_detection_threshold = 20ms}};
  Pool api{server.connector(), {.name = "api", .max_size = 2}};
  Pool odd{server.connector(), {.name = strange}};
  std::array<carpool::PoolRegistry::Registration, 3> registrations{registry.add(orders), registry.add(api),
                                                                   registry.add(odd)};
  std::shared_ptr<carpool::PrometheusExporter> exporter =
      std::make_shared<carpool::PrometheusExporter>(registry, carpool::PrometheusOptions{.http_pools = {"api"}});
  prometheus::Exposer exposer{"127.0.0.1:0", 2};

  Program() {
    server.next_connects({refuse("down")});
    for (int i = 0; i < 100; ++i) static_cast<void>(orders.acquire());
    api.acquire().discard();
    {
      const auto one = orders.acquire();
      const auto two = orders.acquire();
      EXPECT_THROW(static_cast<void>(orders.acquire_for(1ms)), carpool::AcquireTimeout);
      while (orders.observer().metrics().leaks_suspected < 2) std::this_thread::sleep_for(1ms);
    }
    exposer.RegisterCollectable(exporter);
  }

  [[nodiscard]] std::uint16_t port() const { return static_cast<std::uint16_t>(exposer.GetListeningPorts().at(0)); }
};

/// The program, and a Prometheus that scrapes it.
struct PrometheusScrape : testing::Test {
  void SetUp() override {
    CARPOOL_SKIP_WITHOUT("prometheus");
    if (program) return;
    program = std::make_unique<Program>();
    server = std::make_unique<RealServer>("prometheus", program->port());
    ASSERT_TRUE(in_time([] { return http_get(server->port(), "/-/ready").find("is Ready") != std::string::npos; }));
  }
  static void TearDownTestSuite() {
    server.reset();
    program.reset();
  }

  static Json ask(const std::string& path) { return Json::parse(http_get(server->port(), path)); }
  static Json query(const std::string& promql) { return ask("/api/v1/query?query=" + percent_encoded(promql)); }
  /// The number that a query has for its answer; none where it has no answer, or several.
  static std::optional<double> number(const std::string& promql) {
    const Json result = query(promql)["data"]["result"];
    if (result.size() != 1) return std::nullopt;
    return std::stod(result[0]["value"][1].get<std::string>());
  }
  static bool in_time(const std::function<bool()>& holds) {
    for (const auto end = std::chrono::steady_clock::now() + 60s; std::chrono::steady_clock::now() < end;) {
      if (holds()) return true;
      std::this_thread::sleep_for(50ms);
    }
    return false;
  }
  static bool answers(const std::string& promql, double expected) {
    const bool is_so = in_time([&] { return number(promql) == expected; });
    if (!is_so) ADD_FAILURE() << promql << ": " << query(promql).dump() << ", not " << expected;
    return is_so;
  }

  static inline std::unique_ptr<Program> program;
  static inline std::unique_ptr<RealServer> server;
};

std::filesystem::path tree() {
  for (auto folder = std::filesystem::path(RealServer::script()); folder.has_relative_path();) {
    folder = folder.parent_path();
    if (exists(folder / "operate")) return folder;
  }
  throw std::runtime_error("operate/ is not there");
}
std::string content(const std::filesystem::path& path) {
  return (std::ostringstream() << std::ifstream(path).rdbuf()).str();
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

TEST_F(PrometheusScrape, AnswersWithThePoolsOwnNumbers) {
  for (int i = 0; i < 50; ++i) static_cast<void>(program->orders.acquire());
  const carpool::PoolStats stats = program->orders.stats();
  const carpool::PoolMetrics metrics = program->orders.observer().metrics();
  const auto of_orders = [](const std::string& family) {
    return family + "{db_client_connection_pool_name=\"orders\"}";
  };
  answers(of_orders("carpool_leases_total"), static_cast<double>(stats.acquired));
  answers(of_orders("db_client_connection_timeouts_total"), 1);
  answers(of_orders("db_client_connection_wait_time_seconds_count"), static_cast<double>(stats.acquired));
  answers(of_orders("db_client_connection_use_time_seconds_count"), static_cast<double>(stats.acquired));
  answers(of_orders("db_client_connection_max"), 2);
  answers(of_orders("carpool_leaks_suspected_total"), 2);
  answers("sum(" + of_orders("db_client_connection_count") + ")", static_cast<double>(stats.size()));
  answers("carpool_connect_failures_total{db_client_connection_pool_name=\"orders\",class=\"network\"}", 1);
  answers("db_client_connection_use_time_seconds_bucket{db_client_connection_pool_name=\"orders\",le=\"0.01\"}",
          static_cast<double>(metrics.use_time.at_most(10ms)));
  answers("http_client_connection_duration_seconds_count", 1);
}

TEST_F(PrometheusScrape, TakesWhateverAPoolIsCalled) {
  static_cast<void>(program->odd.acquire());
  answers("carpool_leases_total{db_client_connection_pool_name=\"" + strange_in_promql + "\"}", 1);
  const Json target = ask("/api/v1/targets")["data"]["activeTargets"][0];
  EXPECT_EQ(target["health"], "up");
  EXPECT_EQ(target["lastError"], "");
}

TEST_F(PrometheusScrape, PromtoolKnowsOfOneComplaintAlone) {
  const std::string file = server->file("metrics");
  std::ofstream(file) << http_get(program->port(), "/metrics");
  const std::string command = "promtool check metrics <" + file + " 2>&1";
  const std::unique_ptr<FILE, int (*)(FILE*)> said(::popen(command.c_str(), "r"), &::pclose);
  std::string all;
  std::array<char, 4096> part{};
  while (std::fgets(part.data(), static_cast<int>(part.size()), said.get()) != nullptr) all += part.data();
  // The name is OpenTelemetry's: its rules for Prometheus leave it so.
  EXPECT_EQ(all,
            "db_client_connection_count non-histogram and non-summary metrics should not have \"_count\" suffix\n");
}

TEST_F(PrometheusScrape, LoadsTheAlertsThatAreShipped) {
  std::set<std::string> alerts;
  EXPECT_TRUE(in_time([&] {
    alerts.clear();
    const Json answer = ask("/api/v1/rules");
    for (const Json& rule : answer["data"]["groups"][0]["rules"])
      if (rule["health"] == "ok") alerts.insert(rule["name"].get<std::string>());
    return alerts.size() == 6;
  }));
  EXPECT_EQ(alerts, (std::set<std::string>{"CarpoolBreakerOpen", "CarpoolCallersWait", "CarpoolChurn",
                                           "CarpoolExhausted", "CarpoolLeakSuspected", "CarpoolTimeouts"}));
}

TEST_F(PrometheusScrape, EachPanelOfTheDashboardHasAnAnswer) {
  const Json dashboard = Json::parse(content(tree() / "operate/prometheus/carpool-dashboard.json"));
  std::size_t panels = 0;
  for (const Json& panel : dashboard["panels"]) {
    if (panel["type"] == "row") continue;
    ++panels;
    for (const Json& target : panel["targets"]) {
      std::string promql = target["expr"].get<std::string>();
      for (const char* variable : {"$job", "$instance", "$pool"}) replace_all(promql, variable, ".*");
      replace_all(promql, "$__rate_interval", "5s");
      ASSERT_EQ(promql.find('$'), std::string::npos) << promql;
      // One shows nothing while all is well.
      const bool is_empty_now = promql.find("== 1") != std::string::npos;
      const auto is_answered = [&] {
        const Json answer = query(promql);
        EXPECT_EQ(answer["status"], "success") << panel["title"] << ": " << answer.dump();
        return answer["status"] != "success" || is_empty_now || !answer["data"]["result"].empty();
      };
      EXPECT_TRUE(in_time(is_answered)) << panel["title"] << ": " << promql;
    }
  }
  EXPECT_GE(panels, 12U);
}

}  // namespace

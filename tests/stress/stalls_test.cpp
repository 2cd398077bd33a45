// needs: fiber_backend redis_connector mysql_connector postgres_connector
/// A thousand fibers of one thread on fifty connections to a real server, found by name and spoken to over TLS: nothing
/// that a connector does holds the thread up, and every answer is the asker's own.
#include <carpool/connection_pool.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/mysql_connector.hpp>
#include <carpool/postgres_connector.hpp>
#include <carpool/redis_connector.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "real_server.hpp"
#include "stress.hpp"

namespace {

using carpool::Duration;
using carpool::FiberBackend;
using namespace std::chrono_literals;

/// For how long this thread was ready to run and did not, because others had the processors: no fault of ours.
Duration queued() {
  std::ifstream file("/proc/thread-self/schedstat");
  Duration::rep ran = 0, waited = 0;
  file >> ran >> waited;
  return Duration(waited);
}

/// A fiber that wants to run once a millisecond, and how late it ran at worst. The two worst beats are forgiven: the
/// machine itself stops now and then, and what a connector does it does more often than twice.
class Heartbeat {
 public:
  void beat_until(const bool& done) {
    while (!done) {
      const auto due = FiberBackend::now() + 1ms;
      const Duration before = queued();
      FiberBackend::sleep_until(due);
      const Duration late = FiberBackend::now() - due - (queued() - before);
      note(late);
      ++beats_;
    }
  }
  [[nodiscard]] Duration worst_but_two() const { return worst_.back(); }
  [[nodiscard]] std::size_t beats() const { return beats_; }

 private:
  void note(Duration late) {
    if (late <= worst_.back()) return;
    worst_.back() = late;
    std::sort(worst_.begin(), worst_.end(), std::greater<>());
  }

  std::array<Duration, 3> worst_{};  // the worst first
  std::size_t beats_ = 0;
};

struct OverRedis {
  static constexpr const char* kind = "redis";
  static carpool::RedisConnector connector(const RealServer& server) {
    return {.host = "localhost",
            .port = server.tls_port(),
            .user = RealServer::user(),
            .password = RealServer::password(),
            .tls = carpool::TlsOptions{.ca_file = server.file("ca.pem")}};
  }
  template <class Connection>
  static std::string ask(Connection& connection, const std::string& text) {
    return connection.template command<std::string>("ECHO", text);
  }
};

struct OverMysql {
  static constexpr const char* kind = "mariadb";
  static carpool::MysqlConnector connector(const RealServer& server) {
    return {.host = "localhost",
            .port = server.port(),
            .user = RealServer::user(),
            .password = RealServer::password(),
            .database = RealServer::database(),
            .tls = carpool::MysqlTls{.ca_file = server.file("ca.pem")}};
  }
  template <class Connection>
  static std::string ask(Connection& connection, const std::string& text) {
    return connection.prepared("select ?", {text})[0].template get<std::string>(0);
  }
};

struct OverPostgres {
  static constexpr const char* kind = "postgres";
  static carpool::PostgresConnector connector(const RealServer& server) {
    return {.host = "localhost",
            .port = server.port(),
            .user = RealServer::user(),
            .password = RealServer::password(),
            .database = RealServer::database(),
            .options = {{"sslmode", "verify-full"}, {"sslrootcert", server.file("ca.pem")}}};
  }
  template <class Connection>
  static std::string ask(Connection& connection, const std::string& text) {
    return connection.prepared("select $1::text", {text}).template get<std::string>(0, 0);
  }
};

template <class Service>
class Stalls : public testing::Test {};
using Services = testing::Types<OverRedis, OverMysql, OverPostgres>;
struct ServiceName {
  template <class Service>
  static std::string GetName(int) {
    return Service::kind;
  }
};
TYPED_TEST_SUITE(Stalls, Services, ServiceName);

constexpr Duration bound = CARPOOL_SANITIZED ? Duration(400ms) : Duration(20ms);

TYPED_TEST(Stalls, NoneIsLongerThanTwentyMilliseconds) {
  CARPOOL_SKIP_WITHOUT(TypeParam::kind);
  const RealServer server(TypeParam::kind);
  const auto connector = TypeParam::connector(server);
  carpool::ConnectionPool<FiberBackend, carpool::LifoStack, std::decay_t<decltype(connector)>> pool(
      connector, {.max_size = 50, .acquire_timeout = 60s});
  const std::uint64_t rounds = stress_cycles(20);
  std::size_t right = 0;
  const auto ask = [&](std::size_t fiber) {
    for (std::uint64_t round = 0; round < rounds; ++round) {
      const std::string nonce = std::to_string(fiber) + '/' + std::to_string(round);
      const auto lease = pool.acquire();
      if (TypeParam::ask(*lease, nonce) == nonce) ++right;
    }
  };
  constexpr std::size_t fibers = 1000;
  Heartbeat heart;
  bool done = false;
  {
    auto beating = FiberBackend::spawn([&] { heart.beat_until(done); });
    std::vector<decltype(FiberBackend::spawn([] {}))> askers;
    for (std::size_t i = 0; i < fibers; ++i) askers.push_back(FiberBackend::spawn([&ask, i] { ask(i); }));
    for (auto& one : askers) one.join();
    done = true;
    beating.join();
  }
  EXPECT_EQ(right, fibers * rounds);
  EXPECT_LE(pool.stats().size(), 50U);
  EXPECT_GT(heart.beats(), 10U);
  EXPECT_LE(heart.worst_but_two(), bound) << "of " << heart.beats() << " beats";
  std::printf("worst stall but two %.2f ms in %zu beats\n", static_cast<double>(heart.worst_but_two().count()) / 1e6,
              heart.beats());
}

}  // namespace

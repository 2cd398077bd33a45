// needs: mysql_connector postgres_connector redis_connector
/// Two database servers that exchange their roles: writes follow the primary, and who asks for a role gets it.
#include <carpool/connection_pool.hpp>
#include <carpool/endpoints_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/mysql_connector.hpp>
#include <carpool/postgres_connector.hpp>
#include <carpool/redis_connector.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "behaviour.hpp"
#include "eventually.hpp"
#include "io_backends.hpp"
#include "real_server.hpp"
#include "thrown.hpp"

namespace {

using std::chrono::seconds;

struct PostgresPair {
  using Connector = carpool::PostgresConnector;
  using Error = carpool::PostgresError;
  static constexpr const char* kind = "postgres";

  static Connector connector(const RealServer& server) {
    return {.host = "127.0.0.1",
            .port = server.port(),
            .user = RealServer::user(),
            .password = RealServer::password(),
            .database = RealServer::database()};
  }
  template <class Backend>
  static auto admin(const RealServer& server) {
    auto mighty = connector(server);
    mighty.options = {{"options", "-c default_transaction_read_only=off"}};
    return mighty.template connect<Backend>(carpool::never);
  }
  template <class Connection>
  static void prepare(Connection& admin) {
    admin.query("CREATE TABLE IF NOT EXISTS roles (id INT)");
  }
  /// Sessions that are there take to it when they come to it.
  template <class Connection>
  static void permit_writes(Connection& admin, bool on) {
    admin.query(std::string("ALTER SYSTEM SET default_transaction_read_only = ") + (on ? "off" : "on"));
    admin.query("SELECT pg_reload_conf()");
  }
  template <class Connection>
  static void write(Connection& connection) {
    connection.query("INSERT INTO roles VALUES (1)");
  }
};

struct MysqlPair {
  using Connector = carpool::MysqlConnector;
  using Error = carpool::MysqlError;
  static constexpr const char* kind = "mariadb";

  static Connector connector(const RealServer& server) {
    return {.host = "127.0.0.1",
            .port = server.port(),
            .user = "writer",
            .password = "w",
            .database = RealServer::database()};
  }
  template <class Backend>
  static auto admin(const RealServer& server) {
    auto root = connector(server);
    root.unix_path = server.unix_path();
    root.user = "root";
    root.password.clear();
    return root.template connect<Backend>(carpool::never);
  }
  template <class Connection>
  static void prepare(Connection& admin) {
    admin.query("create table if not exists roles (id int)");
    admin.query("create user if not exists writer@'%' identified by 'w'");
    admin.query("grant select, insert on carpool.* to writer@'%'");
  }
  template <class Connection>
  static void permit_writes(Connection& admin, bool on) {
    admin.query(std::string("set global read_only = ") + (on ? "0" : "1"));
  }
  template <class Connection>
  static void write(Connection& connection) {
    connection.query("insert into roles values (1)");
  }
};

struct RedisPair {
  using Connector = carpool::RedisConnector;
  using Error = carpool::RedisError;
  static constexpr const char* kind = "redis";

  static Connector connector(const RealServer& server) { return {.host = "127.0.0.1", .port = server.port()}; }
  template <class Backend>
  static auto admin(const RealServer& server) {
    return connector(server).template connect<Backend>(carpool::never);
  }
  template <class Connection>
  static void prepare(Connection&) {}
  /// A replica of nobody that could be reached.
  template <class Connection>
  static void permit_writes(Connection& admin, bool on) {
    admin.command("REPLICAOF", on ? "NO" : "127.0.0.1", on ? "ONE" : "1");
  }
  template <class Connection>
  static void write(Connection& connection) {
    connection.command("SET", "roles", 1);
  }
};

/// The same two for each backend.
template <class Pair>
std::array<RealServer, 2>& servers_of() {
  static std::array<RealServer, 2> both{RealServer(Pair::kind), RealServer(Pair::kind)};
  return both;
}

template <class Case>
class DatabaseRoles : public testing::Test {
 protected:
  using Backend = typename Case::Backend;
  using Pair = typename Case::Pair;
  using Connector = carpool::EndpointsConnector<typename Pair::Connector>;

  void SetUp() override {
    CARPOOL_SKIP_WITHOUT(Pair::kind);
    for (RealServer& server : servers()) {
      auto admin = Pair::template admin<Backend>(server);
      Pair::permit_writes(admin, true);
      Pair::prepare(admin);
    }
  }

  static std::array<RealServer, 2>& servers() { return servers_of<Pair>(); }
  static void permit_writes(std::size_t server, bool on) {
    auto admin = Pair::template admin<Backend>(servers()[server]);
    Pair::permit_writes(admin, on);
  }
  static Connector both() { return Connector({Pair::connector(servers()[0]), Pair::connector(servers()[1])}); }
  template <class Connection>
  static std::size_t write(Connection& connection) {
    Case::Pair::write(connection);
    return connection.endpoint();
  }
};

template <class B, class P>
struct Case {
  using Backend = B;
  using Pair = P;
};
template <class Pair, class Backends>
struct CasesOf;
template <class Pair, class... Backends>
struct CasesOf<Pair, testing::Types<Backends...>> {
  using type = testing::Types<Case<Backends, Pair>...>;
};
using PostgresCases = typename CasesOf<PostgresPair, IoBackends>::type;
using MysqlCases = typename CasesOf<MysqlPair, IoBackends>::type;
using RedisCases = typename CasesOf<RedisPair, IoBackends>::type;

TYPED_TEST_SUITE_P(DatabaseRoles);

TYPED_TEST_P(DatabaseRoles, WritesFollowThePrimary) {
  using B = typename TypeParam::Backend;
  const auto connector = this->both();
  carpool::ConnectionPool<B, carpool::LifoStack, std::decay_t<decltype(connector)>> pool(connector, {.max_size = 3});
  const auto write = [&] { return pool.with_connection([this](auto& one) { return this->write(one); }); };
  ASSERT_EQ(pool.prewarm(3, seconds(20)), 3U);
  EXPECT_EQ(write(), 0U);
  this->permit_writes(0, false);
  const auto refused = [&] { return thrown<typename TypeParam::Pair::Error>(write).has_value(); };
  ASSERT_TRUE(eventually<B>(refused));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(write(), 1U) << "one refusal speaks for all connections to that server";
  this->permit_writes(0, true), this->permit_writes(1, false);
  ASSERT_TRUE(eventually<B>(refused));
  EXPECT_EQ(write(), 0U);
}

TYPED_TEST_P(DatabaseRoles, ARefusalThatIsCaughtBesideAPlainLeaseMovesThemToo) {
  using B = typename TypeParam::Backend;
  const auto connector = this->both();
  carpool::ConnectionPool<B, carpool::LifoStack, std::decay_t<decltype(connector)>> pool(connector, {.max_size = 3});
  ASSERT_EQ(pool.prewarm(3, seconds(20)), 3U);
  this->permit_writes(0, false);
  const auto refused = [&] {
    const auto lease = pool.acquire();
    return thrown<typename TypeParam::Pair::Error>([&] { this->write(*lease); }).has_value();
  };
  ASSERT_TRUE(eventually<B>(refused));
  for (int i = 0; i < 5; ++i) {
    const auto lease = pool.acquire();
    EXPECT_EQ(this->write(*lease), 1U);
  }
}
REGISTER_TYPED_TEST_SUITE_P(DatabaseRoles, WritesFollowThePrimary, ARefusalThatIsCaughtBesideAPlainLeaseMovesThemToo);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, DatabaseRoles, PostgresCases, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Mysql, DatabaseRoles, MysqlCases, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Redis, DatabaseRoles, RedisCases, BackendName);

template <class Case>
class PostgresRoles : public DatabaseRoles<Case> {};
TYPED_TEST_SUITE(PostgresRoles, PostgresCases, BackendName);

TYPED_TEST(PostgresRoles, WhoAsksForARoleGetsTheServerThatHasIt) {
  using B = typename TypeParam::Backend;
  this->permit_writes(0, false);
  const auto endpoint_for = [this](const std::string& attributes) {
    std::vector<carpool::PostgresConnector> endpoints;
    for (const RealServer& server : this->servers()) {
      endpoints.push_back(PostgresPair::connector(server));
      endpoints.back().target_session_attrs = attributes;
    }
    const carpool::EndpointsConnector<carpool::PostgresConnector> connector(endpoints);
    return connector.template connect<B>(B::now() + seconds(20)).endpoint();
  };
  EXPECT_TRUE(eventually<B>([&] { return endpoint_for("read-write") == 1; }));
  EXPECT_EQ(endpoint_for("read-only"), 0U);
  EXPECT_EQ(endpoint_for("any"), 0U);
  this->permit_writes(0, true), this->permit_writes(1, false);
  EXPECT_TRUE(eventually<B>([&] { return endpoint_for("read-only") == 1; }));
  EXPECT_EQ(endpoint_for("read-write"), 0U);
}

}  // namespace

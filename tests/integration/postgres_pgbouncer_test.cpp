// needs: postgres_connector
/// PostgresConnector::behind_pgbouncer against a real pgbouncer in transaction mode.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/postgres_connector.hpp>

#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chaos_proxy.hpp"
#include "eventually.hpp"
#include "io_backends.hpp"
#include "postgres_fixture.hpp"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

template <class Backend>
class PostgresBehindPgbouncer : public PostgresFixture<Backend> {
 protected:
  using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::PostgresConnector>;

  void SetUp() override {
    CARPOOL_SKIP_WITHOUT("postgres");
    CARPOOL_SKIP_WITHOUT("pgbouncer");
  }

  static RealServer& bouncer() {
    static RealServer bouncer("pgbouncer", RealServer::shared("postgres").port());
    return bouncer;
  }
  static carpool::PostgresConnector through(std::uint16_t port) {
    return carpool::PostgresConnector::behind_pgbouncer(postgres_at(port));
  }
  static carpool::PostgresConnector through() { return through(bouncer().port()); }
};
TYPED_TEST_SUITE(PostgresBehindPgbouncer, IoBackends, BackendName);

TYPED_TEST(PostgresBehindPgbouncer, QueriesStatementsAndTransactionsWork) {
  auto connection = this->connect(this->through());
  EXPECT_TRUE(this->through().is_connected(connection));
  EXPECT_TRUE(this->through().ping(connection, this->soon_enough()));
  EXPECT_EQ(connection.query("SELECT $1::int", {5}).template get<int>(0, 0), 5);
  auto transaction = connection.begin();
  const int process = connection.query("SELECT pg_backend_pid()").template get<int>(0, 0);
  EXPECT_EQ(connection.query("SELECT pg_backend_pid()").template get<int>(0, 0), process);
  transaction.commit();
}

TYPED_TEST(PostgresBehindPgbouncer, PreparedStatementsWorkThoughEachMayMeetAnotherServer) {
  std::vector<carpool::PostgresConnection<TypeParam>> crowd;
  for (int i = 0; i < 4; ++i) crowd.push_back(this->connect(this->through()));
  // Each transaction holds a server, so the statements meet different ones.
  for (int round = 0; round < 3; ++round) {
    auto first = crowd[0].begin();
    auto second = crowd[1].begin();
    for (auto& connection : crowd) {
      EXPECT_EQ(connection.prepared("SELECT $1::int * 2", {round}).template get<int>(0, 0), round * 2);
    }
    first.rollback();
    second.commit();
  }
  EXPECT_EQ(crowd[0].query("SELECT count(*) FROM pg_prepared_statements").template get<int>(0, 0), 0);
}

TYPED_TEST(PostgresBehindPgbouncer, WhatNeedsASessionIsRefused) {
  auto connection = this->connect(this->through());
  EXPECT_THROW(connection.listen("news"), std::logic_error);
}

TYPED_TEST(PostgresBehindPgbouncer, NothingIsSaidBetweenTwoLeases) {
  ChaosProxy proxy(this->bouncer().port());
  typename TestFixture::Pool pool(this->through(proxy.port()), {.max_size = 1});
  pool.acquire()->query("SELECT 1");
  const std::size_t heard = proxy.heard();
  for (int i = 0; i < 10; ++i) {
    auto lease = pool.acquire();
    EXPECT_FALSE(lease->parameter("server_version").empty());
  }
  EXPECT_EQ(proxy.heard(), heard);
  EXPECT_EQ(proxy.accepted(), 1U);
}

TYPED_TEST(PostgresBehindPgbouncer, AnUnfinishedTransactionEndsWithItsConnection) {
  typename TestFixture::Pool pool(this->through(), {.max_size = 1});
  {
    auto transaction = pool.acquire()->query("BEGIN; CREATE TABLE never (id INT)");
  }
  auto lease = pool.acquire();
  EXPECT_FALSE(lease->in_transaction());
  EXPECT_TRUE(lease->query("SELECT to_regclass('never') IS NULL").template get<bool>(0, 0));
}

TYPED_TEST(PostgresBehindPgbouncer, APoolSurvivesTheRestartOfPgbouncer) {
  typename TestFixture::Pool pool(this->through(),
                                  {.max_size = 2,
                                   .acquire_timeout = seconds(20),
                                   .connect_backoff = {.initial = milliseconds(1), .max = milliseconds(20)}});
  pool.acquire()->query("SELECT 1");
  this->bouncer().kill();
  this->bouncer().start();
  const auto served = [&] {
    try {
      return pool.acquire()->query("SELECT 7").template get<int>(0, 0) == 7;
    } catch (const std::exception&) {
      return false;
    }
  };
  EXPECT_TRUE(eventually<TypeParam>(served));
}

}  // namespace

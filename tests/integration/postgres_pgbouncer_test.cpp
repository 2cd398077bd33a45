// needs: postgres_connector
/// PostgresConnector::behind_pgbouncer against a real pgbouncer in transaction mode.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/postgres_connector.hpp>
#include <carpool/thread_backend.hpp>

#include <chrono>
#include <cstdio>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "chaos_proxy.hpp"
#include "eventually.hpp"
#include "io_backends.hpp"
#include "postgres_fixture.hpp"
#include "request_load.hpp"

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

  /// PAUSE, RESUME: to pgbouncer itself. PAUSE is answered when no server of its is in use.
  static void command(const std::string& word) {
    auto console = postgres_at(bouncer().port());
    console.database = "pgbouncer";
    PostgresFixture<Backend>::connect(console).query(word);
  }
  /// Long enough for each ping and each connect to be late several times.
  static carpool::PoolOptions impatient() {
    return {.max_size = 3,
            .acquire_timeout = seconds(20),
            .connect_timeout = milliseconds(200),
            .connect_attempts = 1,
            .validation_bypass_window = milliseconds(0),
            .validation_timeout = milliseconds(100),
            .keepalive_time = milliseconds(150)};
  }
  static constexpr auto pause = milliseconds(1500);
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

/// The pings of idle connections time out ten times over; none is closed for it, and the pings' answers come at last.
TYPED_TEST(PostgresBehindPgbouncer, APauseClosesNoIdleConnection) {
  typename TestFixture::Pool pool(this->through(), this->impatient());
  ASSERT_EQ(pool.prewarm(3, seconds(20)), 3U);
  this->command("PAUSE");
  const auto end = TypeParam::now() + this->pause;
  while (TypeParam::now() < end) {
    EXPECT_FALSE(pool.try_acquire().has_value());
    (void)pool.reap();
    TypeParam::sleep_until(TypeParam::now() + milliseconds(20));
  }
  EXPECT_EQ(pool.stats().size(), 3U);
  this->command("RESUME");
  for (int i = 0; i < 6; ++i) EXPECT_EQ(pool.acquire()->query("SELECT 7").template get<int>(0, 0), 7);
  const carpool::PoolStats stats = pool.stats();
  EXPECT_EQ(stats.created, 3U) << "no connection was lost";
  EXPECT_EQ(stats.connect_failures, 0U);
}

/// An acquire that begins within the pause waits for its end; one that may not wait for so long is told so.
TYPED_TEST(PostgresBehindPgbouncer, CallersWaitForTheEndOfAPause) {
  typename TestFixture::Pool pool(this->through(), this->impatient());
  ASSERT_EQ(pool.prewarm(2, seconds(20)), 2U);
  this->command("PAUSE");
  std::thread resuming([&] {
    std::this_thread::sleep_for(this->pause);
    this->command("RESUME");
  });
  const auto begun = TypeParam::now();
  EXPECT_THROW((void)pool.acquire_for(milliseconds(300)), carpool::AcquireTimeout);
  EXPECT_EQ(pool.acquire()->query("SELECT 7").template get<int>(0, 0), 7);
  EXPECT_GE(TypeParam::now() - begun, this->pause - milliseconds(100));
  resuming.join();
  EXPECT_EQ(pool.stats().created, pool.stats().size()) << "none was lost, though one more may have been opened";
}

/// A pgbouncer that says nothing to those who log in pauses too: connects are late again and again, and no breaker
/// opens.
TYPED_TEST(PostgresBehindPgbouncer, ConnectsWithinAPauseOpenNoBreaker) {
  RealServer bouncer("pgbouncer", RealServer::shared("postgres").port());
  typename TestFixture::Pool pool(this->through(bouncer.port()), this->impatient());
  bouncer.freeze();
  std::thread thawing([&] {
    std::this_thread::sleep_for(this->pause);
    bouncer.thaw();
  });
  EXPECT_THROW((void)pool.acquire_for(milliseconds(500)), carpool::AcquireTimeout);
  EXPECT_EQ(pool.acquire()->query("SELECT 7").template get<int>(0, 0), 7) << "BreakerOpen, if it had";
  thawing.join();
  EXPECT_GE(pool.stats().connect_failures, 2U);
}

/// 6 callers, a pause of 1.5 s, and nobody sees anything but a longer wait.
TEST(PostgresPause, CallersUnderLoadSeeAWait) {
  CARPOOL_SKIP_WITHOUT("postgres");
  CARPOOL_SKIP_WITHOUT("pgbouncer");
  using Backend = carpool::ThreadBackend;
  RealServer bouncer("pgbouncer", RealServer::shared("postgres").port());
  auto console = postgres_at(bouncer.port());
  console.database = "pgbouncer";
  const auto command = [&](const char* word) {
    console.connect<Backend>(Backend::now() + seconds(20)).query(word, {}, Backend::now() + seconds(20));
  };
  carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::PostgresConnector> pool(
      carpool::PostgresConnector::behind_pgbouncer(postgres_at(bouncer.port())),
      {.max_size = 3,
       .acquire_timeout = seconds(20),
       .connect_timeout = milliseconds(200),
       .validation_bypass_window = milliseconds(0),
       .validation_timeout = milliseconds(100),
       .keepalive_time = milliseconds(150)});
  RequestLoad load(6, [&] { (void)pool.acquire()->query("SELECT 1"); });
  while (load.served() < 100) std::this_thread::sleep_for(milliseconds(1));
  command("PAUSE");
  std::this_thread::sleep_for(milliseconds(1500));
  command("RESUME");
  const auto before = load.served();
  while (load.served() < before + 100) std::this_thread::sleep_for(milliseconds(1));
  const auto figures = load.end();
  const carpool::PoolStats stats = pool.stats();
  std::printf("a pause of 1.5 s: %llu requests, %llu failed, the longest took %.0f ms; %llu connections, %llu lost\n",
              static_cast<unsigned long long>(figures.served), static_cast<unsigned long long>(figures.failed),
              static_cast<double>(figures.longest.count()) / 1000, static_cast<unsigned long long>(stats.created),
              static_cast<unsigned long long>(stats.created - stats.size()));
  EXPECT_EQ(figures.failed, 0U) << figures.first_failure;
  EXPECT_EQ(stats.created, stats.size()) << "0 connections lost";
  EXPECT_GE(figures.longest, milliseconds(1400));
}

}  // namespace

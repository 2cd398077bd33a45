// needs: postgres_connector sqlite_connector
/// What a database refuses under a plain lease, or what its caller makes of the answer, costs no connection; an answer
/// that was left half-way does.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/postgres_connector.hpp>
#include <carpool/sqlite_connector.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <fstream>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

#include "io_backends.hpp"
#include "postgres_fixture.hpp"
#include "sqlite_folder.hpp"
#include "thrown.hpp"

namespace {

template <class Backend>
class PostgresThrowingLease : public PostgresFixture<Backend> {
 protected:
  using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::PostgresConnector>;

  Pool pool_{this->connector(), {.max_size = 2}};
};
TYPED_TEST_SUITE(PostgresThrowingLease, IoBackends, BackendName);

TYPED_TEST(PostgresThrowingLease, AHundredUniqueViolationsCostNoConnection) {
  auto& pool = this->pool_;
  const auto lease = pool.acquire();  // a temporary table is one connection's
  lease->query("CREATE TABLE IF NOT EXISTS taken (id int PRIMARY KEY)");
  lease->query("INSERT INTO taken VALUES (1) ON CONFLICT DO NOTHING");
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(this->refusal([&] { pool.acquire()->query("INSERT INTO taken VALUES (1)"); }), "23505");
  }
  EXPECT_LE(pool.stats().created, 2U);
}

TYPED_TEST(PostgresThrowingLease, ANullOrAMissingRowCostsNoConnection) {
  auto& pool = this->pool_;
  for (int i = 0; i < 10; ++i) {
    EXPECT_ANY_THROW((void)pool.acquire()->query("SELECT NULL::int").template get<int>(0, 0));
    EXPECT_ANY_THROW((void)pool.acquire()->query("SELECT 1 WHERE false").template get<int>(0, 0));
  }
  EXPECT_EQ(pool.stats().created, 1U);
}

TYPED_TEST(PostgresThrowingLease, AnOpenTransactionIsRolledBackBeforeTheNextLease) {
  auto& pool = this->pool_;
  const auto fail_within = [&] {
    const auto lease = pool.acquire();
    auto transaction = lease->begin();
    lease->query("SELECT 1 / 0");
  };
  EXPECT_EQ(this->refusal(fail_within), "22012");
  EXPECT_EQ(pool.acquire()->query("SELECT 1").template get<int>(0, 0), 1);
  EXPECT_EQ(pool.stats().created, 1U);
}

TYPED_TEST(PostgresThrowingLease, AnAnswerLeftHalfWayAndAServersLastWordDo) {
  auto& pool = this->pool_;
  const auto time_out = [&] {
    pool.acquire()->query("SELECT pg_sleep(20)", {}, this->in(std::chrono::milliseconds(20)));
  };
  EXPECT_EQ(thrown_by<std::system_error>(time_out).code(), std::errc::timed_out);
  const auto end_it = [&] { pool.acquire()->query("SELECT pg_terminate_backend(pg_backend_pid())"); };
  EXPECT_THROW(end_it(), std::exception);
  const auto copy_half = [&] {
    const auto lease = pool.acquire();
    [[maybe_unused]] const auto copy = lease->copy_out("COPY (SELECT generate_series(1, 100000)) TO STDOUT");
    throw std::domain_error("mine");
  };
  EXPECT_THROW(copy_half(), std::domain_error);
  EXPECT_EQ(pool.acquire()->query("SELECT 1").template get<int>(0, 0), 1);
  EXPECT_EQ(pool.stats().created, 4U);
}

template <class Backend>
class SqliteThrowingLease : public testing::Test {
 protected:
  using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::SqliteConnector>;

  static std::string text(Pool& pool, const std::string& sql) {
    auto lease = pool.acquire();
    return lease->query(sql).template get<std::string>(0, 0);
  }

  SqliteFolder folder_;
  std::string path_ = folder_.file("notes.db");
  Pool pool_{carpool::SqliteConnector::writer(path_), {.max_size = 1}};
};
TYPED_TEST_SUITE(SqliteThrowingLease, IoBackends, BackendName);

TYPED_TEST(SqliteThrowingLease, ARefusalOrANullCostsNoConnection) {
  auto& pool = this->pool_;
  pool.acquire()->script("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO notes VALUES (1, NULL)");
  for (int i = 0; i < 10; ++i) {
    EXPECT_THROW(pool.acquire()->execute("INSERT INTO notes VALUES (1, 'again')"), carpool::SqliteError);
    EXPECT_ANY_THROW((void)this->text(pool, "SELECT text FROM notes"));
    EXPECT_ANY_THROW((void)this->text(pool, "SELECT text FROM notes WHERE id = 2"));
  }
  EXPECT_EQ(pool.stats().created, 1U);
}

TYPED_TEST(SqliteThrowingLease, AFileInTroubleDoes) {
  auto& pool = this->pool_;
  pool.acquire()->script("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT); PRAGMA wal_checkpoint(TRUNCATE)");
  pool.acquire()->script("PRAGMA cache_size = 0; PRAGMA shrink_memory");
  std::fstream(this->path_, std::ios::in | std::ios::out | std::ios::binary) << std::string(8192, 'x');
  EXPECT_THROW(pool.acquire()->execute("INSERT INTO notes VALUES (1, 'one')"), carpool::SqliteError);
  EXPECT_EQ(pool.stats().idle, 0U);
}

}  // namespace

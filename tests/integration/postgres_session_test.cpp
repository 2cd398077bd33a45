// needs: postgres_connector
/// What one connection to a real PostgreSQL server can do, and what it is like when it comes back.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/postgres_connector.hpp>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "eventually.hpp"
#include "io_backends.hpp"
#include "postgres_fixture.hpp"
#include "thrown.hpp"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

template <class Backend>
class PostgresSession : public PostgresFixture<Backend> {};
TYPED_TEST_SUITE(PostgresSession, IoBackends, BackendName);

TYPED_TEST(PostgresSession, ValuesComeBackAsTheyWentWithTheirNulls) {
  auto connection = this->connect();
  const std::vector<std::byte> bytes{std::byte{0}, std::byte{0xff}, std::byte{'\\'}};
  const auto result = connection.query(
      "SELECT $1::int, $2::bigint, $3::float8, $4::bool, $5::text, $6::bytea, $7::int, $8::text AS last",
      {-7, std::numeric_limits<std::int64_t>::min(), 0.1, true, "it's $1", bytes, std::nullopt, ""});
  ASSERT_EQ(result.size(), 1U);
  ASSERT_EQ(result.columns(), 8U);
  for (const auto row : result) {
    EXPECT_EQ(row.template get<int>(0), -7);
    EXPECT_EQ(row.template get<std::int64_t>(1), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(row.template get<double>(2), 0.1);
    EXPECT_TRUE(row.template get<bool>(3));
    EXPECT_EQ(row.template get<std::string_view>(4), "it's $1");
    EXPECT_EQ(row.template get<std::vector<std::byte>>(5), bytes);
    EXPECT_EQ(row.template get<std::optional<int>>(6), std::nullopt);
    EXPECT_EQ(row.template get<std::optional<std::string>>("last"), "");
  }
  EXPECT_THROW((void)result.template get<int>(0, 6), carpool::SqlValueError);
  EXPECT_THROW((void)result.template get<std::int16_t>(0, 1), carpool::SqlValueError);
  EXPECT_THROW((void)result.template get<int>(1, 0), std::out_of_range);
  EXPECT_THROW((void)result.template get<int>(0, 8), std::out_of_range);
}

TYPED_TEST(PostgresSession, OneBitIsReadAsABoolAndMoreAsTheText) {
  auto connection = this->connect();
  const auto result = connection.query("SELECT B'1'::bit(1), B'0'::bit(1), B'101'::bit(3), B'1'::bit(1)::text");
  const auto row = result.one();
  EXPECT_TRUE(row.template get<bool>(0));
  EXPECT_FALSE(row.template get<bool>(1));
  EXPECT_EQ(row.template get<std::string>(0), "1");
  EXPECT_EQ(row.template get<std::string>(2), "101");
  EXPECT_THROW((void)row.template get<bool>(2), carpool::SqlValueError);
  EXPECT_THROW((void)row.template get<bool>(3), carpool::SqlValueError);
}

TYPED_TEST(PostgresSession, ALongReplyComesWhole) {
  auto connection = this->connect();
  const auto result =
      connection.query("SELECT i, repeat('x', 1000) FROM generate_series(1, 3000) AS i", {}, this->soon_enough());
  ASSERT_EQ(result.size(), 3000U);
  EXPECT_EQ(result.template get<int>(2999, 0), 3000);
  EXPECT_EQ(connection.query("SELECT length($1)", {std::string(3000000, 'y')}).template get<int>(0, 0), 3000000);
}

TYPED_TEST(PostgresSession, AReplyLongerThanAllowedIsAnErrorAndTheConnectionIsClosed) {
  auto connector = this->connector();
  connector.max_reply_bytes = 1000000;
  connector.options = {{"sslmode", "disable"}};
  auto connection = this->connect(connector);
  const auto run = [&] { connection.query("SELECT repeat('x', 1000000) FROM generate_series(1, 1000)"); };
  EXPECT_EQ(thrown_by<std::system_error>(run).code(), std::errc::message_size);
  EXPECT_FALSE(connector.reusable(connection));
}

TYPED_TEST(PostgresSession, ARefusedStatementLeavesAGoodConnection) {
  auto connection = this->connect();
  EXPECT_EQ(this->refusal([&] { connection.query("SELEKT 1"); }), "42601");
  EXPECT_EQ(this->refusal([&] { connection.query("SELECT 1 / $1::int", {0}); }), "22012");
  EXPECT_THROW(connection.query(std::string("SELECT 1\0; DROP", 15)), std::invalid_argument);
  EXPECT_THROW(connection.query("SELECT $1", {std::string("a\0b", 3)}), std::invalid_argument);
  EXPECT_TRUE(this->connector().reusable(connection));
  EXPECT_EQ(connection.query("SELECT 1").template get<int>(0, 0), 1);
}

TYPED_TEST(PostgresSession, WhatTheServerRemarksIsCollectedAndNotPrinted) {
  testing::internal::CaptureStderr();
  auto connection = this->connect();
  connection.query("DO $$ BEGIN RAISE NOTICE 'one'; RAISE WARNING 'two'; END $$");
  const auto notices = connection.take_notices();
  ASSERT_EQ(notices.size(), 2U);
  EXPECT_EQ(notices[0].message, "one");
  EXPECT_EQ(notices[1].severity, "WARNING");
  EXPECT_TRUE(connection.take_notices().empty());
  connection.query("DO $$ BEGIN FOR i IN 1..500 LOOP RAISE NOTICE '%', i; END LOOP; END $$");
  EXPECT_EQ(connection.take_notices().size(), 100U);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TYPED_TEST(PostgresSession, APreparedStatementIsParsedOnceAndForgottenInTime) {
  auto connector = this->connector();
  connector.statement_cache = 2;
  auto connection = this->connect(connector);
  const auto prepared = [&] {
    return connection.query("SELECT count(*) FROM pg_prepared_statements").template get<int>(0, 0);
  };
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(connection.prepared("SELECT $1::int + 1", {i}).template get<int>(0, 0), i + 1);
  }
  EXPECT_EQ(prepared(), 1);
  for (int i = 0; i < 5; ++i) connection.prepared("SELECT " + std::to_string(i));
  EXPECT_EQ(prepared(), 2);
  connection.query("DEALLOCATE ALL");
  EXPECT_EQ(this->refusal([&] { connection.prepared("SELECT 4"); }), "26000");
  EXPECT_EQ(connection.prepared("SELECT 4").template get<int>(0, 0), 4);
}

TYPED_TEST(PostgresSession, ATransactionIsCommittedOrNot) {
  auto connection = this->connect();
  connection.query("CREATE TEMPORARY TABLE notes (text TEXT)");
  {
    auto transaction = connection.begin({.isolation = carpool::PostgresIsolation::serializable});
    connection.query("INSERT INTO notes VALUES ('kept')");
    EXPECT_TRUE(connection.in_transaction());
    transaction.commit();
  }
  {
    auto transaction = connection.begin();
    connection.query("INSERT INTO notes VALUES ('lost')");
  }
  EXPECT_TRUE(this->connector().dirty(connection));
  EXPECT_EQ(connection.query("SELECT string_agg(text, ',') FROM notes").template get<std::string>(0, 0), "kept");
  EXPECT_FALSE(this->connector().dirty(connection));
}

TYPED_TEST(PostgresSession, ACommitThatTheServerTurnsIntoARollbackThrows) {
  auto connection = this->connect();
  auto transaction = connection.begin();
  EXPECT_EQ(this->refusal([&] { connection.query("SELECT 1 / 0"); }), "22012");
  EXPECT_EQ(this->refusal([&] { transaction.commit(); }), "25P02");
  EXPECT_FALSE(connection.in_transaction());
}

// COMMIT without a transaction is a warning and no error: the rest used to take effect alone.
TYPED_TEST(PostgresSession, WhatFollowsTheEndOfATransactionIsRefusedUntilItIsGone) {
  auto connection = this->connect();
  connection.query("CREATE TEMPORARY TABLE notes (text TEXT)");
  {
    auto transaction = connection.begin();
    connection.query("ROLLBACK");
    EXPECT_EQ(this->refusal([&] { connection.execute("INSERT INTO notes VALUES ('alone')"); }), "25P01");
    EXPECT_EQ(this->refusal([&] { transaction.commit(); }), "25P01");
    transaction.rollback();
  }
  EXPECT_EQ(connection.query("SELECT count(*) FROM notes").template get<int>(0, 0), 0);
  {
    auto transaction = connection.begin();
    EXPECT_EQ(this->refusal([&] { connection.query("SELECT 1 / 0"); }), "22012");
    EXPECT_EQ(this->refusal([&] { transaction.commit(); }), "25P02");
    EXPECT_EQ(this->refusal([&] { transaction.commit(); }), "25P01");
  }
  EXPECT_EQ(connection.execute("INSERT INTO notes VALUES ('third')"), 1U);
}

TYPED_TEST(PostgresSession, CopyGoesInAndComesOut) {
  auto connection = this->connect();
  connection.query("CREATE TEMPORARY TABLE copied (id INT, text TEXT)");
  auto in = connection.copy_in("COPY copied FROM STDIN");
  for (int i = 0; i < 20000; ++i) in.write(std::to_string(i) + "\tline\n");
  EXPECT_EQ(in.finish(), 20000U);
  auto out = connection.copy_out("COPY (SELECT * FROM copied ORDER BY id) TO STDOUT");
  int rows = 0;
  while (auto row = out.read()) EXPECT_EQ(*row, std::to_string(rows++) + "\tline\n");
  EXPECT_EQ(rows, 20000);
  EXPECT_TRUE(this->connector().reusable(connection));
}

TYPED_TEST(PostgresSession, ACopyThatFailsIsOver) {
  auto connection = this->connect();
  connection.query("CREATE TEMPORARY TABLE copied (id INT)");
  EXPECT_EQ(this->refusal([&] {
    auto copy = connection.copy_in("COPY copied FROM STDIN");
    copy.write("no number\n");
    copy.finish();
  }),
            "22P02");
  connection.copy_in("COPY copied FROM STDIN").abort("changed my mind");
  EXPECT_EQ(this->refusal([&] { (void)connection.copy_in("COPY nothing FROM STDIN"); }), "42P01");
  EXPECT_THROW((void)connection.copy_out("SELECT 1"), std::logic_error);
  EXPECT_EQ(connection.query("SELECT count(*) FROM copied").template get<int>(0, 0), 0);
}

TYPED_TEST(PostgresSession, ACopyThatWasMovedAwayIsOver) {
  auto connection = this->connect();
  connection.query("CREATE TEMPORARY TABLE copied (id INT)");
  auto first = connection.copy_in("COPY copied FROM STDIN");
  auto copy = std::move(first);
  EXPECT_THROW(first.write("1\n"), std::logic_error);  // NOLINT(bugprone-use-after-move): that it is safe is the point
  copy.write("2\n");
  EXPECT_EQ(copy.finish(), 1U);
  EXPECT_THROW(copy.finish(), std::logic_error);
  EXPECT_THROW((void)first.finish(), std::logic_error);
  EXPECT_EQ(connection.query("SELECT sum(id) FROM copied").template get<int>(0, 0), 2);
}

TYPED_TEST(PostgresSession, ACopyThatIsLeftOpenClosesItsConnection) {
  auto connection = this->connect();
  EXPECT_EQ(connection.copy_out("COPY (SELECT generate_series(1, 10)) TO STDOUT").read(), "1\n");
  EXPECT_THROW(connection.query("SELECT 1"), std::logic_error);
  EXPECT_FALSE(this->connector().reusable(connection));
  EXPECT_THROW(this->connect().query("COPY (SELECT 1) TO STDOUT"), std::logic_error);
}

TYPED_TEST(PostgresSession, WhoListensIsToldAndWhoWaitsInVainLosesNothing) {
  auto connection = this->connect();
  auto other = this->connect();
  connection.listen("weird \"channel\"");
  EXPECT_EQ(connection.wait_notification(this->in(milliseconds(20))), std::nullopt);
  other.notify("weird \"channel\"", "hello");
  const auto told = connection.wait_notification(this->soon_enough());
  ASSERT_TRUE(told);
  EXPECT_EQ(told->payload, "hello");
  EXPECT_EQ(told->process_id, other.process_id());
  EXPECT_TRUE(this->connector().dirty(connection));
  EXPECT_TRUE(this->connector().reset(connection, this->soon_enough()));
  EXPECT_EQ(connection.query("SELECT count(*) FROM pg_listening_channels()").template get<int>(0, 0), 0);
}

TYPED_TEST(PostgresSession, ANotificationOrAChangedSettingWhileIdleIsNotDeath) {
  auto connection = this->connect();
  auto other = this->connect();
  connection.listen("news");
  other.notify("news", "1");
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(this->connector().is_connected(connection));
    TypeParam::sleep_until(this->in(milliseconds(1)));
  }
  EXPECT_EQ(connection.wait_notification(this->soon_enough())->payload, "1");
  connection.query("SET TimeZone = 'Asia/Tokyo'");
  EXPECT_EQ(connection.parameter("TimeZone"), "Asia/Tokyo");
  EXPECT_TRUE(this->connector().is_connected(connection));
}

TYPED_TEST(PostgresSession, WhatAnotherWorkerCancelsThrowsAndTheConnectionGoesOn) {
  if (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller on this backend";
  auto connection = this->connect();
  auto onlooker = this->connect();
  auto canceller = connection.canceller();
  auto other = TypeParam::spawn([&] {
    EXPECT_TRUE(eventually<TypeParam>([&] {
      return onlooker
                 .query("SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'",
                        {connection.process_id()})
                 .template get<int>(0, 0) == 1;
    }));
    canceller.cancel();
  });
  EXPECT_EQ(this->refusal([&] { connection.query("SELECT pg_sleep(60)", {}, this->in(seconds(50))); }), "57014");
  other.join();
  EXPECT_EQ(connection.query("SELECT 1").template get<int>(0, 0), 1);
}

TYPED_TEST(PostgresSession, ADeadlineThatPassesMakesTheConnectionUseless) {
  auto connection = this->connect();
  const carpool::TimePoint deadline = this->in(milliseconds(50));
  const auto error = thrown_by<std::system_error>([&] { connection.query("SELECT pg_sleep(5)", {}, deadline); });
  EXPECT_EQ(error.code(), std::errc::timed_out);
  EXPECT_GE(TypeParam::now(), deadline);
  EXPECT_NE(std::string(error.what()).find("query on 127.0.0.1:"), std::string::npos) << error.what();
  EXPECT_FALSE(this->connector().reusable(connection));
  EXPECT_FALSE(this->connector().is_connected(connection));
  EXPECT_EQ(thrown_by<std::system_error>([&] { connection.query("SELECT 1"); }).code(), std::errc::not_connected);
}

TYPED_TEST(PostgresSession, AServerProcessThatIsTerminatedIsNoticedBeforeAndDuringAQuery) {
  auto connection = this->connect();
  auto busy = this->connect();
  auto other = this->connect();
  other.query("SELECT pg_terminate_backend($1)", {connection.process_id()});
  EXPECT_TRUE(eventually<TypeParam>([&] { return !this->connector().is_connected(connection); }));
  const std::string suicide = "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(10)";
  EXPECT_EQ(this->refusal([&] { busy.query(suicide); }), "57P01");
  EXPECT_FALSE(this->connector().reusable(busy));
}

TYPED_TEST(PostgresSession, AStandbysRefusalIsKnownByItsCode) {
  auto connection = this->connect();
  try {
    connection.query("SET default_transaction_read_only = on; ");
    connection.query("CREATE TABLE never (id INT)");
    FAIL() << "it was created";
  } catch (const std::exception& error) {
    EXPECT_TRUE(this->connector().wrong_role(error)) << error.what();
    EXPECT_EQ(this->connector().handle_exception(connection, std::current_exception()), carpool::Verdict::close);
  }
  EXPECT_FALSE(this->connector().wrong_role(std::runtime_error("25006")));
}

TYPED_TEST(PostgresSession, AWriteInATransactionThatWasToReadIsNoSignOfAStandby) {
  auto connection = this->connect();
  auto transaction = connection.begin({.read_only = true});
  try {
    connection.query("CREATE TABLE never (id INT)");
    FAIL() << "it was created";
  } catch (const carpool::PostgresError& error) {
    EXPECT_EQ(error.code(), "25006");
    EXPECT_FALSE(this->connector().wrong_role(error));
    EXPECT_FALSE(error.ends_connection());
  }
  transaction.rollback();
  EXPECT_FALSE(connection.wrong_role());
  EXPECT_TRUE(connection.reusable());
}

TYPED_TEST(PostgresSession, EachResetPolicyCleansWhatItPromises) {
  using carpool::PostgresReset;
  for (const auto policy : {PostgresReset::none, PostgresReset::rollback_if_needed, PostgresReset::discard_all}) {
    auto connector = this->connector();
    connector.reset_policy = policy;
    auto connection = this->connect(connector);
    EXPECT_FALSE(connector.dirty(connection));
    connection.prepared("SELECT 1");
    connection.query("SET TimeZone = 'Asia/Tokyo'");
    EXPECT_EQ(connector.dirty(connection), policy == PostgresReset::discard_all);
    connection.query("BEGIN");
    EXPECT_EQ(connector.reusable(connection), policy != PostgresReset::none);
    EXPECT_EQ(connector.reset(connection, this->soon_enough()), policy != PostgresReset::none);
    if (policy == PostgresReset::none) continue;
    EXPECT_FALSE(connector.dirty(connection));
    EXPECT_EQ(connection.parameter("TimeZone") == "Asia/Tokyo", policy == PostgresReset::rollback_if_needed);
    EXPECT_EQ(connection.prepared("SELECT 1").template get<int>(0, 0), 1);
  }
}

TYPED_TEST(PostgresSession, AWrongPasswordIsAnAuthenticationErrorAndAWrongDatabaseIsNot) {
  auto connector = this->connector();
  connector.password = "a-wrong-secret";
  try {
    (void)this->connect(connector);
    FAIL() << "let in";
  } catch (const carpool::AuthenticationError& error) {
    EXPECT_NE(std::string(error.what()).find("28P01"), std::string::npos) << error.what();
    EXPECT_EQ(std::string(error.what()).find("a-wrong-secret"), std::string::npos);
  }
  connector = this->connector();
  connector.database = "nowhere";
  try {
    (void)this->connect(connector);
    FAIL() << "there is no such database";
  } catch (const carpool::AuthenticationError&) {
    FAIL() << "the credentials were right";
  } catch (const carpool::ConnectRefused& error) {
    EXPECT_NE(std::string(error.what()).find("3D000"), std::string::npos) << error.what();
  }
}

TYPED_TEST(PostgresSession, APoolAsksOnceForADatabaseThatDoesNotExist) {
  auto connector = this->connector();
  connector.database = "nowhere";
  carpool::ConnectionPool<TypeParam, carpool::LifoStack, carpool::PostgresConnector> pool(connector);
  try {
    (void)pool.acquire();
    FAIL() << "there is no such database";
  } catch (const carpool::ConnectError& error) {
    EXPECT_EQ(error.attempts(), 1U);
  }
}

TYPED_TEST(PostgresSession, ATargetThatTheServerIsNotIsRefused) {
  auto connector = this->connector();
  connector.target_session_attrs = "primary";
  EXPECT_TRUE(connector.is_connected(this->connect(connector)));
  connector.target_session_attrs = "standby";
  EXPECT_NE(std::string(thrown_by<std::system_error>([&] { (void)this->connect(connector); }).what()).find("127.0.0.1"),
            std::string::npos);
}

TYPED_TEST(PostgresSession, AUnixSocketAndANameAreReachedToo) {
  auto connector = this->connector();
  connector.host = this->server().unix_path();
  EXPECT_EQ(this->connect(connector).query("SELECT inet_client_addr() IS NULL").template get<bool>(0, 0), true);
  connector.host = "localhost";  // ::1, where nobody listens, or 127.0.0.1
  EXPECT_EQ(this->connect(connector).query("SELECT 1").template get<int>(0, 0), 1);
}

}  // namespace

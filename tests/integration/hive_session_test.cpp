// needs: hive_connector
/// Sessions with Hive: statements and their rows, errors that leave a session as it was, and everything closed again.
#include <carpool/connection_pool.hpp>
#include <carpool/hive_connector.hpp>
#include <carpool/lifo_stack.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

#include "eventually.hpp"
#include "hive_fixture.hpp"
#include "io_backends.hpp"
#include "thrown.hpp"

namespace {

using carpool::HiveError;
using carpool::HiveProtocol;
using carpool::HiveRows;
using carpool::HiveState;
using carpool::HiveTarget;
using std::chrono::milliseconds;

template <class Backend>
class HiveSessions : public HiveFixture<Backend> {
 protected:
  using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::HiveConnector>;

  static void expect_all_types(const HiveRows& rows) {
    ASSERT_EQ(rows.size(), 5U);
    ASSERT_EQ(rows.columns(), 9U);
    for (std::size_t column = 0; column < 9; ++column) EXPECT_TRUE(rows.is_null(2, column)) << column;
    EXPECT_EQ(rows.get<bool>(3, 0), false);
    EXPECT_EQ(rows.get<std::int8_t>(4, 1), 4);
    EXPECT_EQ(rows.get<std::int16_t>(4, 2), 4000);
    EXPECT_EQ(rows.get<std::int32_t>(4, 3), 400000);
    EXPECT_EQ(rows.get<std::int64_t>(4, 4), std::int64_t{4} << 40);
    EXPECT_EQ(rows.get<double>(3, 5), 0.75);
    EXPECT_EQ(rows.get<std::string>(1, 6), "text 1");
    EXPECT_EQ(rows.get<std::string>(1, 7), std::string("\0\1"
                                                       "1",
                                                       3));
    EXPECT_EQ(rows.get<std::string>(1, 8), "1.50");
    EXPECT_EQ(rows.column("d"), 8U);
    EXPECT_EQ(rows.described()[0].comment, "yes or no");
  }
  template <class Work>
  static std::string code_of(Work work) {
    const auto error = thrown<HiveError>(std::move(work));
    return error ? error->code() : "nothing was thrown";
  }
};
TYPED_TEST_SUITE(HiveSessions, IoBackends, BackendName);

TYPED_TEST(HiveSessions, EveryTypeComesByRowAndByColumnWithItsNulls) {
  HiveServer server;
  server.on("everything", this->of_all_types());
  for (const HiveProtocol version : {HiveProtocol::v1, HiveProtocol::v5, HiveProtocol::v6, HiveProtocol::v8}) {
    auto connector = this->to(server);
    connector.protocol = version;
    auto connection = this->open(connector);
    EXPECT_EQ(connection.protocol_version(), static_cast<std::int32_t>(version));
    this->expect_all_types(connection.query("everything"));
    EXPECT_TRUE(connector.reusable(connection));
  }
  EXPECT_EQ(server.operations(), 0U);
}

TYPED_TEST(HiveSessions, AnOlderServerIsSpokenToInItsOwnVersion) {
  HiveServer server({.version = 2});
  server.on("everything", this->of_all_types());
  auto connection = this->open(this->to(server));
  EXPECT_EQ(connection.protocol_version(), 2);
  this->expect_all_types(connection.query("everything"));
}

TYPED_TEST(HiveSessions, SaslCarriesTheSame) {
  HiveServer server({.plain = true});
  server.on("everything", this->of_all_types());
  auto connection = this->open(this->to(server.port(), carpool::HiveAuth::plain));
  this->expect_all_types(connection.query("everything"));
  EXPECT_EQ(connection.databases().size(), 2U);
}

TYPED_TEST(HiveSessions, AWrongPasswordIsAnAuthenticationErrorThatDoesNotShowIt) {
  HiveServer server({.plain = true});
  auto connector = this->to(server.port(), carpool::HiveAuth::plain);
  connector.password = "swordfish";
  try {
    (void)this->open(connector);
    ADD_FAILURE() << "it was let in";
  } catch (const carpool::AuthenticationError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("Error validating the login"), std::string::npos) << text;
    EXPECT_EQ(text.find("swordfish"), std::string::npos) << text;
  }
}

TYPED_TEST(HiveSessions, WhoeverMistakesTheAuthenticationIsToldSo) {
  const auto refusal = [this](const carpool::HiveConnector& connector) -> std::string {
    try {
      (void)this->open(connector);
    } catch (const std::system_error& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  HiveServer with({.plain = true});
  const std::string says_sasl = refusal(this->to(with.port(), carpool::HiveAuth::no_sasl));
  EXPECT_NE(says_sasl.find("if it expects SASL"), std::string::npos) << says_sasl;
  HiveServer without;
  const std::string says_none = refusal(this->to(without.port(), carpool::HiveAuth::plain));
  EXPECT_NE(says_none.find("if the server expects no SASL"), std::string::npos) << says_none;
}

TYPED_TEST(HiveSessions, TheSessionIsOpenedForItsUserAndDatabase) {
  HiveServer server;
  auto connector = this->to(server);
  connector.database = "web";
  connector.configuration = {{"hive.exec.parallel", "true"}};
  auto connection = this->open(connector);
  const std::map<std::string, std::string> expected{{"hive.exec.parallel", "true"}, {"use:database", "web"}};
  EXPECT_EQ(server.configuration(), expected);
  EXPECT_EQ(server.user(), "ada");
}

TYPED_TEST(HiveSessions, DatabasesAndTablesAreListed) {
  HiveServer server;
  auto connection = this->open(this->to(server));
  const HiveRows databases = connection.databases();
  ASSERT_EQ(databases.size(), 2U);
  EXPECT_EQ(databases.get<std::string>(0, databases.column("TABLE_SCHEM")), "default");
  EXPECT_TRUE(databases.is_null(1, 1));
  EXPECT_EQ(connection.tables("web").size(), 3U);
  EXPECT_EQ(connection.columns("web", "pages").size(), 3U);
  EXPECT_EQ(server.operations(), 0U);
}

TYPED_TEST(HiveSessions, AStatementThatTakesTimeIsAskedAfterUntilItIsDone) {
  HiveServer server;
  server.on("slow", {.polls = 5});
  auto connector = this->to(server);
  connector.first_poll = milliseconds(1);
  auto connection = this->open(connector);
  EXPECT_EQ(connection.execute("slow"), 0U);
  EXPECT_EQ(server.count("GetOperationStatus"), 6U);
  EXPECT_EQ(server.operations(), 0U);
}

TYPED_TEST(HiveSessions, ErrorsOfStatementsLeaveTheSessionInThePool) {
  HiveServer server;
  server.on("fails", {.error = "Table not found", .sql_state = "42S02", .polls = 1});
  server.on("fails without a code", {.error = "something"});
  server.on("fine", {});
  typename TestFixture::Pool pool(this->to(server), {.max_size = 1});
  const auto run = [&](const std::string& statement) {
    return this->code_of([&] { pool.with_connection([&](auto& connection) { connection.execute(statement); }); });
  };
  EXPECT_EQ(run("fails"), "42S02");
  EXPECT_EQ(run("fails without a code"), "");
  EXPECT_EQ(run("no such statement"), "42000");
  EXPECT_NO_THROW(pool.acquire()->execute("fine"));
  EXPECT_EQ(pool.stats().created, 1U);
  EXPECT_EQ(server.operations(), 0U);
}

TYPED_TEST(HiveSessions, AServerThatDoesNotKnowTheCallSaysSo) {
  HiveServer server;
  server.on("newfangled", {.unknown = true});
  auto connection = this->open(this->to(server));
  EXPECT_THROW(connection.execute("newfangled"), apache::thrift::TApplicationException);
}

TYPED_TEST(HiveSessions, AnExpiredSessionIsNoticedByThePingAndByTheNextStatement) {
  HiveServer server;
  server.on("fine", {});
  const auto connector = this->to(server);
  auto pinged = this->open(connector);
  auto used = this->open(connector);
  EXPECT_TRUE(connector.ping(pinged, this->soon_enough()));
  server.expire_sessions();
  EXPECT_TRUE(connector.is_connected(pinged));
  EXPECT_FALSE(connector.ping(pinged, this->soon_enough()));
  try {
    used.execute("fine");
    ADD_FAILURE() << "an expired session was served";
  } catch (const HiveError&) {
    EXPECT_EQ(connector.handle_exception(used, std::current_exception()), carpool::Verdict::close);
  }
  EXPECT_FALSE(connector.is_connected(used));
  EXPECT_FALSE(connector.reusable(used));
}

TYPED_TEST(HiveSessions, AClosedPoolLeavesNoSessionBehind) {
  HiveServer server;
  {
    typename TestFixture::Pool pool(this->to(server), {.max_size = 3});
    EXPECT_EQ(pool.prewarm(3, std::chrono::seconds(10)), 3U);
    EXPECT_EQ(server.sessions(), 3U);
  }
  EXPECT_TRUE(eventually<TypeParam>([&] { return server.open() == 0; }));
  EXPECT_EQ(server.sessions(), 0U);
  EXPECT_EQ(server.count("CloseSession"), 3U);
}

TYPED_TEST(HiveSessions, OperationsLeftOpenAreClosedWhenTheLeaseEnds) {
  HiveServer server;
  server.on("everything", this->of_all_types());
  typename TestFixture::Pool pool(this->to(server), {.max_size = 1});
  {
    auto lease = pool.acquire();
    for (int i = 0; i < 3; ++i) (void)lease->start("everything");
    EXPECT_EQ(server.operations(), 3U);
  }
  auto lease = pool.acquire();
  EXPECT_TRUE(eventually<TypeParam>([&] { return server.operations() == 0; }));
  EXPECT_EQ(pool.stats().created, 1U);
}

TYPED_TEST(HiveSessions, ASessionIsReopenedAfterUseWhereNothingIsToStay) {
  HiveServer server;
  server.on("set x=1", {});
  auto connector = this->to(server);
  connector.session_reset = carpool::HiveReset::reopen_session;
  auto connection = this->open(connector);
  EXPECT_FALSE(connector.dirty(connection));
  connection.execute("set x=1");
  EXPECT_TRUE(connector.dirty(connection));
  EXPECT_TRUE(connector.reset(connection, this->soon_enough()));
  EXPECT_FALSE(connector.dirty(connection));
  EXPECT_EQ(server.count("OpenSession"), 2U);
  EXPECT_EQ(server.sessions(), 1U);
  connection.execute("set x=1");
}

TYPED_TEST(HiveSessions, ResultsAreFetchedInBatchesAndCanBeCancelled) {
  HiveServer server({.rows_at_once = 2});
  server.on("everything", this->of_all_types());
  server.on("endless", {.endless = true});
  auto connection = this->open(this->to(server));
  const auto operation = connection.start("everything");
  connection.wait(operation);
  EXPECT_EQ(connection.fetch(operation).size(), 2U);
  EXPECT_EQ(connection.fetch(operation).size(), 2U);
  EXPECT_EQ(connection.fetch(operation).size(), 1U);
  EXPECT_TRUE(connection.fetch(operation).empty());
  connection.close(operation);
  const auto endless = connection.start("endless");
  EXPECT_EQ(connection.state(endless), HiveState::running);
  connection.cancel(endless);
  EXPECT_EQ(connection.state(endless), HiveState::canceled);
  EXPECT_THROW(connection.wait(endless), HiveError);
  connection.close(endless);
  EXPECT_EQ(server.operations(), 0U);
}

TYPED_TEST(HiveSessions, AStatementThatOutlivesItsDeadlineIsCancelledAndItsSessionClosed) {
  HiveServer server;
  server.on("endless", {.endless = true});
  const auto connector = this->to(server);
  auto connection = this->open(connector);
  const carpool::TimePoint deadline = this->in(milliseconds(500));
  try {
    connection.execute("endless", deadline);
    ADD_FAILURE() << "it ended";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::timed_out) << error.what();
  }
  EXPECT_GE(TypeParam::now(), deadline);
  EXPECT_FALSE(connector.reusable(connection));
  EXPECT_TRUE(eventually<TypeParam>([&] { return server.count("CancelOperation") == 1 && server.sessions() == 0; }));
}

TYPED_TEST(HiveSessions, MoreRowsThanAreWantedAreAnErrorAfterWhichAllIsClosed) {
  HiveServer server;
  server.on("everything", this->of_all_types());
  auto connector = this->to(server);
  connector.max_rows = 4;
  auto connection = this->open(connector);
  EXPECT_THROW((void)connection.query("everything"), std::length_error);
  EXPECT_EQ(server.operations(), 0U);
  EXPECT_TRUE(connector.reusable(connection));
}

TYPED_TEST(HiveSessions, NobodyGetsAnothersSession) {
  HiveServer server;
  typename TestFixture::Pool pool(this->to(server), {.max_size = 8});
  const auto user_of = [&](const HiveTarget& target) {
    (void)pool.acquire(target);
    return pool.stats().created;
  };
  EXPECT_EQ(user_of({}), 1U);
  EXPECT_EQ(user_of({.user = "ada"}), 2U);  // another endpoint to the pool, though to the same user
  EXPECT_EQ(user_of({.user = "bob"}), 3U);
  EXPECT_EQ(user_of({.user = "bob"}), 3U);
  EXPECT_EQ(user_of({.password = "other"}), 4U);
  EXPECT_EQ(user_of({.database = "web"}), 5U);
  EXPECT_EQ(user_of({.configuration = {{{"a.b", "c"}}}}), 6U);
  EXPECT_EQ(user_of({}), 6U);
}

TYPED_TEST(HiveSessions, AMatchIsInEverythingThatMakesASession) {
  HiveServer server;
  const auto connector = this->to(server);
  const auto connection = this->open(connector);
  EXPECT_TRUE(connector.matches(connection, {}));
  EXPECT_TRUE(connector.matches(connection, {.user = "ada"}));
  EXPECT_FALSE(connector.matches(connection, {.host = "localhost"}));
  EXPECT_FALSE(connector.matches(connection, {.port = std::uint16_t{1}}));
  EXPECT_FALSE(connector.matches(connection, {.auth = carpool::HiveAuth::plain}));
  EXPECT_FALSE(connector.matches(connection, {.user = "bob"}));
  EXPECT_FALSE(connector.matches(connection, {.password = "other"}));
  EXPECT_FALSE(connector.matches(connection, {.database = "web"}));
  EXPECT_FALSE(connector.matches(connection, {.configuration = {{{"a.b", "c"}}}}));
}

TYPED_TEST(HiveSessions, CredentialsAreAskedForAtEachConnectButNotForATargetThatHasThem) {
  HiveServer server;
  auto connector = this->to(server);
  int asked = 0;
  connector.credentials = [&asked](const carpool::CredentialsRequest&) {
    ++asked;
    return carpool::Credentials{.user = "grace", .expires = TypeParam::now() + std::chrono::seconds(10)};
  };
  const auto connection = this->open(connector);
  EXPECT_EQ(server.user(), "grace");
  EXPECT_LE(connection.lifetime(), std::chrono::seconds(10));
  EXPECT_TRUE(connector.matches(connection, {})) << "it is for whom it was asked, whoever that is today";
  EXPECT_EQ(asked, 1);
  const auto bobs = connector.template connect<TypeParam>({.user = "bob"}, TypeParam::now() + std::chrono::seconds(10));
  EXPECT_EQ(server.user(), "bob");
  EXPECT_EQ(asked, 1);
}

}  // namespace

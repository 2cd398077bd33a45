// needs: mysql_connector
/// A MySQL session's life with a real server: queries, statements, transactions, and what the next user finds.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventually.hpp"
#include "mysql_fixture.hpp"

namespace {

using carpool::MysqlReset;
using std::chrono::milliseconds;
using std::chrono::seconds;

template <class B>
using MysqlSessionTest = MysqlFixture<B>;
TYPED_TEST_SUITE(MysqlSessionTest, IoBackends, BackendName);

constexpr std::string_view all_types =
    "select cast(-5 as signed) i, cast(18446744073709551615 as unsigned) u, 1.5e0 d, 'text' s, null n, 12.30 dec_,"
    " cast('2024-02-29 12:34:56.789' as datetime(3)) t, x'00ff' b, '' e";

template <class Result>
void expect_all_types(const Result& result) {
  const auto row = result.one();
  EXPECT_EQ(row.template get<int>("i"), -5);
  EXPECT_EQ(row.template get<std::uint64_t>("u"), 18446744073709551615U);
  EXPECT_EQ(row.template get<double>("d"), 1.5);
  EXPECT_EQ(row.template get<std::string>("s"), "text");
  EXPECT_TRUE(row["n"].is_null());
  EXPECT_EQ(row.template get<std::optional<int>>("n"), std::nullopt);
  EXPECT_EQ(row.template get<std::string>("dec_"), "12.30");
  EXPECT_EQ(row.template get<std::string>("t"), "2024-02-29 12:34:56.789");
  EXPECT_EQ(row.template get<std::string>("b"), std::string("\0\xff", 2));
  EXPECT_EQ(row.template get<std::optional<std::string>>("e"), "");
}

// A server that starts removes the temporary tables that it finds, also those that another is using.
TYPED_TEST(MysqlSessionTest, TheServerSharesItsTemporaryTablesFolderWithNobody) {
  auto connection = this->connect();
  EXPECT_EQ(this->ask(connection, "select @@tmpdir"), this->server_->file("tmp"));
}

TYPED_TEST(MysqlSessionTest, TextAndBinaryAnswersHaveTheSameTypes) {
  auto connection = this->connect();
  expect_all_types(connection.query(all_types));
  expect_all_types(connection.prepared(all_types));
}

TYPED_TEST(MysqlSessionTest, AFloatIsTheSameInTextAndBinaryAnswers) {
  auto connection = this->connect();
  const std::string table = this->table();
  connection.query("create table " + table + " (f float)");
  connection.query("insert into " + table + " values (0.1), (-2.5), (1e30), (0), (null)");
  const std::string select = "select f from " + table;
  for (const auto& result : {connection.query(select), connection.prepared(select)}) {
    EXPECT_EQ(result.template get<double>(0, 0), 0.1) << "as it is written, and not the double nearest to 0.1F";
    EXPECT_EQ(result.template get<float>(0, 0), 0.1F);
    EXPECT_EQ(result.template get<std::string>(0, 0), "0.1");
    EXPECT_EQ(result.template get<double>(1, 0), -2.5);
    EXPECT_EQ(result.template get<float>(2, 0), 1e30F);
    EXPECT_EQ(result.template get<int>(3, 0), 0);
    EXPECT_TRUE(result.is_null(4, 0));
  }
  connection.query("insert into " + table + " values (?)", {1.0F / 3});
  const auto third = connection.prepared(select + " where f between 0.3 and 0.4");
  EXPECT_EQ(third.one().template get<float>(0), 1.0F / 3) << "a text has 6 digits of it";
}

TYPED_TEST(MysqlSessionTest, ASumOfDecimalsThatIsWholeIsReadAsAnInteger) {
  auto connection = this->connect();
  const std::string table = this->table();
  connection.query("create table " + table + " (d decimal(10,2), n int)");
  connection.query("insert into " + table + " values (2.25, 3), (2.75, 4)");
  const std::string select = "select sum(d), sum(n), max(d) from " + table;
  for (const auto& result : {connection.query(select), connection.prepared(select)}) {
    EXPECT_EQ(result.one().template get<int>(0), 5);
    EXPECT_EQ(result.one().template get<std::int64_t>(1), 7);
    EXPECT_EQ(result.one().template get<std::string>(0), "5.00");
    EXPECT_THROW((void)result.one().template get<int>(2), carpool::SqlValueError);
  }
}

TYPED_TEST(MysqlSessionTest, BitsAreReadAsANumberAndOneBitAsABool) {
  auto connection = this->connect();
  const std::string table = this->table();
  connection.query("create table " + table + " (one bit(1), many bit(64), none bit(3))");
  connection.query("insert into " + table + " values (b'1', 0x8000000000000102, null)");
  const std::string select = "select one, many, none from " + table;
  for (const auto& result : {connection.query(select), connection.prepared(select)}) {
    const auto row = result.one();
    EXPECT_TRUE(row.template get<bool>("one"));
    EXPECT_EQ(row.template get<int>("one"), 1);
    EXPECT_EQ(row.template get<std::uint64_t>("many"), 0x8000000000000102U);
    EXPECT_THROW((void)row.template get<bool>("many"), carpool::SqlValueError);
    EXPECT_EQ(row.template get<std::optional<bool>>("none"), std::nullopt);
  }
}

TYPED_TEST(MysqlSessionTest, ParametersComeBackAsTheyWentIn) {
  auto connection = this->connect();
  const std::string hostile = "'; drop table x; -- \\ \" \0 \xf0\x9f\x9a\x97";
  const std::vector<std::byte> bytes = {std::byte{0}, std::byte{0xff}, std::byte{0x27}};
  const auto result = connection.query(
      "select ?, ?, ?, ?, ?, length(?), ?",
      {-7, std::uint64_t{1} << 63U, 0.1, hostile, nullptr, std::span<const std::byte>(bytes), std::optional<int>()});
  EXPECT_EQ(result.one().template get<std::int64_t>(0), -7);
  EXPECT_EQ(result.one().template get<std::uint64_t>(1), std::uint64_t{1} << 63U);
  EXPECT_EQ(result.one().template get<double>(2), 0.1);
  EXPECT_EQ(result.one().template get<std::string>(3), hostile);
  EXPECT_TRUE(result.one()[4].is_null());
  EXPECT_EQ(result.one().template get<int>(5), 3);
  EXPECT_TRUE(result.one()[6].is_null());
}

TYPED_TEST(MysqlSessionTest, TellsWhatItChangedAndNumbered) {
  auto connection = this->connect();
  const std::string table = this->table();
  connection.query("create table " + table + " (id int auto_increment primary key, v varchar(20))");
  const auto inserted = connection.query("insert into " + table + " (v) values (?), (?)", {"a", "b"});
  EXPECT_EQ(inserted.affected_rows(), 2U);
  EXPECT_EQ(inserted.last_insert_id(), 1U);
  EXPECT_EQ(connection.execute("delete from " + table), 2U);
  EXPECT_TRUE(connection.query("select * from " + table).empty());
}

TYPED_TEST(MysqlSessionTest, ManyRowsAndLongTextsArriveWhole) {
  auto connection = this->connect();
  const auto result = connection.query("select seq, repeat(char(97 + seq % 26), ?) from seq_1_to_2000", {5000});
  ASSERT_EQ(result.size(), 2000U);
  std::int64_t row_number = 0;
  for (const auto row : result) {
    ASSERT_EQ(row.template get<std::int64_t>(0), ++row_number);
    ASSERT_EQ(row.template get<std::string>(1), std::string(5000, static_cast<char>('a' + row_number % 26)));
  }
}

TYPED_TEST(MysqlSessionTest, ARefusalLeavesTheConnectionGood) {
  auto connection = this->connect();
  EXPECT_EQ(this->refusal_of([&] { connection.query("selec 1"); }), 1064U);
  EXPECT_EQ(this->refusal_of([&] { connection.execute("select * from nowhere_at_all"); }), 1146U);
  EXPECT_TRUE(connection.reusable() && connection.is_connected());
  EXPECT_EQ(this->ask(connection, "select 7"), "7");
}

TYPED_TEST(MysqlSessionTest, ThePoolKeepsAConnectionAfterARefusal) {
  typename TestFixture::Pool pool(this->connector(), {.max_size = 1});
  const auto id = pool.with_connection([](auto& connection) { return connection.id(); });
  EXPECT_EQ(this->refusal_of([&] { pool.with_connection([](auto& c) { return c.query("selec 1"); }); }), 1064U);
  EXPECT_EQ(pool.with_connection([](auto& connection) { return connection.id(); }), id);
}

TYPED_TEST(MysqlSessionTest, TheWrongNumberOfParametersIsToldBeforeAnythingIsSent) {
  auto connection = this->connect();
  EXPECT_THROW(connection.execute("select ?", {1, 2}), std::invalid_argument);
  EXPECT_EQ(connection.query("select ?", {3}).one().template get<int>(0), 3);
}

TYPED_TEST(MysqlSessionTest, AStatementIsPreparedOnceAndForgottenWhenThereAreTooMany) {
  auto connector = this->connector();
  connector.statement_cache = 2;
  auto connection = this->connect(connector);
  const auto prepared = [&] {
    return this->ask(
        connection,
        "select variable_value from information_schema.session_status where variable_name='Com_stmt_prepare'");
  };
  for (int i = 0; i < 10; ++i) connection.execute("select ?", {i});
  EXPECT_EQ(prepared(), "1");
  for (int i = 0; i < 5; ++i) connection.execute("select ? + " + std::to_string(i), {i});
  EXPECT_EQ(
      this->ask(connection,
                "select variable_value from information_schema.session_status where variable_name='Com_stmt_close'"),
      "4");
}

TYPED_TEST(MysqlSessionTest, OneQueryIsOneStatement) {
  auto connection = this->connect();
  EXPECT_EQ(this->refusal_of([&] { connection.query("select 1; select 2"); }), 1064U);
  auto connector = this->connector();
  connector.multi_statements = true;
  auto several = this->connect(connector);
  const auto results = several.query_all("select 1; select 2, 3; do 0");
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[1].one().template get<int>(1), 3);
}

TYPED_TEST(MysqlSessionTest, AProceduresResultsAreAllRead) {
  auto connection = this->connect();
  const std::string name = "p" + this->table();
  connection.query("create procedure " + name + "() begin select 1; select 2; end");
  EXPECT_EQ(connection.query_all("call " + name + "()").size(), 3U);
  EXPECT_EQ(connection.prepared("call " + name + "()").one().template get<int>(0), 1);
  EXPECT_EQ(this->ask(connection, "select 9"), "9");
}

TYPED_TEST(MysqlSessionTest, NoFileOfOursIsSentToTheServer) {
  auto connection = this->connect();
  const std::string table = this->table();
  connection.query("create table " + table + " (line text)");
  EXPECT_ANY_THROW(connection.query("load data local infile '/etc/hostname' into table " + table));
  auto another = this->connect();
  EXPECT_EQ(this->ask(another, "select count(*) from " + table), "0");
}

TYPED_TEST(MysqlSessionTest, ATransactionIsCommittedOrRolledBack) {
  auto connection = this->connect();
  const std::string table = this->table();
  connection.query("create table " + table + " (v int) engine=innodb");
  {
    auto transaction = connection.begin();
    connection.execute("insert into " + table + " values (1)");
    EXPECT_TRUE(connection.in_transaction());
    transaction.commit();
    EXPECT_THROW(transaction.rollback(), std::logic_error);
  }
  {
    auto transaction = connection.begin();
    connection.execute("insert into " + table + " values (2)");
  }
  EXPECT_EQ(this->ask(connection, "select group_concat(v) from " + table), "1");
  auto read_only = connection.begin({.read_only = true, .consistent_snapshot = true});
  EXPECT_EQ(this->refusal_of([&] { connection.query("insert into " + table + " values (3)"); }), 1792U);
  read_only.rollback();
  EXPECT_FALSE(connection.in_transaction());
}

TYPED_TEST(MysqlSessionTest, ATransactionWithinATransactionIsRefusedInsteadOfCommittingTheOuterOne) {
  auto connection = this->connect();
  const std::string table = this->table();
  connection.query("create table " + table + " (v int) engine=innodb");
  auto outer = connection.begin();
  connection.execute("insert into " + table + " values (1)");
  EXPECT_THROW((void)connection.begin(), std::logic_error);
  EXPECT_TRUE(connection.in_transaction());
  outer.rollback();
  EXPECT_EQ(this->ask(connection, "select count(*) from " + table), "0");
  {
    const auto left_open = connection.begin();
  }
  connection.begin().commit();
}

TYPED_TEST(MysqlSessionTest, ATransactionLeftOpenDoesNotReachTheNextLease) {
  const std::string table = this->table();
  typename TestFixture::Pool pool(this->connector(), {.max_size = 1});
  pool.acquire()->query("create table " + table + " (v int) engine=innodb");
  {
    auto lease = pool.acquire();
    auto transaction = lease->begin();
    lease->execute("insert into " + table + " values (1)");
  }
  auto lease = pool.acquire();
  EXPECT_FALSE(lease->in_transaction());
  EXPECT_EQ(this->ask(*lease, "select count(*) from " + table), "0");
}

// InnoDB rolls the whole transaction back: the rest used to take effect alone, and its commit looked like a success.
TYPED_TEST(MysqlSessionTest, WhatFollowsADeadlockIsRefusedUntilTheTransactionIsGone) {
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller on this backend";
  auto winner = this->connect();
  auto loser = this->connect();
  const std::string table = this->table();
  winner.query("create table " + table + " (id int primary key, v int) engine=innodb");
  winner.execute("insert into " + table + " values (1, 0), (2, 0)");
  auto kept = winner.begin();
  winner.execute("insert into " + table + " select seq, 0 from seq_10_to_500");  // the server ends who has done less
  winner.execute("update " + table + " set v = 1 where id = 1");
  auto lost = loser.begin();
  loser.execute("update " + table + " set v = 2 where id = 2");
  auto waiting = TypeParam::spawn([&] { winner.execute("update " + table + " set v = 1 where id = 2"); });
  EXPECT_EQ(this->refusal_of([&] { loser.execute("update " + table + " set v = 2 where id = 1"); }), 1213U);
  waiting.join();
  kept.commit();
  EXPECT_EQ(this->refusal_of([&] { loser.execute("insert into " + table + " values (3, 2)"); }), 1213U);
  EXPECT_FALSE(loser.in_transaction());
  EXPECT_EQ(this->refusal_of([&] { lost.commit(); }), 1213U);
  EXPECT_TRUE(loser.reusable());
  lost.rollback();
  EXPECT_EQ(this->ask(loser, "select count(*) from " + table + " where v = 2"), "0");
  loser.begin().commit();
}

// SIGNAL raises any number, and the deadlock of GET_LOCK has the same as InnoDB's: the transaction goes on.
TYPED_TEST(MysqlSessionTest, AnErrorWithADeadlocksNumberNeedNotEndTheTransaction) {
  auto connection = this->connect();
  const std::string table = this->table();
  const auto fail_like_a_deadlock = [&] { connection.query("call " + table + "_fails()"); };
  connection.query("create table " + table + " (v int) engine=innodb");
  connection.query("create procedure " + table + "_fails() signal sqlstate '40001' set mysql_errno = 1213");
  {
    auto abandoned = connection.begin();
    connection.execute("insert into " + table + " values (1)");
    EXPECT_EQ(this->refusal_of(fail_like_a_deadlock), 1213U);
  }
  connection.begin().commit();  // else START TRANSACTION would have committed what was to be undone
  EXPECT_EQ(this->ask(connection, "select count(*) from " + table), "0");

  auto transaction = connection.begin();
  connection.execute("insert into " + table + " values (2)");
  EXPECT_EQ(this->refusal_of(fail_like_a_deadlock), 1213U);
  connection.execute("insert into " + table + " values (3)");
  transaction.commit();
  EXPECT_EQ(this->ask(connection, "select sum(v) from " + table), "5");

  EXPECT_TRUE(connection.reset());
  connection.query("start transaction");
  EXPECT_EQ(this->refusal_of(fail_like_a_deadlock), 1213U);
  EXPECT_TRUE(connection.dirty()) << "the next user would write into this transaction";
  EXPECT_TRUE(connection.reset());
  EXPECT_FALSE(connection.dirty());
}

TYPED_TEST(MysqlSessionTest, AnErrorAmongAStatementsRowsKeepsItsNumberAndTheConnection) {
  auto connection = this->connect();
  const std::string several = "select (select v from (select ? v union select 2) two) one";
  EXPECT_EQ(this->refusal_of([&] { (void)connection.query(several, {1}); }), 1242U);
  EXPECT_TRUE(connection.reusable());
  EXPECT_EQ(this->ask(connection, "select 7"), "7");
  EXPECT_EQ(connection.query(several, {2}).one().template get<int>(0), 2) << "one row, for union leaves out the second";
}

TYPED_TEST(MysqlSessionTest, ALockThatIsNotToBeHadEndsTheStatementAndNotTheTransaction) {
  auto holder = this->connect();
  auto other = this->connect();
  const std::string table = this->table();
  holder.query("create table " + table + " (id int primary key, v int) engine=innodb");
  holder.execute("insert into " + table + " values (1, 0)");
  auto held = holder.begin();
  holder.execute("update " + table + " set v = 1 where id = 1");
  other.query("set innodb_lock_wait_timeout = 1");
  auto transaction = other.begin();
  other.execute("insert into " + table + " values (2, 2)");
  EXPECT_EQ(this->refusal_of([&] { other.execute("update " + table + " set v = 2 where id = 1"); }), 1205U);
  EXPECT_TRUE(other.in_transaction());
  other.execute("insert into " + table + " values (3, 2)");
  transaction.commit();
  held.rollback();
  EXPECT_EQ(this->ask(holder, "select count(*) from " + table + " where v = 2"), "2");
}

TYPED_TEST(MysqlSessionTest, AStatementThatCommitsEndsTheTransactionAndWhatFollowsIsRefused) {
  auto connection = this->connect();
  const std::string table = this->table();
  connection.query("create table " + table + " (v int) engine=innodb");
  {
    auto transaction = connection.begin();
    connection.query("create table " + table + "_too (v int)");
    EXPECT_EQ(this->refusal_of([&] { connection.execute("insert into " + table + " values (1)"); }), 0U);
    EXPECT_EQ(this->refusal_of([&] { transaction.commit(); }), 0U);
  }
  EXPECT_EQ(this->ask(connection, "select count(*) from " + table), "0");
}

TYPED_TEST(MysqlSessionTest, AnUpdateCountsTheRowsThatItFinds) {
  auto connection = this->connect();
  const std::string table = this->table();
  connection.query("create table " + table + " (id int auto_increment primary key, v int)");
  EXPECT_EQ(connection.execute("insert into " + table + " (v) values (?), (?)", {1, true}), 2U);
  EXPECT_EQ(connection.last_insert_id(), 1U);
  EXPECT_EQ(connection.execute("update " + table + " set v = 1"), 2U);
  EXPECT_EQ(connection.execute("select * from " + table), 0U);
}

TYPED_TEST(MysqlSessionTest, PlainWorkLeavesItCleanAndAnythingElseDirty) {
  auto connection = this->connect();
  connection.query("select 1");
  connection.execute("select ?", {1});
  connection.begin().commit();
  EXPECT_FALSE(connection.dirty());
  for (const std::string sql :
       {"set @x = 1", "use mysql", "select @x := 2", "select get_lock('l', 0)",
        "create temporary table only_here (v int)", "set autocommit = 0", "lock tables mysql.user read"}) {
    connection.query(sql);
    EXPECT_TRUE(connection.dirty()) << sql;
    EXPECT_TRUE(connection.reset()) << sql;
    EXPECT_FALSE(connection.dirty()) << sql;
  }
}

TYPED_TEST(MysqlSessionTest, AResetBringsBackWhatItWasAfterConnecting) {
  auto connector = this->connector();
  connector.session_setup = {"set session sql_mode = 'ANSI'", "set @greeting = 'hello'"};
  auto connection = this->connect(connector);
  connection.execute("select ?", {1});
  connection.query("use mysql");
  connection.query("set names latin1");
  connection.query("set session sql_mode = '', @greeting = 'bye', @mine = 1, autocommit = 0");
  connection.query("create temporary table carpool.only_here (v int)");
  const auto id = connection.id();
  ASSERT_TRUE(connection.reset());
  EXPECT_EQ(connection.id(), id);
  EXPECT_EQ(this->ask(connection, "select database()"), "carpool");
  EXPECT_EQ(this->ask(connection,
                      "select concat(@@character_set_client, @@character_set_results, @@character_set_connection)"),
            "utf8mb4utf8mb4utf8mb4");
  EXPECT_NE(this->ask(connection, "select @@sql_mode").find("ANSI_QUOTES"), std::string::npos);
  EXPECT_EQ(this->ask(connection, "select @greeting"), "hello");
  EXPECT_EQ(this->ask(connection, "select @mine"), "NULL");
  EXPECT_EQ(this->ask(connection, "select @@autocommit"), "1");
  EXPECT_EQ(this->refusal_of([&] { connection.query("select * from only_here"); }), 1146U);
  EXPECT_EQ(connection.query("select ?", {2}).one().template get<int>(0), 2);
  EXPECT_EQ(this->ask(connection, "select '\xf0\x9f\x9a\x97'"), "\xf0\x9f\x9a\x97");
}

TYPED_TEST(MysqlSessionTest, ASessionWithoutADatabaseThatChoseOneIsNotReused) {
  auto connector = this->connector();
  connector.database.clear();
  typename TestFixture::Pool pool(connector, {.max_size = 1});
  pool.acquire()->query("use mysql");
  auto lease = pool.acquire();
  EXPECT_EQ(this->ask(*lease, "select database()"), "NULL");
}

TYPED_TEST(MysqlSessionTest, WhatAUserSetIsGoneForTheNext) {
  typename TestFixture::Pool pool(this->connector(), {.max_size = 1});
  pool.acquire()->query("set @secret = 'mine'");
  auto lease = pool.acquire();
  EXPECT_EQ(this->ask(*lease, "select @secret"), "NULL");
}

TYPED_TEST(MysqlSessionTest, BehindAProxyNothingIsResetButATransactionIsRolledBack) {
  const auto connector = carpool::MysqlConnector::behind_proxy(this->connector());
  auto connection = this->connect(connector);
  connection.query("set @x = 1");
  EXPECT_FALSE(connection.dirty());
  connection.execute("select ?", {1});
  EXPECT_EQ(
      this->ask(connection,
                "select variable_value from information_schema.session_status where variable_name='Com_stmt_close'"),
      "1");
  (void)connection.begin();
  EXPECT_TRUE(connection.dirty());
  EXPECT_TRUE(connection.reset());
  EXPECT_FALSE(connection.in_transaction());
  EXPECT_EQ(this->ask(connection, "select @x"), "1");
  EXPECT_EQ(connector.lifetime(connection), std::chrono::minutes(5));
}

TYPED_TEST(MysqlSessionTest, ARunningStatementIsCancelledFromOutside) {
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller on this backend";
  auto connection = this->connect();
  const auto connector = this->connector();
  const auto id = connection.id();
  auto canceller = TypeParam::spawn([this, &connector, id] {
    auto watching = this->connect();
    const std::string running =
        "select count(*) from information_schema.processlist where state = 'User sleep' and id = " + std::to_string(id);
    EXPECT_TRUE(eventually<TypeParam>([&] { return this->ask(watching, running) == "1"; }));
    connector.template cancel<TypeParam>(id, this->in(seconds(20)));
  });
  const auto before = TypeParam::now();
  try {
    connection.query("select benchmark(1, sleep(25))");
  } catch (const carpool::MysqlError& error) {
    EXPECT_EQ(error.number(), 1317U);
  }
  canceller.join();
  EXPECT_LT(TypeParam::now() - before, seconds(24));
  EXPECT_TRUE(connection.reusable());
  EXPECT_EQ(this->ask(connection, "select 5"), "5");
}

TYPED_TEST(MysqlSessionTest, AServerThatMayOnlyBeReadFromHasTheWrongRole) {
  auto root = this->connector();
  root.unix_path = this->server_->unix_path();
  root.user = "root";
  root.password.clear();
  auto admin = this->connect(root);
  const std::string user = "reader" + std::to_string(admin.id());
  admin.query("create user " + user + "@'%' identified by 'r'");
  admin.query("grant select, insert, create on carpool.* to " + user + "@'%'");
  const std::string table = this->table();
  admin.query("create table " + table + " (v int)");
  auto connector = this->connector();
  connector.user = user;
  connector.password = "r";
  auto connection = this->connect(connector);
  admin.query("set global read_only = 1");
  try {
    connection.query("insert into " + table + " values (1)");
    ADD_FAILURE() << "a read-only server was written to";
  } catch (const carpool::MysqlError& error) {
    EXPECT_TRUE(connector.wrong_role(error)) << error.what();
    EXPECT_EQ(connector.handle_exception(connection, std::current_exception()), carpool::Verdict::close);
  }
  admin.query("set global read_only = 0");
  EXPECT_FALSE(connector.wrong_role(carpool::MysqlError(1064, "42000", "syntax")));
}

TYPED_TEST(MysqlSessionTest, ConnectsByNameAndByUnixSocket) {
  auto connector = this->connector();
  connector.host = "localhost";
  auto by_name = this->connect(connector);
  EXPECT_EQ(this->ask(by_name, "select 1"), "1");
  connector.unix_path = this->server_->unix_path();
  auto by_path = this->connect(connector);
  EXPECT_EQ(this->ask(by_path, "select 2"), "2");
  EXPECT_EQ(by_path.peer(), "unix:" + this->server_->unix_path());
}

TYPED_TEST(MysqlSessionTest, AWrongPasswordIsAnAuthenticationErrorThatDoesNotShowIt) {
  auto connector = this->connector();
  connector.password = "hunter2";
  try {
    (void)this->connect(connector);
    ADD_FAILURE() << "a wrong password was taken";
  } catch (const carpool::AuthenticationError& error) {
    EXPECT_EQ(std::string_view(error.what()).find("hunter2"), std::string_view::npos);
  }
  connector = this->connector();
  connector.database = "no_such_database";
  try {
    (void)this->connect(connector);
    ADD_FAILURE() << "there is no such database";
  } catch (const carpool::AuthenticationError&) {
    ADD_FAILURE() << "the credentials were right";
  } catch (const carpool::ConnectRefused& error) {
    EXPECT_NE(std::string_view(error.what()).find("no_such_database"), std::string_view::npos) << error.what();
  }
}

TYPED_TEST(MysqlSessionTest, APoolAsksOnceForADatabaseThatDoesNotExist) {
  auto connector = this->connector();
  connector.database = "no_such_database";
  typename TestFixture::Pool pool(connector);
  try {
    (void)pool.acquire();
    ADD_FAILURE() << "there is no such database";
  } catch (const carpool::ConnectError& error) {
    EXPECT_EQ(error.attempts(), 1U);
  }
}

}  // namespace

/// What every SQL database's connection does alike: instantiated once per database, against a real server where there
/// is one. A Database has Connection, Connector, missing(), connector(), connect(), place(n), text and bytes.
#pragma once

#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/sql/concepts.hpp>
#include <carpool/sql/errors.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io_backends.hpp"

/// Database<B> for each of the backends.
template <template <class> class Database, class Backends = IoBackends>
struct DatabasesOnEach;
template <template <class> class Database, class... Backends>
struct DatabasesOnEach<Database, testing::Types<Backends...>> {
  using Types = testing::Types<Database<Backends>...>;
};
template <template <class> class Database>
using DatabasesOn = typename DatabasesOnEach<Database>::Types;

template <class Database>
class SqlFixture : public testing::Test {
 protected:
  using Connection = typename Database::Connection;

  void SetUp() override {
    if (const std::string missing = Database::missing(); !missing.empty()) GTEST_SKIP() << missing;
    database_.emplace();
  }

  [[nodiscard]] Connection connect() { return database_->connect(); }

  /// The kind of the refusal that work throws.
  template <class Work>
  static carpool::SqlErrorKind refusal(Work work) {
    try {
      work();
    } catch (const carpool::SqlError& error) {
      return error.kind();
    }
    ADD_FAILURE() << "the database refused nothing";
    return {};
  }
  /// The text of the std::exception of that type that work throws.
  template <class Error, class Work>
  static std::string text_of(Work work) {
    try {
      work();
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was thrown";
  }

  std::optional<Database> database_;
};

// --- what is read: Hive's too ---

template <class Database>
class SqlResults : public SqlFixture<Database> {
  static_assert(carpool::SqlConnection<typename Database::Connection>);
};
TYPED_TEST_SUITE_P(SqlResults);

TYPED_TEST_P(SqlResults, ColumnsAreFoundByNumberAndByName) {
  auto connection = this->connect();
  const auto result = connection.query("select 1 as one, 'zwei' as two");
  ASSERT_EQ(result.size(), 1U);
  ASSERT_EQ(result.columns(), 2U);
  EXPECT_FALSE(result.empty());
  EXPECT_EQ(result.name(0), "one");
  EXPECT_EQ(result.column("two"), 1U);
  EXPECT_EQ(result.one()["two"].template as<std::string>(), "zwei");
  EXPECT_EQ(result[0].template get<int>("one"), 1);
  EXPECT_EQ(result.template get<std::int64_t>(0, 0), 1);
  EXPECT_EQ(result.affected_rows(), 0U);
  int rows = 0;
  for (const auto row : result) rows += row.template get<int>(0);
  EXPECT_EQ(rows, 1);
}

TYPED_TEST_P(SqlResults, WhatIsNotThereIsOutOfRange) {
  auto connection = this->connect();
  const auto result = connection.query("select 1 as one, 'zwei' as two");
  EXPECT_THROW((void)result.template get<int>(1, 0), std::out_of_range);
  EXPECT_THROW((void)result.template get<int>(0, 2), std::out_of_range);
  EXPECT_THROW((void)result[1], std::out_of_range);
  EXPECT_THROW((void)result.name(2), std::out_of_range);
  EXPECT_EQ(this->template text_of<std::out_of_range>([&] { (void)result.column("drei"); }),
            "the result has no column 'drei'");
}

TYPED_TEST_P(SqlResults, ANullIsReadAsAnOptionalAlone) {
  auto connection = this->connect();
  const auto result = connection.query("select null as n");
  EXPECT_TRUE(result.is_null(0, 0));
  EXPECT_EQ(result.template get<std::optional<int>>(0, "n"), std::nullopt);
  EXPECT_EQ(result.template get<std::optional<std::string>>(0, "n"), std::nullopt);
  EXPECT_EQ(this->template text_of<carpool::SqlValueError>([&] { (void)result.template get<int>(0, "n"); }),
            "column 'n' holds NULL, which is no std::int32_t; ask for a std::optional<std::int32_t>");
}

TYPED_TEST_P(SqlResults, ANumberIsReadAsWhatHasRoomForIt) {
  auto connection = this->connect();
  const auto result = connection.query("select 300 as v");
  EXPECT_EQ(result.template get<std::int16_t>(0, "v"), 300);
  EXPECT_EQ(result.template get<std::uint64_t>(0, "v"), 300U);
  EXPECT_EQ(result.template get<double>(0, "v"), 300.0);
  EXPECT_EQ(result.template get<std::string>(0, "v"), "300");
  EXPECT_EQ(this->template text_of<carpool::SqlValueError>([&] { (void)result.template get<std::uint8_t>(0, "v"); }),
            "column 'v' holds 300, which is no std::uint8_t");
}

TYPED_TEST_P(SqlResults, AResultOutlivesItsConnection) {
  const auto result = this->connect().query("select 300 as v");
  EXPECT_EQ(result.one().template get<int>("v"), 300);
}

REGISTER_TYPED_TEST_SUITE_P(SqlResults, ColumnsAreFoundByNumberAndByName, WhatIsNotThereIsOutOfRange,
                            ANullIsReadAsAnOptionalAlone, ANumberIsReadAsWhatHasRoomForIt,
                            AResultOutlivesItsConnection);

// --- what is written: all but Hive's ---

inline std::atomic<int> sql_tables = 0;

template <class Database>
class SqlStatements : public SqlFixture<Database> {
  static_assert(carpool::TransactionalSqlConnection<typename Database::Connection>);

 protected:
  using typename SqlFixture<Database>::Connection;

  /// The name of a new table with these columns.
  static std::string table(Connection& connection, const std::string& columns) {
    const std::string name = "sql_" + std::to_string(++sql_tables);
    connection.execute("create table " + name + " (" + columns + ")");
    return name;
  }
  static std::int64_t count(Connection& connection, const std::string& table) {
    return connection.query("select count(*) from " + table).template get<std::int64_t>(0, 0);
  }
};
TYPED_TEST_SUITE_P(SqlStatements);

TYPED_TEST_P(SqlStatements, ValuesComeBackAsTheyWentIn) {
  auto connection = this->connect();
  const std::string table = this->table(connection, "i bigint, d double precision, s " + std::string(TypeParam::text) +
                                                        ", b " + TypeParam::bytes + ", n int, f boolean");
  const std::string hostile = "'; drop table x; -- \\ \" \xf0\x9f\x9a\x97";
  const std::vector<std::byte> bytes = {std::byte{0}, std::byte{0xff}, std::byte{0x27}};
  std::string places;
  for (int i = 1; i <= 6; ++i) places += (i == 1 ? "" : ", ") + TypeParam::place(i);
  const auto lowest = std::numeric_limits<std::int64_t>::min();
  connection.execute("insert into " + table + " values (" + places + ")",
                     {lowest, 0.1, hostile, bytes, std::nullopt, true});
  for (const auto& result :
       {connection.query("select * from " + table), connection.prepared("select * from " + table)}) {
    const auto row = result.one();
    EXPECT_EQ(row.template get<std::int64_t>("i"), lowest);
    EXPECT_EQ(row.template get<double>("d"), 0.1);
    EXPECT_EQ(row.template get<std::string>("s"), hostile);
    EXPECT_EQ(row.template get<std::vector<std::byte>>("b"), bytes);
    EXPECT_EQ(row.template get<std::optional<int>>("n"), std::nullopt);
    EXPECT_TRUE(row.template get<bool>("f"));
  }
}

TYPED_TEST_P(SqlStatements, ExecuteCountsWhatItInsertedUpdatedOrDeleted) {
  auto connection = this->connect();
  const std::string table = this->table(connection, "v int");
  EXPECT_EQ(connection.execute("insert into " + table + " values (1), (1)"), 2U);
  EXPECT_EQ(connection.execute("update " + table + " set v = 1"), 2U) << "also where they are so already";
  EXPECT_EQ(connection.execute("update " + table + " set v = " + TypeParam::place(1), {2}), 2U);
  EXPECT_EQ(connection.execute("select * from " + table), 0U);
  EXPECT_EQ(connection.query("delete from " + table + " where v = 2").affected_rows(), 2U);
  EXPECT_EQ(connection.execute("delete from " + table), 0U);
}

TYPED_TEST_P(SqlStatements, ADecimalIsReadAsAnIntegerWhereItHasNoFraction) {
  auto connection = this->connect();
  const std::string table = this->table(connection, "d decimal(10,2)");
  connection.execute("insert into " + table + " values (2.25), (2.75)");
  const std::string select = "select sum(d) as whole, max(d) as broken from " + table;
  for (const auto& result : {connection.query(select), connection.prepared(select)}) {
    EXPECT_EQ(result.one().template get<int>("whole"), 5);
    EXPECT_EQ(result.one().template get<double>("whole"), 5.0);
    EXPECT_THROW((void)result.one().template get<int>("broken"), carpool::SqlValueError);
  }
}

TYPED_TEST_P(SqlStatements, ValuesThatDoNotFitTheStatementAreRefusedAndTheConnectionGoesOn) {
  auto connection = this->connect();
  const std::string table = this->table(connection, "v int");
  EXPECT_ANY_THROW(connection.execute("insert into " + table + " values (" + TypeParam::place(1) + ")", {1, 2}));
  EXPECT_EQ(this->refusal([&] { connection.query("selec 1"); }), carpool::SqlErrorKind::other);
  EXPECT_EQ(this->count(connection, table), 0);
}

TYPED_TEST_P(SqlStatements, ARefusalSaysOfWhichKindItIs) {
  using Kind = carpool::SqlErrorKind;
  auto connection = this->connect();
  const std::string parent =
      this->table(connection, "id bigint primary key, name varchar(20) not null unique, n int check (n > 0)");
  const std::string child = this->table(connection, "p bigint, foreign key (p) references " + parent + " (id)");
  const auto insert = [&](const std::string& table, const std::string& values) {
    return [&connection, sql = "insert into " + table + " values " + values] { connection.execute(sql); };
  };
  insert(parent, "(1, 'a', 1)")();
  EXPECT_EQ(this->refusal(insert(parent, "(1, 'b', 1)")), Kind::unique_violation);
  EXPECT_EQ(this->refusal(insert(parent, "(2, 'a', 1)")), Kind::unique_violation);
  EXPECT_EQ(this->refusal(insert(parent, "(2, null, 1)")), Kind::not_null_violation);
  EXPECT_EQ(this->refusal(insert(parent, "(2, 'b', 0)")), Kind::check_violation);
  EXPECT_EQ(this->refusal(insert(child, "(7)")), Kind::foreign_key_violation);
  insert(child, "(1)")();
  EXPECT_EQ(this->refusal([&] { connection.execute("delete from " + parent); }), Kind::foreign_key_violation);
}

TYPED_TEST_P(SqlStatements, ATransactionIsCommittedOrRolledBack) {
  auto connection = this->connect();
  const std::string table = this->table(connection, "v int");
  const std::string insert = "insert into " + table + " values (1)";
  {
    auto transaction = connection.begin();
    connection.execute(insert);
    EXPECT_TRUE(connection.in_transaction());
    EXPECT_THROW((void)connection.begin(), std::logic_error);
    transaction.commit();
    EXPECT_THROW(transaction.commit(), std::logic_error);
  }
  EXPECT_FALSE(connection.in_transaction());
  {
    auto transaction = connection.begin();
    connection.execute(insert);
    transaction.rollback();
  }
  {
    auto transaction = connection.begin();
    connection.execute(insert);
  }
  EXPECT_EQ(this->count(connection, table), 1);
}

TYPED_TEST_P(SqlStatements, WhatFollowsTheEndOfATransactionIsRefusedUntilItIsGone) {
  auto connection = this->connect();
  const std::string table = this->table(connection, "v int");
  const std::string insert = "insert into " + table + " values (1)";
  {
    auto transaction = connection.begin();
    connection.execute(insert);
    connection.execute("rollback");
    EXPECT_EQ(this->refusal([&] { connection.execute(insert); }), carpool::SqlErrorKind::other);
    EXPECT_EQ(this->refusal([&] { connection.prepared(insert); }), carpool::SqlErrorKind::other);
    EXPECT_EQ(this->refusal([&] { transaction.commit(); }), carpool::SqlErrorKind::other);
    transaction.rollback();
  }
  EXPECT_EQ(this->count(connection, table), 0);
  connection.begin().commit();
  EXPECT_EQ(connection.execute(insert), 1U);
}

TYPED_TEST_P(SqlStatements, ATransactionLeftOpenDoesNotReachTheNextLease) {
  using Pool = carpool::ConnectionPool<typename TypeParam::Backend, carpool::LifoStack, typename TypeParam::Connector>;
  Pool pool(this->database_->connector(), {.max_size = 1});
  std::string table;
  {
    auto lease = pool.acquire();
    table = this->table(*lease, "v int");
    auto transaction = lease->begin();
    lease->execute("insert into " + table + " values (1)");
  }
  auto lease = pool.acquire();
  EXPECT_FALSE(lease->in_transaction());
  EXPECT_EQ(this->count(*lease, table), 0);
}

REGISTER_TYPED_TEST_SUITE_P(SqlStatements, ValuesComeBackAsTheyWentIn, ExecuteCountsWhatItInsertedUpdatedOrDeleted,
                            ADecimalIsReadAsAnIntegerWhereItHasNoFraction,
                            ValuesThatDoNotFitTheStatementAreRefusedAndTheConnectionGoesOn, ARefusalSaysOfWhichKindItIs,
                            ATransactionIsCommittedOrRolledBack, WhatFollowsTheEndOfATransactionIsRefusedUntilItIsGone,
                            ATransactionLeftOpenDoesNotReachTheNextLease);

// needs: hive_connector
/// A real server of Hive's protocol, where CARPOOL_HIVE_URL names one: such as scripts/hive-server starts.
#include <carpool/connection_pool.hpp>
#include <carpool/hive_connector.hpp>
#include <carpool/lifo_stack.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

#include "io_backends.hpp"

namespace {

using carpool::HiveProtocol;
using carpool::HiveRows;
using carpool::HiveType;

template <class Backend>
class RealHive : public testing::Test {
 protected:
  using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::HiveConnector>;

  void SetUp() override {
    const char* url = std::getenv("CARPOOL_HIVE_URL");
    if (url == nullptr) GTEST_SKIP() << "CARPOOL_HIVE_URL names no server of Hive's protocol";
    connector_ = carpool::HiveConnector::from_url(url);
    connector_.io_timeout = std::chrono::minutes(2);
  }
  static carpool::TimePoint soon_enough() { return Backend::now() + std::chrono::minutes(2); }
  static std::string code_of(carpool::HiveConnection<Backend>& connection, const std::string& statement) {
    try {
      (void)connection.query(statement, soon_enough());
    } catch (const carpool::HiveError& error) {
      return error.what();
    }
    return "nothing was thrown";
  }

  carpool::HiveConnector connector_;
};
TYPED_TEST_SUITE(RealHive, IoBackends, BackendName);

TYPED_TEST(RealHive, EveryTypeComesByRowAndByColumn) {
  for (const HiveProtocol version : {HiveProtocol::v1, HiveProtocol::v5, HiveProtocol::v6, HiveProtocol::v8}) {
    this->connector_.protocol = version;
    auto connection = this->connector_.template connect<TypeParam>(this->soon_enough());
    const HiveRows rows = connection.query(
        "select true, cast(1 as tinyint), cast(2 as smallint), 3, cast(4 as bigint), cast(0.5 as double), 'text', "
        "cast('bytes' as binary), cast(1.50 as decimal(5, 2)), date '2020-01-02', array(1, 2), cast(null as int)");
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows.get<bool>(0, 0), true);
    EXPECT_EQ(rows.get<std::int8_t>(0, 1), 1);
    EXPECT_EQ(rows.get<std::int16_t>(0, 2), 2);
    EXPECT_EQ(rows.get<std::int32_t>(0, 3), 3);
    EXPECT_EQ(rows.get<std::int64_t>(0, 4), 4);
    EXPECT_EQ(rows.get<double>(0, 5), 0.5);
    EXPECT_EQ(rows.get<std::string>(0, 6), "text");
    EXPECT_EQ(rows.get<std::string>(0, 7), "bytes");
    EXPECT_EQ(rows.get<std::string>(0, 8), "1.50");
    EXPECT_EQ(rows.get<std::string>(0, 9), "2020-01-02");
    EXPECT_EQ(rows.get<std::string>(0, 10), "[1,2]");
    EXPECT_TRUE(rows.is_null(0, 11));
    EXPECT_EQ(rows.described().at(8).type, HiveType::decimal);
  }
}

TYPED_TEST(RealHive, NullsAmongTenThousandRowsStandWhereTheyBelong) {
  this->connector_.batch_rows = 1000;
  auto connection = this->connector_.template connect<TypeParam>(this->soon_enough());
  const HiveRows rows = connection.query("select if(id % 3 = 0, null, id) from range(0, 10000, 1, 1)");
  ASSERT_EQ(rows.size(), 10000U);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto expected = row % 3 == 0 ? std::nullopt : std::optional<std::int64_t>(row);
    ASSERT_EQ(rows.get<std::optional<std::int64_t>>(row, 0), expected) << row;
  }
}

TYPED_TEST(RealHive, AStatementThatFailsLeavesTheSessionInThePool) {
  typename TestFixture::Pool pool(this->connector_, {.max_size = 1, .connect_timeout = std::chrono::minutes(1)});
  const std::string reason =
      pool.with_connection([this](auto& connection) { return this->code_of(connection, "select nonsense"); });
  EXPECT_NE(reason.find("nonsense"), std::string::npos) << reason;
  EXPECT_EQ(reason.find("\n\tat "), std::string::npos) << reason;
  EXPECT_EQ(pool.acquire()->query("select 1").size(), 1U);
  EXPECT_EQ(pool.stats().created, 1U);
}

TYPED_TEST(RealHive, DatabasesTablesAndColumnsAreListed) {
  auto connection = this->connector_.template connect<TypeParam>(this->soon_enough());
  connection.execute("create or replace temporary view carpool_pages as select 1 as id, 'a' as name");
  EXPECT_GE(connection.databases("default").size(), 1U);
  const HiveRows tables = connection.tables("", "carpool_pages");
  ASSERT_EQ(tables.size(), 1U);
  EXPECT_EQ(tables.get<std::string>(0, tables.column("TABLE_NAME")), "carpool_pages");
  const HiveRows columns = connection.columns("", "carpool_pages");
  ASSERT_EQ(columns.size(), 2U);
  EXPECT_EQ(columns.get<std::string>(1, columns.column("COLUMN_NAME")), "name");
}

TYPED_TEST(RealHive, AResetSessionRemembersNothing) {
  this->connector_.session_reset = carpool::HiveReset::reopen_session;
  auto connection = this->connector_.template connect<TypeParam>(this->soon_enough());
  connection.execute("create or replace temporary view carpool_mine as select 1");
  EXPECT_EQ(connection.query("select * from carpool_mine").size(), 1U);
  EXPECT_TRUE(this->connector_.reset(connection, this->soon_enough()));
  EXPECT_NE(this->code_of(connection, "select * from carpool_mine"), "nothing was thrown");
}

TYPED_TEST(RealHive, ThePingAnswersAndTheSessionIsClosed) {
  auto connection = this->connector_.template connect<TypeParam>(this->soon_enough());
  EXPECT_TRUE(this->connector_.ping(connection, this->soon_enough()));
  this->connector_.invalidate(connection, this->soon_enough());
  EXPECT_NE(this->code_of(connection, "select 1"), "nothing was thrown");
  EXPECT_FALSE(connection.is_connected());
}

TYPED_TEST(RealHive, AStatementThatOutlivesItsDeadlineIsATimeOut) {
  auto connection = this->connector_.template connect<TypeParam>(this->soon_enough());
  const carpool::TimePoint deadline = TypeParam::now() + std::chrono::milliseconds(300);
  try {
    (void)connection.query("select count(*) from range(100000) a cross join range(10000000) b", deadline);
    ADD_FAILURE() << "it ended";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::timed_out) << error.what();
  }
  EXPECT_FALSE(connection.reusable());
}

}  // namespace

// needs: sqlite_connector
/// SqliteConnector's URLs and options, and what goes into a statement and comes out of a row.
#include <carpool/single_backend.hpp>
#include <carpool/sqlite_connector.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "thrown.hpp"

namespace {

using carpool::SqliteConnector;
using carpool::SqliteMode;

/// What the refusal of work says; a failure where nothing is refused.
template <class Work>
std::string refusal_of(Work work) {
  return thrown_by<std::invalid_argument>(std::move(work)).what();
}
std::string refusal(std::string_view url) {
  return refusal_of([url] { (void)SqliteConnector::from_url(url); });
}

carpool::SqliteConnection<carpool::SingleBackend> in_memory() {
  return SqliteConnector{.path = ":memory:"}.connect<carpool::SingleBackend>(carpool::never);
}

TEST(SqliteUrl, NamesAFileAndHowToOpenIt) {
  const auto connector = SqliteConnector::from_url(
      "sqlite:///var/lib/my%20app/data.db?mode=ro&wal=off&foreign_keys=no&io_timeout=2s&statement_cache=0&offload=yes");
  EXPECT_EQ(connector.path, "/var/lib/my app/data.db");
  EXPECT_EQ(connector.mode, SqliteMode::read_only);
  EXPECT_FALSE(connector.wal);
  EXPECT_FALSE(connector.foreign_keys);
  EXPECT_TRUE(connector.offload);
  EXPECT_EQ(connector.io_timeout, std::chrono::seconds(2));
  EXPECT_EQ(connector.statement_cache, 0U);
  EXPECT_EQ(SqliteConnector::from_url("sqlite:///:memory:").path, ":memory:");
  EXPECT_EQ(SqliteConnector::from_url("sqlite:///a?mode=query").mode, SqliteMode::query_only);
}

TEST(SqliteUrl, WhatIsUnknownOrMalformedIsRefusedByName) {
  EXPECT_NE(refusal("sqlite:///a?colour=red").find("colour"), std::string::npos);
  EXPECT_NE(refusal("sqlite:///a?mode=maybe").find("mode"), std::string::npos);
  EXPECT_NE(refusal("sqlite://host/a").find("host"), std::string::npos);
  EXPECT_NE(refusal("sqlite://").find("path"), std::string::npos);
  EXPECT_NE(refusal("sqlite:///a%00b").find("NUL"), std::string::npos);
  EXPECT_NE(refusal("postgres:///a").find("scheme"), std::string::npos);
}

TEST(SqliteConnectorOptions, EachFieldIsChecked) {
  const auto refused = [](auto change) {
    SqliteConnector connector{.path = "a"};
    change(connector);
    return refusal_of([&] { connector.validate(); });
  };
  EXPECT_NE(refused([](auto& c) { c.path.clear(); }).find("path"), std::string::npos);
  EXPECT_NE(refused([](auto& c) { c.path = std::string("a\0b", 3); }).find("path"), std::string::npos);
  EXPECT_NE(refused([](auto& c) { c.io_timeout = {}; }).find("io_timeout"), std::string::npos);
  EXPECT_NE(refused([](auto& c) { c.steps_between_looks = 0; }).find("steps_between_looks"), std::string::npos);
  EXPECT_NE(refused([](auto& c) { c.statement_cache = 1001; }).find("statement_cache"), std::string::npos);
}

TEST(SqliteRows, ValuesComeBackAsTheyWentWithTheirNulls) {
  auto connection = in_memory();
  const std::vector<std::byte> blob{std::byte{0}, std::byte{7}};
  auto rows = connection.cursor("SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 AS last",
                                {std::numeric_limits<std::int64_t>::min(), 0.1, "text", std::string("a\0b", 3), blob,
                                 std::vector<std::byte>(), std::nullopt, true});
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.get<std::int64_t>(0), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(rows.get<double>(1), 0.1);
  EXPECT_EQ(rows.get<std::string_view>(2), "text");
  EXPECT_EQ(rows.get<std::string>(3), std::string("a\0b", 3));
  EXPECT_EQ(rows.get<std::vector<std::byte>>(4), blob);
  EXPECT_EQ(rows.get<std::optional<std::vector<std::byte>>>(5), std::vector<std::byte>());
  EXPECT_TRUE(rows[6].is_null());
  EXPECT_EQ(rows.get<std::optional<int>>(6), std::nullopt);
  EXPECT_TRUE(rows.get<bool>("last"));
  EXPECT_FALSE(rows.next());
  EXPECT_FALSE(rows.next());
}

TEST(SqliteRows, WhatIsNotThereOrOfAnotherKindThrows) {
  using Error = carpool::SqlValueError;
  auto connection = in_memory();
  auto rows = connection.cursor("SELECT 300 AS n, 'x' AS t, NULL, 1.5, x'00'");
  EXPECT_THROW((void)rows.get<int>(0), std::logic_error);
  ASSERT_TRUE(rows.next());
  EXPECT_THROW((void)rows.get<std::uint8_t>(0), Error);
  EXPECT_THROW((void)rows.get<bool>(0), Error);
  EXPECT_THROW((void)rows.get<int>("t"), Error);
  EXPECT_THROW((void)rows.get<int>(2), Error);
  EXPECT_THROW((void)rows.get<std::string>(2), Error);
  EXPECT_THROW((void)rows.get<int>(3), Error);
  EXPECT_THROW((void)rows.get<int>(5), std::out_of_range);
  EXPECT_THROW((void)rows.get<int>("none"), std::out_of_range);
  EXPECT_EQ(rows.get<std::string>(0), "300");
  EXPECT_EQ(rows.get<std::string>(4), std::string("\0", 1));
}

TEST(SqliteParameters, MustFitTheStatement) {
  auto connection = in_memory();
  EXPECT_THROW((void)connection.query("SELECT ?", {}), std::invalid_argument);
  EXPECT_THROW((void)connection.query("SELECT ?", {1, 2}), std::invalid_argument);
  EXPECT_THROW((void)connection.query("SELECT 1; SELECT 2"), std::invalid_argument);
  EXPECT_THROW((void)connection.query("  "), std::invalid_argument);
  EXPECT_THROW((void)connection.query(std::string("SELECT 1\0 + 1", 13)), std::invalid_argument);
  EXPECT_THROW((void)connection.query("SELECT ?", {std::numeric_limits<std::uint64_t>::max()}), std::invalid_argument);
}

TEST(SqliteScript, IsRunWholeOrRefused) {
  auto connection = in_memory();
  connection.script(";; CREATE TABLE t (i INTEGER); -- why\n ; INSERT INTO t VALUES (1);\n\n/* end */");
  EXPECT_EQ(connection.execute("DELETE FROM t"), 1U);
  const std::string cut("INSERT INTO t VALUES (1);\0 INSERT INTO t VALUES (2);", 51);
  EXPECT_THROW(connection.script(cut), std::invalid_argument);
  EXPECT_EQ(connection.execute("DELETE FROM t"), 0U) << "nothing of it was run";
}

TEST(SqliteStatements, TwoUsesOfOneTextAtATimeDoNotMeet) {
  auto connection = in_memory();
  connection.script("CREATE TABLE t (i INTEGER); INSERT INTO t VALUES (1), (2);");
  auto first = connection.cursor("SELECT i FROM t ORDER BY i");
  ASSERT_TRUE(first.next());
  auto second = connection.cursor("SELECT i FROM t ORDER BY i");
  ASSERT_TRUE(second.next());
  ASSERT_TRUE(first.next());
  EXPECT_EQ(first.get<int>(0), 2);
  EXPECT_EQ(second.get<int>(0), 1);
}

TEST(SqliteConnection, WhatIsInsertedOnOpeningIsNoBorrowersLastInsert) {
  const SqliteConnector connector{.path = ":memory:",
                                  .on_open = "CREATE TABLE t (i INTEGER PRIMARY KEY); INSERT INTO t VALUES (7);"};
  EXPECT_EQ(connector.connect<carpool::SingleBackend>(carpool::never).last_insert_id(), 0);
}

TEST(SqliteConnection, SaysHowManyRowsItTouched) {
  auto connection = in_memory();
  EXPECT_EQ(connection.execute("CREATE TABLE t (i INTEGER PRIMARY KEY)"), 0U);
  EXPECT_EQ(connection.execute("INSERT INTO t VALUES (5), (9)"), 2U);
  EXPECT_EQ(connection.last_insert_id(), 9);
  EXPECT_EQ(connection.execute("UPDATE t SET i = i + 1 WHERE i = ?", {5}), 1U);
  EXPECT_EQ(connection.execute("SELECT * FROM t"), 0U);
}

}  // namespace

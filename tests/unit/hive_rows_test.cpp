// needs: hive_connector
/// Rows of Hive as C++ values: what may be asked for as what, and what is refused.
#include <carpool/hive/rows.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

namespace {

using carpool::HiveCells;
using carpool::HiveRows;

HiveRows of(HiveCells cells) { return HiveRows(std::vector<HiveCells>{std::move(cells)}); }
HiveCells nulls(std::size_t count) {
  HiveCells cells;
  for (std::size_t i = 0; i < count; ++i) cells.append_null();
  return cells;
}

TEST(HiveRowsTest, NoRowsAreEmpty) {
  EXPECT_TRUE(HiveRows().empty());
  EXPECT_EQ(HiveRows().columns(), 0U);
  EXPECT_THROW((void)HiveRows().is_null(0, 0), std::out_of_range);
}

TEST(HiveRowsTest, AnIntegerIsReadAsWhatHasRoomForIt) {
  const HiveRows rows = of({.values = std::vector<std::int16_t>{-7}});
  EXPECT_EQ(rows.get<std::int16_t>(0, 0), -7);
  EXPECT_EQ(rows.get<std::int64_t>(0, 0), -7);
  EXPECT_EQ(rows.get<std::int8_t>(0, 0), -7);
  EXPECT_EQ(rows.get<double>(0, 0), -7.0);
  EXPECT_EQ(rows.get<std::string>(0, 0), "-7");
  EXPECT_THROW((void)rows.get<std::uint64_t>(0, 0), carpool::SqlValueError);
  EXPECT_THROW((void)rows.get<bool>(0, 0), carpool::SqlValueError);
  EXPECT_EQ(std::get<std::int16_t>(rows.value(0, 0)), -7);
}

TEST(HiveRowsTest, ABoolIsNoNumber) {
  const HiveRows rows = of({.values = std::vector<bool>{true}});
  EXPECT_EQ(rows.get<bool>(0, 0), true);
  EXPECT_THROW((void)rows.get<std::int64_t>(0, 0), carpool::SqlValueError);
}

TEST(HiveRowsTest, ANullIsReadAsAnOptionalAlone) {
  const HiveRows rows = of({.values = std::vector<double>{0.0, 1.5}, .nulls = {true}});
  EXPECT_EQ(rows.get<std::optional<double>>(0, 0), std::nullopt);
  EXPECT_EQ(rows.get<std::optional<std::string>>(0, 0), std::nullopt);
  EXPECT_THROW((void)rows.get<double>(0, 0), carpool::SqlValueError);
  EXPECT_EQ(rows.value(0, 0).index(), 0U);
  EXPECT_EQ(rows.get<double>(1, 0), 1.5);
  EXPECT_EQ(std::get<double>(rows.value(1, 0)), 1.5);
}

TEST(HiveRowsTest, ColumnsAreFoundByNameWhereTheyWereDescribed) {
  HiveRows rows = of({.values = std::vector<double>{1.5}});
  EXPECT_EQ(rows.name(0), "");
  rows.describe({{.name = "price", .type = carpool::HiveType::double_}});
  EXPECT_EQ(rows.one().get<double>("price"), 1.5);
  EXPECT_EQ(rows.described()[0].type, carpool::HiveType::double_);
}

TEST(HiveRowsTest, ACellThatIsNotThereIsOutOfRange) {
  const HiveRows rows = of({.values = std::vector<double>{1.0}});
  EXPECT_THROW((void)rows.is_null(1, 0), std::out_of_range);
  EXPECT_THROW((void)rows.get<double>(0, 1), std::out_of_range);
  EXPECT_THROW((void)rows.column("x"), std::out_of_range);
}

TEST(HiveRowsTest, BatchesAreJoinedWithTheirNulls) {
  HiveRows rows = of({.values = std::vector<std::int32_t>{1, 2}});
  rows.append(of({.values = std::vector<std::int32_t>{0, 4}, .nulls = {true}}));
  rows.append(of({.values = std::vector<std::int32_t>{5}}));
  ASSERT_EQ(rows.size(), 5U);
  const std::optional<std::int32_t> expected[] = {1, 2, std::nullopt, 4, 5};
  for (std::size_t row = 0; row < 5; ++row)
    EXPECT_EQ(rows.get<std::optional<std::int32_t>>(row, 0), expected[row]) << row;
}

TEST(HiveRowsTest, ABatchThatIsAllNullIsOfAnyType) {
  HiveRows rows = of(nulls(2));
  rows.append(of({.values = std::vector<std::int32_t>{3}}));
  rows.append(of(nulls(1)));
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_TRUE(rows.is_null(0, 0) && rows.is_null(1, 0) && rows.is_null(3, 0));
  EXPECT_EQ(rows.get<std::int32_t>(2, 0), 3);
}

TEST(HiveRowsTest, BatchesThatDoNotFitAreRefused) {
  HiveRows rows = of({.values = std::vector<std::int32_t>{1}});
  EXPECT_THROW(rows.append(of({.values = std::vector<std::string>{"a"}})), std::invalid_argument);
  EXPECT_THROW(rows.append(HiveRows(std::vector<HiveCells>(2, nulls(1)))), std::invalid_argument);
}

}  // namespace

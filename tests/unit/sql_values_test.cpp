// sanitizers: not thread
/// Values of SQL as C++ types: what may be read as what, what is refused and in which words, and rows by name.
#include <carpool/sql/concepts.hpp>
#include <carpool/sql/errors.hpp>
#include <carpool/sql/field.hpp>
#include <carpool/sql/rows.hpp>
#include <carpool/sql/value.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

using carpool::SqlField;
using carpool::SqlHexBytes;
using carpool::SqlParameters;
using carpool::SqlValue;
using carpool::SqlValueError;
using carpool::SqlView;
using Bytes = std::vector<std::byte>;

struct Rows : carpool::SqlStoredRows<Rows> {};
static_assert(carpool::SqlResult<Rows>);

SqlField holding(SqlView view) { return {"n", view}; }
SqlField whole(std::int64_t value) { return holding(value); }
SqlField text(std::string_view value) { return holding(value); }

/// What the refusal to read a field as T says.
template <class T>
std::string refusal(const SqlField& field) {
  try {
    (void)field.as<T>();
  } catch (const SqlValueError& error) {
    EXPECT_EQ(error.column(), field.column());
    return error.what();
  }
  return "it was read";
}

TEST(SqlValues, AnIntegerIsReadAsAnyTypeThatHasRoomForIt) {
  EXPECT_EQ(whole(-128).as<std::int8_t>(), -128);
  EXPECT_EQ(whole(300).as<std::int16_t>(), 300);
  EXPECT_EQ(whole(300).as<float>(), 300.0F);
  EXPECT_EQ(holding(std::numeric_limits<std::uint64_t>::max()).as<std::uint64_t>(), 18446744073709551615U);
  EXPECT_EQ(refusal<std::int8_t>(whole(128)), "column 'n' holds 128, which is no std::int8_t");
  EXPECT_EQ(refusal<std::uint32_t>(whole(-1)), "column 'n' holds -1, which is no std::uint32_t");
  EXPECT_NE(refusal<std::int64_t>(holding(std::uint64_t{1} << 63U)), "it was read");
}

TEST(SqlValues, ADoubleIsAnIntegerWhereNothingIsLost) {
  EXPECT_EQ(holding(2.0).as<int>(), 2);
  EXPECT_EQ(holding(0.1).as<double>(), 0.1);
  for (const double value : {2.5, 1e30, 9223372036854775808.0, std::nan("")}) {
    EXPECT_NE(refusal<std::int64_t>(holding(value)), "it was read") << value;
  }
  EXPECT_EQ(refusal<float>(holding(1e300)), "column 'n' holds 1e+300, which is no float");
  EXPECT_TRUE(std::isinf(holding(std::numeric_limits<double>::infinity()).as<float>()));
}

TEST(SqlValues, ATextThatIsANumberIsReadAsOne) {
  EXPECT_EQ(text("42").as<int>(), 42);
  EXPECT_EQ(text("12.30").as<double>(), 12.3);
  EXPECT_TRUE(std::isnan(text("NaN").as<double>()));
  EXPECT_EQ(text("-Infinity").as<double>(), -std::numeric_limits<double>::infinity());
  for (const char* none : {"", " 1", "1 ", "1.5", "0x10", "9999999999", "+1", "one"}) {
    EXPECT_NE(refusal<int>(text(none)), "it was read") << none;
  }
  EXPECT_EQ(refusal<double>(text("1.5x")), "column 'n' holds '1.5x', which is no double");
}

TEST(SqlValues, ADecimalWithoutAFractionIsReadAsAnInteger) {
  EXPECT_EQ(text("5.00").as<int>(), 5);
  EXPECT_EQ(text("-7.0").as<std::int8_t>(), -7);
  EXPECT_EQ(text("18446744073709551615.0000").as<std::uint64_t>(), 18446744073709551615U);
  EXPECT_EQ(text("5.00").as<std::string>(), "5.00");
  for (const char* none : {"5.01", "0.10", "5.", ".0", "-.0", "5.0.0", "5.0 ", "5,00", "3000000000.0"}) {
    EXPECT_NE(refusal<int>(text(none)), "it was read") << none;
  }
  EXPECT_EQ(refusal<int>(text("5.01")), "column 'n' holds '5.01', which is no std::int32_t");
}

TEST(SqlValues, TruthIsABoolOrZeroOrOne) {
  EXPECT_TRUE(holding(true).as<bool>());
  EXPECT_FALSE(whole(0).as<bool>());
  EXPECT_EQ(refusal<bool>(whole(2)), "column 'n' holds 2, which is no bool");
  EXPECT_EQ(refusal<bool>(text("true")), "column 'n' holds 'true', which is no bool");
  EXPECT_EQ(refusal<int>(holding(true)), "column 'n' holds true, which is no std::int32_t");
}

TEST(SqlValues, EverythingButNullIsReadAsText) {
  EXPECT_EQ(whole(-7).as<std::string>(), "-7");
  EXPECT_EQ(holding(1.5).as<std::string>(), "1.5");
  EXPECT_EQ(holding(false).as<std::string>(), "false");
  EXPECT_EQ(text("a\0b").as<std::string>(), "a");
  EXPECT_EQ(text(std::string_view("a\0b", 3)).as<std::string>(), std::string("a\0b", 3));
  EXPECT_EQ(holding(SqlHexBytes{"00ff27"}).as<std::string>(), std::string("\0\xff'", 3));
  EXPECT_EQ(text("in place").as<std::string_view>(), "in place");
  EXPECT_EQ(refusal<std::string_view>(whole(5)), "column 'n' holds 5, which is no std::string_view");
}

TEST(SqlValues, BytesAndTextsAreReadAsEachOther) {
  EXPECT_EQ(holding(SqlHexBytes{"00ff"}).as<Bytes>(), (Bytes{std::byte{0}, std::byte{0xff}}));
  EXPECT_EQ(text("a").as<Bytes>(), Bytes{std::byte{'a'}});
  EXPECT_EQ(holding(SqlHexBytes{""}).as<Bytes>(), Bytes());
  for (const char* none : {"0", "zz", "0G"}) {
    EXPECT_EQ(refusal<Bytes>(holding(SqlHexBytes{none})),
              "column 'n' holds bytes '" + std::string(none) + "', which is no std::vector<std::byte>");
  }
  EXPECT_NE(refusal<Bytes>(whole(1)), "it was read");
}

TEST(SqlValues, NullIsAskedForAsAnOptional) {
  const SqlField null = holding({});
  EXPECT_TRUE(null.is_null());
  EXPECT_EQ(null.as<std::optional<int>>(), std::nullopt);
  EXPECT_EQ(whole(5).as<std::optional<int>>(), 5);
  EXPECT_EQ(refusal<int>(null),
            "column 'n' holds NULL, which is no std::int32_t; ask for a std::optional<std::int32_t>");
  EXPECT_NE(refusal<std::string>(null), "it was read");
  EXPECT_NE(refusal<bool>(null), "it was read");
}

TEST(SqlValues, ALongTextIsNotShownWhole) {
  EXPECT_EQ(refusal<int>(text(std::string(41, 'x'))),
            "column 'n' holds '" + std::string(40, 'x') + "...', which is no std::int32_t");
  EXPECT_EQ(refusal<int>(text("a\nb")), "column 'n' holds 'a?b', which is no std::int32_t");
}

TEST(SqlParametersTest, AreMadeOfWhateverAColumnCanHold) {
  const Bytes bytes{std::byte{1}};
  const auto check = [&bytes](SqlParameters values) {
    ASSERT_EQ(values.size(), 8U);
    EXPECT_EQ(std::get<bool>(values[0].variant()), true);
    EXPECT_EQ(std::get<std::int64_t>(values[1].variant()), -7);
    EXPECT_EQ(std::get<std::uint64_t>(values[2].variant()), 7U);
    EXPECT_EQ(std::get<double>(values[3].variant()), 0.5);
    EXPECT_EQ(std::get<std::string>(values[4].variant()), "text");
    EXPECT_EQ(std::get<Bytes>(values[5].variant()), bytes);
    EXPECT_TRUE(values[6].is_null());
    EXPECT_EQ(values[7], SqlValue(3));
  };
  check({true, -7, 7U, 0.5F, "text", bytes, nullptr, std::optional<int>(3)});
  EXPECT_TRUE(SqlParameters({}).empty());
  EXPECT_EQ(SqlValue(std::optional<std::string>()), SqlValue(std::nullopt));
  const std::vector<SqlValue> several{1, "two"};
  EXPECT_EQ(SqlParameters(several).size(), 2U);
}

Rows two_rows() {
  Rows rows;
  for (const char* name : {"id", "name", "id"}) rows.add_column(name);
  for (SqlValue value : std::vector<SqlValue>{1, "one", 10, 2, nullptr, 20}) rows.add_value(std::move(value));
  return rows;
}

TEST(SqlRows, AreGoneThroughAndReadByNumberAndByName) {
  const Rows rows = two_rows();
  ASSERT_EQ(rows.size(), 2U);
  ASSERT_EQ(rows.columns(), 3U);
  int sum = 0;
  for (const auto row : rows) sum += row.get<int>("id") + row.get<int>(2);
  EXPECT_EQ(sum, 33) << "of two columns of one name the first is found";
  EXPECT_EQ(rows[0]["name"].as<std::string_view>(), "one");
  EXPECT_TRUE(rows[1]["name"].is_null());
  EXPECT_EQ(rows.get<std::optional<std::string>>(1, "name"), std::nullopt);
  EXPECT_EQ(std::ranges::distance(rows), 2);
}

TEST(SqlRows, WhatIsNotThereIsOutOfRangeByNameAndByNumber) {
  const auto refused = [](auto ask) -> std::string {
    try {
      ask(two_rows());
    } catch (const std::out_of_range& error) {
      return error.what();
    }
    return "it was there";
  };
  EXPECT_EQ(refused([](const Rows& rows) { (void)rows[2]; }),
            "the result has 2 rows, asked was for row 2, counted from 0");
  EXPECT_EQ(refused([](const Rows& rows) { (void)rows[0][3]; }),
            "the result has 3 columns, asked was for column 3, counted from 0");
  EXPECT_EQ(refused([](const Rows& rows) { (void)rows[0]["Id"]; }), "the result has no column 'Id'");
  EXPECT_EQ(refused([](const Rows& rows) { (void)rows.name(3); }),
            "the result has 3 columns, asked was for column 3, counted from 0");
  EXPECT_EQ(refused([](const Rows& rows) { (void)rows.one(); }), "the result has 2 rows, not one");
  EXPECT_EQ(refused([](const Rows&) { (void)Rows().one(); }), "the result has 0 rows, not one");
}

TEST(SqlErrors, AConflictIsWorthAnotherTry) {
  using carpool::SqlError;
  using carpool::SqlErrorKind;
  EXPECT_TRUE(is_repeatable(SqlError("40001", "serialization failure", SqlErrorKind::conflict)));
  EXPECT_FALSE(is_repeatable(SqlError("23505", "duplicate key", SqlErrorKind::unique_violation)));
  EXPECT_EQ(SqlError("", "anything").kind(), SqlErrorKind::other);
}

}  // namespace

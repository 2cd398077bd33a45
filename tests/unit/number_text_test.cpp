// sanitizers: not thread
/// Numbers out of text: what stands in for std::from_chars where the library has none for floating-point numbers.
#include <carpool/common/number_text.hpp>

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <system_error>

namespace carpool::inline v0_1::detail {
namespace {

/// "1.5", "out of range", "refused", and what was left unread.
template <class Number>
std::string outcome(const std::string& text, std::from_chars_result result, Number number) {
  const std::string rest = text.substr(static_cast<std::size_t>(result.ptr - text.data()));
  if (result.ec == std::errc::result_out_of_range) return "out of range, then '" + rest + "'";
  if (result.ec != std::errc()) return "refused";
  return std::to_string(number) + ", then '" + rest + "'";
}

template <class Number>
std::string by_strtod(const std::string& text) {
  Number number{};
  const auto result = read_by_strtod(text.data(), text.data() + text.size(), number);
  return outcome(text, result, number);
}

TEST(NumberText, ReadsWhatServersWrite) {
  EXPECT_EQ(by_strtod<double>("0.5"), "0.500000, then ''");
  EXPECT_EQ(by_strtod<double>("-1e3"), "-1000.000000, then ''");
  EXPECT_EQ(by_strtod<float>("2.25"), "2.250000, then ''");
  EXPECT_EQ(by_strtod<double>("inf"), "inf, then ''");
  EXPECT_EQ(by_strtod<double>("5e-324"), "0.000000, then ''") << "the least there is, and not out of range";
  EXPECT_EQ(by_strtod<double>("1.5 apples"), "1.500000, then ' apples'");
}

TEST(NumberText, AFloatIsTheDoubleThatIsWrittenSoAndComesBackTheSame) {
  EXPECT_EQ(as_written(0.1F), 0.1);
  EXPECT_EQ(as_written(16777216.0F), 16777216.0);
  EXPECT_EQ(as_written(-1e-45F), -1e-45);
  EXPECT_TRUE(std::isinf(as_written(std::numeric_limits<float>::infinity())));
  EXPECT_TRUE(std::isnan(as_written(std::numeric_limits<float>::quiet_NaN())));
  const float rounded_twice = 0x1.5c87fap-84F;  // 7.038531e-26 as a double is another float
  EXPECT_EQ(as_written(rounded_twice), static_cast<double>(rounded_twice));
  std::mt19937 chance(7);
  for (int i = 0; i < 100'000; ++i) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(chance()));
    if (std::isnan(value)) continue;
    ASSERT_EQ(static_cast<float>(as_written(value)), value) << value;
  }
}

TEST(NumberText, RefusesWhatIsNone) {
  for (const char* text : {"", " 1", "+1", "\t1", "0x10", "apples", "-"}) EXPECT_EQ(by_strtod<double>(text), "refused");
  EXPECT_EQ(by_strtod<double>("1e400"), "out of range, then ''");
  EXPECT_EQ(by_strtod<double>("1e-400"), "out of range, then ''");
  EXPECT_EQ(by_strtod<float>("1e39"), "out of range, then ''");
}

#if !defined(_LIBCPP_VERSION) || _LIBCPP_VERSION >= 200000
TEST(NumberText, ReadsAsFromCharsDoes) {
  std::mt19937 chance(1);
  const std::string letters = "0123456789.-e";
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (const std::size_t length = chance() % 12; text.size() < length;) text += letters[chance() % letters.size()];
    double number = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
    EXPECT_EQ(by_strtod<double>(text), outcome(text, result, number)) << '\'' << text << '\'';
  }
}
#endif

}  // namespace
}  // namespace carpool::inline v0_1::detail

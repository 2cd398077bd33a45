/// Numbers out of text: what stands in for std::from_chars where the library has none for floating-point numbers.
#include <carpool/common/number_text.hpp>

#include <gtest/gtest.h>

#include <charconv>
#include <cstddef>
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

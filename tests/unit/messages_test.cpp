/// The words of error texts: lengths of time, in any locale.
#include <carpool/detail/diagnosis.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <unistd.h>

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using carpool::detail::to_text;

TEST(Messages, ALengthIsToldInTheUnitInWhichItReadsBest) {
  EXPECT_EQ(to_text(0ns), "0.0 us");
  EXPECT_EQ(to_text(3us + 60ns), "3.0 us");
  EXPECT_EQ(to_text(999us + 999ns), "999.9 us");
  EXPECT_EQ(to_text(1ms), "1.0 ms");
  EXPECT_EQ(to_text(250ms), "250.0 ms");
  EXPECT_EQ(to_text(1s), "1.0 s");
  EXPECT_EQ(to_text(90s + 150ms), "90.1 s");
  EXPECT_EQ(to_text(carpool::forever - 1ns), "9223372036.8 s");
  EXPECT_EQ(to_text(carpool::forever), "forever");
  EXPECT_EQ(to_text(-20ms), "-20.0 ms");
  EXPECT_EQ(to_text(carpool::Duration::min()), "-forever");
}

/// A folder with a locale whose decimal point is a comma, made for this test, or an empty path.
class CommaLocale {
 public:
  CommaLocale() : folder_(std::filesystem::temp_directory_path() / ("carpool-locale-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
    const std::string make =
        "localedef -c -i de_DE -f UTF-8 " + (folder_ / "de_DE.UTF-8").string() + " >/dev/null 2>&1";
    made_ = std::system(make.c_str()) == 0;
    ::setenv("LOCPATH", folder_.c_str(), 1);
    made_ = made_ && std::setlocale(LC_ALL, "de_DE.UTF-8") != nullptr;
  }
  CommaLocale(const CommaLocale&) = delete;
  CommaLocale& operator=(const CommaLocale&) = delete;
  ~CommaLocale() {
    std::setlocale(LC_ALL, "C");
    ::unsetenv("LOCPATH");
    std::filesystem::remove_all(folder_);
  }
  [[nodiscard]] bool in_force() const { return made_ && std::to_string(0.5).find(',') != std::string::npos; }

 private:
  std::filesystem::path folder_;
  bool made_ = false;
};

// Only the first digit was left of "250.0 ms" where a program had set a locale with a decimal comma.
TEST(Messages, NoLocaleChangesWhatALengthReadsLike) {
  const CommaLocale locale;
  if (!locale.in_force()) GTEST_SKIP() << "localedef could not make a locale with a decimal comma here";
  EXPECT_EQ(to_text(250ms), "250.0 ms");
  EXPECT_EQ(to_text(1500ms), "1.5 s");
}

}  // namespace

// sanitizers: not thread
/// The version as the preprocessor sees it and as a program prints it are one.
#include <carpool/version.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {

TEST(Version, IsOneNumberAndOneText) {
  EXPECT_EQ(carpool::version, std::to_string(CARPOOL_VERSION_MAJOR) + "." + std::to_string(CARPOOL_VERSION_MINOR) +
                                  "." + std::to_string(CARPOOL_VERSION_PATCH));
  EXPECT_EQ(CARPOOL_VERSION, CARPOOL_VERSION_MAJOR * 10000 + CARPOOL_VERSION_MINOR * 100 + CARPOOL_VERSION_PATCH);
}

TEST(Version, IsKnownToThePreprocessor) {
#if CARPOOL_VERSION >= 100 && CARPOOL_VERSION_MAJOR < 100
  SUCCEED();
#else
  FAIL() << "CARPOOL_VERSION cannot be compared";
#endif
}

}  // namespace

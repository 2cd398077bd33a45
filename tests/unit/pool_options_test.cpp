// sanitizers: not thread
/// What a pool may be told, and in which words a bad value is refused.
#include <carpool/pool_options.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using carpool::PoolOptions;
using carpool::validate;

struct BadValue {
  std::function<void(PoolOptions&)> set;
  std::string field;
  std::string bound;
};

const std::vector<BadValue>& bad_values() {
  static const std::vector<BadValue> all = {
      {[](auto& o) { o.max_size = 0; }, "max_size", "at least 1"},
      {[](auto& o) { o.max_idle = 11; }, "max_idle", "at most max_size (10)"},
      {[](auto& o) { o.min_idle = 11; }, "min_idle", "at most max_idle (10)"},
      {[](auto& o) { o.max_idle = 3, o.min_idle = 4; }, "min_idle", "at most max_idle (3)"},
      {[](auto& o) { o.acquire_timeout = -1ns; }, "acquire_timeout", "at least 0"},
      {[](auto& o) { o.connect_timeout = 0ns; }, "connect_timeout", "longer than 0"},
      {[](auto& o) { o.close_timeout = -1ns; }, "close_timeout", "at least 0"},
      {[](auto& o) { o.max_connecting = 0; }, "max_connecting", "at least 1"},
      {[](auto& o) { o.connect_attempts = 0; }, "connect_attempts", "at least 1"},
      {[](auto& o) { o.connect_backoff.initial = 0ns; }, "connect_backoff.initial", "longer than 0"},
      {[](auto& o) { o.connect_backoff = {2s, 1s}; }, "connect_backoff.max", "at least connect_backoff.initial"},
      {[](auto& o) { o.validation_bypass_window = -1ns; }, "validation_bypass_window", "at least 0"},
      {[](auto& o) { o.validation_timeout = 0ns; }, "validation_timeout", "longer than 0"},
      {[](auto& o) { o.keepalive_time = 0ns; }, "keepalive_time", "longer than 0"},
      {[](auto& o) { o.handoff_after = -1ns; }, "handoff_after", "at least 0"},
      {[](auto& o) { o.leak_detection_threshold = 0ns; }, "leak_detection_threshold", "std::nullopt for off"},
  };
  return all;
}

TEST(PoolOptions, TheDefaultsAreThoseOfTheDocuments) {
  const PoolOptions options;
  EXPECT_EQ(options.name, "pool");
  EXPECT_EQ(options.max_size, 10U);
  EXPECT_EQ(options.max_idle, std::nullopt);
  EXPECT_EQ(options.min_idle, 0U);
  EXPECT_EQ(options.acquire_timeout, 30s);
  EXPECT_EQ(options.connect_timeout, 10s);
  EXPECT_EQ(options.close_timeout, 1s);
  EXPECT_EQ(options.max_connecting, 2U);
  EXPECT_EQ(options.max_waiters, std::nullopt);
  EXPECT_EQ(options.connect_attempts, 3U);
  EXPECT_EQ(options.connect_backoff.initial, 100ms);
  EXPECT_EQ(options.connect_backoff.max, 5s);
  EXPECT_EQ(options.validation_bypass_window, 500ms);
  EXPECT_EQ(options.validation_timeout, 5s);
  EXPECT_EQ(options.keepalive_time, 2min);
  EXPECT_EQ(options.handoff_after, 1ms);
  EXPECT_EQ(options.leak_detection_threshold, std::nullopt);
  EXPECT_NO_THROW(validate(options));
}

TEST(PoolOptions, AreGivenInTheOrderOfTheDocuments) {
  const PoolOptions options = {.name = "all",
                               .max_size = 8,
                               .max_idle = 6,
                               .min_idle = 2,
                               .acquire_timeout = 1s,
                               .connect_timeout = 2s,
                               .close_timeout = 3s,
                               .max_connecting = 4,
                               .max_waiters = 5,
                               .connect_attempts = 6,
                               .connect_backoff = {.initial = 7ms, .max = 8s},
                               .validation_bypass_window = 9ms,
                               .validation_timeout = 10ms,
                               .keepalive_time = 11ms,
                               .handoff_after = 12ms,
                               .leak_detection_threshold = 13ms};
  EXPECT_NO_THROW(validate(options));
}

TEST(PoolOptions, EachBadValueIsRefusedByPoolFieldAndBound) {
  for (const BadValue& bad : bad_values()) {
    PoolOptions options{.name = "orders"};
    bad.set(options);
    try {
      validate(options);
      ADD_FAILURE() << bad.field << " was accepted";
    } catch (const std::invalid_argument& error) {
      const std::string text = error.what();
      EXPECT_NE(text.find("'orders': " + bad.field + " must be "), std::string::npos) << text;
      EXPECT_NE(text.find(bad.bound), std::string::npos) << text;
      EXPECT_EQ(text.find('\n'), std::string::npos) << "one line";
    }
  }
}

TEST(PoolOptions, ValuesAtTheirBoundsAreAccepted) {
  EXPECT_NO_THROW(validate({.max_size = 1}));
  EXPECT_NO_THROW(validate({.max_size = 3, .max_idle = 0}));
  EXPECT_NO_THROW(validate({.max_size = 3, .max_idle = 3, .min_idle = 3}));
  EXPECT_NO_THROW(validate({.acquire_timeout = 0s, .close_timeout = 0s}));
  EXPECT_NO_THROW(validate({.max_connecting = 1, .max_waiters = 0, .connect_attempts = 1}));
  EXPECT_NO_THROW(validate({.connect_backoff = {1ns, 1ns}, .validation_bypass_window = 0s, .validation_timeout = 1ns}));
  EXPECT_NO_THROW(validate({.keepalive_time = 1ns, .handoff_after = 0s, .leak_detection_threshold = 1ns}));
}

TEST(PoolOptions, ForeverIsALengthLikeAnyOther) {
  EXPECT_NO_THROW(validate({.acquire_timeout = carpool::forever,
                            .connect_timeout = carpool::forever,
                            .validation_bypass_window = carpool::forever,
                            .keepalive_time = carpool::forever,
                            .handoff_after = carpool::forever}));
}

}  // namespace

// sanitizers: not thread
/// The exceptions of acquire, and the codes behind them.
#include <carpool/errors.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <set>
#include <string>
#include <system_error>
#include <type_traits>
#include <vector>

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using carpool::PoolErrc;

const std::vector<PoolErrc> all = {PoolErrc::acquire_timeout, PoolErrc::pool_closed,    PoolErrc::queue_full,
                                   PoolErrc::breaker_open,    PoolErrc::connect_failed, PoolErrc::authentication_failed,
                                   PoolErrc::interrupted};

TEST(PoolErrors, CodesHaveOneCategoryAndAMessageEach) {
  std::set<std::string> messages;
  for (const PoolErrc each : all) {
    const std::error_code code = each;
    EXPECT_TRUE(code) << "0 would mean success";
    EXPECT_EQ(code.category(), carpool::pool_category());
    EXPECT_STREQ(code.category().name(), "carpool");
    messages.insert(code.message());
  }
  EXPECT_EQ(messages.size(), all.size());
  EXPECT_NE(carpool::pool_category().message(99).find("99"), std::string::npos);
}

TEST(PoolErrors, CodesCanBeComparedWithStandardConditions) {
  EXPECT_EQ(std::error_code(PoolErrc::acquire_timeout), std::errc::timed_out);
  EXPECT_EQ(std::error_code(PoolErrc::queue_full), std::errc::resource_unavailable_try_again);
  EXPECT_EQ(std::error_code(PoolErrc::connect_failed), std::errc::not_connected);
  EXPECT_EQ(std::error_code(PoolErrc::breaker_open), std::errc::not_connected);
  EXPECT_EQ(std::error_code(PoolErrc::authentication_failed), std::errc::permission_denied);
  EXPECT_EQ(std::error_code(PoolErrc::pool_closed), std::errc::operation_canceled);
  EXPECT_EQ(std::error_code(PoolErrc::interrupted), std::errc::operation_canceled);
  EXPECT_EQ(carpool::pool_category().default_error_condition(99).value(), 99);
}

TEST(PoolErrors, OneHandlerCatchesThemAll) {
  static_assert(std::is_base_of_v<std::runtime_error, carpool::PoolError>);
  static_assert(std::is_base_of_v<carpool::PoolError, carpool::AcquireTimeout>);
  static_assert(std::is_base_of_v<carpool::PoolError, carpool::PoolClosed>);
  static_assert(std::is_base_of_v<carpool::PoolError, carpool::QueueFull>);
  static_assert(std::is_base_of_v<carpool::PoolError, carpool::ConnectError>);
  static_assert(std::is_base_of_v<carpool::ConnectError, carpool::BreakerOpen>, "who handles one, handles the other");
  EXPECT_EQ(carpool::PoolClosed("x").code(), PoolErrc::pool_closed);
  EXPECT_EQ(carpool::QueueFull("x").code(), PoolErrc::queue_full);
}

TEST(PoolErrors, EachCarriesWhatItsHandlerNeeds) {
  const auto cause = std::make_exception_ptr(std::runtime_error("cause"));
  const carpool::ConnectError failed(PoolErrc::authentication_failed, "text", cause, 3);
  EXPECT_EQ(failed.code(), PoolErrc::authentication_failed);
  EXPECT_STREQ(failed.what(), "text");
  EXPECT_EQ(failed.cause(), cause);
  EXPECT_EQ(failed.attempts(), 3U);
  const carpool::BreakerOpen open("text", cause, 2, 5s);
  EXPECT_EQ(open.code(), PoolErrc::breaker_open);
  EXPECT_EQ(open.retry_after(), 5s);
  EXPECT_EQ(open.attempts(), 2U);
  const carpool::AcquireTimeout timeout("text", {{carpool::SourceLocation::current(), 7s}});
  EXPECT_EQ(timeout.code(), PoolErrc::acquire_timeout);
  EXPECT_EQ(timeout.holders().at(0).age, 7s);
}

}  // namespace

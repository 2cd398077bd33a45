// What LogObserver writes: which lines, in which form, and how many.
#include <carpool/connection_pool.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/log_observer.hpp>
#include <carpool/single_backend.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using namespace carpool::fake;

using carpool::CloseReason;
using carpool::ConnectionInfo;
using carpool::FakeServer;
using carpool::LogFormat;
using carpool::LogLevel;
using carpool::LogObserver;
using carpool::LogOptions;

using Lines = std::vector<std::string>;

struct Log {
  std::shared_ptr<Lines> lines = std::make_shared<Lines>();
  LogObserver observer(LogOptions options) const {
    options.timestamp = false;
    return LogObserver(options, [lines = lines](std::string_view line) { lines->emplace_back(line); });
  }
  std::size_t count(std::string_view piece) const {
    return static_cast<std::size_t>(std::count_if(
        lines->begin(), lines->end(), [&](const std::string& line) { return line.find(piece) != std::string::npos; }));
  }
};

using Pool = carpool::ConnectionPool<carpool::SingleBackend, carpool::LifoStack, carpool::FakeConnector,
                                     carpool::DefaultEviction, LogObserver>;

const ConnectionInfo seventh{7, "orders", "10.0.0.7:5432"};
const auto refused = std::make_exception_ptr(std::system_error(std::make_error_code(std::errc::connection_refused)));

TEST(LogObserver, WritesLogfmt) {
  const Log log;
  auto observer = log.observer({});
  observer.connection_failed(seventh, "nobody listens", refused, 214us);
  observer.acquire_failed({"orders", ""}, carpool::AcquireFailure::timeout, 1500ms);
  observer.leak_suspected(seventh, carpool::SourceLocation::current(), 61s);
  ASSERT_EQ(log.lines->size(), 3U);
  EXPECT_EQ((*log.lines)[0],
            "level=error event=connection_failed pool=orders connection=7 server=10.0.0.7:5432 class=network "
            "error=\"nobody listens\" took_ms=0.214");
  EXPECT_EQ((*log.lines)[1], "level=warning event=acquire_failed pool=orders reason=timeout waited_ms=1500.000");
  EXPECT_NE((*log.lines)[2].find("log_observer_test.cpp line="), std::string::npos) << (*log.lines)[2];
}

TEST(LogObserver, WritesJson) {
  const Log log;
  auto observer = log.observer({.format = LogFormat::json});
  observer.connection_failed({7, "a \"b\"", ""}, "line\nbreak \xFF", nullptr, 0ns);
  EXPECT_EQ(log.lines->at(0),
            R"({"level":"error","event":"connection_failed","pool":"a \"b\"","connection":7,"class":"other",)"
            "\"error\":\"line\\u000abreak \xEF\xBF\xBD\",\"took_ms\":0.000}");
}

TEST(LogObserver, NeverWritesALineBreakOrAPassword) {
  for (const LogFormat format : {LogFormat::logfmt, LogFormat::json}) {
    const Log log;
    auto observer = log.observer({.format = format});
    observer.connection_failed({1, "p\r\nlevel=forged", "h"}, "no way to postgres://app:s3cret@db", nullptr, 1ms);
    EXPECT_EQ(log.lines->at(0).find_first_of("\r\n"), std::string::npos);
    EXPECT_EQ(log.count("s3cret"), 0U);
    EXPECT_EQ(log.count("***@db"), 1U);
  }
}

TEST(LogObserver, CutsWhatIsLongAndClosesTheLine) {
  const Log log;
  auto observer = log.observer({.format = LogFormat::json});
  const std::string longest(100'000, '\x01');
  observer.connection_failed({1, longest, longest}, longest, nullptr, 1ms);
  EXPECT_LT(log.lines->at(0).size(), 2000U);
  EXPECT_TRUE(log.lines->at(0).ends_with("...\",\"took_ms\":1.000}")) << log.lines->at(0);
}

TEST(LogObserver, BeginsWithTheTimeInUtc) {
  Lines lines;
  LogObserver observer({}, [&](std::string_view line) { lines.emplace_back(line); });
  observer.pool_ready({"orders", ""});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].starts_with("ts=20")) << lines[0];
  EXPECT_EQ(lines[0].substr(26), "Z level=info event=pool_ready pool=orders") << lines[0];
  carpool::detail::LogLine line(LogFormat::logfmt);
  line.time("ts", std::chrono::system_clock::time_point(std::chrono::seconds(784111777)) + 42ms);
  EXPECT_EQ(line.finish(), "ts=1994-11-06T08:49:37.042Z");
}

TEST(LogObserver, IsQuietOfAHealthyPool) {
  const Log log;
  {
    const FakeServer server;
    Pool pool(server.connector(), {.name = "orders"}, {}, log.observer({}));
    for (int i = 0; i < 100; ++i) static_cast<void>(pool.acquire());
    pool.retire_all();
    for (int i = 0; i < 100; ++i) static_cast<void>(pool.acquire());
  }
  EXPECT_EQ(*log.lines, (Lines{"level=info event=pool_ready pool=orders", "level=info event=pool_cleared pool=orders",
                               "level=info event=pool_closed pool=orders"}));
}

TEST(LogObserver, TellsALifeAtLevelDebug) {
  const Log log;
  {
    const FakeServer server;
    Pool pool(server.connector(), {.name = "orders"}, {}, log.observer({.least = LogLevel::debug}));
    pool.acquire().discard();
  }
  EXPECT_EQ(log.count("event=connection_created pool=orders connection=1"), 1U);
  EXPECT_EQ(log.count("event=connection_ready pool=orders connection=1"), 1U);
  EXPECT_EQ(log.count("level=warning event=connection_closed pool=orders connection=1 reason=discarded"), 1U);
}

TEST(LogObserver, GivesTheLevelToASinkThatWantsIt) {
  std::vector<LogLevel> levels;
  LogObserver observer({}, [&](LogLevel level, std::string_view) { levels.push_back(level); });
  observer.connection_closed(seventh, CloseReason::dead);
  observer.connection_closed(seventh, CloseReason::idle);
  observer.connection_failed(seventh, "no", refused, 1ms);
  EXPECT_EQ(levels, (std::vector<LogLevel>{LogLevel::warning, LogLevel::error}));
}

TEST(LogObserver, SaysInOneLineHowMuchItSuppressed) {
  const Log log;
  {
    auto observer = log.observer({.lines_per_second = 3});
    for (int i = 0; i < 50; ++i) observer.connection_failed(seventh, "no", refused, 1ms);
    observer.connection_closed(seventh, CloseReason::dead);
    EXPECT_EQ(log.count("event=connection_failed"), 3U);
    EXPECT_EQ(log.count("event=connection_closed"), 1U) << "each kind has its own";
    EXPECT_EQ(log.count("suppressed"), 0U) << "the second is not over";
    std::this_thread::sleep_for(1010ms);
    observer.connection_closed(seventh, CloseReason::dead);
    EXPECT_EQ(log.count("level=warning event=suppressed of=connection_failed more=47"), 1U);
    for (int i = 0; i < 5; ++i) observer.connection_failed(seventh, "no", refused, 1ms);
    EXPECT_EQ(log.count("event=connection_failed"), 6U);
  }
  EXPECT_EQ(log.count("event=suppressed of=connection_failed more=2"), 1U) << "when it ends";
  EXPECT_EQ(log.count("event=suppressed"), 2U);
}

TEST(LogObserver, OutlivesASinkThatThrows) {
  int calls = 0;
  LogObserver observer({}, [&](std::string_view) {
    ++calls;
    throw std::runtime_error("the disk is full");
  });
  observer.pool_ready({"orders", ""});
  observer.pool_closed({"orders", ""});
  EXPECT_EQ(calls, 2);
}

TEST(LogObserver, WritesWholeLinesToStandardErrorByDefault) {
  testing::internal::CaptureStderr();
  {
    LogObserver observer;
    observer.pool_ready({"orders", "10.0.0.7:5432"});
    const LogObserver moved = std::move(observer);
  }
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(written.ends_with("Z level=info event=pool_ready pool=orders server=10.0.0.7:5432\n")) << written;
}

TEST(LogObserver, CountsFromManyThreads) {
  const Log log;
  std::mutex mutex;
  std::size_t lines = 0;
  {
    LogObserver observer({.lines_per_second = 1000}, [&](std::string_view) {
      const std::scoped_lock lock(mutex);
      ++lines;
    });
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int n = 0; n < 100; ++n) observer.connection_closed(seventh, CloseReason::dead);
      });
    for (std::thread& each : threads) each.join();
  }
  EXPECT_EQ(lines, 400U);
}

}  // namespace

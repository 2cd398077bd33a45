// needs: boost_thread_backend fiber_backend
// sanitizers: none
/// The command line of carpool-compare: what it means, and how bad input is refused by name and bound.
#include "../../tools/compare/options.hpp"
#include "contains.hpp"
#include "thrown.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <variant>
#include <vector>

namespace carpool::compare {
namespace {

using namespace std::chrono_literals;

Options parsed(std::vector<std::string> arguments) { return std::get<Options>(parse_options(std::move(arguments))); }

std::string refusal(std::vector<std::string> arguments) {
  return thrown_by<UsageError>([&] { return parse_options(std::move(arguments)); }).what();
}

TEST(CompareOptions, WithoutAnyItRunsAllBackendsAndQueuesWithTheDefaultEviction) {
  const auto options = parsed({});
  EXPECT_EQ(combinations_of(options.selection).size(), 16U);
  EXPECT_EQ(options.selection.evictions, std::vector{EvictionKind::standard});
  EXPECT_EQ(options.workload.scenario, Scenario::steady);
  EXPECT_FALSE(options.url.has_value());
  EXPECT_TRUE(options.sweep);
}

TEST(CompareOptions, TheDefaultRunEndsInWellUnderThreeMinutes) {
  const auto options = parsed({});
  const double rows = 16 * (options.workload.seconds + 5 * 0.1);
  const double sweep = 3 * 6 * (options.workload.seconds / 4 + 3 * 0.1);
  EXPECT_LT(rows + sweep, 120);
}

TEST(CompareOptions, EveryOptionIsTaken) {
  const auto options = parsed({"--workers",       "5",
                               "--pool-size",     "3",
                               "--min-idle",      "2",
                               "--request-size",  "1000",
                               "--think-time",    "2ms",
                               "--work-time",     "1.5us",
                               "--connect-delay", "1s",
                               "--discard-every", "7",
                               "--seconds",       "0.5",
                               "--rounds",        "2",
                               "--url",           "tcp://db:5432",
                               "--html",          "a.html",
                               "--json",          "b.json",
                               "--svg",           "c",
                               "--quiet",         "--ascii",
                               "--watch",         "--no-sweep"});
  EXPECT_EQ(options.workload.workers, 5U);
  EXPECT_EQ(options.workload.pool_size, 3U);
  EXPECT_EQ(options.workload.min_idle, 2U);
  EXPECT_EQ(options.workload.request_size, 1000U);
  EXPECT_EQ(options.workload.think_time, 2ms);
  EXPECT_EQ(options.workload.work_time, 1500ns);
  EXPECT_EQ(options.workload.connect_delay, 1s);
  EXPECT_EQ(options.workload.discard_every, 7U);
  EXPECT_EQ(options.workload.seconds, 0.5);
  EXPECT_EQ(options.workload.rounds, 2U);
  ASSERT_TRUE(options.url);
  EXPECT_EQ(options.url->to_string(), "tcp://db:5432");
  EXPECT_EQ(options.html, "a.html");
  EXPECT_EQ(options.json, "b.json");
  EXPECT_EQ(options.svg_folder, "c");
  EXPECT_TRUE(options.quiet && options.ascii && options.watch && !options.sweep);
}

TEST(CompareOptions, ASpikeHasTheFiguresOfTheJungle) {
  const auto workload = parsed({"--scenario", "spike"}).workload;
  EXPECT_EQ(workload.workers, 50U);
  EXPECT_EQ(workload.min_idle, 5U);
  EXPECT_EQ(workload.connect_delay, 150ms);
  EXPECT_EQ(workload.work_time, 2ms);
}

TEST(CompareOptions, AScenarioChangesDefaultsButNotWhatTheUserSays) {
  const auto workload = parsed({"--workers", "3", "--scenario", "spike"}).workload;
  EXPECT_EQ(workload.workers, 3U);
  EXPECT_EQ(parsed({"--scenario", "churn"}).workload.discard_every, 10U);
  EXPECT_EQ(parsed({"--scenario", "spike", "--pool-size", "3"}).workload.min_idle, 3U);
  EXPECT_FALSE(parsed({"--scenario", "outage"}).sweep);
}

TEST(CompareOptions, OnlyChoosesValuesOfAnAxisInTheOrderGiven) {
  const auto selection = parsed({"--only", "backend=fiber,thread,queue=lifo", "--only", "eviction=never"}).selection;
  EXPECT_EQ(selection.backends, (std::vector{BackendKind::fiber, BackendKind::thread}));
  EXPECT_EQ(selection.queues, std::vector{QueueKind::lifo});
  EXPECT_EQ(selection.evictions, std::vector{EvictionKind::never});
}

TEST(CompareOptions, OnlyTakesAllAndForgetsRepetitions) {
  const auto selection = parsed({"--only", "eviction=never,all", "--only", "queue=fifo,fifo"}).selection;
  EXPECT_EQ(selection.evictions.size(), 5U);
  EXPECT_EQ(selection.queues.size(), 1U);
  EXPECT_EQ(selection.backends.size(), 4U);
}

TEST(CompareOptions, UnknownPoliciesAreRefusedWithTheListOfThose) {
  EXPECT_TRUE(
      contains(refusal({"--only", "backend=fibre"}), "--only", "'fibre'", "single, thread, boost_thread, fiber"));
  EXPECT_TRUE(contains(refusal({"--only", "queue=heap"}), "lifo, lifetime, fifo, affine"));
  EXPECT_TRUE(contains(refusal({"--only", "colour=red"}), "backend=, queue= or eviction="));
  EXPECT_TRUE(contains(refusal({"--only", "lifo"}), "names no axis"));
  EXPECT_TRUE(contains(refusal({"--only", ""}), "--only"));
}

struct BadInput {
  std::vector<std::string> arguments;
  std::string names, bound;
};

class CompareOptionsRefusal : public testing::TestWithParam<BadInput> {};

TEST_P(CompareOptionsRefusal, NamesTheOptionAndTheBoundInOneLine) {
  const auto message = refusal(GetParam().arguments);
  EXPECT_TRUE(contains(message, GetParam().names, GetParam().bound));
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    BadInputs, CompareOptionsRefusal,
    testing::Values(BadInput{{"--workers", "0"}, "--workers", "from 1 to 4096"},
                    BadInput{{"--workers", "4097"}, "--workers", "from 1 to 4096"},
                    BadInput{{"--workers", "many"}, "--workers", "whole number"},
                    BadInput{{"--workers", "3.5"}, "--workers", "whole number"},
                    BadInput{{"--workers=-1"}, "--workers", "from 1 to 4096"},
                    BadInput{{"--workers", "99999999999999999999"}, "--workers", "from 1 to 4096"},
                    BadInput{{"--pool-size", "0"}, "--pool-size", "from 1 to 4096"},
                    BadInput{{"--pool-size", "4", "--min-idle", "5"}, "--min-idle", "from 0 to 4"},
                    BadInput{{"--request-size", "65537"}, "--request-size", "from 1 to 65536"},
                    BadInput{{"--seconds", "-1"}, "--seconds", "from 0.05 to 3600"},
                    BadInput{{"--seconds", "0"}, "--seconds", "from 0.05 to 3600"},
                    BadInput{{"--seconds", "nan"}, "--seconds", "from 0.05 to 3600"},
                    BadInput{{"--seconds", "2s"}, "--seconds", "from 0.05 to 3600"},
                    BadInput{{"--rounds", "0"}, "--rounds", "from 1 to 101"},
                    BadInput{{"--think-time", "5"}, "--think-time", "us, ms or s"},
                    BadInput{{"--think-time", "-5ms"}, "--think-time", "from 0us to 60s"},
                    BadInput{{"--think-time", "61s"}, "--think-time", "from 0us to 60s"},
                    BadInput{{"--work-time", "soon"}, "--work-time", "us, ms or s"},
                    BadInput{{"--work-time", "inf s"}, "--work-time", "us, ms or s"},
                    BadInput{{"--scenario", "boom"}, "--scenario", "steady, spike, outage, churn"},
                    BadInput{{"--scenario", "outage", "--url", "tcp://a:1"}, "--scenario outage", "without --url"},
                    BadInput{{"--url", "gopher://a:1"}, "--url", "one of"},
                    BadInput{{"--url", "tcp://a"}, "--url", "1 to 65535"},
                    BadInput{{"--url", "tcp://a:0"}, "--url", "from 1 to 65535"},
                    BadInput{{"--url", "tcp://a:65536"}, "--url", "from 1 to 65535"},
                    BadInput{{"--url", "tcp://::1:80"}, "--url", "host is empty"},
                    BadInput{{"--url", "unix://relative"}, "--url", "unix:///path"},
                    BadInput{{"--url", "tcp://a:1?tls=yes"}, "--url", "option tls is unknown"},
                    BadInput{{"--workers"}, "--workers", "required"}, BadInput{{"--foo"}, "--foo", "not expected"},
                    BadInput{{"something"}, "something", "not expected"}));

TEST(CompareEndpoint, IsReadAndWrittenAlike) {
  for (const std::string url :
       {"tcp://localhost:7", "tcp://[::1]:65535", "tcp://10.0.0.1:80", "unix:///run/echo.sock"}) {
    EXPECT_EQ(Endpoint::parse(url).to_string(), url);
  }
}

TEST(CompareOptions, HelpFitsInEightyColumns) {
  const auto help = std::get<std::string>(parse_options({"--help"}));
  std::size_t begin = 0;
  for (std::size_t end = help.find('\n'); end != std::string::npos; begin = end + 1, end = help.find('\n', begin)) {
    EXPECT_LE(end - begin, 80U) << help.substr(begin, end - begin);
  }
  EXPECT_TRUE(contains(help, "--scenario", "--only", "--json"));
}

}  // namespace
}  // namespace carpool::compare

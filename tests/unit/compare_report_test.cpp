// sanitizers: none
/// What carpool-compare says: rows out of samples, the choice, the words, the table, the page and the JSON.
#include "../../tools/compare/advice.hpp"
#include "../../tools/compare/charts.hpp"
#include "../../tools/compare/html_report.hpp"
#include "../../tools/compare/json_report.hpp"
#include "../../tools/compare/progress.hpp"
#include "../../tools/compare/table.hpp"
#include "contains.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace carpool::compare {
namespace {

using namespace std::chrono_literals;

/// Three rounds around a rate, each 1 % apart.
std::vector<Sample> samples_at(double rate, double cpu_us, Duration wait) {
  std::vector<Sample> samples;
  for (const double factor : {0.99, 1.0, 1.01}) {
    Sample sample;
    sample.seconds = 1;
    sample.requests = static_cast<std::uint64_t>(rate * factor);
    sample.cpu_seconds = rate * factor * cpu_us * factor / 1e6;
    sample.held_seconds = 3;
    for (int i = 0; i < 1000; ++i) sample.wait.record(wait);
    sample.opened = 8;
    sample.server_peak = 8;
    samples.push_back(std::move(sample));
  }
  return samples;
}

Row row_at(Combination combination, double rate, double cpu_us, Duration wait = 100us, const Workload& workload = {}) {
  return make_row(combination, workload, samples_at(rate, cpu_us, wait));
}

constexpr Combination single_lifo{BackendKind::single, QueueKind::lifo, EvictionKind::standard};
constexpr Combination thread_lifo{BackendKind::thread, QueueKind::lifo, EvictionKind::standard};
constexpr Combination thread_fifo{BackendKind::thread, QueueKind::fifo, EvictionKind::standard};
constexpr Combination fiber_lifo{BackendKind::fiber, QueueKind::lifo, EvictionKind::standard};
constexpr Combination fiber_fifo{BackendKind::fiber, QueueKind::fifo, EvictionKind::standard};

Results steady_results() {
  Results results;
  results.server = "embedded loopback server";
  results.machine = {"Example 1000", 2, "Linux 6", "g++ 12", true, "2026-01-02 03:04 UTC", 0.1, 0.01};
  results.workload.rounds = 3;
  results.rows = {row_at(single_lifo, 20'000, 15), row_at(thread_lifo, 80'000, 12), row_at(thread_fifo, 80'500, 12),
                  row_at(fiber_lifo, 120'000, 5), row_at(fiber_fifo, 120'500, 5, 2ms)};
  return results;
}

Sweep sweep_of(const std::vector<std::pair<std::size_t, double>>& points) {
  Sweep sweep{fiber_lifo, {}};
  for (const auto& [size, rate] : points) {
    Workload workload;
    workload.pool_size = size;
    sweep.points.push_back({size, row_at(fiber_lifo, rate, 5, 100us, workload)});
  }
  return sweep;
}

Results outage_results() {
  Results results = steady_results();
  results.workload = defaults_for(Scenario::outage);
  for (auto& row : results.rows) {
    row.outage.emplace();
    row.outage->wait.record(3us);
    row.outage->connects_per_second = 8;
    row.outage->first_again = 30ms;
    row.outage->all_again = 60ms;
    row.outage->timeline[0].served = 10;
    row.outage->timeline[30].failed = 10;
  }
  return results;
}

Results spike_results(std::uint64_t opened) {
  Results results;
  results.machine = steady_results().machine;
  results.workload = defaults_for(Scenario::spike);
  auto samples = samples_at(50, 100, 150ms);
  for (auto& sample : samples) {
    sample.opened = opened;
    sample.requests = 50;
    sample.all_served = 200ms;
  }
  results.rows = {make_row(thread_lifo, results.workload, samples)};
  return results;
}

TEST(CompareSample, IsPutTogetherFromWorkersAndConductor) {
  HostReport report;
  report.logs.resize(2);
  const Control control;
  for (int i = 0; i < 30; ++i) report.logs[0].served(control, Phase::measuring, 10ms, {});
  for (int i = 0; i < 40; ++i) report.logs[1].served(control, Phase::measuring, 10ms, {});
  report.logs[1].served(control, Phase::warm_up, 10ms, {});
  report.logs[0].waited(Phase::measuring, 5us);
  report.logs[0].waited(Phase::warm_up, 5s);
  report.stats.created = 9;
  report.stats.closed_by_reason[static_cast<std::size_t>(CloseReason::discarded)] = 4;
  Measurement measured;
  measured.seconds = 2;
  const auto sample = make_sample(report, measured);
  EXPECT_EQ(sample.requests, 70U);
  EXPECT_DOUBLE_EQ(sample.fairness, 0.75);
  EXPECT_NEAR(sample.held_seconds, 0.7, 1e-9);
  EXPECT_EQ(sample.wait.count(), 1U) << "what was waited while warming up does not count";
  EXPECT_EQ(sample.opened, 9U);
  EXPECT_EQ(sample.closed[static_cast<std::size_t>(CloseReason::discarded)], 4U);
  EXPECT_FALSE(sample.outage.has_value());
}

TEST(CompareSample, AnOutageKnowsWhoWasServedAgainAndWhen) {
  const TimePoint start(1h);
  const Control control(start, 60s);
  HostReport report;
  report.logs.resize(2);
  report.logs[0].failed(control, Phase::down, start + 20s, std::runtime_error("refused"));
  report.logs[0].waited(Phase::down, 7us);
  report.logs[0].served(control, Phase::recovering, 1ms, start + 41s);
  report.logs[0].served(control, Phase::recovering, 1ms, start + 50s);
  report.logs[1].served(control, Phase::recovering, 1ms, start + 43s);
  Measurement measured;
  measured.down_seconds = 20;
  measured.connects_while_down = 100;
  measured.restored_at = start + 40s;
  const auto sample = make_sample(report, measured);
  ASSERT_TRUE(sample.outage.has_value());
  EXPECT_EQ(sample.outage->first_again, Duration(1s));
  EXPECT_EQ(sample.outage->all_again, Duration(3s));
  EXPECT_DOUBLE_EQ(sample.outage->connects_per_second, 5);
  EXPECT_DOUBLE_EQ(sample.outage->failures_per_second, 0.05);
  EXPECT_EQ(sample.outage->timeline[20].failed, 1U);
  EXPECT_EQ(sample.outage->timeline[41].served, 1U);
  EXPECT_EQ(sample.outage->wait.count(), 1U);
}

TEST(CompareSample, AWorkerThatWasNeverServedAgainIsNotForgotten) {
  HostReport report;
  report.logs.resize(2);
  const Control control;
  report.logs[0].served(control, Phase::recovering, 1ms, TimePoint(2s));
  Measurement measured;
  measured.down_seconds = 1;
  measured.restored_at = TimePoint(1s);
  const auto sample = make_sample(report, measured);
  EXPECT_EQ(sample.outage->first_again, Duration(1s));
  EXPECT_FALSE(sample.outage->all_again.has_value());
}

TEST(CompareRow, HasTheMedianOfItsRoundsAndTheSumOfTheirRequests) {
  const auto row = row_at(thread_lifo, 10'000, 7);
  EXPECT_EQ(row.requests, 30'000U);
  EXPECT_DOUBLE_EQ(row.rate.median, 10'000);
  EXPECT_DOUBLE_EQ(row.rate.low, 9'900);
  EXPECT_NEAR(row.cpu.median, 7'000, 1);
  EXPECT_EQ(row.wait.count(), 3000U);
  EXPECT_DOUBLE_EQ(row.in_use.median, 3);
  EXPECT_EQ(row.workers, 32U);
  EXPECT_EQ(row_at(single_lifo, 10'000, 7).workers, 1U);
}

TEST(CompareChoice, IsTheFastestBeyondNoise) {
  const auto results = steady_results();
  EXPECT_EQ(recommend(results)->combination, fiber_lifo) << "fiber + fifo is faster by noise alone and waits longer";
}

TEST(CompareChoice, AmongEqualsIsTheCheapest) {
  auto results = steady_results();
  results.rows = {row_at(thread_lifo, 100'000, 12), row_at(fiber_lifo, 99'500, 5)};
  EXPECT_EQ(recommend(results)->combination, fiber_lifo);
}

TEST(CompareChoice, SingleIsNoRivalUnlessAlone) {
  auto results = steady_results();
  results.rows = {row_at(single_lifo, 900'000, 1), row_at(thread_lifo, 80'000, 12)};
  EXPECT_EQ(recommend(results)->combination, thread_lifo);
  results.rows.pop_back();
  EXPECT_EQ(recommend(results)->combination, single_lifo);
}

TEST(CompareChoice, FailuresDisqualifyWhileThereAreOthers) {
  auto results = steady_results();
  for (auto& row : results.rows) {
    if (row.combination.backend == BackendKind::fiber) row.failures.note(WrongReply());
  }
  EXPECT_EQ(recommend(results)->combination.backend, BackendKind::thread);
}

TEST(CompareChoice, ThereIsNoneWithoutRows) { EXPECT_EQ(recommend(Results()), nullptr); }

TEST(CompareSize, EnoughIsTheSmallestWithinFivePercentOfTheBest) {
  EXPECT_EQ(enough(sweep_of({{1, 10'000}, {2, 20'000}, {4, 39'000}, {8, 40'000}, {16, 38'000}}))->pool_size, 4U);
  EXPECT_EQ(enough(sweep_of({{1, 10'000}, {2, 20'000}, {4, 40'000}}))->pool_size, 4U);
  EXPECT_EQ(enough(Sweep{}), nullptr);
}

TEST(CompareSize, NoiseIsNoExcuseButIsSaid) {
  auto results = steady_results();
  results.sweeps = {sweep_of({{1, 10'000}, {2, 36'000}, {4, 40'000}, {8, 40'400}})};
  for (auto& point : results.sweeps.front().points) point.row.rate.high = 50'000;
  EXPECT_EQ(enough(results.sweeps.front())->pool_size, 4U);
  EXPECT_TRUE(contains(join(advise(results, Charset::ascii), "\n"), "2 gave 10 % fewer, which noise may explain."));
}

TEST(CompareSize, ARowOfTheTableThatDidMoreCounts) {
  Sweep sweep = sweep_of({{1, 20'000}, {2, 50'000}, {4, 87'560}, {8, 88'000}, {16, 87'000}});
  take_from_table(sweep, {row_at(thread_lifo, 200'000, 5), row_at(fiber_lifo, 117'576, 5)});
  EXPECT_EQ(enough(sweep)->pool_size, 8U);
  EXPECT_DOUBLE_EQ(enough(sweep)->row.rate.median, 117'576);
  take_from_table(sweep, {row_at(fiber_lifo, 60'000, 5)});
  EXPECT_DOUBLE_EQ(enough(sweep)->row.rate.median, 117'576) << "a slower row does not count";
}

TEST(CompareAdvice, BeginsWithTheChoiceAndItsFigures) {
  const auto advice = advise(steady_results(), Charset::ascii);
  EXPECT_TRUE(contains(advice.at(0), "Choose fiber + lifo"));
  EXPECT_TRUE(contains(advice.at(0), "120,000 requests/s, 5.00 us of CPU per request"));
}

TEST(CompareAdvice, ComparesTheOtherBackendsAndCallsNoiseNoise) {
  const auto text = join(advise(steady_results(), Charset::ascii), "\n");
  EXPECT_TRUE(
      contains(text, "The best with thread (thread + fifo): 33 % fewer requests/s; 2.4 times the CPU per request."));
  EXPECT_TRUE(contains(text, "The queue with fiber, against lifo: fifo p99.9 of the waits"));
  EXPECT_TRUE(contains(text, "what is not named is noise"));
  EXPECT_TRUE(contains(text, "single has one worker by nature"));
}

TEST(CompareAdvice, SaysSoWhereQueuesDoNotDiffer) {
  auto results = steady_results();
  results.rows.back() = row_at(fiber_fifo, 120'500, 5);
  EXPECT_TRUE(contains(join(advise(results, Charset::ascii), "\n"),
                       "The queue with fiber makes no difference beyond noise here."));
}

TEST(CompareAdvice, SaysWhyWhatLooksBetterWasNotChosen) {
  auto results = steady_results();
  results.rows = {row_at(thread_lifo, 100'000, 12), row_at(thread_fifo, 94'000, 10), row_at(fiber_lifo, 88'000, 5)};
  results.rows[1].rate.low = 87'000;   // no different from the cheaper but slower fiber ...
  results.rows[1].rate.high = 99'500;  // ... nor from the fastest, which that one is beyond noise
  EXPECT_EQ(recommend(results)->combination, thread_fifo);
  EXPECT_TRUE(contains(join(advise(results, Charset::ascii), "\n"),
                       "50 % less CPU per request; but the fastest of all is faster"));
}

TEST(CompareAdvice, NamesTheSizeThatIsEnough) {
  auto results = steady_results();
  results.sweeps = {sweep_of({{1, 10'000}, {2, 20'000}, {4, 39'500}, {8, 40'000}})};
  EXPECT_TRUE(contains(join(advise(results, Charset::ascii), "\n"),
                       "A pool of 4 is enough for 32 workers (fiber + lifo): 39,500 requests/s, and 8 give +1 %"));
  results.sweeps = {sweep_of({{1, 10'000}, {2, 20'000}})};
  EXPECT_TRUE(
      contains(join(advise(results, Charset::ascii), "\n"),
               "No smaller pool than 2, the largest that was tried, is enough (fiber + lifo): 20,000 requests/s"));
  results.sweeps = {sweep_of({{1, 10'000}, {32, 20'000}})};
  EXPECT_TRUE(
      contains(join(advise(results, Charset::ascii), "\n"), "than 32, a connection for every worker, is enough"));
}

TEST(CompareAdvice, WarnsOfNoiseOtherProgramsAndDebugBuilds) {
  auto results = steady_results();
  EXPECT_TRUE(contains(join(advise(results, Charset::ascii), "\n"), "moved by +-1 %"));
  for (auto& row : results.rows) row.rate.high *= 1.6;
  results.machine.used_by_others = 0.4;
  results.machine.optimised = false;
  const auto text = join(advise(results, Charset::unicode), "\n");
  EXPECT_TRUE(contains(text, "A hint only, for the noise is large: choose fiber + "));
  EXPECT_TRUE(contains(text, "That is much: measure again"));
  EXPECT_TRUE(contains(text, "other programs used 40 % of the processors"));
  EXPECT_TRUE(contains(text, "built without optimisation"));
}

TEST(CompareAdvice, CountsTheConnectionsOfASpike) {
  EXPECT_TRUE(contains(join(advise(spike_results(5), Charset::ascii), "\n"),
                       "No combination opened more than 6 connections: no storm."));
  EXPECT_TRUE(contains(join(advise(spike_results(40), Charset::ascii), "\n"),
                       "These opened more than wanted: thread + lifo (40)."));
}

TEST(CompareAdvice, TellsOfTheOutageAndOfThoseThatDidNotRecover) {
  auto results = outage_results();
  EXPECT_TRUE(contains(join(advise(results, Charset::ascii), "\n"), "asked 8 times per second"));
  EXPECT_TRUE(contains(join(advise(results, Charset::ascii), "\n"), "every worker was served again within 60.0 ms"));
  results.rows[1].outage->all_again.reset();
  EXPECT_TRUE(contains(join(advise(results, Charset::ascii), "\n"), "Not within the run: thread + lifo."));
}

TEST(CompareAdvice, HasNothingToSayOfNothing) { EXPECT_TRUE(advise(Results(), Charset::ascii).empty()); }

std::vector<Results> every_scenario() {
  auto steady = steady_results();
  steady.sweeps = {sweep_of({{1, 10'000}, {2, 20'000}, {4, 40'000}})};
  auto churn = steady_results();
  churn.workload = defaults_for(Scenario::churn);
  churn.rows[1].closed[static_cast<std::size_t>(CloseReason::discarded)] = 12'345;
  churn.rows[1].failures.note(WrongReply());
  return {steady, churn, outage_results(), spike_results(5)};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

TEST(CompareTable, FitsInEightyColumnsInEveryScenario) {
  for (const auto& results : every_scenario()) {
    for (const auto& line : lines_of(results_table(results, {Charset::unicode, false})))
      EXPECT_LE(columns_of(line), 80U) << line;
  }
}

TEST(CompareTable, FitsWithTheLongestNamesToo) {
  auto results = steady_results();
  for (const auto& entry : evictions)
    results.rows.push_back(row_at({BackendKind::boost_thread, QueueKind::lifetime, entry.kind}, 1'234'567, 12));
  for (const auto& line : lines_of(results_table(results, {Charset::unicode, false})))
    EXPECT_LE(columns_of(line), 80U) << line;
  results.rows.erase(results.rows.begin(), results.rows.begin() + 5);
  const auto table = results_table(results, {Charset::unicode, false});
  EXPECT_TRUE(contains(table, "max_lifetime "));
  for (const auto& line : lines_of(table)) EXPECT_LE(columns_of(line), 80U) << line;
}

TEST(CompareTable, IsPureAsciiWhereAsked) {
  for (const auto& results : every_scenario()) {
    const auto text = results_table(results, {Charset::ascii, false}) + join(advise(results, Charset::ascii));
    for (const char c : text) ASSERT_LT(static_cast<unsigned char>(c), 127) << text;
  }
}

TEST(CompareTable, UsesNoEscapeCodesUnlessAllowed) {
  EXPECT_EQ(results_table(steady_results(), {Charset::unicode, false}).find('\x1b'), std::string::npos);
  EXPECT_NE(results_table(steady_results(), {Charset::unicode, true}).find('\x1b'), std::string::npos);
}

TEST(CompareTable, MarksTheChosenRowAndNamesTheBackendsWorkers) {
  const auto table = results_table(steady_results(), {Charset::ascii, false});
  EXPECT_TRUE(contains(table, "single: 1 worker by nature\n"));
  EXPECT_TRUE(contains(table, "fiber: 32 workers\n> lifo       120,000 ####"));
}

TEST(CompareTable, SaysWhyConnectionsWereClosedAndWhatFailed) {
  const auto table = results_table(every_scenario().at(1), {Charset::ascii, false});
  EXPECT_TRUE(contains(table, "    closed: discarded 12345\n    failed: wrong_reply 1\n"));
}

TEST(CompareTable, DenouncesAPoolThatOpenedTooMany) {
  auto results = steady_results();
  results.rows[1].server_peak = 9;
  EXPECT_TRUE(contains(results_table(results, {Charset::ascii, false}), "the server saw 9 connections at once"));
}

TEST(CompareTable, WrapsSentencesAtWords) {
  EXPECT_EQ(wrap("one two three", 9, "- ", "  "), "- one two\n  three\n");
  EXPECT_EQ(wrap("", 9, "- ", "  "), "- \n");
}

/// Every element that is opened is closed, in order; void elements stand alone.
testing::AssertionResult is_balanced(const std::string& markup) {
  std::vector<std::string> open;
  for (auto at = markup.find('<'); at != std::string::npos; at = markup.find('<', at + 1)) {
    const auto end = markup.find('>', at);
    if (end == std::string::npos) return testing::AssertionFailure() << "an element without end at " << at;
    const auto tag = markup.substr(at + 1, end - at - 1);
    const auto name = tag.substr(0, tag.find_first_of(" /\n", 1));
    if (tag.front() == '!' || tag.back() == '/' || name == "meta") continue;
    if (tag.front() != '/') {
      open.push_back(name);
    } else if (open.empty() || "/" + open.back() != tag) {
      return testing::AssertionFailure() << tag << " closes " << (open.empty() ? "nothing" : open.back());
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? testing::AssertionSuccess() : testing::AssertionFailure() << open.back() << " stays open";
}

TEST(CompareHtml, IsWellFormedAndSelfContained) {
  for (const auto& results : every_scenario()) {
    const auto page = html_report(results);
    EXPECT_TRUE(is_balanced(page));
    for (const auto* foreign : {"<script", "<link", "<img", "@import", "url(", "src="})
      EXPECT_EQ(page.find(foreign), std::string::npos) << foreign;
    auto http = page.find("http");
    for (; http != std::string::npos; http = page.find("http", http + 1)) {
      EXPECT_EQ(page.substr(http, 26), "http://www.w3.org/2000/svg") << "the name of SVG is the only address";
    }
    EXPECT_EQ(page.find("nan"), std::string::npos);
    EXPECT_EQ(page.find("inf"), std::string::npos);
  }
}

TEST(CompareHtml, HasTheChartsOfItsScenario) {
  const auto names_of_charts = [](const Results& results) {
    std::vector<std::string> names;
    for (const auto& chart : charts_of(results)) names.push_back(chart.name);
    return names;
  };
  const auto all = every_scenario();
  EXPECT_EQ(names_of_charts(all[0]), (std::vector<std::string>{"requests", "cpu", "wait", "pool-size"}));
  EXPECT_EQ(names_of_charts(all[1]), (std::vector<std::string>{"requests", "cpu", "wait"}));
  EXPECT_EQ(names_of_charts(all[2]), (std::vector<std::string>{"outage", "wait", "requests"}));
  EXPECT_EQ(names_of_charts(all[3]), (std::vector<std::string>{"opened", "served", "wait"}));
}

TEST(CompareHtml, SpeaksOfAnEmbeddedServerOnlyWhereThereIsOne) {
  auto results = steady_results();
  EXPECT_TRUE(contains(html_report(results), "without the embedded server's thread"));
  EXPECT_TRUE(contains(html_report(results), "peak at server"));
  results.embedded = false;
  results.server = "redis://localhost:6379/0, GET";
  EXPECT_EQ(html_report(results).find("embedded"), std::string::npos);
  EXPECT_EQ(html_report(results).find("eak at server"), std::string::npos);
}

TEST(CompareHtml, EscapesWhatItDidNotWriteItself) {
  auto results = steady_results();
  results.server = "unix:///tmp/<b>&\"x\"";
  EXPECT_TRUE(contains(html_report(results), "unix:///tmp/&lt;b&gt;&amp;&quot;x&quot;"));
}

TEST(CompareHtml, ChartsStandAloneToo) {
  for (const auto& chart : charts_of(every_scenario().front())) {
    const auto file = standalone_svg(chart.svg, chart.title, chart.caption, "a source");
    EXPECT_TRUE(is_balanced(file));
    EXPECT_TRUE(contains(file, "<style>"));
    EXPECT_TRUE(contains(file, "class=\"title\">" + chart.title + "<"));
    EXPECT_TRUE(contains(file, ">a source<"));
    EXPECT_TRUE(contains(file, "viewBox=\"0 0 440 "))
        << "a telephone shrinks what is much wider until none can read it";
  }
}

TEST(CompareJson, HoldsTheMachineAllRowsTheSizesAndTheWords) {
  const auto json = nlohmann::json::parse(json_report(every_scenario().front()));
  EXPECT_EQ(json["rows"].size(), 5U);
  EXPECT_EQ(json["rows"][3]["backend"], "fiber");
  EXPECT_EQ(json["rows"][3]["requests_per_second"]["median"], 120'000.0);
  EXPECT_EQ(json["rows"][3]["wait_ns"]["count"], 3000);
  EXPECT_EQ(json["machine"]["processors"], 2);
  EXPECT_EQ(json["workload"]["workers"], 32);
  EXPECT_EQ(json["pool_sizes"][0]["enough"], 4);
  EXPECT_EQ(json["pool_sizes"][0]["points"].size(), 3U);
  EXPECT_GE(json["advice"].size(), 4U);
}

TEST(CompareJson, SaysNullWhereNothingIsKnown) {
  auto results = outage_results();
  results.rows[0].server_peak = 0;
  results.rows[0].outage->all_again.reset();
  const auto json = nlohmann::json::parse(json_report(results));
  EXPECT_TRUE(json["rows"][0]["server_peak_connections"].is_null());
  EXPECT_TRUE(json["rows"][0]["outage"]["every_worker_served_again_ns"].is_null());
  EXPECT_EQ(json["rows"][1]["outage"]["every_worker_served_again_ns"], 60'000'000);
  EXPECT_EQ(json["rows"][1]["outage"]["timeline"]["failed"][30], 10);
}

TEST(CompareProgress, IsOneLineThatFits) {
  const auto line = progress_line(0.7, 12, "round 2 of 5: boost_thread + lifetime + max_lifetime and more than fits",
                                  78, Charset::unicode);
  EXPECT_TRUE(contains(line, "[██████████████      ]  70 %  0:12 left  round 2 of 5"));
  EXPECT_EQ(columns_of(line), 78U);
  EXPECT_TRUE(contains(progress_line(2, -5, "x", 78, Charset::ascii), "[####################] 100 %  0:00 left  x"));
}

TEST(CompareProgress, IsSilentWhereItIsNotShown) {
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  {
    Progress progress(file, false, Charset::ascii);
    progress.expect(1);
    progress.begin("stage");
    progress.advance(0.5);
  }
  EXPECT_EQ(std::ftell(file), 0);
  std::fclose(file);
}

}  // namespace
}  // namespace carpool::compare

// needs: boost_thread_backend fiber_backend
// sanitizers: none
/// carpool-compare's runs over real sockets: every scenario on every backend, with one queue.
#include "../../tools/compare/comparison.hpp"
#include "../../tools/compare/host.hpp"
#include "../../tools/compare/preflight.hpp"

#include <carpool/boost_thread_backend.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/single_backend.hpp>
#include <carpool/thread_backend.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace carpool::compare {

// The tool compiles twelve pools for each backend; one is enough here.
template <class Backend>
HostReport run_one_queue(const Plan& plan, Control& control) {
  return detail::run_pool<Backend, FifoQueue>(plan, control, detail::timed_eviction(plan.combination.eviction));
}
HostReport run_on_single(const Plan& plan, Control& control) { return run_one_queue<SingleBackend>(plan, control); }
HostReport run_on_thread(const Plan& plan, Control& control) { return run_one_queue<ThreadBackend>(plan, control); }
HostReport run_on_boost_thread(const Plan& plan, Control& control) {
  return run_one_queue<BoostThreadBackend>(plan, control);
}
HostReport run_on_fiber(const Plan& plan, Control& control) { return run_one_queue<FiberBackend>(plan, control); }

namespace {

using namespace std::chrono_literals;

Endpoint endpoint_of(const EchoServer& server) {
  return Endpoint::parse("tcp://127.0.0.1:" + std::to_string(server.port()));
}

class CompareRun : public testing::TestWithParam<BackendKind> {
 protected:
  Sample run(const Workload& workload, EvictionKind eviction = EvictionKind::standard) {
    Conductor conductor(&server_, progress_);
    return conductor.run({{GetParam(), QueueKind::fifo, eviction}, workload, endpoint_});
  }

  static Workload small(Scenario scenario) {
    Workload workload = defaults_for(scenario);
    workload.seconds = 0.2;
    workload.rounds = 1;
    workload.workers = 6;
    workload.pool_size = 3;
    return workload;
  }

  [[nodiscard]] static bool single() { return GetParam() == BackendKind::single; }

  EchoServer server_;
  Progress progress_{stderr, false, Charset::ascii};
  const Endpoint endpoint_ = endpoint_of(server_);
};

std::uint64_t closed_for(const Sample& sample, CloseReason reason) {
  return sample.closed[static_cast<std::size_t>(reason)];
}

TEST_P(CompareRun, SteadyLoadIsServedWithoutFailureWithinThePoolsSize) {
  const auto sample = run(small(Scenario::steady));
  EXPECT_GT(sample.requests, 100U);
  EXPECT_EQ(sample.failures.total(), 0U) << sample.failures.first_message;
  EXPECT_EQ(sample.opened, single() ? 1U : 3U);
  EXPECT_LE(sample.server_peak, 3U);
  EXPECT_EQ(sample.wait.count(), sample.requests);
  EXPECT_GT(sample.cpu_seconds, 0);
  EXPECT_LE(sample.held_seconds, 3 * sample.seconds + 0.1) << "three connections cannot be held longer than that";
}

TEST_P(CompareRun, WorkTimeBoundsTheRateByThePoolsSize) {
  auto workload = small(Scenario::steady);
  workload.work_time = 10ms;
  const auto sample = run(workload);
  EXPECT_GT(sample.requests, 0U);
  const double at_once = 3, per_second = 100, begun_before_and_ended_after = 9;
  EXPECT_LE(static_cast<double>(sample.requests), at_once * per_second * sample.seconds + begun_before_and_ended_after);
}

TEST_P(CompareRun, ASpikeIsServedWithAtMostOneConnectionMoreThanAreKeptIdle) {
  auto workload = defaults_for(Scenario::spike);
  workload.connect_delay = 30ms;
  workload.work_time = 500us;
  workload.workers = 20;
  const auto sample = run(workload);
  EXPECT_EQ(sample.requests, 20U) << sample.failures.first_message;
  EXPECT_LE(sample.opened, 6U);
  EXPECT_GT(sample.all_served, single() ? 10ms : 30ms);
  EXPECT_EQ(sample.wait.count(), 20U);
}

TEST_P(CompareRun, AnOutageFailsRequestsAndThenEveryWorkerIsServedAgain) {
  auto workload = small(Scenario::outage);
  workload.seconds = 1.8;
  const auto sample = run(workload);
  ASSERT_TRUE(sample.outage.has_value());
  EXPECT_GT(sample.requests, 0U);
  EXPECT_GT(sample.failures.total(), 0U);
  EXPECT_GT(sample.outage->failures_per_second, 0);
  EXPECT_TRUE(sample.outage->all_again.has_value());
  EXPECT_LT(sample.outage->connects_per_second, 100) << "a dead server is not hammered";
  EXPECT_GT(sample.outage->wait.count(), 0U);
}

TEST_P(CompareRun, ChurnDiscardsEveryNthLease) {
  auto workload = small(Scenario::churn);
  workload.discard_every = 5;
  const auto sample = run(workload);
  EXPECT_GT(closed_for(sample, CloseReason::discarded), 10U);
  EXPECT_GE(sample.opened, closed_for(sample, CloseReason::discarded));
  EXPECT_EQ(sample.failures.total(), 0U) << sample.failures.first_message;
  EXPECT_LE(sample.server_peak, 3U);
}

TEST_P(CompareRun, AShortLifetimeIsSeenInTheReasons) {
  auto workload = small(Scenario::steady);
  workload.seconds = 0.3;
  EXPECT_GT(closed_for(run(workload, EvictionKind::max_lifetime), CloseReason::expired), 0U);
}

TEST_P(CompareRun, AServerThatIsNotThereFailsEveryRequestAndSaysWhy) {
  server_.stop();
  auto workload = small(Scenario::steady);
  workload.seconds = 0.9;  // a series of three attempts rests for up to 0.3 s
  const auto sample = run(workload);
  EXPECT_EQ(sample.requests, 0U);
  EXPECT_GT(sample.failures.total(), 0U);
  EXPECT_NE(sample.failures.first_message.find("127.0.0.1"), std::string::npos) << sample.failures.first_message;
}

INSTANTIATE_TEST_SUITE_P(EveryBackend, CompareRun,
                         testing::Values(BackendKind::single, BackendKind::thread, BackendKind::boost_thread,
                                         BackendKind::fiber),
                         [](const auto& backend) { return std::string(name_of(backend.param)); });

TEST(Comparison, RunsEveryCombinationByTurnsAndThenTheSizesOfPool) {
  EchoServer server;
  Options options;
  options.workload.workers = 4;
  options.workload.seconds = 0.1;
  options.workload.rounds = 2;
  options.selection = {{BackendKind::single, BackendKind::thread}, {QueueKind::fifo}, {EvictionKind::standard}};
  Progress progress(stderr, false, Charset::ascii);
  Comparison comparison(options, endpoint_of(server), &server, progress);
  const auto results = comparison.run();
  ASSERT_EQ(results.rows.size(), 2U);
  EXPECT_EQ(results.rows[1].combination.backend, BackendKind::thread);
  EXPECT_EQ(results.rows[1].rounds, 2U);
  ASSERT_EQ(results.sweeps.size(), 1U) << "single has one worker, so no size to look for";
  std::vector<std::size_t> sizes;
  for (const auto& point : results.sweeps[0].points) sizes.push_back(point.row.pool_size);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1, 2, 4}));
}

std::string complaint_about(const Endpoint& endpoint) {
  try {
    check_server(endpoint, 128);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "none";
}

TEST(ComparePreflight, AcceptsAServerThatEchoes) {
  EchoServer server;
  EXPECT_EQ(complaint_about(endpoint_of(server)), "none");
}

TEST(ComparePreflight, RefusesAServerThatIsNotThere) {
  EchoServer server;
  server.stop();
  const auto complaint = complaint_about(endpoint_of(server));
  EXPECT_NE(complaint.find("--url tcp://127.0.0.1:"), std::string::npos) << complaint;
  EXPECT_NE(complaint.find("cannot be reached"), std::string::npos) << complaint;
  EXPECT_NE(complaint_about(Endpoint::parse("unix:///nowhere/echo.sock")).find("cannot be reached"), std::string::npos);
}

TEST(ComparePreflight, RefusesAFileThatCannotBeWrittenAndLeavesNoneBehind) {
  EXPECT_THROW(check_writable("--html", "/nowhere/report.html"), UsageError);
  const auto path = std::filesystem::path(testing::TempDir()) / "carpool_compare_report.html";
  std::filesystem::remove(path);
  EXPECT_NO_THROW(check_writable("--html", path.string()));
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace carpool::compare

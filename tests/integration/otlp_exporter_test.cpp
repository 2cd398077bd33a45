// needs: otlp_exporter
// What an OtlpExporter sends arrives once, whole and as OTLP has it, whatever the collector answers; and pools never
// wait for it.
#include <carpool/affine_bag.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/metrics_observer.hpp>
#include <carpool/observers.hpp>
#include <carpool/otlp_exporter.hpp>
#include <carpool/trace_observer.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "eventually.hpp"
#include "otlp_collector.hpp"

namespace {

using namespace std::chrono_literals;

using carpool::FakeServer;
using carpool::MetricsObserver;
using carpool::OtlpCounts;
using carpool::OtlpExporter;
using carpool::OtlpOptions;
using carpool::PoolRegistry;
using carpool::RecordingTracer;
using carpool::TraceObserver;
using carpool::TraceSampler;

using Observer = carpool::Observers<MetricsObserver, TraceObserver<RecordingTracer<>>>;
using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::AffineBag, carpool::FakeConnector,
                                     carpool::DefaultEviction, Observer>;
const std::string traces = "/v1/traces", metrics = "/v1/metrics", one_span = "\"spanId\"";

class Otlp : public testing::Test {
 protected:
  OtlpOptions options() {
    return {.collector = {.host = "127.0.0.1", .port = collector_.port()},
            .service_name = "shop",
            .spans_delay = 10ms,
            .request_timeout = 2s,
            .retry = {.initial = 20ms, .max = 100ms},
            .report = [this](std::string_view words) {
              const std::scoped_lock lock(mutex_);
              reports_.emplace_back(words);
            }};
  }
  /// Sends as many spans as the program ended.
  static void end_spans(const OtlpExporter& exporter, int count) {
    auto tracer = exporter.tracer(TraceSampler(1));
    for (int i = 0; i < count; ++i) static_cast<void>(tracer.start({.name = "work"}));
  }
  std::vector<std::string> reports() {
    const std::scoped_lock lock(mutex_);
    return reports_;
  }
  static Observer observer(const OtlpExporter& exporter, double ratio) {
    return Observer(MetricsObserver(), TraceObserver(exporter.tracer(TraceSampler(ratio))));
  }

  OtlpCollector collector_;
  PoolRegistry registry_;
  std::mutex mutex_;
  std::vector<std::string> reports_;
};

TEST_F(Otlp, SendsSpansAndMetricsInTheBackground) {
  OtlpOptions quick = options();
  quick.metrics_interval = 20ms;
  OtlpExporter exporter(quick, registry_);
  const FakeServer server;
  Pool pool(server.connector(), {.name = "orders"}, {}, observer(exporter, 1));
  const auto registration = registry_.add(pool);
  static_cast<void>(pool.acquire());
  EXPECT_TRUE(eventually<carpool::ThreadBackend>([&] { return collector_.taken(traces, one_span) == 3; }));
  EXPECT_TRUE(eventually<carpool::ThreadBackend>(
      [&] { return collector_.taken(metrics, R"("db.client.connection.use_time")") > 1; }));
  EXPECT_GT(collector_.taken(traces, R"({"key":"service.name","value":{"stringValue":"shop"}})"), 0U);
  EXPECT_TRUE(exporter.stop(5s));
  EXPECT_TRUE(exporter.stop(0s)) << "it has stopped";
  EXPECT_FALSE(exporter.flush(1s)) << "nothing is sent any more";
  EXPECT_EQ(exporter.counts().spans_sent, 3U);
  EXPECT_EQ(exporter.counts().spans_dropped, 0U);
  EXPECT_TRUE(reports().empty());
}

TEST_F(Otlp, LosesNothingOnAnOrderlyShutdown) {
  OtlpOptions slow = options();
  slow.spans_delay = 1h;
  slow.metrics_interval = 1h;
  slow.max_queue = 10'000;
  slow.max_batch = 64;
  const FakeServer server;
  std::optional<OtlpExporter> exporter(std::in_place, slow, registry_);
  Pool pool(server.connector(), {.name = "orders"}, {}, observer(*exporter, 1));
  const auto registration = registry_.add(pool);
  for (int i = 0; i < 1000; ++i) static_cast<void>(pool.acquire());
  exporter.reset();
  EXPECT_EQ(collector_.taken(traces, one_span), 2001U);
  EXPECT_EQ(collector_.taken(metrics, R"("name":"db.client.connection.use_time")"), 1U);
  static_cast<void>(pool.acquire());  // a tracer outlives its exporter
}

TEST_F(Otlp, FlushSendsWhatIsThereAndTheExporterGoesOn) {
  OtlpOptions slow = options();
  slow.spans_delay = slow.metrics_interval = 1h;
  OtlpExporter exporter(slow, registry_);
  for (int round = 1; round <= 3; ++round) {
    end_spans(exporter, 5);
    EXPECT_TRUE(exporter.flush(5s));
    EXPECT_EQ(collector_.taken(traces, one_span), static_cast<std::size_t>(5 * round));
  }
  EXPECT_TRUE(collector_.requests().size() == 3U) << "a registry without pools has no metrics";
}

TEST_F(Otlp, AsksAgainWhereTheCollectorIsBusyOrAwayForAWhile) {
  collector_.reply({{.status = 503}, {.status = 429}, {.status = 502}, {.closes_before = true}, {.status = 504}});
  OtlpExporter exporter(options(), registry_);
  end_spans(exporter, 7);
  EXPECT_TRUE(exporter.flush(10s));
  EXPECT_EQ(collector_.taken(traces, one_span), 7U);
  const OtlpCounts counts = exporter.counts();
  EXPECT_EQ(counts.spans_sent, 7U);
  EXPECT_EQ(counts.spans_dropped, 0U);
  EXPECT_EQ(counts.retries, 5U);
}

TEST_F(Otlp, WaitsAsLongAsRetryAfterSays) {
  collector_.reply({{.status = 429, .headers = "Retry-After: 1\r\n"}});
  OtlpExporter exporter(options(), registry_);
  end_spans(exporter, 1);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(exporter.flush(10s));
  EXPECT_GE(std::chrono::steady_clock::now() - began, 950ms) << "its own back-off is 20 ms";
  EXPECT_EQ(collector_.taken(traces, one_span), 1U);
}

TEST_F(Otlp, KeepsTheNextReadingBackTooWhereRetryAfterSaysSo) {
  const FakeServer server;
  OtlpOptions quick = options();
  quick.metrics_interval = 10ms;
  collector_.reply({{.status = 429, .headers = "Retry-After: 2\r\n"}});
  OtlpExporter exporter(quick, registry_);
  Pool pool(server.connector(), {.name = "orders"}, {}, observer(exporter, 0));
  const auto registration = registry_.add(pool);
  EXPECT_TRUE(eventually<carpool::ThreadBackend>([&] { return exporter.counts().readings_lost > 10; }));
  EXPECT_EQ(collector_.requests().size(), 1U) << "and many readings since";
  EXPECT_TRUE(exporter.stop(10s));
  EXPECT_EQ(exporter.counts().readings_sent, 1U);
}

TEST_F(Otlp, FlushEndsThoughSpansKeepComing) {
  OtlpOptions small = options();
  small.max_batch = 2;
  OtlpExporter exporter(small, registry_);
  std::atomic<bool> ends = false;
  std::thread busy([&] {
    while (!ends) end_spans(exporter, 1);
  });
  EXPECT_TRUE(exporter.flush(20s));
  ends = true;
  busy.join();
}

TEST_F(Otlp, DoesNotHurryACollectorThatNamesNoTime) {
  collector_.reply_always(OtlpCollector::Reply{.status = 429, .headers = "Retry-After: 0\r\n"});
  OtlpExporter exporter(options(), registry_);
  end_spans(exporter, 1);
  EXPECT_FALSE(exporter.stop(500ms));
  EXPECT_LE(collector_.requests().size(), 20U) << "its back-off is 100 ms soon, and at least half of it";
}

TEST_F(Otlp, ConnectsAnewWhereTheCollectorEndsConnections) {
  collector_.reply_always(OtlpCollector::Reply{.closes_after = true});
  OtlpExporter exporter(options(), registry_);
  for (int i = 0; i < 5; ++i) {
    end_spans(exporter, 1);
    EXPECT_TRUE(exporter.flush(5s));
  }
  EXPECT_EQ(collector_.taken(traces, one_span), 5U);
}

TEST_F(Otlp, DoesNotRepeatWhatTheCollectorRefuses) {
  collector_.reply({{.status = 400}});
  OtlpExporter exporter(options(), registry_);
  end_spans(exporter, 3);
  EXPECT_TRUE(exporter.flush(5s));
  EXPECT_EQ(collector_.requests().size(), 1U);
  EXPECT_EQ(exporter.counts().spans_rejected, 3U);
  EXPECT_EQ(exporter.counts().last_error, "the collector answered with status 400");
  ASSERT_EQ(reports().size(), 1U);
  EXPECT_EQ(
      reports()[0],
      "carpool: the OTLP exporter lost 3 spans and 0 readings of metrics: the collector answered with status 400");
}

TEST_F(Otlp, CountsWhatACollectorTookInPart) {
  collector_.reply({{.body = R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}})"}});
  OtlpExporter exporter(options(), registry_);
  end_spans(exporter, 3);
  EXPECT_TRUE(exporter.flush(5s));
  EXPECT_EQ(exporter.counts().spans_sent, 1U);
  EXPECT_EQ(exporter.counts().spans_rejected, 2U);
}

TEST_F(Otlp, DropsAndCountsWhatTheQueueHasNoRoomFor) {
  collector_.reply_always(OtlpCollector::Reply{.status = 503});
  OtlpOptions small = options();
  small.max_queue = 10;
  small.max_batch = 5;
  small.give_up_after = 200ms;
  OtlpExporter exporter(small, registry_);
  end_spans(exporter, 1000);
  EXPECT_TRUE(exporter.flush(20s)) << "what is given up is done with";
  const OtlpCounts counts = exporter.counts();
  EXPECT_EQ(counts.spans_recorded, 1000U);
  EXPECT_EQ(counts.spans_dropped, 1000U);
  EXPECT_FALSE(reports().empty());
}

TEST_F(Otlp, StopsInTimeWhereTheCollectorHangs) {
  collector_.reply_always(OtlpCollector::Reply{.hangs = true});
  OtlpOptions patient = options();
  patient.request_timeout = 1min;
  OtlpExporter exporter(patient, registry_);
  end_spans(exporter, 4);
  EXPECT_TRUE(eventually<carpool::ThreadBackend>([&] { return collector_.requests().size() == 1; }));
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(exporter.stop(200ms));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
  EXPECT_EQ(exporter.counts().spans_dropped, 4U);
  EXPECT_FALSE(exporter.stop(200ms)) << "and again";
  EXPECT_FALSE(reports().empty());
}

TEST_F(Otlp, StopsInTimeWhereNobodyListens) {
  OtlpOptions nowhere = options();
  nowhere.collector.port = 1;
  OtlpExporter exporter(nowhere, registry_);
  end_spans(exporter, 4);
  EXPECT_FALSE(exporter.flush(100ms));
  EXPECT_FALSE(exporter.stop(100ms));
  const OtlpCounts counts = exporter.counts();
  EXPECT_EQ(counts.spans_dropped, 4U);
  EXPECT_GT(counts.retries, 0U);
  EXPECT_FALSE(counts.last_error.empty());
}

TEST_F(Otlp, ThrowsForBadOptions) {
  const auto refused = [&](auto change) {
    OtlpOptions bad = options();
    change(bad);
    EXPECT_THROW(OtlpExporter(bad, registry_), std::invalid_argument);
  };
  refused([](OtlpOptions& o) { o.traces_path = "v1/traces"; });
  refused([](OtlpOptions& o) { o.max_batch = 0; });
  refused([](OtlpOptions& o) { o.max_queue = 1, o.max_batch = 2; });
  refused([](OtlpOptions& o) { o.metrics_interval = 0s; });
  refused([](OtlpOptions& o) { o.collector.host = ""; });
}

TEST_F(Otlp, AForkedChildLeavesItAlone) {
  OtlpOptions slow = options();
  slow.spans_delay = 1h;
  std::optional<OtlpExporter> exporter(std::in_place, slow, registry_);
  end_spans(*exporter, 2);
  const pid_t child = ::fork();
  if (child == 0) {
    end_spans(*exporter, 5);
    const bool sent = exporter->flush(1s);
    exporter.reset();
    ::_exit(sent ? 1 : 0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  exporter.reset();
  EXPECT_EQ(collector_.taken(traces, one_span), 2U);
}

TEST_F(Otlp, AMillionLeasesOfTwoThreadsAreCountedAsThePoolCountsThem) {
  const FakeServer server;
  OtlpOptions quick = options();
  quick.metrics_interval = 50ms;
  quick.max_queue = 100'000;
  OtlpExporter exporter(quick, registry_);
  Pool pool(server.connector(), {.name = "orders", .max_size = 4}, {}, observer(exporter, 0.01));
  const auto registration = registry_.add(pool);
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 500'000; ++n) static_cast<void>(pool.acquire());
    });
  for (std::thread& each : threads) each.join();
  EXPECT_TRUE(exporter.stop(30s));
  const OtlpCounts counts = exporter.counts();
  EXPECT_EQ(counts.spans_dropped, 0U);
  EXPECT_EQ(counts.spans_sent, counts.spans_recorded);
  EXPECT_EQ(counts.spans_sent, collector_.taken(traces, one_span));
  EXPECT_NEAR(static_cast<double>(counts.spans_sent), 20'000, 2'000) << "two for each lease of 1 %";
  const std::string last = [&] {
    std::string body;
    for (const auto& each : collector_.requests())
      if (each.path == metrics) body = each.body;
    return body;
  }();
  const std::size_t at = last.find(R"("name":"carpool.leases")");
  ASSERT_NE(at, std::string::npos);
  const std::size_t value = last.find("\"asInt\":\"", at) + 9;
  EXPECT_EQ(std::stoull(last.substr(value)), pool.stats().acquired);
  EXPECT_EQ(pool.stats().acquired, 1'000'000U);
}

}  // namespace

// needs: otlp_exporter
// What goes to a collector, byte for byte: support/otlp_golden/check.py holds the same files against OpenTelemetry's
// own schema. And what its answers mean.
#include <carpool/otlp/detail/answer.hpp>
#include <carpool/otlp/detail/encode_metrics.hpp>
#include <carpool/otlp/detail/encode_spans.hpp>
#include <carpool/otlp/detail/pool_readings.hpp>

#include <carpool/affine_bag.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/single_backend.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using namespace carpool::detail;

using carpool::OtlpOptions;
using carpool::SpanFailure;
using carpool::SpanKind;
using carpool::SpanRecord;

const auto noon = std::chrono::system_clock::time_point(std::chrono::seconds(1'764'417'600));

/// Where CARPOOL_WRITE_GOLDEN is set, it becomes what the program writes: then look at the difference.
std::string golden(const std::string& name, const std::string& written) {
  const auto file = std::filesystem::path(__FILE__).parent_path().parent_path() / "support" / "otlp_golden" / name;
  if (std::getenv("CARPOOL_WRITE_GOLDEN") != nullptr) std::ofstream(file) << written << '\n';
  std::ifstream stream(file);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

OtlpOptions options() { return {.service_name = "shop", .resource = {{"service.version", "1.4"}}}; }

TEST(OtlpEncoding, WritesSpansAsTheSchemaHasThem) {
  SpanRecord acquire{.context = {0x4bf92f3577b34da6, 0xa3ce929d0e0e4736, 0x00f067aa0ba902b7, 3}, .name = "acquire"};
  acquire.start = noon;
  acquire.end = noon + 1500us;
  acquire.attributes = {{"db.client.connection.pool.name", "orders \"main\""}, {"carpool.connection.id", 7}};
  SpanRecord connect{.context = {1, 2, 3, 1}, .parent = 0xAB, .name = "connect", .kind = SpanKind::client};
  connect.start = connect.end = noon;
  connect.failure = SpanFailure{"authentication", "carpool::AuthenticationError", "refused\nby the server \xFF"};
  SpanRecord timeout{.context = {1, 2, 4, 1}, .name = "acquire"};
  timeout.start = timeout.end = noon;
  timeout.failure = SpanFailure{"timeout", "", ""};
  const std::string written = encode_spans(options(), {acquire, connect, timeout});
  EXPECT_EQ(written, golden("spans.json", written));
}

PoolReading reading() {
  PoolReading reading{.name = "orders", .start = noon - 1h, .stats = {}, .endpoints = {}, .metrics = {}};
  reading.stats.max_size = 10;
  reading.stats.idle = 3;
  reading.stats.in_use = 2;
  reading.stats.waiting = 1;
  reading.stats.acquired = 1'000'000'000'000;
  reading.stats.closed_by_reason[1] = 4;
  reading.endpoints.resize(2);
  reading.endpoints[0].server = "db.example:5432";
  reading.endpoints[0].oldest_wait = 1500us;
  reading.endpoints[1].breaker = carpool::BreakerState::open;
  reading.max_idle = 8;
  reading.metrics.emplace();
  for (const carpool::Duration length : {carpool::Duration(0ns), carpool::Duration(900ns), carpool::Duration(3us),
                                         carpool::Duration(700us), carpool::Duration(2min)}) {
    ++reading.metrics->wait_time.counts[carpool::HistogramBuckets::index_of(length)];
    reading.metrics->wait_time.sum += length;
  }
  return reading;
}

TEST(OtlpEncoding, WritesMetricsAsTheSchemaHasThem) {
  PoolReading without = reading();
  without.name = "users";
  without.metrics.reset();
  const std::string written = encode_metrics(options(), {reading(), without}, noon);
  EXPECT_EQ(written, golden("metrics.json", written));
}

TEST(OtlpEncoding, CountsEachLengthInOneBucket) {
  const std::string written = encode_metrics(options(), {reading()}, noon);
  const std::size_t at = written.find(R"("name":"db.client.connection.wait_time")");
  const std::size_t buckets = written.find("\"bucketCounts\":[", at);
  EXPECT_EQ(written.substr(buckets, written.find(']', buckets) - buckets),
            R"("bucketCounts":["2","1","0","0","1","0","0","0","0","0","0","0","0","0","0","0","0","1")");
}

TEST(PoolReader, BeginsAnewWhereAnotherPoolTookTheName) {
  using Pool = carpool::ConnectionPool<carpool::SingleBackend, carpool::AffineBag, carpool::FakeConnector>;
  const carpool::FakeServer server;
  carpool::PoolRegistry registry;
  PoolReader reader(noon);
  const auto start = [&](std::chrono::system_clock::time_point now) { return reader.read(registry, now).at(0).start; };
  {
    Pool pool(server.connector(), {.name = "orders"});
    const auto registration = registry.add(pool);
    static_cast<void>(pool.acquire());
    EXPECT_EQ(start(noon + 1min), noon);
    static_cast<void>(pool.acquire());
    EXPECT_EQ(start(noon + 2min), noon) << "it counts on";
  }
  Pool pool(server.connector(), {.name = "orders"});
  const auto registration = registry.add(pool);
  EXPECT_EQ(start(noon + 3min), noon + 2min) << "fewer leases than before";
}

TEST(OtlpAnswer, IsRetriedWhereTheSpecificationSaysSo) {
  for (const int status : {429, 502, 503, 504}) EXPECT_EQ(otlp_verdict(status), OtlpVerdict::retry) << status;
  for (const int status : {200, 202, 204}) EXPECT_EQ(otlp_verdict(status), OtlpVerdict::taken) << status;
  for (const int status : {0, 100, 301, 400, 401, 404, 413, 500, 501, 505})
    EXPECT_EQ(otlp_verdict(status), OtlpVerdict::refused) << status;
}

TEST(OtlpAnswer, MaySayWhenToAskAgain) {
  EXPECT_EQ(read_retry_after("120", noon), std::optional<carpool::Duration>(2min));
  EXPECT_EQ(read_retry_after("0", noon), std::optional<carpool::Duration>(0s));
  EXPECT_EQ(read_retry_after("999999", noon), std::optional<carpool::Duration>(1h)) << "no longer than that";
  EXPECT_EQ(read_retry_after("Sat, 29 Nov 2025 12:01:30 GMT", noon), std::optional<carpool::Duration>(90s));
  EXPECT_EQ(read_retry_after("Sat, 29 Nov 1012 12:01:30 GMT", noon), std::optional<carpool::Duration>(0s))
      << "over long since";
  EXPECT_EQ(read_retry_after("Sat, 29 Nov 2025 11:00:00 GMT", noon), std::optional<carpool::Duration>(0s));
  EXPECT_EQ(read_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", noon), std::optional<carpool::Duration>(1h));
  for (const char* text : {"", "-1", "1.5", "soon", "Sat, 29 Nov 2025 12:01:30 CET", "Sat, 31 Feb 2025 12:00:00 GMT",
                           "Sat, 29 nov 2025 12:00:00 GMT", "Sat, 29 Nov 2025 24:00:00 GMT", "99999999999999999999"})
    EXPECT_EQ(read_retry_after(text, noon), std::nullopt) << text;
}

TEST(OtlpAnswer, MaySayHowManyItRejected) {
  EXPECT_EQ(read_rejected(R"({"partialSuccess":{"rejectedSpans":"3"}})"), 3U);
  EXPECT_EQ(read_rejected(R"({"partialSuccess": { "rejectedDataPoints" : 12, "errorMessage": "" }})"), 12U);
  for (const char* body :
       {"", "{}", "null", R"({"partialSuccess":{"rejectedSpans":})", R"({"rejectedSpans":"x"})",
        R"({"rejectedSpans":-1})", R"({"rejectedSpans":"99999999999999999999999"})", "\"rejectedSpans\""})
    EXPECT_EQ(read_rejected(body), 0U) << body;
}

}  // namespace

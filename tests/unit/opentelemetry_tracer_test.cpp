// A TraceObserver over OpenTelemetry's API, for which support/minimal_opentelemetry stands: that it compiles with the
// API's signatures, and what it asks of it.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/opentelemetry_tracer.hpp>
#include <carpool/single_backend.hpp>
#include <carpool/trace_observer.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <variant>

#include <gtest/gtest.h>

namespace {

namespace api = opentelemetry::trace;
using Observer = carpool::TraceObserver<carpool::OpenTelemetryTracer>;

struct Sessions {
  struct Connection {};
  bool refuses = false;
  Connection connect(carpool::TimePoint) const {
    if (refuses) throw carpool::AuthenticationError("no such user");
    return {};
  }
  bool is_connected(const Connection&) const noexcept { return true; }
  std::string describe() const { return "db.example:5432"; }
};
using Pool =
    carpool::ConnectionPool<carpool::SingleBackend, carpool::LifoStack, Sessions, carpool::DefaultEviction, Observer>;

class OpenTelemetry : public testing::Test {
 protected:
  void TearDown() override { api::Tracer::current = std::make_shared<api::Span>(0, "none", api::StartSpanOptions()); }
  Observer observer() { return Observer(carpool::OpenTelemetryTracer(tracer_)); }
  const api::Span& named(const std::string& name) {
    for (const auto& span : tracer_->spans)
      if (span->name == name) return *span;
    ADD_FAILURE() << "there is no span " << name;
    return *tracer_->spans.at(0);
  }
  static std::uint64_t parent_of(const api::Span& span) { return std::get<api::SpanContext>(span.options.parent).id; }

  std::shared_ptr<api::Tracer> tracer_ = std::make_shared<api::Tracer>();
};

TEST_F(OpenTelemetry, HasASpanForEachPartOfALease) {
  Pool pool({}, {.name = "orders"}, {}, observer());
  static_cast<void>(pool.acquire());
  ASSERT_EQ(tracer_->spans.size(), 3U);
  for (const auto& span : tracer_->spans) {
    EXPECT_EQ(span->ends, 1) << span->name;
    EXPECT_EQ(span->attributes.at("db.client.connection.pool.name"), "orders");
    EXPECT_EQ(span->attributes.at("server.address"), "db.example");
    EXPECT_EQ(span->attributes.at("server.port"), "5432");
    EXPECT_NE(span->options.start_system_time.point.time_since_epoch().count(), 0);
    EXPECT_NE(span->options.start_steady_time.point.time_since_epoch().count(), 0);
  }
  EXPECT_EQ(named("connect").options.kind, api::SpanKind::kClient);
  EXPECT_EQ(parent_of(named("acquire")), 0U);
  EXPECT_EQ(parent_of(named("use")), named("acquire").id);
}

TEST_F(OpenTelemetry, LeavesTheCallersSpanToTheApi) {
  api::Tracer::current = std::make_shared<api::Span>(77, "request", api::StartSpanOptions());
  Pool pool({}, {}, {}, observer());
  static_cast<void>(pool.acquire());
  EXPECT_EQ(parent_of(named("use")), 0U) << "not set: the API takes the current one";
}

TEST_F(OpenTelemetry, RecordsFailures) {
  Pool pool({.refuses = true}, {}, {}, observer());
  EXPECT_THROW(static_cast<void>(pool.acquire()), carpool::ConnectError);
  const api::Span& connect = named("connect");
  EXPECT_EQ(connect.status, api::StatusCode::kError);
  EXPECT_EQ(connect.attributes.at("error.type"), "authentication");
  EXPECT_EQ(connect.attributes.at("exception.type"), "carpool::AuthenticationError");
  EXPECT_EQ(connect.events, std::vector<std::string>{"exception"});
  EXPECT_EQ(named("acquire").description, "connect_error");
  EXPECT_TRUE(named("acquire").events.empty());
}

TEST_F(OpenTelemetry, SaysNothingOfWhatWasSampledOut) {
  tracer_->sampled = false;
  Pool pool({}, {}, {}, observer());
  static_cast<void>(pool.acquire());
  for (const auto& span : tracer_->spans) EXPECT_TRUE(span->attributes.empty()) << span->name;
}

}  // namespace

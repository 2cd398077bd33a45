// Which spans a pool's life makes, below which others, and with which attributes.
#include <carpool/connection_pool.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/metrics_observer.hpp>
#include <carpool/observers.hpp>
#include <carpool/single_backend.hpp>
#include <carpool/thread_backend.hpp>
#include <carpool/trace/recording_tracer.hpp>
#include <carpool/trace_observer.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using namespace carpool::fake;

using carpool::FakeServer;
using carpool::RecordingSpan;
using carpool::RecordingTracer;
using carpool::SpanKind;
using carpool::SpanRecord;
using carpool::TraceContext;
using carpool::TraceObserver;
using carpool::TraceSampler;
using carpool::TraceScope;

class Recorded final : public carpool::SpanSink {
 public:
  void record(SpanRecord&& span) noexcept override {
    const std::scoped_lock lock(mutex_);
    spans_.push_back(std::move(span));
  }
  std::vector<SpanRecord> all() const {
    const std::scoped_lock lock(mutex_);
    return spans_;
  }
  std::vector<SpanRecord> named(std::string_view name) const {
    std::vector<SpanRecord> found = all();
    std::erase_if(found, [&](const SpanRecord& span) { return span.name != name; });
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<SpanRecord> spans_;
};

std::string text_of(const SpanRecord& span, std::string_view key) {
  for (const auto& attribute : span.attributes) {
    if (attribute.key != key) continue;
    const auto* number = std::get_if<std::int64_t>(&attribute.value);
    return number != nullptr ? std::to_string(*number) : std::get<std::string>(attribute.value);
  }
  return "none";
}

/// Says where it connects to, with a password, and refuses when it is told to.
struct Sessions {
  struct Connection {};
  std::shared_ptr<std::string> refusal = std::make_shared<std::string>();
  Connection connect(carpool::TimePoint) const {
    if (!refusal->empty()) throw carpool::AuthenticationError(*refusal);
    return {};
  }
  bool is_connected(const Connection&) const noexcept { return true; }
  std::string describe() const { return "postgres://app:s3cret@db.example:5432/app"; }
};

using Observer = TraceObserver<RecordingTracer<>>;
template <class Connector, class Backend = carpool::SingleBackend>
using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, Connector, carpool::DefaultEviction, Observer>;

const TraceContext caller = *TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
const TraceContext unsampled = *TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");

struct Traced {
  std::shared_ptr<Recorded> spans = std::make_shared<Recorded>();
  RecordingTracer<> tracer(double ratio = 1) const { return {spans, TraceSampler(ratio)}; }
  Observer observer(double ratio = 1) const { return Observer(tracer(ratio)); }
};

TEST(TraceObserver, PutsAcquireAndUseBelowTheCaller) {
  const Traced traced;
  const FakeServer server;
  Pool<carpool::FakeConnector> pool(server.connector(), {.name = "orders"}, {}, traced.observer(0));
  {
    const TraceScope scope(caller);
    auto lease = pool.acquire();
    std::this_thread::sleep_for(20ms);
  }
  const auto acquires = traced.spans->named("acquire"), uses = traced.spans->named("use");
  ASSERT_EQ(acquires.size(), 1U);
  ASSERT_EQ(uses.size(), 1U);
  for (const SpanRecord& span : {acquires[0], uses[0]}) {
    EXPECT_EQ(span.context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(span.parent, caller.span);
    EXPECT_EQ(span.kind, SpanKind::internal);
    EXPECT_TRUE(span.context.sampled());
    EXPECT_EQ(text_of(span, "db.client.connection.pool.name"), "orders");
    EXPECT_EQ(text_of(span, "carpool.connection.id"), "1");
    EXPECT_FALSE(span.failure);
  }
  EXPECT_NE(acquires[0].context.span, uses[0].context.span);
  EXPECT_GE(uses[0].end - uses[0].start, 20ms);
  EXPECT_LT(uses[0].end - uses[0].start, 5s);
  EXPECT_LE(acquires[0].end - uses[0].start, 1ms) << "one after the other";
}

TEST(TraceObserver, BeginsATraceWhereThereIsNone) {
  const Traced traced;
  const FakeServer server;
  Pool<carpool::FakeConnector> pool(server.connector(), {}, {}, traced.observer());
  static_cast<void>(pool.acquire());
  const auto connect = traced.spans->named("connect"), acquire = traced.spans->named("acquire"),
             use = traced.spans->named("use");
  ASSERT_EQ(acquire.size() + use.size() + connect.size(), 3U);
  EXPECT_EQ(acquire[0].parent, 0U);
  EXPECT_EQ(use[0].parent, acquire[0].context.span);
  EXPECT_EQ(use[0].context.trace_id(), acquire[0].context.trace_id());
  EXPECT_EQ(connect[0].parent, 0U);
  EXPECT_NE(connect[0].context.trace_id(), acquire[0].context.trace_id());
  EXPECT_EQ(connect[0].kind, SpanKind::client);
  EXPECT_EQ(text_of(connect[0], "carpool.connection.id"), text_of(use[0], "carpool.connection.id"));
}

TEST(TraceObserver, RecordsNothingOfWhatWasSampledOut) {
  const Traced traced;
  const FakeServer server;
  Pool<carpool::FakeConnector> pool(server.connector(), {}, {}, traced.observer(0));
  static_cast<void>(pool.acquire());
  EXPECT_TRUE(traced.spans->all().empty()) << "no caller, and none of those that begin here";
  Pool<carpool::FakeConnector> all(server.connector(), {}, {}, traced.observer(1));
  const TraceScope scope(unsampled);
  static_cast<void>(all.acquire());
  EXPECT_TRUE(traced.spans->all().empty()) << "the caller was sampled out";
}

TEST(TraceObserver, SaysHowLongAnAcquireWaited) {
  const Traced traced;
  FakeServer server;
  server.next_connects({slow(30ms)});
  Pool<carpool::FakeConnector, carpool::ThreadBackend> pool(server.connector(), {}, {}, traced.observer());
  static_cast<void>(pool.acquire());
  const auto acquire = traced.spans->named("acquire"), connect = traced.spans->named("connect");
  ASSERT_EQ(acquire.size(), 1U);
  EXPECT_GE(acquire[0].end - acquire[0].start, 28ms);
  ASSERT_EQ(connect.size(), 1U);
  EXPECT_GE(connect[0].end - connect[0].start, 28ms);
}

TEST(TraceObserver, RecordsFailuresWithoutCredentials) {
  const Traced traced;
  Sessions sessions;
  *sessions.refusal = "postgres://app:s3cret@db.example refused you";
  Pool<Sessions> pool(sessions, {.name = "orders"}, {}, traced.observer());
  EXPECT_THROW(static_cast<void>(pool.acquire()), carpool::ConnectError);
  const auto connect = traced.spans->named("connect"), acquire = traced.spans->named("acquire");
  ASSERT_EQ(connect.size(), 1U);
  ASSERT_TRUE(connect[0].failure);
  EXPECT_EQ(connect[0].failure->type, "authentication");
  EXPECT_EQ(connect[0].failure->exception, "carpool::AuthenticationError");
  EXPECT_NE(connect[0].failure->message.find("***@db.example refused you"), std::string::npos);
  EXPECT_EQ(text_of(connect[0], "server.address"), "db.example");
  EXPECT_EQ(text_of(connect[0], "server.port"), "5432");
  ASSERT_EQ(acquire.size(), 1U);
  ASSERT_TRUE(acquire[0].failure);
  EXPECT_EQ(acquire[0].failure->type, "connect_error");
  EXPECT_EQ(text_of(acquire[0], "server.address"), "db.example");
  for (const SpanRecord& span : traced.spans->all()) {
    EXPECT_EQ(span.failure->message.find("s3cret"), std::string::npos);
    for (const auto& attribute : span.attributes) {
      const auto* text = std::get_if<std::string>(&attribute.value);
      EXPECT_TRUE(text == nullptr || text->find("s3cret") == std::string::npos) << attribute.key;
    }
  }
}

TEST(TraceObserver, EndsTheUseOfWhatIsDetachedOrDiscarded) {
  const Traced traced;
  Pool<Sessions> pool(Sessions(), {}, {}, traced.observer());
  pool.acquire().discard();
  EXPECT_EQ(traced.spans->named("use").size(), 1U);
  static_cast<void>(pool.acquire().detach());
  EXPECT_EQ(traced.spans->named("use").size(), 2U);
}

TEST(TraceObserver, EndsASpanOnceOnAnyNumberOfThreads) {
  const Traced traced;
  const FakeServer server;
  using Both = carpool::Observers<carpool::MetricsObserver, Observer>;
  carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::FakeConnector, carpool::DefaultEviction,
                          Both>
      pool(server.connector(), {.max_size = 2}, {}, Both(carpool::MetricsObserver(), traced.observer()));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 250; ++n) static_cast<void>(pool.acquire());
    });
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(traced.spans->named("acquire").size(), 1000U);
  EXPECT_EQ(traced.spans->named("use").size(), 1000U);
  EXPECT_EQ(pool.observer().get<carpool::MetricsObserver>().metrics().use_time.count(), 1000U);
  std::set<std::string> ids;
  for (const SpanRecord& span : traced.spans->all()) ids.insert(span.context.span_id());
  EXPECT_EQ(ids.size(), traced.spans->all().size());
}

TEST(RecordingTracer, MakesSpansOfTheProgramsOwn) {
  const Traced traced;
  RecordingTracer<> tracer = traced.tracer();
  {
    RecordingSpan request = tracer.start({.name = "GET /orders", .kind = SpanKind::server});
    const TraceScope scope(request.context());
    RecordingSpan query = tracer.start({.name = "query"});
    query.set("db.query.summary", "SELECT orders");
    query.fail("timeout", "", "");
  }
  const auto spans = traced.spans->all();
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0].name, "query");
  EXPECT_EQ(spans[0].parent, spans[1].context.span);
  EXPECT_EQ(spans[0].failure->type, "timeout");
  EXPECT_EQ(spans[1].kind, SpanKind::server);
  EXPECT_TRUE(TraceContext::parse(spans[1].context.traceparent()));
}

TEST(RecordingTracer, SamplesOutWhatIsBelowASpanThatWas) {
  const Traced traced;
  RecordingTracer<> none = traced.tracer(0), all = traced.tracer(1);
  const RecordingSpan request = none.start({.name = "request"});
  EXPECT_FALSE(request.recording());
  EXPECT_TRUE(request.context().valid());
  const TraceScope scope(request.context());
  EXPECT_FALSE(all.start({.name = "below"}).recording());
}

TEST(RecordingTracer, TakesThePartThatItIsAskedFor) {
  const Traced traced;
  RecordingTracer<> tracer = traced.tracer(0.01);
  for (int i = 0; i < 100'000; ++i) static_cast<void>(tracer.start({.name = "each"}));
  EXPECT_NEAR(static_cast<double>(traced.spans->all().size()), 1000, 200);
}

TEST(RecordingTracer, DrawsOtherIdsInAForkedChild) {
  const Traced traced;
  RecordingTracer<> tracer = traced.tracer();
  static_cast<void>(tracer.start({.name = "before"}));
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  const TraceContext here = tracer.start({.name = "behind"}).context();
  if (child == 0) ::_exit(::write(pipe[1], &here, sizeof here) == sizeof here ? 0 : 1);
  TraceContext there;
  ASSERT_EQ(::read(pipe[0], &there, sizeof there), static_cast<ssize_t>(sizeof there));
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_NE(here.trace_id(), there.trace_id());
  EXPECT_NE(here.span, there.span);
  for (const int end : pipe) ::close(end);
}

}  // namespace

// needs: fiber_backend operate
// Fibers that wait for each other's connections keep their callers' spans apart, with a context of their own.
#include <carpool/connection_pool.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/trace/recording_tracer.hpp>
#include <carpool/trace_observer.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/fiber/fss.hpp>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using carpool::FiberBackend;
using carpool::TraceContext;

/// As docs/snippets/traces.cpp has it.
struct FiberContext {
  static TraceContext& current() noexcept {
    static boost::fibers::fiber_specific_ptr<TraceContext> of_fiber;
    if (of_fiber.get() == nullptr) of_fiber.reset(new TraceContext());
    return *of_fiber;
  }
};

struct Recorded final : carpool::SpanSink {
  std::map<std::string, std::vector<carpool::SpanRecord>> by_trace;  // all on one thread
  void record(carpool::SpanRecord&& span) noexcept override {
    by_trace[span.context.trace_id()].push_back(std::move(span));
  }
};

using Tracer = carpool::RecordingTracer<FiberContext>;
using Pool = carpool::ConnectionPool<FiberBackend, carpool::LifoStack, carpool::FakeConnector, carpool::DefaultEviction,
                                     carpool::TraceObserver<Tracer>>;

TEST(TraceOnFibers, KeepsCallersApartThatWaitForEachOther) {
  const carpool::FakeServer server;
  const auto spans = std::make_shared<Recorded>();
  // 0: connects, which belong to no caller, are made on another thread, where Recorded must not be used.
  Pool pool(server.connector(), {.max_size = 1}, {},
            carpool::TraceObserver<Tracer>(Tracer(spans, carpool::TraceSampler(0))));
  const auto work = [&pool](std::uint64_t number) {
    FiberContext::current() = {number, number, number, TraceContext::sampled_flag};
    for (int i = 0; i < 3; ++i) {
      const auto lease = pool.acquire();
      FiberBackend::sleep_until(FiberBackend::now() + 1ms);  // the others run, and wait
    }
  };
  auto first = FiberBackend::spawn([&] { work(1); });
  auto second = FiberBackend::spawn([&] { work(2); });
  auto third = FiberBackend::spawn([&] { work(3); });
  first.join(), second.join(), third.join();
  ASSERT_EQ(spans->by_trace.size(), 3U);
  for (const auto& [trace, all] : spans->by_trace) {
    EXPECT_EQ(all.size(), 6U) << trace;
    for (const auto& span : all) EXPECT_EQ(span.parent, span.context.trace_low) << trace;
  }
}

}  // namespace

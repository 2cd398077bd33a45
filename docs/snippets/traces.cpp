// needs: fiber_backend thread_backend otlp_exporter
// What the page on operation shows of logs, traces and OTLP.
#include <carpool/connection_pool.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/log_observer.hpp>
#include <carpool/metrics_observer.hpp>
#include <carpool/observers.hpp>
#include <carpool/otlp_exporter.hpp>
#include <carpool/thread_backend.hpp>
#include <carpool/trace_observer.hpp>

#include <chrono>
#include <string>
#include <utility>

#include <boost/fiber/fss.hpp>

using namespace std::chrono_literals;

struct Sessions {
  struct Connection {
    void work() {}
  };
  Connection connect(carpool::TimePoint) const { return {}; }
  bool is_connected(const Connection&) const noexcept { return true; }
};

using Observer = carpool::Observers<carpool::MetricsObserver, carpool::LogObserver,
                                    carpool::TraceObserver<carpool::RecordingTracer<>>>;
using Pool =
    carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Sessions, carpool::DefaultEviction, Observer>;

carpool::LogObserver json_lines() {
  return carpool::LogObserver({.format = carpool::LogFormat::json, .least = carpool::LogLevel::warning});
}

void serve(Pool& pool, const std::string& traceparent) {
  const carpool::TraceScope scope(carpool::TraceContext::parse(traceparent).value_or(carpool::TraceContext()));
  pool.acquire()->work();  // spans "acquire" and "use" below the request's
}

int main() {
  carpool::OtlpExporter exporter({.service_name = "shop", .resource = {{"service.version", "1.4"}}});
  Pool pool({}, {.name = "orders"}, {},
            Observer(carpool::MetricsObserver(), json_lines(),
                     carpool::TraceObserver(exporter.tracer(carpool::TraceSampler(0.01)))));
  const auto registration = carpool::PoolRegistry::of_process().add(pool);
  serve(pool, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  pool.drain(10s);
  return exporter.stop(5s) ? 0 : 1;  // false: what was not sent within the time is lost, and said
}

/// A RecordingTracer<FiberContext> finds the calling fiber's span, whatever other fibers its thread has run meanwhile.
struct FiberContext {
  static carpool::TraceContext& current() noexcept {
    static boost::fibers::fiber_specific_ptr<carpool::TraceContext> of_fiber;
    if (of_fiber.get() == nullptr) of_fiber.reset(new carpool::TraceContext());
    return *of_fiber;
  }
};
using FiberPool = carpool::ConnectionPool<carpool::FiberBackend, carpool::LifoStack, Sessions, carpool::DefaultEviction,
                                          carpool::TraceObserver<carpool::RecordingTracer<FiberContext>>>;

void serve_on_a_fiber(FiberPool& pool, const carpool::TraceContext& caller) {
  FiberContext::current() = caller;  // until the fiber ends, or says something else
  pool.acquire()->work();
}

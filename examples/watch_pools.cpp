// needs: admin_page, otlp_exporter
// Two pools with metrics and traces, a page that shows them, and an end in good order on SIGTERM: callers finish, then
// connections close. Usage: watch_pools [port]    then open the page that it names; /readyz is for the orchestrator.
#include <carpool/admin_page.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/observers.hpp>
#include <carpool/otlp_exporter.hpp>
#include <carpool/thread_backend.hpp>
#include <carpool/trace_observer.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

using namespace std::chrono_literals;

struct Sessions {  // instead of carpool::PostgresConnector, say
  struct Connection {};
  const char* server;
  Connection connect(carpool::TimePoint) const { return std::this_thread::sleep_for(5ms), Connection(); }
  bool is_connected(const Connection&) const noexcept { return true; }
  const char* describe() const noexcept { return server; }
};
using Observer = carpool::Observers<carpool::MetricsObserver, carpool::TraceObserver<carpool::RecordingTracer<>>>;
using Pool =
    carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Sessions, carpool::DefaultEviction, Observer>;

void serve_until_closed(Pool& pool) try {
  for (;;) {
    const auto lease = pool.acquire();
    std::this_thread::sleep_for(std::chrono::milliseconds(std::rand() % 20));
  }
} catch (const carpool::PoolClosed&) {  // drain() has begun
}

int main(int argc, char** argv) try {
  sigset_t ends;  // blocked before the first thread starts, so that every thread leaves them to sigwait
  ::sigemptyset(&ends), ::sigaddset(&ends, SIGTERM), ::sigaddset(&ends, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  auto& registry = carpool::PoolRegistry::of_process();
  carpool::OtlpExporter collector({.service_name = "shop", .stop_timeout = 1s}, registry);  // 127.0.0.1:4318
  const auto observer = [&] {
    return Observer({}, carpool::TraceObserver(collector.tracer(carpool::TraceSampler(0.01))));
  };
  Pool orders({.server = "db.example:5432"}, {.name = "orders", .max_size = 4}, {}, observer());
  Pool sessions({.server = "cache.example:6379"}, {.name = "sessions", .max_size = 8}, {}, observer());
  const auto first = registry.add(orders), second = registry.add(sessions);
  const carpool::AdminPage page(registry, {.port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0)});
  std::printf("Look at %s\n", page.url().c_str()), std::fflush(stdout);

  std::thread workers[6];
  for (int i = 0; i < 6; ++i) workers[i] = std::thread([&, i] { serve_until_closed(i < 5 ? orders : sessions); });
  int which = 0;
  ::sigwait(&ends, &which);  // /readyz says 200 until here, then 503
  const std::size_t out = orders.drain(10s) + sessions.drain(10s);
  for (auto& worker : workers) worker.join();
  std::printf("told to end: drained, %zu leases are out\n", out), std::fflush(stdout);
  return out == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
} catch (const std::exception& error) {
  return std::fprintf(stderr, "%s\n", error.what()), EXIT_FAILURE;
}

// needs: thread_backend tcp_connector operate
// What the pages on sizes, operation and leaving a mutex and a vector show.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/metrics_observer.hpp>
#include <carpool/observers.hpp>
#include <carpool/pool_registry.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/thread_backend.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

using namespace std::chrono_literals;

struct Client {  // stands for a client library's class
  void call(const std::string& /*words*/) {}
  [[nodiscard]] bool good() const noexcept { return true; }
};
inline Client open_client(carpool::Duration /*limit*/) { return {}; }

struct Clients {
  using Connection = Client;
  Connection connect(carpool::TimePoint deadline) const {
    return open_client(deadline - carpool::ThreadBackend::now());
  }
  bool is_connected(const Connection& client) const noexcept { return client.good(); }
};

using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Clients>;

void use(Pool& pool) {
  auto client = pool.acquire_for(200ms);  // throws AcquireTimeout, which names the callers that hold them
  client->call("work");
}  // given back here, also where call() throws

void look(const Pool& pool) {
  const carpool::PoolStats stats = pool.stats();
  std::printf("%zu of %zu in use, %zu wait, %llu timed out\n", stats.in_use, stats.max_size, stats.waiting,
              static_cast<unsigned long long>(stats.timeouts));
}

struct FailureLog {
  void connection_failed(const carpool::ConnectionInfo& connection, std::string_view why, carpool::Duration) noexcept {
    std::fprintf(stderr, "%s: no connection to %s: %s\n", std::string(connection.pool).c_str(),
                 std::string(connection.server).c_str(), std::string(why).c_str());
  }
};

using Watched =
    carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::TcpConnector, carpool::DefaultEviction,
                            carpool::Observers<carpool::MetricsObserver, FailureLog>>;

void tell(const Watched& pool) {
  const carpool::PoolMetrics metrics = pool.observer().get<carpool::MetricsObserver>().metrics();
  std::printf("99 %% of %llu leases waited for at most %lld us\n",
              static_cast<unsigned long long>(metrics.wait_time.count()),
              static_cast<long long>(metrics.wait_time.quantile(0.99) / 1us));
}

void watch(Watched& pool) {
  const auto registration = carpool::PoolRegistry::of_process().add(pool);
  carpool::PoolRegistry::of_process().for_each([](const std::string& name, const carpool::WatchedPool& each) {
    std::printf("%s: %zu in use\n", name.c_str(), each.stats().in_use);
  });
}

void end(Pool& pool) {
  if (const std::size_t out = pool.drain(10s); out != 0) std::fprintf(stderr, "%zu leases are still out\n", out);
}

int main() {
  Pool pool({}, {.name = "orders",
                 .max_size = 16,  // 2,000 requests per second of 4 ms keep 8 busy
                 .max_idle = 8,
                 .acquire_timeout = 3s,
                 .connect_timeout = 800ms});
  pool.prewarm(4, 2s);  // before the first request comes
  use(pool);
  look(pool);
  end(pool);
}

// needs: admin_page
// docs/how-to/operate.md: the page.
#include <carpool/admin_page.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/metrics_observer.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/thread_backend.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

using Watched = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::TcpConnector,
                                        carpool::DefaultEviction, carpool::MetricsObserver>;

void show(Watched& orders) {
  auto& registry = carpool::PoolRegistry::of_process();
  const auto registration = registry.add(orders);
  const carpool::AdminPage page(registry, {.port = 8081});
  std::printf("%s\n", page.url().c_str());  // http://127.0.0.1:8081/
  // ... as long as both live
}

void show_in_a_pod(carpool::PoolRegistry& registry) {
  const char* const token = std::getenv("CARPOOL_STEERING_TOKEN");  // from a secret; without one nothing can be changed
  const carpool::AdminPage page(registry, {.port = 8081,
                                           .address = "0.0.0.0",
                                           .hosts = {"pools.example"},
                                           .steering_token = token == nullptr ? "" : token});
}

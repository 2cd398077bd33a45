// needs: prometheus_exporter thread_backend
// Pools as Prometheus sees them. With a port as its argument it is there to be scraped, on loopback, until Enter is
// pressed; without one it prints what a scrape would read.
#include <carpool/affine_bag.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/metrics_observer.hpp>
#include <carpool/pool_registry.hpp>
#include <carpool/prometheus_exporter.hpp>
#include <carpool/thread_backend.hpp>

#include <cstdio>
#include <memory>
#include <string>

#include <prometheus/exposer.h>
#include <prometheus/text_serializer.h>

struct Sessions {
  struct Connection {};
  Connection connect(carpool::TimePoint) const { return {}; }
  bool is_connected(const Connection&) const noexcept { return true; }
};

using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::AffineBag, Sessions, carpool::MaxUses,
                                     carpool::MetricsObserver>;

void be_scraped(const std::string& port) {
  prometheus::Exposer exposer("127.0.0.1:" + port);
  const auto exporter = std::make_shared<carpool::PrometheusExporter>();  // of all pools of the process
  exposer.RegisterCollectable(exporter);                                  // which does not keep it alive
  std::printf("http://127.0.0.1:%d/metrics, until you press Enter\n", exposer.GetListeningPorts().at(0));
  std::getchar();
}

int main(int argc, char** argv) {
  Pool orders({}, {.name = "orders", .max_size = 4}, carpool::MaxUses{3});
  Pool users({}, {.name = "users", .max_size = 2}, carpool::MaxUses{1000});
  const auto first = carpool::PoolRegistry::of_process().add(orders);
  const auto second = carpool::PoolRegistry::of_process().add(users);
  for (int i = 0; i < 8; ++i) auto lease = orders.acquire();
  for (int i = 0; i < 100; ++i) auto lease = users.acquire();
  if (argc > 1) {
    be_scraped(argv[1]);
  } else {
    std::printf("%s", prometheus::TextSerializer().Serialize(carpool::PrometheusExporter().Collect()).c_str());
  }
}

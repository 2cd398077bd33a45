// needs: admin_page
// Pools in all conditions, busy with nothing, and the page that shows them: for tests/browser/check.py, for pictures,
// and to measure what watching costs. It prints the page's URL, ends the pool "search" at the first line of its
// standard input, and all of them when that ends. Usage: show_pools [how many more idle pools]
#include <carpool/admin_page.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/errors.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/metrics_observer.hpp>
#include <carpool/pool_registry.hpp>
#include <carpool/thread_backend.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

/// A server that is there, or is not.
struct Sessions {
  struct Connection {};
  std::string server;
  std::chrono::milliseconds connect_time{0};
  bool is_down = false;

  Connection connect(carpool::TimePoint) const {
    std::this_thread::sleep_for(connect_time);
    if (is_down) throw std::runtime_error("connection to server at \"" + server + "\" failed: Connection refused");
    return {};
  }
  bool is_connected(const Connection&) const noexcept { return true; }
  std::string describe() const { return server; }
};

using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Sessions, carpool::DefaultEviction,
                                     carpool::MetricsObserver>;

/// A pool, where it is shown, and the threads that use it.
class Busy {
 public:
  Busy(carpool::PoolRegistry& registry, Sessions sessions, carpool::PoolOptions options)
      : pool_(std::move(sessions), std::move(options)), registration_(registry.add(pool_)) {}
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy() {
    over_ = true;
    for (auto& worker : workers_) worker.join();
  }

  /// Each worker holds a connection and pauses, by turns; the load swells and ebbs with a period of 40 s.
  void use(int workers, std::chrono::milliseconds held, std::chrono::milliseconds pause) {
    for (int i = 0; i < workers; ++i) workers_.emplace_back([=, this] { run(static_cast<unsigned>(i), held, pause); });
  }
  Pool& pool() { return pool_; }

 private:
  void run(unsigned seed, std::chrono::milliseconds held, std::chrono::milliseconds pause) {
    std::minstd_rand random(seed + 1);
    std::uniform_real_distribution<> spread(0.2, 1.8);
    const auto begin = std::chrono::steady_clock::now();
    while (!over_) {
      const double at = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      const double ebb = 1.05 + std::cos(at * 3.14159 / 20);
      try {
        const auto lease = pool_.acquire_for(300ms);
        std::this_thread::sleep_for(held * spread(random));
      } catch (const carpool::PoolError&) {
        std::this_thread::sleep_for(300ms);
      }
      std::this_thread::sleep_for(pause * spread(random) * ebb);
    }
  }

  Pool pool_;
  carpool::PoolRegistry::Registration registration_;
  std::atomic<bool> over_ = false;
  std::vector<std::thread> workers_;
};

int show(int more) {
  carpool::PoolRegistry registry;
  Busy orders(registry, {.server = "db.example:5432/orders", .connect_time = 20ms}, {.name = "orders", .max_size = 8});
  Busy sessions(registry, {.server = "cache.example:6379"}, {.name = "sessions", .max_size = 16, .min_idle = 4});
  auto search = std::make_unique<Busy>(registry, Sessions{.server = "search.example:9200", .is_down = true},
                                       carpool::PoolOptions{.name = "search", .max_size = 4});
  Busy strange(registry, {.server = "<i>é</i>.example:80"}, {.name = "</script><script>alert(1)</script> 数据 \xff"});
  std::vector<std::unique_ptr<Busy>> quiet;
  for (int i = 0; i < more; ++i)
    quiet.push_back(
        std::make_unique<Busy>(registry, Sessions{"quiet.example:1"}, carpool::PoolOptions{.name = "quiet"}));
  orders.use(11, 60ms, 60ms);
  sessions.use(14, 3ms, 9ms);
  search->use(2, 1ms, 400ms);
  const auto forgotten = orders.pool().acquire();
  const auto also_forgotten = strange.pool().acquire();
  const carpool::AdminPage page(registry, {.steering_token = "only-for-this-test"});
  std::printf("%s\n", page.url().c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) search.reset();
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) try {
  return show(argc > 1 ? std::atoi(argv[1]) : 0);
} catch (const std::exception& error) {
  return std::fprintf(stderr, "show_pools: %s\n", error.what()), EXIT_FAILURE;
}

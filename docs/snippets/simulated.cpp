// needs: simulation_backend
// What the page on the simulator shows: code of one's own, run under every interleaving.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/simulation_backend.hpp>

#include <chrono>
#include <iostream>
#include <optional>

using namespace std::chrono_literals;
using Backend = carpool::SimulationBackend;  // ThreadBackend or FiberBackend in the program itself

struct Sessions {
  struct Connection {};
  Connection connect(carpool::TimePoint) const { return {}; }
  bool is_connected(const Connection&) const noexcept { return true; }
};

template <class B>
class Cache {  // the code under test: it fills itself once, whoever comes first
 public:
  template <class Pool>
  int value(Pool& pool) {
    {
      const Guard guard(mutex_);
      if (value_) return *value_;
    }
    auto lease = pool.acquire();
    const Guard guard(mutex_);
    value_ = 42;
    return *value_;
  }

 private:
  struct Guard {
    explicit Guard(typename B::Mutex& mutex) : mutex_(mutex) { mutex_.lock(); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { mutex_.unlock(); }
    typename B::Mutex& mutex_;
  };
  typename B::Mutex mutex_;
  std::optional<int> value_;
};

void two_ask_at_once() {
  carpool::ConnectionPool<Backend, carpool::LifoStack, Sessions> pool({}, {.max_size = 1});
  Cache<Backend> cache;
  auto other = Backend::spawn([&] { carpool::Simulation::check(cache.value(pool) == 42, "the other has the value"); });
  carpool::Simulation::check(cache.value(pool) == 42, "the value is there");
  other.join();
  carpool::Simulation::check(pool.stats().in_use == 0, "every lease came back");
}

int main() {
  const auto report = carpool::simulate(
      {.search = carpool::SimulationSearch::depth_first, .schedules = 2'000, .preemptions = 1}, two_ask_at_once);
  std::cout << report.to_string() << "\n";  // schedules, and the trace of the first one that fails
  return report.ok() ? 0 : 1;
}

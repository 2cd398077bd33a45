// What callers see while a server is away: the real error at once, one probe at a time, and service as soon as it is
// back.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <stdexcept>

using namespace std::chrono_literals;

struct Database {
  std::shared_ptr<std::atomic<bool>> up;
  struct Connection {};
  Connection connect(carpool::TimePoint) const {
    if (!*up) throw std::runtime_error("connection refused");
    return {};
  }
  bool is_connected(const Connection&) const noexcept { return *up; }
};

int main() {
  using Backend = carpool::ThreadBackend;
  auto up = std::make_shared<std::atomic<bool>>(false);
  carpool::ConnectionPool<Backend, carpool::LifoStack, Database> pool(
      {up}, {.name = "db", .connect_attempts = 2, .connect_backoff = {.initial = 20ms, .max = 200ms}});
  const auto begin = Backend::now();
  for (int attempt = 0; attempt < 12; ++attempt) {
    if (attempt == 8) *up = true;  // it returns
    std::error_code error;
    const auto asked = Backend::now();
    auto lease = pool.acquire(error);
    const auto ms = [](carpool::Duration time) { return static_cast<double>(time.count()) / 1e6; };
    std::printf("%6.1f ms  %-40s after %5.1f ms\n", ms(asked - begin), lease ? "connected" : error.message().c_str(),
                ms(Backend::now() - asked));
    Backend::sleep_until(Backend::now() + 30ms);
  }
}

// An observer that turns the pool's events into metrics with OpenTelemetry's names. Members that are not there cost
// nothing; those that are may be called by several workers at once, so the counters are atomic.
#include <carpool/affine_bag.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/thread_backend.hpp>

#include <atomic>
#include <cstdio>
#include <memory>
#include <string_view>

struct Sessions {
  struct Connection {};
  Connection connect(carpool::TimePoint) const { return {}; }
  bool is_connected(const Connection&) const noexcept { return true; }
};

struct Metrics {
  std::atomic<long> waits{0}, wait_ns{0}, uses{0}, use_ns{0}, timeouts{0};
};

struct MetricsObserver {
  std::shared_ptr<Metrics> metrics;
  void acquired(std::uint64_t, carpool::Duration wait) noexcept { ++metrics->waits, metrics->wait_ns += wait.count(); }
  void released(std::uint64_t, carpool::Duration held) noexcept { ++metrics->uses, metrics->use_ns += held.count(); }
  void acquire_failed(carpool::AcquireFailure why, carpool::Duration) noexcept {
    metrics->timeouts += why == carpool::AcquireFailure::timeout;
  }
  void connection_failed(std::uint64_t id, std::string_view why, carpool::Duration) noexcept {
    std::printf("# connection %llu failed: %.*s\n", static_cast<unsigned long long>(id), static_cast<int>(why.size()),
                why.data());
  }
  void connection_closed(std::uint64_t id, carpool::CloseReason reason) noexcept {
    std::printf("# connection %llu closed: %s\n", static_cast<unsigned long long>(id),
                carpool::to_string(reason).data());
  }
};

int main() {
  auto metrics = std::make_shared<Metrics>();
  {
    carpool::ConnectionPool<carpool::ThreadBackend, carpool::AffineBag, Sessions, carpool::MaxUses, MetricsObserver>
        pool({}, {.name = "metered", .max_size = 4}, carpool::MaxUses{3}, MetricsObserver{metrics});
    for (int i = 0; i < 8; ++i) auto lease = pool.acquire();
  }
  std::printf("db_client_connection_wait_time_seconds_count %ld\n", metrics->waits.load());
  std::printf("db_client_connection_use_time_seconds_count %ld\n", metrics->uses.load());
  std::printf("db_client_connection_timeouts_total %ld\n", metrics->timeouts.load());
}

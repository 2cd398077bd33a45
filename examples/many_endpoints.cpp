// One pool for many endpoints: a connector with a Target. Idle connections are kept by target, the bound is for all.
#include <carpool/connection_pool.hpp>
#include <carpool/lifetime_queue.hpp>
#include <carpool/thread_backend.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>

struct Shards {
  using Target = std::string;
  struct Connection {
    std::string shard;
    int queries = 0;
  };
  Connection connect(const Target& shard, carpool::TimePoint) const {
    if (shard == "south") throw std::runtime_error("south is down");
    return {shard};
  }
  bool is_connected(const Connection&) const noexcept { return true; }
  bool matches(const Connection& connection, const Target& shard) const { return connection.shard == shard; }
};

int main() {
  carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifetimeQueue, Shards> pool(
      {}, {.name = "shards", .max_size = 2, .connect_attempts = 1});
  for (const char* shard : {"north", "east", "north", "south", "west", "north"}) {
    try {
      auto connection = pool.acquire(shard);
      std::printf("%-5s query %d\n", shard, ++connection->queries);
    } catch (const carpool::ConnectError& error) {  // one shard's trouble is not another's
      std::printf("%-5s %s\n", shard, error.what());
    }
  }
  const auto stats = pool.stats();
  std::printf("%llu connections opened, %llu closed to make room, %zu idle\n",
              static_cast<unsigned long long>(stats.created),
              static_cast<unsigned long long>(stats.closed_for(carpool::CloseReason::surplus)), stats.idle);
}

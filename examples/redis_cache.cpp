// needs: redis_connector fiber_backend
// run: redis {url}
// A hundred fibers on one thread share eight connections to Redis: a cache, a counter, a transaction. Change
// FiberBackend to ThreadBackend, and nothing else, for a hundred threads.
// Usage: redis_cache redis://user:password@host:port/database   (also rediss:// and unix://)
#include <carpool/connection_pool.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/redis_client.hpp>
#include <carpool/redis_connector.hpp>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

using Backend = carpool::FiberBackend;
using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::RedisConnector>;

int main(int argc, char** argv) try {
  if (argc != 2) return std::fputs("usage: redis_cache URL\n", stderr), 2;
  Pool pool(carpool::RedisConnector::from_url(argv[1]), {.name = "redis", .max_size = 8});
  carpool::RedisClient client(pool);  // a connection per command, given back at once

  client.del("visits", "stock");
  client.set("stock", 40, {.expire = std::chrono::minutes(5)});
  const auto visit = [&] {
    try {
      client.incr("visits");
      client.transaction("stock", [](auto& connection, carpool::RedisPipeline& pipeline) {  // WATCH ... EXEC
        const int left = connection.template get<int>("stock").value();
        if (left > 0) pipeline.add("SET", "stock", left - 1, "KEEPTTL");
      });
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
  };
  {
    std::vector<Backend::Task> visitors;
    for (int i = 0; i < 100; ++i) visitors.push_back(Backend::spawn(visit));
  }  // each task's destructor joins

  const auto visits = client.get<int>("visits").value_or(0);
  const auto stock = client.get<int>("stock").value_or(-1);
  std::printf("%d visits, %d left, over %zu connections\n", visits, stock, pool.stats().size());
  return visits == 100 && stock == 0 ? 0 : 1;
} catch (const std::exception& error) {
  return std::fprintf(stderr, "%s\n", error.what()), 1;
}

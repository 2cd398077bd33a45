// needs: asio asio_fibers redis_connector fiber_backend
// run: redis {url}
// A hundred coroutines of Boost.Asio's on one thread share eight connections to Redis. The connector waits as a fiber;
// AsioFibers lets fibers and the io_context's handlers take turns.
// Usage: asio_redis redis://user:password@host:port/database
#include <carpool/asio_acquire.hpp>
#include <carpool/asio_fibers.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/redis_connector.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdio>
#include <exception>

namespace asio = boost::asio;
using Pool = carpool::ConnectionPool<carpool::FiberBackend, carpool::LifoStack, carpool::RedisConnector>;

asio::awaitable<void> visit(Pool& pool, carpool::AsioFibers& fibers) {
  try {
    auto lease = co_await carpool::co_acquire(pool);  // within acquire_timeout
    co_await fibers.run([&] { lease->incr("visits"); }, asio::use_awaitable);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
}

int main(int argc, char** argv) try {
  if (argc != 2) return std::fputs("usage: asio_redis URL\n", stderr), 2;
  asio::io_context context;
  carpool::AsioFibers fibers(context);
  Pool pool(carpool::RedisConnector::from_url(argv[1]), {.name = "redis", .max_size = 8});

  for (int i = 0; i < 100; ++i) asio::co_spawn(context, visit(pool, fibers), asio::detached);
  context.run();

  const int visits = pool.acquire()->get<int>("visits").value_or(0);
  std::printf("%d visits over %zu connections\n", visits, pool.stats().size());
  return visits == 100 ? 0 : 1;
} catch (const std::exception& error) {
  return std::fprintf(stderr, "%s\n", error.what()), 1;
}

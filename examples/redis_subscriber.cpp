// needs: redis_connector thread_backend
// run: redis {url}
// Listens to a channel on one connection while another worker publishes on it.
// Usage: redis_subscriber redis://user:password@host:port
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/redis_client.hpp>
#include <carpool/redis_connector.hpp>
#include <carpool/thread_backend.hpp>

#include <cstdio>
#include <exception>

using Backend = carpool::ThreadBackend;
using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::RedisConnector>;

int main(int argc, char** argv) try {
  if (argc != 2) return std::fputs("usage: redis_subscriber URL\n", stderr), 2;
  Pool pool(carpool::RedisConnector::from_url(argv[1]), {.name = "redis", .max_size = 2});

  auto listener = pool.acquire();  // pinned for as long as it listens
  listener->subscribe("news");
  const auto publisher = Backend::spawn([&] {
    carpool::RedisClient client(pool);
    for (const char* headline : {"one", "two", "three"}) client.publish("news", headline);
  });
  int heard = 0;
  while (heard < 3) {
    const auto message = listener->receive_message(Backend::now() + std::chrono::seconds(5));
    if (!message) break;  // nothing within five seconds
    std::printf("%s: %s\n", message->channel.c_str(), message->payload.c_str());
    ++heard;
  }
  return heard == 3 ? 0 : 1;  // the pool unsubscribes the connection before it lends it again
} catch (const std::exception& error) {
  return std::fprintf(stderr, "%s\n", error.what()), 1;
}

// needs: fiber_backend tcp_connector
// run: echo {host} {port}
// A thousand fibers on one thread share sixteen TCP connections. Change FiberBackend to ThreadBackend, and nothing
// else, for a thousand threads.   Usage: echo_fibers HOST PORT   (any server that echoes lines)
#include <carpool/connection_pool.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/tcp_connector.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

using Backend = carpool::FiberBackend;
using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::TcpConnector>;

int main(int argc, char** argv) {
  if (argc != 3) return std::fputs("usage: echo_fibers HOST PORT\n", stderr), 2;
  Pool pool({.host = argv[1], .port = static_cast<std::uint16_t>(std::atoi(argv[2]))},
            {.name = "echo", .max_size = 16});
  int answered = 0;  // one thread: no lock is needed
  const auto ask = [&] {
    try {
      auto connection = pool.acquire();
      connection->write_all(std::string("hello\n"));
      if (connection->read_until("\n") == "hello") ++answered;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
  };
  std::vector<decltype(Backend::spawn(ask))> fibers;
  for (int i = 0; i < 1000; ++i) fibers.push_back(Backend::spawn(ask));
  for (auto& fiber : fibers) fiber.join();
  std::printf("%d answers over %llu connections\n", answered, static_cast<unsigned long long>(pool.stats().created));
  return answered == 1000 ? 0 : 1;
}

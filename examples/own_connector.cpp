// needs: fiber_backend tcp_connector
// run: memcached {host} {port}
// A connector of one's own, for memcached, over whatever backend the pool has; connectors/README.md explains it.
//   Usage: own_connector HOST PORT
#include <carpool/connection_pool.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/tcp_connector.hpp>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

template <class Backend>
struct MemcachedConnection : carpool::StreamConnection<Backend> {
  void set(const std::string& key, const std::string& value) {
    this->write_all("set " + key + " 0 0 " + std::to_string(value.size()) + "\r\n" + value + "\r\n");
    if (this->read_until("\r\n") != "STORED") throw std::runtime_error("memcached: " + key + " was not stored");
  }
  std::optional<std::string> get(const std::string& key) {
    this->write_all("get " + key + "\r\n");
    const std::string head = this->read_until("\r\n");  // "VALUE key flags size"
    if (head == "END") return std::nullopt;
    const std::size_t size = std::stoul(head.substr(head.rfind(' ') + 1));
    if (size > 1 << 20) throw std::runtime_error("memcached: a value of more than a MiB");
    std::string value = this->read_exactly(size);
    if (this->read_exactly(7) != "\r\nEND\r\n") throw std::runtime_error("memcached: the value has no end");
    return value;
  }
  bool ping(carpool::TimePoint deadline) {
    this->write_all("version\r\n", deadline);
    return this->read_until("\r\n", 100, deadline).starts_with("VERSION");
  }
};

struct MemcachedConnector {
  template <class Backend>
  using Connection = MemcachedConnection<Backend>;
  carpool::TcpConnector tcp;

  template <class Backend>
  Connection<Backend> connect(carpool::TimePoint deadline) const {
    return {tcp.connect<Backend>(deadline)};
  }
};

int main(int argc, char** argv) try {
  if (argc != 3) return std::fputs("usage: own_connector HOST PORT\n", stderr), 2;
  carpool::ConnectionPool<carpool::FiberBackend, carpool::LifoStack, MemcachedConnector> pool(
      {.tcp = {.host = argv[1], .port = static_cast<std::uint16_t>(std::atoi(argv[2]))}}, {.name = "cache"});
  pool.acquire()->set("greeting", "hello");
  std::printf("%s\n", pool.acquire()->get("greeting").value_or("nothing").c_str());
  return pool.acquire()->get("farewell") ? 1 : 0;
} catch (const std::exception& error) {
  return std::fprintf(stderr, "%s\n", error.what()), 1;
}

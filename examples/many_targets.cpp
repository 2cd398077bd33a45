// One pool for many TCP servers: each acquire says to whom, and idle connections are kept by address.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/targeted_connector.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/thread_backend.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/// A server of its own for each shard, so that the example needs no other program: it says a line to whoever asks.
class Shard {
 public:
  explicit Shard(std::string answer) : answer_(std::move(answer)) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&here), size) != 0) std::perror("bind");
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &size);
    ::listen(listener_, 16);
    port_ = ntohs(here.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Shard() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  carpool::TcpAddress address() const { return {.host = "127.0.0.1", .port = port_}; }

 private:
  /// One client at a time, which is as many as this example has for each.
  void serve() const {
    for (int client = 0; (client = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(client)) {
      for (char asked[64]; ::recv(client, asked, sizeof asked, 0) > 0;)
        (void)::send(client, answer_.data(), answer_.size(), MSG_NOSIGNAL);
    }
  }

  std::string answer_;
  int listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
  unsigned short port_ = 0;
  std::thread thread_;
};

int main() {
  const Shard north("here is north\n"), south("here is south\n");

  using Connector = carpool::TargetedConnector<carpool::TcpConnector>;
  carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Connector> pool(
      {{.io_timeout = std::chrono::seconds(5)}}, {.name = "shards", .max_size = 10});

  for (const Shard* shard : {&north, &south, &north, &south}) {
    auto connection = pool.acquire(shard->address());
    connection->write_all("who is there?\n");
    std::printf("%s: %s\n", connection->target().to_string().c_str(), connection->read_until("\n").c_str());
  }
  std::printf("%llu connections for 4 leases\n", static_cast<unsigned long long>(pool.stats().created));
}

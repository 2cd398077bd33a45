// What a user of fibers and TCP writes; the server is a socket that only listens.
#include <carpool/connection_pool.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/tcp_connector.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

using Pool = carpool::ConnectionPool<carpool::FiberBackend, carpool::LifoStack, carpool::TcpConnector>;

int main() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener, plain, length) != 0 || ::listen(listener, 4) != 0) return 2;
  if (::getsockname(listener, plain, &length) != 0) return 2;

  Pool pool({.host = "127.0.0.1", .port = ntohs(address.sin_port)}, {.max_size = 2});
  bool connected = false;
  carpool::FiberBackend::spawn([&] { connected = pool.acquire()->native_handle() >= 0; }).join();
  return connected ? 0 : 1;
}

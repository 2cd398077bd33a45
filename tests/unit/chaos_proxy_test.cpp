/// The proxy that the tests of faults stand on: what it is told holds when it has been told.
#include <cerrno>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chaos_proxy.hpp"

namespace {

/// 0, or what connect(2) has against it.
int error_of_connect(std::uint16_t port) {
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const int error = ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  ::close(client);
  return error;
}

// Also while its thread sleeps in poll(2), which keeps what it polls open.
TEST(ChaosProxy, WhoRefusesDoesSoAtOnce) {
  ChaosProxy server(1);
  ChaosProxy proxy(server.port());
  for (int i = 0; i < 1'000; ++i) {
    proxy.refuse(true);
    ASSERT_EQ(error_of_connect(proxy.port()), ECONNREFUSED) << "round " << i;
    proxy.refuse(false);
    ASSERT_EQ(error_of_connect(proxy.port()), 0) << "round " << i;
  }
}

/// The name of a Unix socket is taken for as long as that lasts.
TEST(ChaosProxy, WhoNoLongerRefusesHasItsNameAgain) {
  using carpool::SocketAddress;
  const std::string name = "@carpool_chaos_" + std::to_string(::getpid());
  ChaosProxy proxy(SocketAddress::unix_path(name + "_server"), SocketAddress::unix_path(name));
  for (int i = 0; i < 1'000; ++i) {
    proxy.refuse(true);
    ASSERT_NO_THROW(proxy.refuse(false)) << "round " << i;
  }
}

}  // namespace

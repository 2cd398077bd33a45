/// A socket that listens, for the servers that tests play themselves.
#pragma once

#include <cerrno>
#include <cstdint>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/// On 127.0.0.1, at a port that the system picks: no other machine can reach it.
class LoopbackListener {
 public:
  LoopbackListener() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(descriptor_, generic, size) != 0 || ::listen(descriptor_, 1024) != 0 ||
        ::getsockname(descriptor_, generic, &size) != 0)
      throw std::system_error(errno, std::generic_category(), "listen on loopback");
    port_ = ntohs(address.sin_port);
  }
  LoopbackListener(const LoopbackListener&) = delete;
  LoopbackListener& operator=(const LoopbackListener&) = delete;
  ~LoopbackListener() { ::close(descriptor_); }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  /// The next client's descriptor, the caller's to close; -1 once it has stopped.
  [[nodiscard]] int accept() const noexcept { return ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC); }
  /// From another thread: accept() waits no longer.
  void stop() const noexcept { ::shutdown(descriptor_, SHUT_RDWR); }

 private:
  const int descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port_ = 0;
};

/// Wakes a server's thread that listens, so that it notices that it is to end.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <system_error>
#include <thread>

namespace carpool::inline v0_1::detail {

/// civetweb 1.15 looks whether it is to end when somebody connects, or else every 2 s. So while this lives somebody
/// connects every 2 ms. Without a thread to do it, it only takes longer.
class ServerWaker {
 public:
  ServerWaker(const std::string& address, std::uint16_t port) noexcept {
    try {
      thread_ = std::thread([this, address, port] {
        for (; !is_over_; std::this_thread::sleep_for(std::chrono::milliseconds(2))) connect_to(address, port);
      });
    } catch (const std::system_error&) {  // no more threads
    }
  }
  ServerWaker(const ServerWaker&) = delete;
  ServerWaker& operator=(const ServerWaker&) = delete;
  ~ServerWaker() {
    is_over_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  static void connect_to(const std::string& address, std::uint16_t port) noexcept {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) return begin(AF_INET, v4);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) begin(AF_INET6, v6);
  }
  template <class Address>
  static void begin(int family, const Address& address) noexcept {
    const int descriptor = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (descriptor < 0) return;
    ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);  // begun is enough
    ::close(descriptor);
  }

  std::atomic<bool> is_over_ = false;
  std::thread thread_;
};

}  // namespace carpool::inline v0_1::detail

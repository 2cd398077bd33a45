/// The sockets of a server that does not show them: to end it at once, and without leaving any open.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <exception>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

/// civetweb 1.15 notices that it is to end when its listening socket stirs, or else within 2 s; and connections that it
/// has accepted, but that no thread of its has taken yet, stay open for ever, with clients that wait for an answer.
/// So: stop_listening(), then mg_stop(), then close_rest(). Where /proc is not there, it ends as it ends by itself.
class ServerSockets {
 public:
  ServerSockets(std::string address, std::uint16_t port) : address_(std::move(address)), port_(port) {}

  /// From now on clients are refused. Remembers the connections that there are.
  void stop_listening() noexcept {
    for (const Socket& socket : find()) {
      if (socket.listens) ::shutdown(socket.descriptor, SHUT_RD);
    }
    sockets_ = find();  // nothing is accepted any more
  }
  /// Once no thread of the server's is left: what is still open of them is nobody's.
  void close_rest() const noexcept {
    try {
      for (const Socket& socket : sockets_) {
        if (!socket.listens && socket_of(socket.descriptor) == socket.name) ::close(socket.descriptor);
      }
    } catch (const std::exception&) {  // no memory
    }
  }

 private:
  struct Socket {
    int descriptor = -1;
    std::string name = {};
    bool listens = false;
  };

  [[nodiscard]] std::vector<Socket> find() const noexcept {
    std::vector<Socket> found;
    try {
      std::error_code error;
      for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
        const std::string name = entry.path().filename().string();
        Socket socket;
        std::from_chars(name.data(), name.data() + name.size(), socket.descriptor);
        socket.name = socket_of(socket.descriptor);
        if (socket.name.empty()) continue;
        socket.listens = listens(socket.descriptor);
        if (is_ours(socket)) found.push_back(std::move(socket));
      }
    } catch (const std::exception&) {  // no memory
    }
    return found;
  }
  /// What /proc tells of a descriptor, "socket:[4711]"; empty where it is no socket. No other socket has that number.
  [[nodiscard]] static std::string socket_of(int descriptor) {
    std::error_code error;
    const std::string is = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor), error).string();
    return is.starts_with("socket:") ? is : std::string();
  }
  [[nodiscard]] static bool listens(int descriptor) noexcept {
    int is = 0;
    socklen_t size = sizeof is;
    return ::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &is, &size) == 0 && is != 0;
  }
  /// At the server's port; and at its address, unless that is any.
  [[nodiscard]] bool is_ours(const Socket& socket) const noexcept {
    sockaddr_storage local{};
    socklen_t size = sizeof local;
    if (::getsockname(socket.descriptor, reinterpret_cast<sockaddr*>(&local), &size) != 0) return false;
    return local.ss_family == AF_INET
               ? is_ours<sockaddr_in>(local, AF_INET, &sockaddr_in::sin_port, &sockaddr_in::sin_addr, socket)
               : local.ss_family == AF_INET6 &&
                     is_ours<sockaddr_in6>(local, AF_INET6, &sockaddr_in6::sin6_port, &sockaddr_in6::sin6_addr, socket);
  }
  template <class Name, class Address>
  [[nodiscard]] bool is_ours(const sockaddr_storage& local, int family, in_port_t Name::* port, Address Name::* address,
                             const Socket& socket) const noexcept {
    Name name{};
    std::memcpy(&name, &local, sizeof name);
    Address ours{};
    const Address any{};
    if (::inet_pton(family, address_.c_str(), &ours) != 1 || name.*port != htons(port_)) return false;
    const bool is_any = std::memcmp(&ours, &any, sizeof ours) == 0;
    return std::memcmp(&(name.*address), &ours, sizeof ours) == 0 || (is_any && !socket.listens);
  }

  std::string address_;
  std::uint16_t port_;
  std::vector<Socket> sockets_;
};

}  // namespace carpool::inline v0_1::detail

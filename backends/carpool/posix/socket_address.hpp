/// Where a stream socket leads: IPv4, IPv6 or a Unix path, with the name that messages use, and the resolver.
#pragma once

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace carpool::inline v0_1 {

/// One endpoint. A value: copied freely, never blocks, holds no descriptor.
class SocketAddress {
 public:
  SocketAddress() noexcept = default;

  /// Copies what accept, getsockname or getaddrinfo gave; a longer address than any family has is cut.
  SocketAddress(const sockaddr* address, socklen_t length) noexcept
      : length_(std::min<socklen_t>(length, sizeof storage_)) {
    std::memcpy(&storage_, address, length_);
  }

  /// A Unix stream socket's path; "@name" is the abstract name (no file). Throws std::invalid_argument for an
  /// empty path, one with a NUL inside, or one longer than the kernel can hold (107 bytes).
  [[nodiscard]] static SocketAddress unix_path(std::string_view path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    check_path(path, sizeof address.sun_path - 1);
    std::copy(path.begin(), path.end(), address.sun_path);
    const bool abstract = path.front() == '@';
    if (abstract) address.sun_path[0] = '\0';
    // An abstract name is as long as it is said to be; a file's path ends at its NUL, which counts.
    const std::size_t length = offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1);
    return {reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(length)};
  }

  [[nodiscard]] int family() const noexcept { return storage_.ss_family; }
  [[nodiscard]] bool is_unix() const noexcept { return family() == AF_UNIX; }
  [[nodiscard]] const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
  [[nodiscard]] socklen_t size() const noexcept { return length_; }

  /// The port, in the host's byte order; 0 where the family has none.
  [[nodiscard]] std::uint16_t port() const noexcept {
    if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(storage_).sin_port);
    if (family() == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(storage_).sin6_port);
    return 0;
  }

  /// "127.0.0.1:6379", "[::1]:6379", "unix:/run/app.sock", "unix:@name".
  [[nodiscard]] std::string to_string() const {
    if (is_unix()) return "unix:" + path();
    char host[NI_MAXHOST] = {};
    if (::getnameinfo(data(), size(), host, sizeof host, nullptr, 0, NI_NUMERICHOST) != 0) return "an unnamed address";
    const std::string name = family() == AF_INET6 ? '[' + std::string(host) + ']' : std::string(host);
    return name + ':' + std::to_string(port());
  }

  friend bool operator==(const SocketAddress& left, const SocketAddress& right) noexcept {
    return left.length_ == right.length_ && std::memcmp(&left.storage_, &right.storage_, left.length_) == 0;
  }

 private:
  static void check_path(std::string_view path, std::size_t longest) {
    if (path.empty()) throw std::invalid_argument("a Unix socket's path must not be empty");
    if (path.find('\0') != std::string_view::npos) {
      throw std::invalid_argument("a Unix socket's path must not contain a NUL (write an abstract name as \"@name\")");
    }
    if (path.size() > longest) {
      throw std::invalid_argument("the Unix socket's path '" + std::string(path) + "' must be at most " +
                                  std::to_string(longest) + " bytes long, not " + std::to_string(path.size()));
    }
  }

  [[nodiscard]] std::string path() const {
    const char* begin = reinterpret_cast<const sockaddr_un&>(storage_).sun_path;
    const std::size_t room = length_ - std::min<std::size_t>(length_, offsetof(sockaddr_un, sun_path));
    if (room == 0) return "(unnamed)";
    if (*begin == '\0') return '@' + std::string(begin + 1, room - 1);
    return {begin, ::strnlen(begin, room)};
  }

  sockaddr_storage storage_{};
  socklen_t length_ = 0;
};

/// The category of what getaddrinfo says; its name is "resolver".
[[nodiscard]] inline const std::error_category& resolver_category() noexcept {
  class Category final : public std::error_category {
   public:
    [[nodiscard]] const char* name() const noexcept override { return "resolver"; }
    [[nodiscard]] std::string message(int code) const override { return ::gai_strerror(code); }
    [[nodiscard]] std::error_condition default_error_condition(int code) const noexcept override {
      if (code == EAI_AGAIN) return std::errc::resource_unavailable_try_again;
      if (code == EAI_MEMORY) return std::errc::not_enough_memory;
      return {code, *this};
    }
  };
  static const Category category;
  return category;
}

namespace detail {

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};

/// getaddrinfo for streams. Without AI_ADDRCONFIG: it hides ::1 and 127.0.0.1 on a machine with only a loopback.
inline int look_up(const std::string& host, std::uint16_t port, int flags, std::vector<SocketAddress>& found) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  const std::unique_ptr<addrinfo, FreeAddresses> owner(code == 0 ? list : nullptr);
  for (const addrinfo* entry = owner.get(); entry != nullptr; entry = entry->ai_next) {
    found.emplace_back(entry->ai_addr, entry->ai_addrlen);
  }
  return code;
}

}  // namespace detail

/// The addresses of a numeric host ("127.0.0.1", "::1", "fe80::1%eth0"); empty for a name. Never blocks.
[[nodiscard]] inline std::vector<SocketAddress> parse_numeric(const std::string& host, std::uint16_t port) {
  std::vector<SocketAddress> found;
  detail::look_up(host, port, AI_NUMERICHOST, found);
  return found;
}

/// The addresses of a host, in the resolver's order of preference (RFC 6724), at least one. BLOCKS, for as long as
/// the resolver likes. Throws std::system_error naming the host.
[[nodiscard]] inline std::vector<SocketAddress> resolve(const std::string& host, std::uint16_t port) {
  std::vector<SocketAddress> found;
  const int code = detail::look_up(host, port, 0, found);
  if (code == EAI_SYSTEM) throw std::system_error(errno, std::system_category(), "resolve " + host);
  if (code != 0) throw std::system_error(code, resolver_category(), "resolve " + host);
  if (found.empty()) throw std::system_error(EAI_NONAME, resolver_category(), "resolve " + host);
  return found;
}

}  // namespace carpool::inline v0_1

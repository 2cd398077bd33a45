/// What a TCP socket is told before it connects, with finite defaults, so that a dead peer is noticed in a minute.
#pragma once

#include <carpool/time.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <system_error>

namespace carpool::inline v0_1 {

/// When the kernel asks an idle peer whether it still lives: first after idle, then every interval, count times.
struct SocketKeepalive {
  Duration idle = std::chrono::seconds(30);
  Duration interval = std::chrono::seconds(10);
  int count = 3;
};

/// For TCP alone: a Unix socket ignores them all. Times are rounded up to what the kernel counts in.
struct SocketOptions {
  bool nodelay = true;                                              ///< send small writes at once (TCP_NODELAY)
  std::optional<SocketKeepalive> keepalive = SocketKeepalive{};     ///< std::nullopt: the kernel never asks
  std::optional<Duration> user_timeout = std::chrono::seconds(60);  ///< unacknowledged bytes for so long: an error
};

namespace detail {

/// A positive time in whole units, at least 1: 0 would mean "the system's default", which is hours.
template <class Unit>
[[nodiscard]] int whole(Duration length) noexcept {
  constexpr long most = 1 << 30;
  return static_cast<int>(std::clamp<long>(std::chrono::ceil<Unit>(length).count(), 1, most));
}

inline void set_option(int descriptor, int level, int option, int value, const char* name) {
  if (::setsockopt(descriptor, level, option, &value, sizeof value) == 0) return;
  throw std::system_error(errno, std::system_category(), std::string("set ") + name + " to " + std::to_string(value));
}

inline void apply(const SocketOptions& options, int descriptor) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  if (options.nodelay) set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY");
  if (options.keepalive) {
    set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1, "SO_KEEPALIVE");
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, whole<seconds>(options.keepalive->idle), "TCP_KEEPIDLE");
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, whole<seconds>(options.keepalive->interval), "TCP_KEEPINTVL");
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPCNT, options.keepalive->count, "TCP_KEEPCNT");
  }
  if (options.user_timeout) {
    set_option(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, whole<milliseconds>(*options.user_timeout),
               "TCP_USER_TIMEOUT");
  }
}

}  // namespace detail

}  // namespace carpool::inline v0_1

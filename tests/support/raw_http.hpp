/// An HTTP client that sends whatever bytes it is given, as only tests do.
#pragma once

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/// All that a server said until it closed.
struct RawAnswer {
  int status = 0;  ///< 0: it said nothing, or no HTTP
  std::string head;
  std::string body;
};

/// One connection to 127.0.0.1. Nothing it waits for takes longer than 20 s.
class RawHttp {
 public:
  explicit RawHttp(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{20, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in peer{};
    peer.sin_family = AF_INET;
    peer.sin_port = htons(port);
    peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_connected_ = ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) == 0;
  }
  RawHttp(const RawHttp&) = delete;
  RawHttp& operator=(const RawHttp&) = delete;
  ~RawHttp() { ::close(descriptor_); }

  [[nodiscard]] bool is_connected() const noexcept { return is_connected_; }
  /// As much of it as the peer takes.
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  /// Nothing more will be sent.
  void end() { ::shutdown(descriptor_, SHUT_WR); }
  [[nodiscard]] RawAnswer read_to_end() {
    std::string text;
    char some[16384];
    for (ssize_t got = 0; (got = ::recv(descriptor_, some, sizeof some, 0)) > 0;)
      text.append(some, static_cast<std::size_t>(got));
    return parsed(text);
  }

 private:
  [[nodiscard]] static RawAnswer parsed(const std::string& text) {
    RawAnswer answer;
    const std::size_t end = text.find("\r\n\r\n");
    if (end == std::string::npos || !text.starts_with("HTTP/1.1 ")) return answer;
    std::from_chars(text.data() + 9, text.data() + 12, answer.status);
    answer.head = text.substr(0, end + 2);
    answer.body = text.substr(end + 4);
    return answer;
  }

  int descriptor_;
  bool is_connected_ = false;
};

/// One request on a connection of its own.
[[nodiscard]] inline RawAnswer ask_raw(std::uint16_t port, std::string_view bytes) {
  RawHttp client(port);
  client.send(bytes);
  return client.read_to_end();
}
/// With a Host and whatever lines are given, each with its line end.
[[nodiscard]] inline RawAnswer ask_http(std::uint16_t port, const std::string& method, const std::string& path,
                                        const std::string& headers = "", const std::string& body = "") {
  const std::string length = body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return ask_raw(port, method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n" + headers +
                           length + "\r\n" + body);
}

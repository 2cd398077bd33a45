/// One GET from a server on loopback, for tests of what is not our own client.
#pragma once

#include <array>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/// As HTTP/1.0, so that the answer ends with the connection. Throws where there is none.
[[nodiscard]] inline std::string http_get(std::uint16_t port, const std::string& path) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int asking = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const std::string request = "GET " + path + " HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n";
  std::string answer;
  if (::connect(asking, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::send(asking, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
    std::array<char, 65536> part{};
    for (ssize_t n = 0; (n = ::recv(asking, part.data(), part.size(), 0)) > 0;)
      answer.append(part.data(), static_cast<std::size_t>(n));
  }
  ::close(asking);
  const std::size_t body = answer.find("\r\n\r\n");
  if (body == std::string::npos) throw std::runtime_error("no answer to GET " + path);
  return answer.substr(body + 4);
}

/// For a query's value.
[[nodiscard]] inline std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char each : text) {
    if (std::isalnum(static_cast<unsigned char>(each)) != 0) {
      out += each;
    } else {
      std::array<char, 4> code{};
      std::snprintf(code.data(), code.size(), "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(each)));
      out += code.data();
    }
  }
  return out;
}

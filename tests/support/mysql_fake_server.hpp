/// Speaks just enough of MySQL's protocol to say what no honest server would.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loopback_listener.hpp"

/// A packet: its length, its number, its payload.
inline std::string mysql_packet(int number, const std::string& payload) {
  std::string packet;
  for (unsigned shift : {0U, 8U, 16U}) packet += static_cast<char>(payload.size() >> shift);
  return packet + static_cast<char>(number) + payload;
}
inline std::string mysql_greeting() {
  using namespace std::string_literals;
  return mysql_packet(0,
                      "\x0a"
                      "8.0.0-fake\0"s +
                          "\x01\0\0\0"s + "abcdefgh\0"s + "\x8b\xa2\x2d\x02\0"s + "\x0e\0\x15"s +
                          std::string(10, '\0') + "ijklmnopqrst\0"s + "mysql_native_password\0"s);
}
inline std::string mysql_ok(int number) { return mysql_packet(number, std::string("\0\0\0\2\0\0\0", 7)); }
inline std::string mysql_end(int number) { return mysql_packet(number, std::string("\xfe\0\0\2\0", 5)); }
/// One column of text with the name "c".
inline std::string mysql_column(int number) {
  return mysql_packet(number, std::string("\3def\0\0\0\1c\1c\x0c\x2d\0\xff\xff\0\0\xfd\0\0\0\0\0", 24));
}
/// A result with one column and these rows' payloads.
inline std::string mysql_rows(const std::vector<std::string>& rows) {
  std::string all = mysql_packet(1, "\1") + mysql_column(2) + mysql_end(3);
  int number = 4;
  for (const std::string& row : rows) all += mysql_packet(number++, row);
  return all + mysql_end(number);
}

/// Greets, lets in whoever comes, and answers the first command with the bytes that it was made with; or the login, or
/// says other words than a greeting. Each connection the same, and one at a time.
class MysqlFakeServer {
 public:
  struct Words {
    std::string greeting = mysql_greeting();
    std::string after_login = mysql_ok(2);
    std::string answer = {};
    std::string again = {};      ///< said over and over behind the answer
    std::size_t cut = SIZE_MAX;  ///< the connection ends after so many bytes in all
  };

  explicit MysqlFakeServer(Words words) : words_(std::move(words)) {
    thread_ = std::thread([this] { run(); });
  }
  MysqlFakeServer(const MysqlFakeServer&) = delete;
  MysqlFakeServer& operator=(const MysqlFakeServer&) = delete;
  ~MysqlFakeServer() {
    running_ = false;
    listener_.stop();
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return listener_.port(); }
  /// All that clients have said; to be asked when they are gone.
  [[nodiscard]] std::string heard() {
    while (serving_) std::this_thread::yield();
    return heard_;
  }

 private:
  void run() {
    while (running_) {
      const int client = listener_.accept();
      if (client < 0) continue;
      serving_ = true;
      serve(client);
      ::close(client);
      serving_ = false;
    }
  }

  void serve(int client) {
    std::size_t left = words_.cut;
    if (!say(client, words_.greeting, left) || !hear(client)) return;
    if (!say(client, words_.after_login, left) || !hear(client)) return;
    if (!say(client, words_.answer, left)) return;
    while (running_ && !words_.again.empty() && say(client, words_.again, left)) {
    }
    while (running_ && hear(client)) {
    }
  }

  static bool say(int client, const std::string& words, std::size_t& left) {
    const std::size_t size = words.size() < left ? words.size() : left;
    left -= size;
    return ::send(client, words.data(), size, MSG_NOSIGNAL) == static_cast<ssize_t>(size) && left > 0;
  }

  bool hear(int client) {
    std::array<char, 65536> buffer;
    while (running_) {
      pollfd watched{client, POLLIN, 0};
      if (::poll(&watched, 1, 20) == 0) continue;
      const ssize_t got = ::recv(client, buffer.data(), buffer.size(), 0);
      if (got <= 0) return false;
      heard_.append(buffer.data(), static_cast<std::size_t>(got));
      return true;
    }
    return false;
  }

  const Words words_;
  const LoopbackListener listener_;
  std::atomic<bool> running_ = true;
  std::atomic<bool> serving_ = false;
  std::string heard_;  // the server's thread, until serving_ is false
  std::thread thread_;
};

/// One client of the ChaosProxy and its connection to the server: bytes go both ways, late, in crumbs, or not at all.
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/// What the proxy does to the bytes.
struct Chaos {
  bool held = false;                          ///< nothing passes either way, nobody is accepted
  bool trickled = false;                      ///< an answer goes byte by byte, a round of the proxy between two
  std::chrono::milliseconds delay{0};         ///< for which bytes lie in the proxy, either way
  std::optional<std::size_t> cut_after = {};  ///< RST once so many bytes of answers have passed on a connection
};

/// Owns both descriptors. Used by one thread at a time.
class ChaosLink {
 public:
  using Clock = std::chrono::steady_clock;

  ChaosLink(int client, int server) : up_{client, server}, down_{server, client} {
    const int yes = 1;
    for (const int one : {client, server}) ::setsockopt(one, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }
  ChaosLink(ChaosLink&& other) noexcept { *this = std::move(other); }
  ChaosLink& operator=(ChaosLink&& other) noexcept {
    std::swap(up_, other.up_);
    std::swap(down_, other.down_);
    return *this;
  }
  ~ChaosLink() {
    if (up_.from < 0) return;
    for (const int one : {up_.from, down_.from}) {
      ::shutdown(one, SHUT_RDWR);  // now: a close alone would wait for the thread that polls the descriptor
      ::close(one);
    }
  }

  [[nodiscard]] bool ended() const noexcept { return up_.done() || down_.done(); }
  [[nodiscard]] std::size_t answered() const noexcept { return down_.passed; }

  /// The client gets an RST.
  void reset() const {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(up_.from, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
    (void)::connect(up_.from, &nobody, sizeof nobody);  // now: a close alone would wait for the thread that polls it
  }

  [[nodiscard]] std::array<pollfd, 2> watched() const noexcept {
    return {pollfd{up_.from, events(up_, down_), 0}, pollfd{down_.from, events(down_, up_), 0}};
  }
  /// When bytes that lie here are to go on.
  [[nodiscard]] std::optional<Clock::time_point> due() const noexcept {
    if (up_.chunks.empty()) return down_.due();
    return down_.chunks.empty() ? up_.due() : std::min(up_.due(), down_.due());
  }

  /// Moves what can be moved now; returns how many bytes came from the client.
  std::size_t pump(const Chaos& chaos) {
    const std::size_t heard = up_.receive(chaos.delay);
    down_.receive(chaos.delay);
    up_.send(unlimited);
    const std::size_t left = chaos.cut_after ? *chaos.cut_after - std::min(*chaos.cut_after, down_.passed) : unlimited;
    down_.send(std::min(left, chaos.trickled ? 1 : unlimited));
    if (chaos.cut_after && down_.passed >= *chaos.cut_after) reset(), down_.broken = true;
    return heard;
  }

 private:
  static constexpr std::size_t unlimited = 1U << 30U;

  struct Chunk {
    Clock::time_point due;
    std::string bytes;
  };

  /// One direction.
  struct Flow {
    int from = -1, to = -1;
    std::deque<Chunk> chunks = {};
    std::size_t passed = 0;
    bool ended = false;    ///< from has no more
    bool broken = false;   ///< to takes no more
    bool blocked = false;  ///< to takes no more for now

    [[nodiscard]] bool done() const noexcept { return broken || (ended && chunks.empty()); }
    [[nodiscard]] std::optional<Clock::time_point> due() const noexcept {
      if (chunks.empty() || blocked) return {};
      return chunks.front().due;
    }

    std::size_t receive(std::chrono::milliseconds delay) {
      if (ended || chunks.size() > 64) return 0;
      std::string bytes(65536, '\0');
      const auto got = ::recv(from, bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
      if (got <= 0) return ended = true, 0;
      bytes.resize(static_cast<std::size_t>(got));
      chunks.push_back({Clock::now() + delay, std::move(bytes)});
      return static_cast<std::size_t>(got);
    }

    void send(std::size_t most) {
      blocked = false;
      while (!chunks.empty() && chunks.front().due <= Clock::now() && most > 0 && !broken && !blocked) {
        std::string& bytes = chunks.front().bytes;
        const auto sent = ::send(to, bytes.data(), std::min(bytes.size(), most), MSG_DONTWAIT | MSG_NOSIGNAL);
        blocked = sent < 0 && errno == EAGAIN;
        broken = sent < 0 && !blocked;
        if (sent <= 0) return;
        passed += static_cast<std::size_t>(sent);
        most -= static_cast<std::size_t>(sent);
        bytes.erase(0, static_cast<std::size_t>(sent));
        if (bytes.empty()) chunks.pop_front();
      }
    }
  };

  [[nodiscard]] static short events(const Flow& out_of, const Flow& into) noexcept {
    return static_cast<short>((out_of.ended || out_of.chunks.size() > 64 ? 0 : POLLIN) | (into.blocked ? POLLOUT : 0));
  }

  Flow up_, down_;
};

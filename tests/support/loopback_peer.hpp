/// One accepted connection of the LoopbackServer, and the manners in which it answers.
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/// How the server treats bytes that come in. The default is an echo.
struct Manners {
  std::optional<std::string> answer = {};     ///< said for whatever comes; nothing: what came
  bool silent = false;                        ///< reads, and never answers
  std::chrono::milliseconds delay{0};         ///< between the bytes and the answer
  std::chrono::milliseconds pause{0};         ///< between the bytes of an answer sent byte by byte
  bool byte_by_byte = false;                  ///< each byte of an answer in a packet of its own
  std::optional<std::size_t> cut_after = {};  ///< ends the connection after so many bytes of answers
  bool reset = false;                         ///< ends it with RST instead of FIN
};

/// Owns the descriptor. Used by the server's thread alone.
class LoopbackPeer {
 public:
  using Clock = std::chrono::steady_clock;

  explicit LoopbackPeer(int descriptor) noexcept : descriptor_(descriptor) {
    const int yes = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);  // fails on a Unix socket, which needs none
  }
  LoopbackPeer(LoopbackPeer&& other) noexcept { *this = std::move(other); }
  LoopbackPeer& operator=(LoopbackPeer&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(to_say_, other.to_say_);
    std::swap(due_, other.due_);
    std::swap(said_, other.said_);
    std::swap(stirred_, other.stirred_);
    std::swap(finished_, other.finished_);
    return *this;
  }
  ~LoopbackPeer() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] bool finished() const noexcept { return finished_; }
  [[nodiscard]] std::optional<Clock::time_point> due() const noexcept { return due_; }
  [[nodiscard]] short events() const noexcept {
    return static_cast<short>(!to_say_.empty() && !due_ ? POLLIN | POLLOUT : POLLIN);
  }

  /// Makes the close send RST.
  void reset_on_close() noexcept {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }

  /// Out of turn.
  void say(const std::string& bytes) {
    if (::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) finished_ = true;
  }

  /// Something has come, or can be sent again.
  void stir() noexcept { stirred_ = true; }

  /// Reads what has come and answers what is due; how many bytes came.
  std::size_t serve(const Manners& manners) {
    const std::size_t came = std::exchange(stirred_, false) ? hear(manners) : 0;
    if (due_ && *due_ <= Clock::now()) due_.reset();
    if (!due_) answer(manners);
    if (finished_ && manners.reset) reset_on_close();
    return came;
  }

 private:
  std::size_t hear(const Manners& manners) {
    std::array<char, 65536> buffer;
    std::size_t came = 0;
    ssize_t got = 0;
    while ((got = ::recv(descriptor_, buffer.data(), buffer.size(), 0)) > 0) {
      came += static_cast<std::size_t>(got);
      if (!manners.silent)
        to_say_ += manners.answer.value_or(std::string(buffer.data(), static_cast<std::size_t>(got)));
    }
    if (got == 0 || errno != EAGAIN) finished_ = true;
    if (came > 0 && manners.delay.count() > 0) due_ = Clock::now() + manners.delay;
    if (came > 0 && manners.cut_after && *manners.cut_after <= said_) finished_ = true;
    return came;
  }

  void answer(const Manners& manners) {
    while (!to_say_.empty() && !finished_ && !due_) {
      std::size_t size = manners.byte_by_byte ? 1 : to_say_.size();
      if (manners.cut_after) size = std::min(size, *manners.cut_after - said_);
      const ssize_t sent = ::send(descriptor_, to_say_.data(), size, MSG_NOSIGNAL);
      if (sent < 0) return void(finished_ = finished_ || errno != EAGAIN);
      to_say_.erase(0, static_cast<std::size_t>(sent));
      said_ += static_cast<std::size_t>(sent);
      if (manners.byte_by_byte && manners.pause.count() > 0) due_ = Clock::now() + manners.pause;
      if (manners.cut_after && said_ >= *manners.cut_after) finished_ = true;
    }
  }

  int descriptor_ = -1;
  std::string to_say_;
  std::optional<Clock::time_point> due_;  // nothing is said before
  std::size_t said_ = 0;                  // bytes of answers so far
  bool stirred_ = false;
  bool finished_ = false;
};

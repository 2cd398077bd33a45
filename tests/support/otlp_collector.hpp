/// An HTTP server in the test's own process that takes what an OtlpExporter sends, keeps it, and answers as it is told.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loopback_listener.hpp"

/// On loopback, at a port that the system picks; one connection at a time, because an exporter has one.
class OtlpCollector {
 public:
  struct Reply {
    int status = 200;
    std::string headers = {};    ///< "Retry-After: 1\r\n"
    std::string body = "{}";     ///< of the answer
    bool hangs = false;          ///< reads, and never answers
    bool closes_before = false;  ///< reads, and ends the connection without a word
    bool closes_after = false;   ///< ends it behind the answer, which says nothing of it
  };
  struct Request {
    std::string path;
    std::string body;
  };

  OtlpCollector() {
    thread_ = std::thread([this] { run(); });
  }
  OtlpCollector(const OtlpCollector&) = delete;
  OtlpCollector& operator=(const OtlpCollector&) = delete;
  ~OtlpCollector() {
    ends_ = true;
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return listener_.port(); }
  /// To the next requests, in this order; those behind them get a plain 200.
  void reply(std::deque<Reply> replies) {
    const std::scoped_lock lock(mutex_);
    replies_ = std::move(replies);
  }
  /// To all from now on, until it is told otherwise.
  void reply_always(std::optional<Reply> reply) {
    const std::scoped_lock lock(mutex_);
    always_ = std::move(reply);
  }
  /// Everything that came whole, whatever was answered.
  [[nodiscard]] std::vector<Request> requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }
  /// Of what was answered with 200: how often `piece` stands in the bodies sent to a path.
  [[nodiscard]] std::size_t taken(const std::string& path, const std::string& piece) const {
    const std::scoped_lock lock(mutex_);
    std::size_t found = 0;
    for (const Request& each : taken_) {
      if (each.path != path) continue;
      for (std::size_t at = 0; (at = each.body.find(piece, at)) != std::string::npos; at += piece.size()) ++found;
    }
    return found;
  }

 private:
  void run() {
    while (!ends_) {
      if (!readable(listener_.descriptor())) continue;
      const int peer = listener_.accept();
      if (peer < 0) continue;
      std::string buffer;
      while (!ends_ && serve(peer, buffer)) {
      }
      ::close(peer);
    }
  }
  [[nodiscard]] static bool readable(int descriptor) {
    pollfd poll{.fd = descriptor, .events = POLLIN, .revents = 0};
    return ::poll(&poll, 1, 20) > 0;
  }
  /// False: the connection is over.
  [[nodiscard]] bool serve(int peer, std::string& buffer) {
    if (!readable(peer)) return true;
    char bytes[16384];
    const ssize_t got = ::recv(peer, bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    buffer.append(bytes, static_cast<std::size_t>(got));
    const std::size_t head = buffer.find("\r\n\r\n");
    if (head == std::string::npos) return true;
    const std::size_t size = content_length(buffer.substr(0, head));
    if (buffer.size() < head + 4 + size) return true;
    const std::size_t path = buffer.find(' ') + 1;
    const Request request{buffer.substr(path, buffer.find(' ', path) - path), buffer.substr(head + 4, size)};
    buffer.erase(0, head + 4 + size);
    return answer(peer, request);
  }
  [[nodiscard]] static std::size_t content_length(const std::string& head) {
    for (std::size_t at = 0; (at = head.find("\r\n", at)) != std::string::npos; at += 2) {
      if (::strncasecmp(head.c_str() + at + 2, "content-length:", 15) == 0) return std::stoul(head.substr(at + 17));
    }
    return 0;
  }
  [[nodiscard]] bool answer(int peer, const Request& request) {
    const Reply reply = next_reply(request);
    if (reply.closes_before) return false;
    if (reply.hangs) return true;
    const std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " As told\r\n" + reply.headers +
                             "Content-Type: application/json\r\nContent-Length: " + std::to_string(reply.body.size()) +
                             "\r\n\r\n" + reply.body;
    ::send(peer, text.data(), text.size(), MSG_NOSIGNAL);
    return !reply.closes_after;
  }
  [[nodiscard]] Reply next_reply(const Request& request) {
    const std::scoped_lock lock(mutex_);
    requests_.push_back(request);
    Reply reply = always_.value_or(Reply());
    if (!replies_.empty()) {
      reply = replies_.front();
      replies_.pop_front();
    }
    if (reply.status == 200 && !reply.hangs && !reply.closes_before) taken_.push_back(request);
    return reply;
  }

  const LoopbackListener listener_;
  std::atomic<bool> ends_ = false;
  mutable std::mutex mutex_;  // for all below
  std::deque<Reply> replies_;
  std::optional<Reply> always_;
  std::vector<Request> requests_;
  std::vector<Request> taken_;
  std::thread thread_;
};

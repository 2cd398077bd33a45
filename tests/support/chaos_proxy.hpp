/// Stands between a client and a server on loopback, and does to their bytes what a bad network or a dying server does.
#pragma once

#include <carpool/posix/socket_address.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chaos_link.hpp"

/// Every method may be called by any thread; what it asks for holds when it returns, for bytes that come from then on.
class ChaosProxy {
 public:
  using Address = carpool::SocketAddress;

  /// On a port of the system's choice.
  explicit ChaosProxy(std::uint16_t server) : ChaosProxy(loopback(server), loopback(0)) {}
  /// Also from one Unix path to another: SocketAddress::unix_path("@name"). There an RST is an end like another.
  ChaosProxy(const Address& server, const Address& here) : server_(server), here_(here) {
    if (!here.is_unix()) reserve();
    listen();
    thread_ = std::thread([this] { run(); });
  }
  ChaosProxy(const ChaosProxy&) = delete;
  ChaosProxy& operator=(const ChaosProxy&) = delete;
  ~ChaosProxy() {
    change([this] { running_ = false; });
    thread_.join();
    for (const int one : {reservation_, listener_, wake_}) {
      if (one >= 0) ::close(one);
    }
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return here_.port(); }
  /// Connections to the proxy, as it sees them.
  [[nodiscard]] std::size_t open() {
    return look([this] { return links_.size(); });
  }
  [[nodiscard]] std::size_t accepted() {
    return look([this] { return accepted_; });
  }
  [[nodiscard]] std::size_t peak_open() {
    return look([this] { return peak_; });
  }
  /// Bytes from all clients so far.
  [[nodiscard]] std::size_t heard() {
    return look([this] { return heard_; });
  }
  /// Bytes to all clients so far.
  [[nodiscard]] std::size_t answered() {
    return look([this] {
      std::size_t bytes = answered_;
      for (const ChaosLink& link : links_) bytes += link.answered();
      return bytes;
    });
  }

  /// Both sides of every connection end: with RST to the client, or with FIN.
  void reset_all() {
    change([this] {
      for (const ChaosLink& link : links_) link.reset();
      end_all();
    });
  }
  void close_all() {
    change([this] { end_all(); });
  }

  /// True: nobody listens, connects are refused; what is open stays.
  void refuse(bool on) {
    change([this, on] {
      if (on && listener_ >= 0) stop_listening();
      if (!on && listener_ < 0) listen();
    });
  }
  /// True: as a frozen server. The kernel completes connects, and nobody answers.
  void hold(bool on) {
    change([this, on] { chaos_.held = on; });
  }
  void trickle(bool on) {
    change([this, on] { chaos_.trickled = on; });
  }
  void delay(std::chrono::milliseconds each_way) {
    change([this, each_way] { chaos_.delay = each_way; });
  }
  void cut_after(std::optional<std::size_t> answered_bytes) {
    change([this, answered_bytes] { chaos_.cut_after = answered_bytes; });
  }

 private:
  template <class Question>
  std::size_t look(Question question) {
    const std::scoped_lock lock(mutex_);
    pump();  // who has gone by now is not counted
    return question();
  }
  template <class Change>
  void change(Change make) {
    {
      const std::scoped_lock lock(mutex_);
      pump();  // what has come by now is not meant
      make();
    }
    const std::uint64_t one = 1;
    (void)!::write(wake_, &one, sizeof one);
  }

  void run() {
    for (std::unique_lock lock(mutex_); running_; pump()) {
      std::vector<pollfd> watched = watch();
      const int timeout = milliseconds_to_wait();
      lock.unlock();
      ::poll(watched.data(), watched.size(), timeout);
      lock.lock();
      std::uint64_t count = 0;
      (void)!::read(wake_, &count, sizeof count);
    }
    end_all();
  }

  [[nodiscard]] std::vector<pollfd> watch() const {
    std::vector<pollfd> watched{{wake_, POLLIN, 0}};
    if (chaos_.held) return watched;
    if (listener_ >= 0) watched.push_back({listener_, POLLIN, 0});
    for (const ChaosLink& link : links_) {
      for (const pollfd& one : link.watched()) watched.push_back(one);
    }
    return watched;
  }

  [[nodiscard]] int milliseconds_to_wait() const {
    std::optional<ChaosLink::Clock::time_point> first;
    for (const ChaosLink& link : links_) {
      if (const auto due = link.due(); due && (!first || *due < *first)) first = due;
    }
    if (!first || chaos_.held) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*first - ChaosLink::Clock::now());
    return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
  }

  void pump() {
    if (chaos_.held) return;
    accept();
    for (ChaosLink& link : links_) heard_ += link.pump(chaos_);
    for (const ChaosLink& link : links_) answered_ += link.ended() ? link.answered() : 0;
    std::erase_if(links_, [](const ChaosLink& link) { return link.ended(); });
  }

  void accept() {
    if (listener_ < 0) return;
    for (int client = 0; (client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
      const int server = ::socket(server_.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
      links_.emplace_back(client, server);
      peak_ = std::max(peak_, links_.size());
      ++accepted_;
      if (::connect(server, server_.data(), server_.size()) == 0) continue;
      links_.back().reset();
      links_.pop_back();
    }
  }

  void end_all() {
    for (const ChaosLink& link : links_) answered_ += link.answered();
    links_.clear();
  }

  static Address loopback(std::uint16_t port) { return carpool::parse_numeric("127.0.0.1", port).at(0); }
  static int bind(const Address& address) {
    const int bound = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(bound, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);  // beside the reservation
    // A name of a Unix socket stays taken until our thread has left the poll(2) in which the last listener was closed.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (::bind(bound, address.data(), address.size()) != 0) {
      if (errno != EADDRINUSE || std::chrono::steady_clock::now() > deadline) {
        ::close(bound);
        throw std::runtime_error("the chaos proxy has no address");
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return bound;
  }
  void reserve() {
    reservation_ = bind(here_);
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ::getsockname(reservation_, reinterpret_cast<sockaddr*>(&address), &size);
    here_ = Address(reinterpret_cast<const sockaddr*>(&address), size);
  }
  void listen() {
    listener_ = bind(here_);
    ::listen(listener_, 4096);
  }

  /// Closing is not enough: poll(2) keeps the socket, and so the listening, until our thread wakes.
  void stop_listening() {
    ::shutdown(listener_, SHUT_RDWR);
    ::close(std::exchange(listener_, -1));
  }

  const Address server_;
  Address here_;          // fixed from the constructor on
  int reservation_ = -1;  // bound and never listening: the port stays ours while we refuse
  const int wake_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

  std::mutex mutex_;  // guards all below
  int listener_ = -1;
  std::vector<ChaosLink> links_;
  Chaos chaos_;
  bool running_ = true;
  std::size_t accepted_ = 0, peak_ = 0, heard_ = 0, answered_ = 0;

  std::thread thread_;  // last: it uses all the others
};

/// A loopback server that sends back what it receives: the other end of the comparison when the user names none.
#pragma once

#include "loopback_socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>

namespace carpool::compare {

/// Listens on a loopback port of its own and echoes in one thread. stop() is a crash as its clients see it (every
/// connection reset, new ones refused); start() brings it back on the same port. Both by one thread at a time; the
/// counters by anybody.
class EchoServer {
 public:
  EchoServer() : reservation_(detail::bound_socket(0)), port_(detail::port_of(reservation_)) { start(); }
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;
  ~EchoServer() { stop(); }

  void start() {
    if (thread_.joinable()) return;
    listener_ = detail::bound_socket(port_);
    detail::checked(::listen(listener_.get(), 4096), "listen");
    epoll_ = detail::Descriptor(detail::checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
    halt_ = detail::Descriptor(detail::checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd"));
    for (const int fd : {listener_.get(), halt_.get()}) {
      if (!watch(fd, EPOLLIN, EPOLL_CTL_ADD)) detail::server_failed("epoll_ctl");
    }
    halted_ = false;
    thread_ = std::thread([this] { serve(); });
  }

  void stop() {
    if (!thread_.joinable()) return;
    cpu_of_ended_threads_ += cpu_of_live_thread();  // its clock ends with it
    const std::uint64_t one = 1;
    while (::write(halt_.get(), &one, sizeof one) < 0 && errno == EINTR) {
    }
    thread_.join();
    listener_ = {};
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::uint64_t accepted() const noexcept { return accepted_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t open() const noexcept { return open_.load(std::memory_order_relaxed); }

  /// The most connections open at once since the last call.
  std::uint64_t take_peak() noexcept { return peak_.exchange(open(), std::memory_order_relaxed); }

  /// Seconds of processor time used by the server so far. For the thread that calls start() and stop().
  [[nodiscard]] double cpu_seconds() { return cpu_of_ended_threads_ + (thread_.joinable() ? cpu_of_live_thread() : 0); }

 private:
  struct Client {
    detail::Descriptor socket;
    std::string unsent;  // what the peer's window did not take yet
  };

  bool watch(int fd, std::uint32_t events, int operation) noexcept {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    return ::epoll_ctl(epoll_.get(), operation, fd, &event) == 0;
  }

  double cpu_of_live_thread() {
    clockid_t clock{};
    timespec time{};
    if (::pthread_getcpuclockid(thread_.native_handle(), &clock) != 0) return 0;
    if (::clock_gettime(clock, &time) != 0) return 0;
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  }

  void serve() {
    while (!halted_) {
      wait_and_handle(-1);
      while (!halted_ && std::exchange(somebody_knocks_, false)) welcome();
    }
    reset_everybody();
  }

  /// A client that closed one connection and then opened another must not be counted twice: see the end of the first
  /// before counting the second.
  void welcome() {
    accept_all();
    while (wait_and_handle(0) == events_.size()) {
    }
    note_peak();
  }

  /// How many events came.
  std::size_t wait_and_handle(int timeout_ms) {
    const int count = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), timeout_ms);
    for (int i = 0; i < count; ++i) handle(events_[static_cast<std::size_t>(i)].data.fd);
    return static_cast<std::size_t>(std::max(count, 0));
  }

  void handle(int fd) {
    if (fd == halt_.get()) {
      halted_ = true;
    } else if (fd == listener_.get()) {
      somebody_knocks_ = true;
    } else if (const auto client = clients_.find(fd); client != clients_.end() && !echo(client->second)) {
      clients_.erase(client);
      open_.store(clients_.size(), std::memory_order_relaxed);
    }
  }

  void accept_all() {
    for (;;) {
      detail::Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (socket.get() < 0) return;
      const int on = 1, fd = socket.get();
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      if (!watch(fd, EPOLLIN, EPOLL_CTL_ADD)) continue;
      clients_[fd].socket = std::move(socket);
      accepted_.fetch_add(1, std::memory_order_relaxed);
      open_.store(clients_.size(), std::memory_order_relaxed);
    }
  }

  void note_peak() {
    auto peak = peak_.load(std::memory_order_relaxed);
    while (peak < clients_.size() && !peak_.compare_exchange_weak(peak, clients_.size(), std::memory_order_relaxed)) {
    }
  }

  /// False where the client is gone.
  bool echo(Client& client) {
    if (!client.unsent.empty() && !flush(client)) return false;
    const auto got = ::recv(client.socket.get(), buffer_.data(), buffer_.size(), 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    const auto size = static_cast<std::size_t>(got);
    return client.unsent.empty() ? send_now(client, size) : (client.unsent.append(buffer_.data(), size), true);
  }

  bool send_now(Client& client, std::size_t size) {
    const auto put = ::send(client.socket.get(), buffer_.data(), size, MSG_NOSIGNAL);
    if (put < 0 && errno != EAGAIN && errno != EINTR) return false;
    const auto sent = static_cast<std::size_t>(std::max<ssize_t>(put, 0));
    if (sent == size) return true;
    client.unsent.assign(buffer_.data() + sent, size - sent);
    return watch(client.socket.get(), EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
  }

  bool flush(Client& client) {
    const auto put = ::send(client.socket.get(), client.unsent.data(), client.unsent.size(), MSG_NOSIGNAL);
    if (put < 0) return errno == EAGAIN || errno == EINTR;
    client.unsent.erase(0, static_cast<std::size_t>(put));
    return !client.unsent.empty() || watch(client.socket.get(), EPOLLIN, EPOLL_CTL_MOD);
  }

  /// As a killed process leaves its peers: no FIN, no last words.
  void reset_everybody() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    for (const auto& [fd, client] : clients_) ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    clients_.clear();
    open_.store(0, std::memory_order_relaxed);
  }

  // Bound, never listening: keeps the port ours while the server is down.
  detail::Descriptor reservation_;
  const std::uint16_t port_;
  // Set by start() before the thread exists, read by it.
  detail::Descriptor listener_, epoll_, halt_;
  // Of whoever calls start() and stop().
  std::thread thread_;
  double cpu_of_ended_threads_ = 0;
  // Of the server's thread while it runs.
  std::unordered_map<int, Client> clients_;
  std::array<epoll_event, 256> events_;
  std::array<char, 65536> buffer_;
  bool halted_ = false;
  bool somebody_knocks_ = false;
  // Written by the server's thread, read by anybody; single figures, so no order among them is needed.
  std::atomic<std::uint64_t> accepted_{0}, open_{0}, peak_{0};
};

}  // namespace carpool::compare

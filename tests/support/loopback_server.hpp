/// An echo server in the test's own process, over TCP or a Unix socket, that misbehaves on demand and counts.
#pragma once

#include <carpool/posix/socket_address.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "loopback_peer.hpp"

/// Listens on loopback at a port that the system picks. Everything below runs on the server's own thread, to which
/// the public methods hand their work and wait until it is done: what they ask for holds when they return.
class LoopbackServer {
 public:
  using Address = carpool::SocketAddress;

  /// host: "127.0.0.1" or "::1". No other machine can reach it.
  explicit LoopbackServer(const std::string& host = "127.0.0.1")
      : LoopbackServer(carpool::parse_numeric(host, 0).at(0)) {}
  /// Also a Unix path: SocketAddress::unix_path("@name").
  explicit LoopbackServer(const Address& where) : address_(where), thread_([this] { run(); }) {
    on_thread([this] { listen(); });
  }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;
  ~LoopbackServer() {
    on_thread([this] { stop_listening(), peers_.clear(), running_ = false; });
    thread_.join();
    ::close(reservation_);
    ::close(wake_);
  }

  /// Fixed from the constructor on, and known in a forked child too, where the server is not.
  [[nodiscard]] const Address& address() const noexcept { return address_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return address_.port(); }

  [[nodiscard]] std::size_t accepted() {
    return ask<std::size_t>([this] { return accepted_; });
  }
  [[nodiscard]] std::size_t open() {
    return ask<std::size_t>([this] { return peers_.size(); });
  }
  [[nodiscard]] std::size_t peak_open() {
    return ask<std::size_t>([this] { return peak_open_; });
  }
  [[nodiscard]] std::size_t bytes_received() {
    return ask<std::size_t>([this] { return bytes_received_; });
  }

  /// From the next bytes on. At first: echo.
  void reply_with(const Manners& manners) {
    on_thread([this, manners] { manners_ = manners; });
  }

  /// Listens but accepts nobody: one connect succeeds, for which the backlog has room; others go unanswered.
  void be_deaf() {
    on_thread([this] { deaf_ = true, ::listen(listener_, 0); });
  }
  void hear_again() {
    on_thread([this] { deaf_ = false, ::listen(listener_, 1024); });
  }
  /// As SIGSTOP would: accepts, reads, answers and closes nothing until resume().
  void freeze() {
    on_thread([this] { frozen_ = true; });
  }
  void resume() {
    on_thread([this] { frozen_ = false; });
  }

  /// Ends every connection that is open: with FIN, or with RST.
  void close_all() {
    on_thread([this] { peers_.clear(); });
  }
  void reset_all() {
    on_thread([this] {
      for (LoopbackPeer& peer : peers_) peer.reset_on_close();
      peers_.clear();
    });
  }
  /// Says something that nobody asked for.
  void send_all(const std::string& bytes) {
    on_thread([this, bytes] {
      for (LoopbackPeer& peer : peers_) peer.say(bytes);
    });
  }

  /// Nobody listens and every connection is closed; the port stays ours to come back to.
  void stop() {
    on_thread([this] { stop_listening(), peers_.clear(); });
  }
  void restart() {
    on_thread([this] { listen(); });
  }

 private:
  using Clock = LoopbackPeer::Clock;

  void on_thread(std::function<void()> work) {
    std::packaged_task<void()> order(std::move(work));
    std::future<void> done = order.get_future();
    {
      const std::scoped_lock lock(mutex_);
      orders_.push_back(std::move(order));
    }
    const std::uint64_t one = 1;
    if (::write(wake_, &one, sizeof one) < 0) std::abort();
    done.get();
  }
  template <class T, class Question>
  T ask(Question question) {
    std::optional<T> answer;
    on_thread([&] { answer = question(); });
    return *answer;
  }

  void run() {
    while (running_) {
      watch();
      take_orders();
      if (frozen_) continue;
      accept();
      for (LoopbackPeer& peer : peers_) bytes_received_ += peer.serve(manners_);
      std::erase_if(peers_, [](const LoopbackPeer& peer) { return peer.finished(); });
    }
  }

  /// Sleeps until there is something to do, and tells the peers that have it.
  void watch() {
    std::vector<pollfd> watched;
    if (!frozen_) {
      for (const LoopbackPeer& peer : peers_) watched.push_back({peer.descriptor(), peer.events(), 0});
      if (listener_ >= 0 && !deaf_) watched.push_back({listener_, POLLIN, 0});
    }
    watched.push_back({wake_, POLLIN, 0});
    if (::poll(watched.data(), watched.size(), milliseconds_to_wait()) <= 0 || frozen_) return;
    for (std::size_t i = 0; i < peers_.size(); ++i) {
      if (watched[i].revents != 0) peers_[i].stir();
    }
  }

  [[nodiscard]] int milliseconds_to_wait() const {
    std::optional<Clock::time_point> first;
    for (const LoopbackPeer& peer : peers_) {
      if (peer.due() && (!first || *peer.due() < *first)) first = peer.due();
    }
    if (!first || frozen_) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*first - Clock::now());
    return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
  }

  void take_orders() {
    std::uint64_t count = 0;
    if (::read(wake_, &count, sizeof count) < 0) return;
    std::vector<std::packaged_task<void()>> orders;
    {
      const std::scoped_lock lock(mutex_);
      orders.swap(orders_);
    }
    accept();  // who has connected before the order is meant by it
    for (auto& order : orders) order();
  }

  void accept() {
    if (frozen_ || deaf_ || listener_ < 0) return;
    for (int peer = 0; (peer = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
      peers_.emplace_back(peer);
      ++accepted_;
      peak_open_ = std::max(peak_open_, staying());
    }
  }

  /// Whoever hung up before another came was not there with it, though we have not served its end yet.
  [[nodiscard]] std::size_t staying() const {
    std::vector<pollfd> asked;
    for (const LoopbackPeer& peer : peers_) asked.push_back({peer.descriptor(), POLLRDHUP, 0});
    ::poll(asked.data(), asked.size(), 0);
    return static_cast<std::size_t>(
        std::count_if(asked.begin(), asked.end(), [](const pollfd& one) { return one.revents == 0; }));
  }

  /// Bound, but not listening: nobody else gets the port, and a connect to it is refused.
  [[nodiscard]] int bind() {
    const int bound = ::socket(address_.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(bound, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);  // beside the reservation, and past TIME_WAIT
    if (::bind(bound, address_.data(), address_.size()) != 0) fail("bind to");
    return bound;
  }

  void listen() {
    if (reservation_ < 0 && !address_.is_unix()) {
      reservation_ = bind();
      sockaddr_storage name{};
      socklen_t size = sizeof name;
      ::getsockname(reservation_, reinterpret_cast<sockaddr*>(&name), &size);
      address_ = Address(reinterpret_cast<const sockaddr*>(&name), size);
    }
    listener_ = bind();
    if (::listen(listener_, 1024) != 0) fail("listen on");
  }

  void stop_listening() {
    if (listener_ >= 0) ::close(std::exchange(listener_, -1));
    if (!address_.is_unix()) return;
    const char* path = reinterpret_cast<const sockaddr_un*>(address_.data())->sun_path;
    if (*path != '\0') ::unlink(path);
  }

  [[noreturn]] void fail(const char* operation) const {
    throw std::system_error(errno, std::system_category(), operation + (' ' + address_.to_string()));
  }

  const int wake_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  std::mutex mutex_;
  std::vector<std::packaged_task<void()>> orders_;  // guarded by mutex_

  Address address_;  // the server's thread writes it before the constructor returns; then constant

  // The server's thread alone, from here on.
  int reservation_ = -1;  // bound and never listening, so that the port is ours while we are stopped
  int listener_ = -1;
  std::vector<LoopbackPeer> peers_;
  Manners manners_;
  bool running_ = true;
  bool deaf_ = false;
  bool frozen_ = false;
  std::size_t accepted_ = 0;
  std::size_t peak_open_ = 0;
  std::size_t bytes_received_ = 0;

  std::thread thread_;  // last: it uses all the others
};

/// A non-blocking stream socket whose every wait goes through its Backend.
#pragma once

#include <carpool/budget.hpp>
#include <carpool/posix/socket_address.hpp>
#include <carpool/posix/socket_options.hpp>
#include <carpool/time.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// Owns one descriptor: moved, never copied; closed exactly once, and never shut down, so that a forked child that
/// closes its copy says nothing to the peer.
///
/// Errors:   std::system_error whose message names the operation and the address ("connect to 127.0.0.1:6379");
///           a deadline that passed compares equal to std::errc::timed_out.
/// Threads:  one worker at a time; it may be moved to another thread between operations.
/// Signals:  SIGPIPE is never raised; EINTR is never seen.
template <class Backend>
class PosixSocket {
 public:
  using Address = SocketAddress;
  using Options = SocketOptions;

  PosixSocket() noexcept = default;

  /// Adopts a non-blocking descriptor; peer is for messages.
  PosixSocket(int descriptor, const Address& peer) noexcept : descriptor_(descriptor), peer_(peer) {
    // The number may have belonged to a socket that a foreign library closed without telling the reactor.
    if (descriptor_ >= 0) Backend::forget(descriptor_);
  }
  PosixSocket(PosixSocket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), peer_(other.peer_) {}
  PosixSocket& operator=(PosixSocket&& other) noexcept {
    if (this == &other) return *this;
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
    peer_ = other.peer_;
    return *this;
  }
  ~PosixSocket() { close(); }

  /// A connected socket, or an error no later than the deadline.
  [[nodiscard]] static PosixSocket connect(const Address& address, const Options& options, TimePoint deadline) {
    consume_budget<Backend>();  // a Unix socket's connect does not wait
    PosixSocket socket(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), address);
    if (socket.descriptor_ < 0) socket.fail(errno, "open a socket to");
    if (!address.is_unix()) detail::apply(options, socket.descriptor_);
    socket.dial(deadline);
    socket.check_dialled();
    // A pool connects on a worker of its own and hands the socket to another thread: the dialling thread's reactor
    // must not go on watching it.
    Backend::forget(socket.descriptor_);
    return socket;
  }

  /// The addresses of a host, numeric ones without leaving the worker, others on a helper thread: the resolver cannot
  /// be interrupted, but it can be left to itself. Only SingleBackend, which has no helpers, waits for it.
  [[nodiscard]] static std::vector<Address> resolve(const std::string& host, std::uint16_t port, TimePoint deadline) {
    std::vector<Address> found = parse_numeric(host, port);
    if (!found.empty()) return found;
    auto answer = Backend::run_blocking_until([host, port] { return carpool::resolve(host, port); }, deadline);
    if (answer && Backend::now() < deadline) return *std::move(answer);
    throw std::system_error(std::make_error_code(std::errc::timed_out), "resolve " + host);
  }

  /// At least one byte, or 0 where the peer has ended the stream. into must not be empty.
  [[nodiscard]] std::size_t read_some(std::span<std::byte> into, TimePoint deadline) {
    consume_budget<Backend>();
    for (;;) {
      const ssize_t got = ::recv(descriptor_, into.data(), into.size(), 0);
      if (got >= 0) return static_cast<std::size_t>(got);
      wait_to_repeat(errno, POLLIN, deadline, "read from");
    }
  }

  /// How many bytes the kernel took: at least one, unless from is empty.
  [[nodiscard]] std::size_t write_some(std::span<const std::byte> from, TimePoint deadline) {
    consume_budget<Backend>();
    for (;;) {
      const ssize_t took = ::send(descriptor_, from.data(), from.size(), MSG_NOSIGNAL);
      if (took >= 0) return static_cast<std::size_t>(took);
      wait_to_repeat(errno, POLLOUT, deadline, "write to");
    }
  }

  /// Whether the peer has neither closed nor sent anything unread: what a connection must be to be handed out. One
  /// system call where it is; no descriptor, no round trip. A full send buffer says nothing against it.
  [[nodiscard]] bool is_connected() const noexcept {
    if (descriptor_ < 0) return false;
    pollfd asked{descriptor_, POLLIN | POLLRDHUP, 0};
    while (::poll(&asked, 1, 0) < 0) {
      if (errno != EINTR) return false;
    }
    if (asked.revents == 0) return true;
    if (asked.revents != POLLIN) return false;
    // Readable may be a false alarm. A byte (unread, so it belongs to nobody), the end or an error is not.
    char byte = 0;
    return ::recv(descriptor_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR);
  }

  [[nodiscard]] int native_handle() const noexcept { return descriptor_; }
  [[nodiscard]] const Address& peer() const noexcept { return peer_; }

  /// Idempotent. Never repeated on EINTR: Linux has released the number by then, and it may be somebody else's.
  void close() noexcept {
    if (descriptor_ < 0) return;
    Backend::forget(descriptor_);
    ::close(std::exchange(descriptor_, -1));
  }

 private:
  [[noreturn]] void fail(std::error_code code, const char* operation) const {
    throw std::system_error(code, operation + (' ' + peer_.to_string()));
  }
  [[noreturn]] void fail(int error, const char* operation) const {
    fail(std::error_code(error, std::system_category()), operation);
  }

  void wait_to_repeat(int error, unsigned events, TimePoint deadline, const char* operation) const {
    if (error == EINTR) return;
    if (error != EAGAIN) fail(error, operation);
    wait(events, deadline, operation);
  }

  void wait(unsigned events, TimePoint deadline, const char* operation) const {
    if (Backend::wait(descriptor_, events, deadline) != 0) return;
    fail(std::make_error_code(std::errc::timed_out), operation);
  }

  void dial(TimePoint deadline) const {
    using std::chrono::milliseconds;
    for (Duration pause = milliseconds(1);; pause = std::min<Duration>(2 * pause, milliseconds(50))) {
      if (::connect(descriptor_, peer_.data(), peer_.size()) == 0) return;
      const int error = errno;
      // Interrupted, a connect goes on by itself, like one in progress.
      if (error == EINPROGRESS || error == EINTR) return wait(POLLOUT, deadline, "connect to");
      if (error != EAGAIN || !peer_.is_unix()) fail(error, "connect to");
      // A Unix listener's backlog is full: the kernel keeps no place in a line for us, so come again.
      const TimePoint now = Backend::now();
      if (now >= deadline) fail(std::make_error_code(std::errc::timed_out), "connect to");
      Backend::sleep_until(std::min(deadline, after(now, pause)));
    }
  }

  void check_dialled() const {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) fail(error, "connect to");
    // Where nobody listens on an ephemeral port of this machine, TCP may connect a socket to itself. It would answer
    // with echoes and keep the server from its port for as long as it lives.
    if (!peer_.is_unix() && name_by(::getsockname) == name_by(::getpeername)) fail(ECONNREFUSED, "connect to");
  }

  [[nodiscard]] Address name_by(int (*ask)(int, sockaddr*, socklen_t*)) const {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (ask(descriptor_, reinterpret_cast<sockaddr*>(&storage), &size) != 0) fail(errno, "connect to");
    return {reinterpret_cast<const sockaddr*>(&storage), size};
  }

  int descriptor_ = -1;
  Address peer_;
};

}  // namespace carpool::inline v0_1

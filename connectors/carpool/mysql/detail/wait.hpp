/// Lets libmariadb's blocking calls wait through a Backend: whatever it would block for, it asks here.
#pragma once

#include <carpool/mysql/detail/signals.hpp>
#include <carpool/time.hpp>

#include <mysql.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace carpool::inline v0_1::detail {

/// One call into the library, from before it to after it, on the stack of the caller.
///
/// The library's hook is told a descriptor and nothing of ours, so it finds the call through a variable of its thread.
/// Other fibers of the thread may call the library while this one sleeps, so whoever wakes puts itself back there: when
/// the library asks, the variable means the running fiber's own call, because nothing has slept since it was set.
template <class Waits>
class MysqlCall {
 public:
  /// What is true of the session that the call is about.
  struct Traits {
    bool encrypted = false;
    bool opens = false;  ///< the call may open a socket
  };

  MysqlCall(TimePoint deadline, Traits traits) noexcept : deadline_(deadline), traits_(traits) {
    if (traits_.encrypted) quiet_.emplace();
    current() = this;
  }
  MysqlCall(const MysqlCall&) = delete;
  MysqlCall& operator=(const MysqlCall&) = delete;
  ~MysqlCall() { current() = nullptr; }

  /// For MARIADB_OPT_IO_WAIT. The library's own time-outs are ignored: there is one deadline, ours. Outside of a call,
  /// in a destructor, nobody waits.
  static int wait(my_socket descriptor, my_bool is_read, int) noexcept {
    MysqlCall* const call = current();
    const bool ready = call != nullptr && call->await(descriptor, is_read != 0 ? POLLIN : POLLOUT);
    current() = call;
    errno = call != nullptr && call->refused_ != 0 ? call->refused_ : ready ? 0 : ETIMEDOUT;
    return ready ? 1 : 0;
  }

  [[nodiscard]] bool timed_out() const noexcept { return timed_out_; }
  /// Why the last socket could not be connected, as errno has it; 0 where it could. The library does not tell.
  [[nodiscard]] int refused() const noexcept { return refused_; }

  /// What the backend threw while the library waited: an interruption, no memory. It could not pass through C.
  void rethrow() {
    if (thrown_ != nullptr) std::rethrow_exception(std::exchange(thrown_, nullptr));
  }

 private:
  /// Out of line and opaque, so that no compiler carries the address across a switch of fibers.
  [[nodiscard, gnu::noinline]] static MysqlCall*& current() noexcept {
    static constinit thread_local MysqlCall* call = nullptr;
    asm volatile("" ::: "memory");
    return call;
  }

  bool await(my_socket descriptor, unsigned events) noexcept {
    if (thrown_ != nullptr || timed_out_) return false;
    if (traits_.opens && std::exchange(descriptor_, descriptor) != descriptor) meet(descriptor);
    quiet_.reset();
    try {
      const unsigned came = Waits::wait(descriptor, events, deadline_);
      timed_out_ = came == 0;
      refused_ = traits_.opens && events == POLLOUT && (came & (POLLERR | POLLHUP)) != 0 ? error_of(descriptor) : 0;
    } catch (...) {
      thrown_ = std::current_exception();
    }
    if (traits_.encrypted) quiet_.emplace();
    return !timed_out_ && thrown_ == nullptr && refused_ == 0;
  }

  /// Takes it off the socket, so that the library must be told.
  static int error_of(my_socket descriptor) noexcept {
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
  }

  /// The library opened a socket behind our back, whose number may have meant another; and every child that the
  /// application starts would inherit it.
  static void meet(my_socket descriptor) noexcept {
    Waits::forget(descriptor);
    ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  }

  TimePoint deadline_;
  Traits traits_;
  bool timed_out_ = false;
  int refused_ = 0;
  my_socket descriptor_ = -1;
  std::exception_ptr thrown_;
  std::optional<BlockedPipeSignal> quiet_;  // but for while it waits
};

/// How a call waits that was handed to run_blocking: its thread may block, but not past the deadline, and must not be
/// given a reactor.
template <class Backend>
struct MysqlBlockingWaits {
  static unsigned wait(int descriptor, unsigned events, TimePoint deadline) noexcept {
    // During the TLS handshake OpenSSL reads by itself, and only from a non-blocking socket does it come back to ask.
    // Where the greeting was there at once, the socket still blocks then: for a second, and then it does come back.
    ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | (events == POLLIN ? O_NONBLOCK : 0));
    const timeval second{.tv_sec = 1, .tv_usec = 0};
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
    ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
    for (;;) {
      pollfd entry{.fd = descriptor, .events = static_cast<short>(events), .revents = 0};
      const int ready = ::poll(&entry, 1, milliseconds_until(deadline));
      if (ready > 0) return static_cast<unsigned short>(entry.revents);
      if (Backend::now() >= deadline) return 0;
    }
  }
  static void forget(int descriptor) noexcept { Backend::forget(descriptor); }

 private:
  static int milliseconds_until(TimePoint deadline) noexcept {
    constexpr Duration longest = std::chrono::minutes(1);  // and then again
    if (deadline == never) return 60000;
    const Duration left = std::clamp<Duration>(deadline - Backend::now(), Duration::zero(), longest);
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
  }
};

}  // namespace carpool::inline v0_1::detail

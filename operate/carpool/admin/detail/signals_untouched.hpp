/// A web server's start that changes nothing of how its program takes signals.
#pragma once

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>

namespace carpool::inline v0_1::detail {

/// While it lives every signal is blocked: threads that begin meanwhile inherit that, and take none, for ever. What
/// they do to SIGPIPE, which civetweb's set to be ignored when they begin, is undone at its end.
class SignalsUntouched {
 public:
  SignalsUntouched() noexcept {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &mask_);
    ::sigaction(SIGPIPE, nullptr, &on_pipe_);
  }
  SignalsUntouched(const SignalsUntouched&) = delete;
  SignalsUntouched& operator=(const SignalsUntouched&) = delete;
  ~SignalsUntouched() {
    ::sigaction(SIGPIPE, &on_pipe_, nullptr);
    ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }

 private:
  sigset_t mask_{};
  struct sigaction on_pipe_{};
};

/// Counts threads that have begun.
class ThreadsBegun {
 public:
  void count() noexcept {
    const std::scoped_lock lock(mutex_);
    ++begun_;
    changed_.notify_all();
  }
  /// Until so many have; not longer than 2 s, because all it would cost is a signal's disposition.
  void wait_for(int threads) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(2), [&] { return begun_ >= threads; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int begun_ = 0;
};

}  // namespace carpool::inline v0_1::detail

/// Keeps a client library that writes without MSG_NOSIGNAL, as OpenSSL does for libmariadb, from ending the process.
#pragma once

#include <csignal>
#include <ctime>

#include <pthread.h>

namespace carpool::inline v0_1::detail {

/// While it lives, this thread is not told that a peer is gone; what would have been told is forgotten. It must not
/// live across a wait: the thread's other fibers may want to know.
class BlockedPipeSignal {
 public:
  BlockedPipeSignal() noexcept {
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    ::sigpending(&pending);
    was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  BlockedPipeSignal(const BlockedPipeSignal&) = delete;
  BlockedPipeSignal& operator=(const BlockedPipeSignal&) = delete;
  ~BlockedPipeSignal() {
    const std::timespec at_once{};
    if (!was_pending_) ::sigtimedwait(&pipe_, nullptr, &at_once);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_;
  sigset_t before_;
  bool was_pending_;
};

}  // namespace carpool::inline v0_1::detail

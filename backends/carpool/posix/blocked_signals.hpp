/// Keeps the application's signal handlers out of the library's own threads.
#pragma once

#include <csignal>
#include <initializer_list>

#include <pthread.h>
#include <signal.h>

namespace carpool::inline v0_1::detail {

/// While it lives, this thread takes no signals, nor do threads that it starts, for their whole lives: a thread
/// inherits the mask, so there is no moment in which a handler could run in the new thread. Left alone are the signals
/// that a thread sends itself by a fault; blocked, they would kill the process past every crash handler.
class BlockedSignals {
 public:
  BlockedSignals() noexcept {
    sigset_t blocked;
    sigfillset(&blocked);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT}) sigdelset(&blocked, fault);
    pthread_sigmask(SIG_SETMASK, &blocked, &before_);
  }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace carpool::inline v0_1::detail

/// Where other threads leave word that a fiber of this one may go on.
#pragma once

#include <carpool/fiber_ready_queue.hpp>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include <sys/eventfd.h>
#include <unistd.h>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

namespace carpool::detail {

/// One who waits for a token; part of a parking slot. FiberParkingSlot has the protocol.
struct FiberSleeper {
  enum State : std::uint32_t {
    awake,             ///< no token, nobody sleeps
    token,             ///< unparked and not yet noticed
    asleep,            ///< a fiber sleeps
    claimed,           ///< as asleep; an unparker has it, and the fiber must stay until the token is delivered
    asleep_on_thread,  ///< a whole thread sleeps on the word, because it has no scheduler
  };

  /// On the sleeper's thread: turns claimed into token and makes the fiber ready, if its deadline has not done so.
  void deliver() noexcept {
    state.exchange(token, std::memory_order_acq_rel);
    waker.wake();
  }

  std::atomic<std::uint32_t> state{awake};  // a State; any thread
  FiberWaker waker;                         // the sleeper's thread alone
  FiberSleeper* next = nullptr;             // the unparker's that claimed it, then the inbox's, then the collector's
};

/// One per reactor, but counted apart from it: who is about to ring may do so after the thread has gone. Boost's own
/// way of waking a fiber from another thread touches the scheduler once more after the fiber could run, when the thread
/// may have ended; this is why it is not used.
///
/// The list is a stack with many who push and one who takes all of it: so a plain compare-and-swap suffices and there
/// is no ABA. Only one of the unparkers has to ring:
/// - who finds others' sleepers there leaves it to the first of them;
/// - nobody rings a reactor that is awake: it looks here before it sleeps. That is Dekker's pattern: an unparker pushes
///   (1), then reads dozing_ (2); the reactor writes dozing_ (3), then reads pushed_ (4). All four are seq_cst, so one
///   of the two reads sees the other side's write: either the unparker rings, or the reactor does not sleep.
class FiberInbox : public boost::intrusive_ref_counter<FiberInbox> {
 public:
  FiberInbox() : bell_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (bell_ < 0) throw std::system_error(errno, std::system_category(), "eventfd");
  }
  FiberInbox(const FiberInbox&) = delete;
  FiberInbox& operator=(const FiberInbox&) = delete;
  ~FiberInbox() { ::close(bell_); }

  /// Any thread. true: ring() must follow. The sleeper may be woken, and gone, before this returns.
  [[nodiscard]] bool push(FiberSleeper& sleeper) noexcept {
    FiberSleeper* top = pushed_.load(std::memory_order_relaxed);
    do {
      sleeper.next = top;
    } while (!pushed_.compare_exchange_weak(top, &sleeper, std::memory_order_seq_cst));  // (1)
    return top == nullptr && dozing_.load(std::memory_order_seq_cst);                    // (2)
  }

  /// Any thread. The bell is never read: the reactor listens for edges, and each write is one.
  void ring() noexcept {
    const int callers_errno = errno;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(bell_, &one, sizeof one);
    errno = callers_errno;
  }

  /// The owner's thread: makes ready who was pushed, first come first. Acquires what the unparkers released by (1).
  void deliver() noexcept {
    if (pushed_.load(std::memory_order_relaxed) == nullptr) return;
    FiberSleeper* first = nullptr;
    for (FiberSleeper* sleeper = pushed_.exchange(nullptr, std::memory_order_acquire); sleeper != nullptr;) {
      FiberSleeper* const below = sleeper->next;
      sleeper->next = first;
      first = sleeper;
      sleeper = below;
    }
    while (first != nullptr) {
      FiberSleeper* const sleeper = first;
      first = sleeper->next;
      sleeper->deliver();
    }
  }

  /// The owner's thread, before it sleeps. false: somebody was pushed, stay awake.
  [[nodiscard]] bool doze() noexcept {
    dozing_.store(true, std::memory_order_seq_cst);                       // (3)
    if (pushed_.load(std::memory_order_seq_cst) == nullptr) return true;  // (4)
    rise();
    return false;
  }
  void rise() noexcept { dozing_.store(false, std::memory_order_relaxed); }

  /// The descriptor to listen on, for edges.
  [[nodiscard]] int bell() const noexcept { return bell_; }

 private:
  std::atomic<FiberSleeper*> pushed_{nullptr};  // any thread
  std::atomic<bool> dozing_{false};             // written by the owner, read by unparkers
  const int bell_;
};

}  // namespace carpool::detail

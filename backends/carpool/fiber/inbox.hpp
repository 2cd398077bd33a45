/// Where other threads leave word that a fiber of this one may go on.
#pragma once

#include <carpool/fiber/ready_queue.hpp>
#include <carpool/posix/thread_platform.hpp>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include <sys/eventfd.h>
#include <unistd.h>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

namespace carpool::inline v0_1::detail {

/// What a reactor is roused by from another thread. It is never read: the reactor listens for edges, and each write is
/// one.
class FiberBell {
 public:
  FiberBell() : descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (descriptor_ < 0) throw std::system_error(errno, std::system_category(), "eventfd");
  }
  FiberBell(const FiberBell&) = delete;
  FiberBell& operator=(const FiberBell&) = delete;
  ~FiberBell() { ::close(descriptor_); }

  void ring() noexcept {
    const int callers_errno = errno;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(descriptor_, &one, sizeof one);
    errno = callers_errno;
  }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  const int descriptor_;
};

class FiberReactor;

/// Real fibers on real threads; tests have simulated ones.
struct FiberPlatform : ThreadPlatform {
  template <class T>
  using Counted = boost::intrusive_ref_counter<T>;
  using Waker = FiberWaker;
  using Bell = FiberBell;
  using Reactor = FiberReactor;
};

/// One who waits for a token; part of a parking slot. FiberParkingSlot has the protocol.
template <class Platform>
struct BasicFiberSleeper {
  enum State : std::uint32_t {
    awake,             ///< no token, nobody sleeps
    token,             ///< unparked and not yet noticed
    asleep,            ///< a fiber sleeps
    claimed,           ///< as asleep; an unparker has it, and the fiber must stay until the token is delivered
    asleep_on_thread,  ///< a whole thread sleeps on the word, because it has no scheduler
  };

  /// On the sleeper's thread: turns claimed into token and makes the fiber ready, if its deadline has not done so.
  void deliver() noexcept {
    state.exchange(token, std::memory_order_relaxed);  // a read-modify-write: passes on what the claim released
    waker.wake();
  }

  typename Platform::FutexWord state{awake};  // a State; any thread
  typename Platform::Waker waker;             // the sleeper's thread alone
  BasicFiberSleeper* next = nullptr;          // the unparker's that claimed it, then the inbox's, then the collector's
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
template <class Platform>
class BasicFiberInbox : public Platform::template Counted<BasicFiberInbox<Platform>> {
 public:
  using Sleeper = BasicFiberSleeper<Platform>;

  /// Throws std::system_error where no descriptor is free.
  BasicFiberInbox() = default;
  BasicFiberInbox(const BasicFiberInbox&) = delete;
  BasicFiberInbox& operator=(const BasicFiberInbox&) = delete;

  /// Any thread. true: ring() must follow. The sleeper may be woken, and gone, before this returns.
  [[nodiscard]] bool push(Sleeper& sleeper) noexcept {
    Sleeper* top = pushed_.load(std::memory_order_relaxed);
    do {
      sleeper.next = top;
    } while (!pushed_.compare_exchange_weak(top, &sleeper, std::memory_order_seq_cst));  // (1)
    return top == nullptr && dozing_.load(std::memory_order_seq_cst);  // (2)
  }

  /// Any thread.
  void ring() noexcept { bell_.ring(); }

  /// The owner's thread: makes ready who was pushed, first come first. Acquires what the unparkers released by (1).
  void deliver() noexcept {
    if (pushed_.load(std::memory_order_relaxed) == nullptr) return;
    Sleeper* first = nullptr;
    for (Sleeper* sleeper = pushed_.exchange(nullptr, std::memory_order_acquire); sleeper != nullptr;) {
      Sleeper* const below = sleeper->next;
      sleeper->next = first;
      first = sleeper;
      sleeper = below;
    }
    while (first != nullptr) {
      Sleeper* const sleeper = first;
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
  [[nodiscard]] auto bell() const noexcept { return bell_.descriptor(); }

 private:
  typename Platform::template Atomic<Sleeper*> pushed_{nullptr};  // any thread
  typename Platform::template Atomic<bool> dozing_{false};        // written by the owner, read by unparkers
  typename Platform::Bell bell_;
};

using FiberSleeper = BasicFiberSleeper<FiberPlatform>;
using FiberInbox = BasicFiberInbox<FiberPlatform>;

}  // namespace carpool::inline v0_1::detail

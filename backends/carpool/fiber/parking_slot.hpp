/// A fiber's place to sleep until a fiber of any thread, or a plain thread, leaves a token.
#pragma once

#include <carpool/fiber/inbox.hpp>
#include <carpool/fiber/reactor.hpp>
#include <carpool/posix/fork_generation.hpp>
#include <carpool/posix/futex_parking.hpp>
#include <carpool/time.hpp>

#include <atomic>
#include <cstdint>
#include <utility>

namespace carpool::inline v0_1 {

/// What unpark() returns: its destructor does what needs the kernel. It holds neither the slot nor the fiber.
template <class Platform>
class BasicFiberWakeup {
 public:
  using InboxPointer = boost::intrusive_ptr<detail::BasicFiberInbox<Platform>>;
  using ThreadWakeup = BasicFutexWakeup<Platform>;

  BasicFiberWakeup() = default;
  explicit BasicFiberWakeup(InboxPointer inbox) noexcept : inbox_(std::move(inbox)) {}
  explicit BasicFiberWakeup(ThreadWakeup thread) noexcept : thread_(std::move(thread)) {}
  BasicFiberWakeup(BasicFiberWakeup&& other) noexcept = default;
  BasicFiberWakeup& operator=(BasicFiberWakeup&& other) noexcept {
    BasicFiberWakeup taken(std::move(other));
    taken.swap(*this);
    return *this;
  }
  ~BasicFiberWakeup() {
    if (inbox_ != nullptr) inbox_->ring();
  }

  void swap(BasicFiberWakeup& other) noexcept {
    inbox_.swap(other.inbox_);
    thread_.swap(other.thread_);
  }

 private:
  InboxPointer inbox_;   // whose reactor sleeps; kept, the thread may end before the destructor
  ThreadWakeup thread_;  // of a sleeper without a scheduler
};

/// One fiber parks, anybody unparks. A token is kept until it is taken; a second one is the same one.
///
/// P parks, U and V unpark, D is the dispatcher of P's thread. All changes of the state are read-modify-writes, so that
/// each reads what the one before wrote, and passes on what that one released:
/// (1) P, who takes a token, acquires what every unparker of it released by its change (2), with D's in between.
/// (2) An unparker that finds the state asleep acquires what P released when it fell asleep (3): the reactor.
/// tests/simulation/fiber_orders_test.cpp leaves out one after the other.
///
///   from             by               to        then
///   awake            U                token     U is done. P will not sleep. U's last touch: P may destroy the slot.
///   awake            P                asleep    P wrote reactor_ and the waker before; who sees asleep may read them.
///   asleep           P, deadline      awake     P is done: false.
///   asleep           U, same thread   token     U makes P ready. P cannot run before U, who is running, is done.
///   asleep           U, other thread  claimed   U pushes P's sleeper into the inbox, its last touch, and may have to
///                                               ring.
///   claimed          D                token     D took the sleeper from the inbox; it makes P ready.
///   claimed, token   U, V             the same  nothing to do: somebody does.
///   token            P                awake     P is done: true.
///
/// P woken by its deadline may find claimed: U is between its claim and the push, or D has not looked. P sleeps on,
/// without a deadline, until D delivers. So P never leaves while U or the inbox still has its sleeper; and P is
/// delivered to, because a claim is followed by a push, and a push by a ring or by a look (FiberInbox). If P's thread
/// is to end, Boost lets its fibers finish before. Only in a forked child U may be missing: there P takes its claim for
/// the token.
template <class Platform>
class BasicFiberParkingSlot {
 public:
  using Wakeup = BasicFiberWakeup<Platform>;

  BasicFiberParkingSlot() = default;
  BasicFiberParkingSlot(const BasicFiberParkingSlot&) = delete;
  BasicFiberParkingSlot& operator=(const BasicFiberParkingSlot&) = delete;

  /// true: took a token, at once if there was one. false: the deadline passed without.
  bool park_until(TimePoint deadline) {
    if (sleeper_.state.load(std::memory_order_relaxed) == Sleeper::token) return take_token();
    Reactor* const reactor = Reactor::here_if_possible();
    if (reactor == nullptr) return park_thread_until(deadline);
    reactor_.store(reactor, std::memory_order_relaxed);
    sleeper_.waker = reactor->waker();
    std::uint32_t state = Sleeper::awake;
    if (!sleeper_.state.compare_exchange_strong(state, Sleeper::asleep, std::memory_order_release))  // (3)
      return take_token();
    return sleep_until(*reactor, deadline);
  }

  /// Leaves a token. The slot must be alive during the call and need not be when the Wakeup is destroyed.
  [[nodiscard]] Wakeup unpark() noexcept {
    std::uint32_t state = sleeper_.state.load(std::memory_order_acquire);  // (2)
    bool here = false;
    do {
      here = state == Sleeper::asleep && reactor_.load(std::memory_order_relaxed)->is_here();
    } while (!sleeper_.state.compare_exchange_weak(state, successor(state, here), std::memory_order_acq_rel));  // (2)
    if (state == Sleeper::asleep_on_thread) return Wakeup(typename Wakeup::ThreadWakeup(&sleeper_.state));
    if (state != Sleeper::asleep) return {};
    return here ? (sleeper_.waker.wake(), Wakeup()) : rouse();
  }

 private:
  using Sleeper = detail::BasicFiberSleeper<Platform>;
  using Reactor = typename Platform::Reactor;

  [[nodiscard]] static std::uint32_t successor(std::uint32_t state, bool here) noexcept {
    const bool claims = (state == Sleeper::asleep && !here) || state == Sleeper::claimed;
    return claims ? Sleeper::claimed : Sleeper::token;
  }

  /// After a claim.
  [[nodiscard]] Wakeup rouse() noexcept {
    // Taken before the push: after it the fiber may run, its thread end, and the reactor be gone.
    typename Wakeup::InboxPointer inbox = reactor_.load(std::memory_order_relaxed)->inbox();
    return inbox->push(sleeper_) ? Wakeup(std::move(inbox)) : Wakeup();
  }

  [[nodiscard]] bool sleep_until(Reactor& reactor, TimePoint deadline) noexcept {
    for (const std::uint64_t generation = detail::fork_generation();;) {
      reactor.sleep(sleeper_.waker, deadline);
      if (sleeper_.state.load(std::memory_order_relaxed) == Sleeper::token) return take_token();
      std::uint32_t state = Sleeper::asleep;
      if (sleeper_.state.compare_exchange_strong(state, Sleeper::awake, std::memory_order_relaxed)) return false;
      if (generation != detail::fork_generation()) return take_token();
      deadline = never;
    }
  }

  /// A thread without a scheduler has no fibers to hold up and can block: the main one while static objects are
  /// destroyed, or one for whose reactor no descriptor is free.
  [[nodiscard]] bool park_thread_until(TimePoint deadline) noexcept {
    std::uint32_t state = Sleeper::awake;
    if (!sleeper_.state.compare_exchange_strong(state, Sleeper::asleep_on_thread, std::memory_order_relaxed))
      return take_token();
    while (Platform::futex_wait(sleeper_.state, Sleeper::asleep_on_thread, deadline)) {
      if (sleeper_.state.load(std::memory_order_relaxed) == Sleeper::token) return take_token();
    }
    state = Sleeper::asleep_on_thread;
    if (sleeper_.state.compare_exchange_strong(state, Sleeper::awake, std::memory_order_relaxed)) return false;
    return take_token();
  }

  bool take_token() noexcept {
    sleeper_.state.exchange(Sleeper::awake, std::memory_order_acquire);  // (1)
    return true;
  }

  Sleeper sleeper_;
  typename Platform::template Atomic<Reactor*> reactor_{
      nullptr};  // the parker's; written before asleep, read by who sees asleep
};

using FiberWakeup = BasicFiberWakeup<detail::FiberPlatform>;
using FiberParkingSlot = BasicFiberParkingSlot<detail::FiberPlatform>;

}  // namespace carpool::inline v0_1

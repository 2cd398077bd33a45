/// The scheduler of one thread's fibers, which is also its reactor: it sleeps in epoll until a fiber can go on.
#pragma once

#include <carpool/fiber/inbox.hpp>
#include <carpool/fiber/poll_set.hpp>
#include <carpool/fiber/ready_queue.hpp>
#include <carpool/fiber/record.hpp>
#include <carpool/fiber/stack.hpp>
#include <carpool/fiber/timers.hpp>
#include <carpool/fiber/turns.hpp>
#include <carpool/posix/clock.hpp>
#include <carpool/posix/exception_state.hpp>
#include <carpool/posix/fork_generation.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <boost/fiber/algo/algorithm.hpp>
#include <boost/fiber/context.hpp>
#include <boost/fiber/scheduler.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

namespace carpool::inline v0_1::detail {

/// Fibers never leave their thread, so a reactor is touched by its thread alone, but for its inbox.
///
/// It looks for events only on the turn of Boost's dispatcher: else it might make ready the fiber being suspended.
class FiberReactor final : public boost::fibers::algo::algorithm_with_properties_base {
 public:
  using Context = boost::fibers::context;
  using InboxPointer = boost::intrusive_ptr<FiberInbox>;

  ~FiberReactor() override {
    if (of_this_thread() == this) of_this_thread() = nullptr;
  }

  /// This thread's reactor, installed if need be. nullptr: the thread is ending and has no scheduler any more.
  /// Throws std::system_error where no descriptor is free, std::bad_alloc, std::logic_error (FiberBackend::install).
  [[nodiscard]] static FiberReactor* here() {
    FiberReactor* const reactor = of_this_thread();
    if (reactor == nullptr) [[unlikely]]
      return install();
    reactor->follow_fork();
    return reactor;
  }
  /// As here(), but nullptr also where the system has nothing to give.
  [[nodiscard]] static FiberReactor* here_if_possible() {
    try {
      return here();
    } catch (const std::system_error&) {
      return nullptr;
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }
  /// As here(), but installs none.
  [[nodiscard]] static FiberReactor* here_if_any() noexcept {
    FiberReactor* const reactor = of_this_thread();
    if (reactor != nullptr) reactor->follow_fork();
    return reactor;
  }
  [[nodiscard]] bool is_here() const noexcept { return of_this_thread() == this; }

  /// Any thread, while one of this one's fibers sleeps.
  [[nodiscard]] const InboxPointer& inbox() const noexcept { return inbox_; }
  [[nodiscard]] FiberPollSet& poll_set() noexcept { return poll_set_; }
  [[nodiscard]] const std::shared_ptr<ContextStackCache>& stacks() const noexcept { return stacks_; }

  /// What wakes the running fiber when it sleeps.
  [[nodiscard]] FiberWaker waker() noexcept {
    assert(running_ == Context::active());
    static_cast<void>(running_->create_waker());  // outdates wakers of Boost's that were drawn and not waited for
    return {running_, &ready_};
  }

  /// Suspends the running fiber, whose waker it is, until that is used or the deadline passes.
  void sleep(FiberWaker waker, TimePoint deadline) noexcept {
    if (deadline == never) return waker.fiber->suspend();
    FiberTimer timer(deadline, waker);
    timers_.add(timer);
    waker.fiber->suspend();
    timers_.remove(timer);
  }

  /// Suspends the running fiber until one of the events comes; 0: the deadline passed. Throws as FiberPollSet::enlist.
  [[nodiscard]] unsigned wait(int fd, unsigned events, TimePoint deadline) {
    FiberIoWaiter waiter{.asked = events, .came = 0, .waker = waker()};
    if (!poll_set_.enlist(fd, waiter)) return consume_budget(1), waiter.came;
    ++io_waiters_;
    sleep(waiter.waker, deadline);
    --io_waiters_;
    poll_set_.withdraw(fd, waiter);
    return waiter.came;
  }

  /// Once the running fiber's budget is used up, the others go first. Not while an exception is in flight or being
  /// handled: nobody expects a suspension there (law 17).
  void consume_budget(unsigned operations) noexcept {
    if (turns_.take(operations) || exception_state().any()) [[likely]]
      return;
    turns_.give_way(io_waiters_ > 0 || !timers_.empty());
    running_->yield();
    turns_.charge(operations);
  }

  // --- for another event loop of this thread, whose guests the fibers are ---

  /// Readable when a fiber may be able to go on for what came from outside the thread.
  [[nodiscard]] int descriptor() const noexcept { return poll_set_.descriptor(); }
  /// `call` is told when a first fiber can go on for what happened on this thread; nullptr: the loop is gone.
  void be_guest(void (*call)(void* loop) noexcept, void* loop) noexcept { ready_.tell_of_first(call, loop); }
  /// By the fiber that runs the loop: gives each other that can go on a turn. Nothing: there are more. Else all sleep
  /// until then, or until descriptor() is readable.
  [[nodiscard]] std::optional<TimePoint> take_turn() noexcept {
    inbox_->rise();
    receive();
    const bool all_seen = poll_set_.collect(Duration::zero(), ready_.empty());
    if (!ready_.empty()) running_->yield();
    if (!all_seen || !ready_.empty() || !inbox_->doze()) return std::nullopt;
    return timers_.first();
  }

  // --- called by Boost.Fiber ---

  void awakened(Context* fiber) noexcept override {
    FiberRecord::insist_on(*fiber);
    if (fiber == running_) [[unlikely]]
      follow_dispatch();
    if (is_dispatcher(*fiber)) {
      dispatcher_ = fiber;
    } else {
      ready_.push(*fiber);
    }
  }

  [[nodiscard]] Context* pick_next() noexcept override {
    assert(replaced_ || running_ == Context::active());
    if (is_dispatcher(*running_)) look_around();
    if (ready_.empty() && dispatcher_ == nullptr) return nullptr;
    turns_.begin();
    Context& coming = take_next();
    if (!replaced_) [[likely]]
      run(coming);
    return &coming;
  }

  /// Asked only by who takes the fibers, one by one, to another scheduler, without switching to them.
  [[nodiscard]] bool has_ready_fibers() const noexcept override {
    replaced_ = true;
    return !ready_.empty() || dispatcher_ != nullptr;
  }

  /// Returns after one look, whatever came: the dispatcher alone collects what Boost was told from other threads.
  void suspend_until(const std::chrono::steady_clock::time_point& deadline) noexcept override {
    follow_fork();
    if (ready_.empty() && inbox_->doze()) {  // a fork may have made ready who waited
      poll_set_.collect(time_left(std::min(deadline, timers_.first())), true);
      inbox_->rise();
    }
    receive();
    turns_.looked();
  }

  /// Boost calls it for its own synchronisation across threads, and in each turn of a thread that ends: that one is
  /// awake and, if it rang for itself, would never sleep while its last fibers do.
  void notify() noexcept override {
    if (!is_here()) inbox_->ring();
  }

  void property_change_(Context*, boost::fibers::fiber_properties*) noexcept override {}

 private:
  /// Here, not beside the member: there g++ 12 leaks the memory where the constructor throws.
  explicit FiberReactor(Context& running) : inbox_(new FiberInbox), running_(&running) {}

  /// Out of line and opaque, so that no compiler keeps the address in a register. Trivial, so that it outlives every
  /// other thread_local.
  [[nodiscard, gnu::noinline]] static FiberReactor*& of_this_thread() noexcept {
    static constinit thread_local FiberReactor* reactor = nullptr;
    asm volatile("" ::: "memory");
    return reactor;
  }

  [[gnu::noinline]] static FiberReactor* install() {
    Context* const active = Context::active();
    if (active == nullptr) return nullptr;
    const boost::intrusive_ptr<FiberReactor> reactor(new FiberReactor(*active));
    if (!FiberRecord::give_to(*active)) throw std::logic_error(FiberRecord::refusal);
    active->get_scheduler()->set_algo(reactor);
    return of_this_thread() = reactor.get();
  }

  [[nodiscard]] static bool is_dispatcher(const Context& fiber) noexcept {
    return fiber.is_context(boost::fibers::type::dispatcher_context);
  }
  void run(Context& coming) noexcept {
    FiberRecord::exchange_exceptions(*running_, coming);
    running_ = &coming;
  }
  /// Who runs has become ready: it has begun another fiber by launch::dispatch, and Boost switched without asking.
  void follow_dispatch() noexcept {
    Context& begun = *Context::active();
    FiberRecord::insist_on(begun);
    run(begun);
  }

  [[nodiscard]] Context& take_next() noexcept {
    const bool its_turn = dispatcher_ != nullptr && turns_.dispatcher_is_due();
    if (!ready_.empty() && !its_turn) return ready_.pop();
    turns_.dispatched();
    return *std::exchange(dispatcher_, nullptr);
  }

  /// So that neither other threads nor descriptors wait long while there is always a fiber to run.
  void look_around() noexcept {
    if (turns_.round_is_over()) {
      ready_.put_first([this] { receive(), collect(); });
      return turns_.begin_round(ready_.size());
    }
    receive();
    if (!ready_.empty() && turns_.look_is_due()) collect();
  }
  void collect() noexcept {
    turns_.looked();
    follow_fork();
    poll_set_.collect(Duration::zero(), false);
  }

  void receive() noexcept {
    inbox_->deliver();
    if (!timers_.empty()) timers_.fire(clock_now());
  }

  /// A forked child has its own thread's fibers, but epoll and the bell are also the parent's.
  void follow_fork() noexcept {
    if (fork_generation_ == fork_generation()) [[likely]]
      return;
    fork_generation_ = fork_generation();
    inbox_->deliver();  // to fibers that were woken just before the fork, and are here too
    inbox_.reset();     // first, so that the child, whose table of descriptors may be full, has room
    inbox_ = new FiberInbox;
    poll_set_.start_anew(inbox_->bell());
  }

  std::uint64_t fork_generation_ = detail::fork_generation();
  InboxPointer inbox_;
  FiberPollSet poll_set_{inbox_->bell()};
  std::shared_ptr<ContextStackCache> stacks_ = std::make_shared<ContextStackCache>();
  Context* running_;  // which costs much to ask Boost for
  FiberReadyQueue ready_;
  Context* dispatcher_ = nullptr;  // while it is ready
  FiberTurns turns_;
  FiberTimers timers_;
  std::size_t io_waiters_ = 0;
  mutable bool replaced_ = false;
};

}  // namespace carpool::inline v0_1::detail

/// The deadlines of one thread's sleeping fibers.
#pragma once

#include <carpool/fiber/ready_queue.hpp>
#include <carpool/time.hpp>

#include <boost/intrusive/set.hpp>

namespace carpool::inline v0_1::detail {

/// On the stack of a fiber that sleeps no longer than until then.
struct FiberTimer : boost::intrusive::set_base_hook<> {
  FiberTimer(TimePoint until, FiberWaker whose) noexcept : deadline(until), waker(whose) {}
  const TimePoint deadline;
  const FiberWaker waker;
};

/// The reactor's thread alone. Boost has a queue like it, which costs a lock, a look at the clock and twice the
/// instructions for each sleep.
class FiberTimers {
 public:
  [[nodiscard]] bool empty() const noexcept { return timers_.empty(); }
  /// When the first of them is due; never if there is none.
  [[nodiscard]] TimePoint first() const noexcept { return timers_.empty() ? never : timers_.begin()->deadline; }

  void add(FiberTimer& timer) noexcept { timers_.insert(timer); }
  /// Its fiber goes on, for whatever reason.
  void remove(FiberTimer& timer) noexcept {
    if (timer.is_linked()) timers_.erase(timers_.iterator_to(timer));
  }
  /// Makes ready who is due.
  void fire(TimePoint now) noexcept {
    while (!timers_.empty() && timers_.begin()->deadline <= now) {
      FiberTimer& due = *timers_.begin();
      timers_.erase(timers_.begin());
      due.waker.wake();
    }
  }

 private:
  struct ByDeadline {
    using type = TimePoint;
    TimePoint operator()(const FiberTimer& timer) const noexcept { return timer.deadline; }
  };
  using Timers = boost::intrusive::multiset<FiberTimer, boost::intrusive::key_of_value<ByDeadline>,
                                            boost::intrusive::constant_time_size<false>>;
  Timers timers_;
};

}  // namespace carpool::inline v0_1::detail

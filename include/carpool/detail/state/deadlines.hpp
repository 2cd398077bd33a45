/// When the time of those is over for whom no worker sleeps: the reaper watches it for them.
#pragma once

#include <carpool/detail/state/pairing_heap.hpp>
#include <carpool/detail/state/wait_queue.hpp>
#include <carpool/time.hpp>

namespace carpool::inline v0_1::detail {

/// The waiters with a continuation that are enqueued. All under the pool's lock.
template <class Types>
class Deadlines {
 public:
  using Waiter = detail::Waiter<Types>;

  /// `never` where nobody is watched.
  [[nodiscard]] TimePoint first() const noexcept {
    const Waiter* const waiter = heap_.front();
    return waiter == nullptr ? never : waiter->deadline;
  }
  void watch(Waiter& waiter) noexcept {
    if (waiter.sleeps() || waiter.timed_out) return;
    waiter.watched = true;
    heap_.push(waiter);
  }
  void leave(Waiter& waiter) noexcept {
    if (!waiter.watched) return;
    waiter.watched = false;
    heap_.remove(waiter);
  }
  /// One whose time is over, which is watched no more; or nullptr.
  [[nodiscard]] Waiter* pop_overdue(TimePoint now) noexcept {
    Waiter* const waiter = heap_.front();
    if (waiter == nullptr || waiter->deadline > now) return nullptr;
    leave(*waiter);
    waiter->timed_out = true;
    return waiter;
  }

 private:
  struct ByDeadline {
    static Waiter*& child(Waiter& waiter) noexcept { return waiter.deadline_links[0]; }
    static Waiter*& next(Waiter& waiter) noexcept { return waiter.deadline_links[1]; }
    static Waiter*& previous(Waiter& waiter) noexcept { return waiter.deadline_links[2]; }
    static bool goes_before(const Waiter& left, const Waiter& right) noexcept { return left.deadline < right.deadline; }
  };

  PairingHeap<Waiter, ByDeadline> heap_;
};

}  // namespace carpool::inline v0_1::detail

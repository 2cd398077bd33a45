/// SQLite's busy handler and progress handler: wait for locks, let other fibers run, and stop at a deadline.
#pragma once

#include <carpool/time.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Stays where it is while its connection moves, because SQLite has its address. Exceptions of the backend (an
/// interruption) do not pass through SQLite: they are kept, and thrown after it has returned.
template <class Backend>
class SqliteBusyHandler {
 public:
  SqliteBusyHandler() = default;
  SqliteBusyHandler(const SqliteBusyHandler&) = delete;
  SqliteBusyHandler& operator=(const SqliteBusyHandler&) = delete;

  void attach(sqlite3* database, int steps_between_looks) noexcept {
    ::sqlite3_busy_handler(database, &on_busy, this);
    ::sqlite3_progress_handler(database, steps_between_looks, &on_progress, this);
  }

  /// While one lives, SQLite may wait until the deadline. Otherwise, in destructors, it does not wait at all.
  class Scope {
   public:
    Scope(SqliteBusyHandler& handler, TimePoint deadline) noexcept : handler_(handler) {
      handler_.deadline_ = deadline;
      handler_.allowed_ = true;
      handler_.timed_out_ = false;
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() { handler_.allowed_ = false; }

   private:
    SqliteBusyHandler& handler_;
  };

  /// A helper thread must not wait for a lock, because the holder of the lock may need that helper. Its caller waits.
  void leave_waiting_to_caller(bool offloaded) noexcept { offloaded_ = offloaded; }

  /// A lock was not to be had. Waits a little; false: the deadline has passed.
  bool wait_for_lock(int times) {
    const TimePoint now = Backend::now();
    if (now >= deadline_) return timed_out_ = true, false;
    Backend::sleep_until(std::min(deadline_, after(now, pause(times))));
    return true;
  }

  [[nodiscard]] bool timed_out() const noexcept { return timed_out_; }
  void rethrow() {
    if (interruption_) std::rethrow_exception(std::exchange(interruption_, nullptr));
  }

 private:
  /// 0.25, 0.5, 1 ... 16 ms
  static Duration pause(int times) noexcept { return std::chrono::microseconds(250) * (1 << std::min(times, 6)); }

  static int on_busy(void* self, int times) noexcept {
    auto& handler = *static_cast<SqliteBusyHandler*>(self);
    if (!handler.allowed_ || handler.offloaded_) return 0;
    try {
      return handler.wait_for_lock(times) ? 1 : 0;
    } catch (...) {
      handler.interruption_ = std::current_exception();
    }
    return 0;
  }

  static int on_progress(void* self) noexcept {
    auto& handler = *static_cast<SqliteBusyHandler*>(self);
    if (!handler.allowed_) return 0;
    try {
      return handler.check_progress() ? 0 : 1;
    } catch (...) {
      handler.interruption_ = std::current_exception();
    }
    return 1;
  }

  bool check_progress() {
    constexpr auto turn = std::chrono::microseconds(500);  // of a thread that fibers share
    const TimePoint now = Backend::now();
    if (now >= deadline_) return timed_out_ = true, false;
    if (offloaded_ || now - last_yield_ < turn) return true;
    typename Backend::ParkingSlot nobody_unparks;
    nobody_unparks.park_until(now);  // lets other fibers run, and costs a thread next to nothing
    last_yield_ = Backend::now();
    return true;
  }

  TimePoint deadline_ = never;
  TimePoint last_yield_{};
  bool allowed_ = false;
  bool offloaded_ = false;
  bool timed_out_ = false;
  std::exception_ptr interruption_;
};

}  // namespace carpool::inline v0_1::detail

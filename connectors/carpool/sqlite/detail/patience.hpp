/// What SQLite calls back while it works: waits for locks, lets others go on, and stops at a deadline.
#pragma once

#include <carpool/time.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace carpool::detail {

/// Stays where it is while its connection moves, because SQLite has its address. Exceptions of the backend (an
/// interruption) do not pass through SQLite: they are kept, and thrown after it has returned.
template <class Backend>
class SqlitePatience {
 public:
  SqlitePatience() = default;
  SqlitePatience(const SqlitePatience&) = delete;
  SqlitePatience& operator=(const SqlitePatience&) = delete;

  void attach(sqlite3* database, int steps_between_looks) noexcept {
    ::sqlite3_busy_handler(database, &on_busy, this);
    ::sqlite3_progress_handler(database, steps_between_looks, &on_progress, this);
  }

  /// Within it SQLite may wait until the deadline; outside, in destructors, it does not wait at all.
  class Span {
   public:
    Span(SqlitePatience& patience, TimePoint deadline) noexcept : patience_(patience) {
      patience_.deadline_ = deadline;
      patience_.allowed_ = true;
      patience_.timed_out_ = false;
    }
    Span(const Span&) = delete;
    Span& operator=(const Span&) = delete;
    ~Span() { patience_.allowed_ = false; }

   private:
    SqlitePatience& patience_;
  };

  /// On a helper thread nobody must wait for a lock: its holder may need the helper.
  void wait_outside(bool outside) noexcept { outside_ = outside; }

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
    auto& patience = *static_cast<SqlitePatience*>(self);
    if (!patience.allowed_ || patience.outside_) return 0;
    try {
      return patience.wait_for_lock(times) ? 1 : 0;
    } catch (...) {
      patience.interruption_ = std::current_exception();
    }
    return 0;
  }

  static int on_progress(void* self) noexcept {
    auto& patience = *static_cast<SqlitePatience*>(self);
    if (!patience.allowed_) return 0;
    try {
      return patience.look_around() ? 0 : 1;
    } catch (...) {
      patience.interruption_ = std::current_exception();
    }
    return 1;
  }

  bool look_around() {
    constexpr auto turn = std::chrono::microseconds(500);  // of a thread that fibers share
    const TimePoint now = Backend::now();
    if (now >= deadline_) return timed_out_ = true, false;
    if (outside_ || now - last_yield_ < turn) return true;
    typename Backend::ParkingSlot nobody_unparks;
    nobody_unparks.park_until(now);  // lets other fibers run, and costs a thread next to nothing
    last_yield_ = Backend::now();
    return true;
  }

  TimePoint deadline_ = never;
  TimePoint last_yield_{};
  bool allowed_ = false;
  bool outside_ = false;
  bool timed_out_ = false;
  std::exception_ptr interruption_;
};

}  // namespace carpool::detail

/// Those who wait for the pool's end, and for whom no worker sleeps.
#pragma once

#include <carpool/continuation.hpp>
#include <carpool/detail/state/slot_table.hpp>
#include <carpool/detail/state/wakeups.hpp>
#include <carpool/end_kind.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace carpool::inline v0_1::detail {

enum class EndWatchStage : std::uint8_t { fresh, waits, over };

/// In an AsyncEnd. Touched under the pool's lock, and after it is over by its owner alone.
struct EndWatch {
  Continuation* continuation = nullptr;  // handed out once, when it is over
  EndKind kind = EndKind::drain;
  TimePoint deadline = never;
  EndWatchStage stage = EndWatchStage::fresh;
  Ended result;
  EndWatch* next = nullptr;
};

/// All under the pool's lock. There are few: a pool ends once. They are told when there is nothing left that they wait
/// for, and not of each change.
template <class Types>
class EndWatches {
 public:
  using Wakeups = detail::Wakeups<typename Types::Backend>;

  explicit EndWatches(const SlotTable<Types>& slots) noexcept : slots_(slots) {}
  EndWatches(const EndWatches&) = delete;
  EndWatches& operator=(const EndWatches&) = delete;

  /// False: there is nothing to wait for, and it is over.
  [[nodiscard]] bool add(EndWatch& watch, TimePoint now) noexcept {
    watch.result.left = left(watch.kind);
    const bool waits = watch.result.left > 0 && !watch.result.called_off && now < watch.deadline;
    watch.stage = waits ? EndWatchStage::waits : EndWatchStage::over;
    if (!waits) return false;
    watch.next = first_;
    first_ = &watch;
    return true;
  }
  /// It will not be told. False: it has been.
  [[nodiscard]] bool remove(EndWatch& watch) noexcept {
    if (watch.stage != EndWatchStage::waits) return false;
    watch.stage = EndWatchStage::over;
    unlink(watch);
    return true;
  }
  void call_off(EndWatch& watch, Wakeups& wakeups) noexcept {
    if (watch.stage == EndWatchStage::over) return;
    watch.result.called_off = true;
    tell_where(wakeups, [&](const EndWatch& each) { return &each == &watch; });
  }

  /// A lease has come back, or a connection has been closed.
  void settle(Wakeups& wakeups) noexcept {
    tell_where(wakeups, [this](const EndWatch& watch) { return left(watch.kind) == 0; });
  }
  void expire(TimePoint now, Wakeups& wakeups) noexcept {
    tell_where(wakeups, [now](const EndWatch& watch) { return watch.deadline <= now; });
  }
  /// The ConnectionPool goes, and the reaper with it, which watched their deadlines.
  void tell_all(Wakeups& wakeups) noexcept {
    tell_where(wakeups, [](const EndWatch&) { return true; });
  }
  [[nodiscard]] TimePoint first_deadline() const noexcept {
    TimePoint first = never;
    for (const EndWatch* watch = first_; watch != nullptr; watch = watch->next)
      first = std::min(first, watch->deadline);
    return first;
  }

 private:
  [[nodiscard]] std::size_t left(EndKind kind) const noexcept {
    return kind == EndKind::drain ? slots_.in_use() : slots_.occupied();
  }
  template <class Condition>
  void tell_where(Wakeups& wakeups, Condition condition) noexcept {
    for (EndWatch* watch = first_; watch != nullptr;) {
      EndWatch* const following = watch->next;
      if (condition(*watch)) tell(*watch, wakeups);
      watch = following;
    }
  }
  /// It may be gone as soon as the lock is not held.
  void tell(EndWatch& watch, Wakeups& wakeups) noexcept {
    unlink(watch);
    watch.stage = EndWatchStage::over;
    watch.result.left = left(watch.kind);
    wakeups.add(*watch.continuation);
  }
  void unlink(EndWatch& watch) noexcept {
    EndWatch** link = &first_;
    while (*link != &watch) link = &(*link)->next;
    *link = watch.next;
  }

  const SlotTable<Types>& slots_;
  EndWatch* first_ = nullptr;
};

}  // namespace carpool::inline v0_1::detail

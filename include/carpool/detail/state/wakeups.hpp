/// Wake-ups that were decided under the lock and are carried out after it.
#pragma once

#include <carpool/continuation.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Declare it before taking the lock: its destructor, after the unlock, rouses whoever was added. More than it can
/// hold are roused at once, under the lock, which is slower and as correct: who has many to rouse lets go of the lock
/// whenever it is full (ManyWaiters). Most have nobody to rouse, and cost nothing.
template <class Backend>
class Wakeups {
 public:
  using Wakeup = decltype(std::declval<typename Backend::ParkingSlot&>().unpark());

  Wakeups() noexcept {}  // NOLINT(modernize-use-equals-default): that would be deleted, because of the union
  Wakeups(const Wakeups&) = delete;
  Wakeups& operator=(const Wakeups&) = delete;
  ~Wakeups() { fire(); }

  /// There is only room left for the few that a change brings beside the waiters.
  [[nodiscard]] bool full() const noexcept { return count_ >= capacity - reserve; }
  void add(Wakeup&& wakeup) noexcept {
    if (count_ < capacity) std::construct_at(&held_[count_++], std::move(wakeup));
  }
  /// Of these there may be any number, because they are linked: none is ever resumed under the lock.
  void add(Continuation& continuation) noexcept {
    continuation.next = nullptr;
    (last_ == nullptr ? first_ : last_->next) = &continuation;
    last_ = &continuation;
  }
  /// Rouses now. Call it without the lock.
  void fire() noexcept {
    if (count_ > 0) rouse_all();
    if (first_ != nullptr) [[unlikely]]
      resume_all();
  }

 private:
  [[gnu::noinline]] void rouse_all() noexcept {
    while (count_ > 0) std::destroy_at(&held_[--count_]);
  }
  [[gnu::noinline]] void resume_all() noexcept {
    last_ = nullptr;
    for (Continuation* each = std::exchange(first_, nullptr); each != nullptr;) {
      Continuation* const following = each->next;
      each->resume(*each);  // it may be gone when this returns
      each = following;
    }
  }

  static constexpr std::size_t capacity = 16;
  static constexpr std::size_t reserve = 4;
  std::size_t count_ = 0;
  Continuation* first_ = nullptr;
  Continuation* last_ = nullptr;
  union {
    Wakeup held_[capacity];  // NOLINT(readability-identifier-naming): the first count_ of them live; private, too
  };
};

}  // namespace carpool::inline v0_1::detail

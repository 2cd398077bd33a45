/// Threads that block in others' stead: in a fiber's, or in that of a thread that has no time to lose.
#pragma once

#include <carpool/posix/blocked_signals.hpp>
#include <carpool/posix/clock.hpp>
#include <carpool/posix/futex_parking.hpp>
#include <carpool/posix/per_process.hpp>
#include <carpool/posix/pinned_object.hpp>
#include <carpool/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <pthread.h>

namespace carpool::inline v0_1::detail {

/// What a helper is to do.
class BlockingCall {
 public:
  /// The helper, once. The call may be gone afterwards.
  virtual void run() noexcept = 0;

 protected:
  ~BlockingCall() = default;

 private:
  friend class BlockingHelpers;
  BlockingCall* next_ = nullptr;  // the queue's; protected by its mutex, as what follows
  bool queued_ = false;
};

/// One set for the process. Four are started as they are needed: a hundred short calls must not start a hundred
/// threads. More are started where a call has waited for one for some time: name servers that do not answer must not
/// hold up other calls. Who has had nothing to do for a while ends.
class BlockingHelpers {
 public:
  /// Whoever has waited for so long says relieve().
  static constexpr auto grow_after = std::chrono::milliseconds(10);

  static BlockingHelpers& of_this_process() {
    static constinit PerProcess<BlockingHelpers> helpers;
    return helpers.get();
  }

  /// Any thread. Returns how many calls have been begun. Throws std::system_error where no thread can be started and
  /// there is none.
  [[nodiscard]] std::uint64_t submit(BlockingCall& call) {
    pin_this_object();   // not under the lock
    FutexWakeup wakeup;  // carried out after the lock
    const std::lock_guard lock(mutex_);
    if (idle_ == nullptr && helpers_ < started_at_once) start_helper();
    (last_ == nullptr ? first_ : last_->next_) = &call;
    last_ = &call;
    call.queued_ = true;
    if (idle_ != nullptr) wakeup = std::exchange(idle_, idle_->below)->slot.unpark();
    return begun_;
  }

  /// One more helper, unless any call has been begun since. false: there is no point in saying it again.
  [[nodiscard]] bool relieve(const BlockingCall& call, std::uint64_t& begun) noexcept {
    const std::lock_guard lock(mutex_);
    if (!call.queued_ || helpers_ >= most_helpers) return false;
    if (std::exchange(begun, begun_) != begun_) return true;
    try {
      start_helper();
      return true;
    } catch (...) {  // those that there are must do
      return false;
    }
  }

  /// true: nobody has begun the call, and nobody will.
  [[nodiscard]] bool withdraw(BlockingCall& call) noexcept {
    const std::lock_guard lock(mutex_);
    if (!call.queued_) return false;
    BlockingCall* before = nullptr;
    for (BlockingCall* one = first_; one != &call; one = one->next_) before = one;
    (before == nullptr ? first_ : before->next_) = call.next_;
    if (last_ == &call) last_ = before;
    call.queued_ = false;
    return true;
  }

 private:
  /// One helper thread's place among the idle ones; on its stack.
  struct Helper {
    FutexParkingSlot slot;
    Helper* below = nullptr;
  };

  /// Where the system has no thread to give, those that there are must do.
  void start_helper() {
    const BlockedSignals inherited;
    try {
      std::thread([this] { serve(); }).detach();
      ++helpers_;
    } catch (const std::system_error&) {
      if (helpers_ == 0) throw;
    }
  }

  void serve() {
    pthread_setname_np(pthread_self(), "carpool-helper");
    Helper self;
    while (BlockingCall* const call = await(self)) call->run();
  }

  /// nullptr: nothing has come for a while, and the helper is no longer counted.
  [[nodiscard]] BlockingCall* await(Helper& self) noexcept {
    for (;;) {
      if (BlockingCall* const call = take_or_rest(self)) return call;
      if (self.slot.park_until(after(clock_now(), longest_rest))) continue;
      if (leave(self)) return nullptr;
    }
  }

  /// nullptr: there is none, and the helper is now among the idle.
  [[nodiscard]] BlockingCall* take_or_rest(Helper& self) noexcept {
    const std::lock_guard lock(mutex_);
    if (first_ == nullptr) {
      self.below = std::exchange(idle_, &self);
      return nullptr;
    }
    BlockingCall* const call = std::exchange(first_, first_->next_);
    if (first_ == nullptr) last_ = nullptr;
    call->queued_ = false;
    ++begun_;
    return call;
  }

  /// false: somebody has just called it, and its token is there.
  [[nodiscard]] bool leave(Helper& self) noexcept {
    const std::lock_guard lock(mutex_);
    Helper** place = &idle_;
    while (*place != nullptr && *place != &self) place = &(*place)->below;
    if (*place == nullptr) return false;
    *place = self.below;
    --helpers_;
    return true;
  }

  static constexpr std::size_t started_at_once = 4;
  static constexpr std::size_t most_helpers = 64;
  static constexpr auto longest_rest = std::chrono::seconds(2);

  std::mutex mutex_;  // protects what follows
  BlockingCall* first_ = nullptr;
  BlockingCall* last_ = nullptr;
  Helper* idle_ = nullptr;
  std::size_t helpers_ = 0;
  std::uint64_t begun_ = 0;  // calls, ever
};

}  // namespace carpool::inline v0_1::detail

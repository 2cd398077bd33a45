/// The callers who wait for one endpoint, in the order in which they came.
#pragma once

#include <carpool/continuation.hpp>
#include <carpool/detail/state/connect_failure.hpp>
#include <carpool/detail/state/pool_slot.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace carpool::inline v0_1::detail {

/// Of a waiter that a worker sleeps for. One that was failed never takes the lock again: a thousand of them would keep
/// others from it. Whether it comes to the lock or has failed is settled by one compare-and-swap.
enum class WaiterStage : std::uint8_t {
  waits,
  looks,   ///< it was roused, or its time is over, and it will take the lock; or nobody sleeps for it
  failed,  ///< it has an error, is in no queue, and the pool's core need not live on for it
};

/// One waiting caller: on its own stack, or, where no worker sleeps for it, in an AsyncAcquire. All but `parking`,
/// `stage` and `granted` is touched under the pool's lock alone, or after it has failed.
///
/// No token is sent while `notified` says that one is under way already. So whoever is roused and finds a connection
/// granted may take it, and go, without the lock: the token that it took was the last touch of who granted it, or came
/// before, and then who granted it did no more than write `granted`.
///
/// A token may be left in a parking slot, but a continuation that was handed out must be resumed. So a waiter with a
/// continuation is `notified` all the time that it looks, or does not wait: no token is under way then.
template <class Types>
struct Waiter {
  using Stage = typename Types::Backend::template Atomic<WaiterStage>;
  using Grant = typename Types::Backend::template Atomic<PoolSlot<Types>*>;

  typename Types::Backend::ParkingSlot parking;
  Continuation* continuation = nullptr;  // resumed in place of `parking`; null: a worker sleeps
  Stage stage{WaiterStage::looks};       // waits: from before the lock is let go of
  Grant granted{nullptr};                // handed over: the waiter owns this slot; released under the lock
  SourceLocation site;                   // where the lease will have been taken
  WorkerId worker = 0;                   // who will have it, whoever hands it over
  std::uint64_t ticket = 0;              // its turn; kept when it has to come back. 0 = has none yet
  TimePoint since{};                     // when it came, and not before those in front of it
  TimePoint asked_for_ping = never;   // when it left a ping to a background worker: an answer since then is good enough
  FailurePointer failure;             // the connect it waited for failed
  std::shared_ptr<const void> alive;  // what it needs of the pool once it has failed
  Endpoint<Types>* endpoint = nullptr;  // whose wait queue holds it, or held it last
  TimePoint deadline = never;           // of a waiter with a continuation: a sleeper watches its own
  bool retains = false;  // the pool's core lives on for it; not while it owns a slot, which keeps that as well
  bool enqueued = false;
  bool notified = false;  // a token is under way, or taken and no look has followed yet
  bool watched = false;   // among the Deadlines
  bool timed_out = false;
  bool called_off = false;
  PoolSlot<Types>* pinged = nullptr;  // taken from the queue, and being pinged for it by a background worker
  Waiter* previous = nullptr;
  Waiter* next = nullptr;
  std::array<Waiter*, 3> deadline_links{};  // for the Deadlines

  [[nodiscard]] bool sleeps() const noexcept { return continuation == nullptr; }
  /// By itself, without the lock, when it was roused or its time is over. True: it has failed.
  [[nodiscard]] bool has_failed() noexcept {
    WaiterStage expected = WaiterStage::waits;
    return !stage.compare_exchange_strong(expected, WaiterStage::looks, std::memory_order_acq_rel) &&
           expected == WaiterStage::failed;
  }
  /// For itself alone: under the lock, or after it took a token.
  [[nodiscard]] PoolSlot<Types>* take_granted() noexcept {
    PoolSlot<Types>* const slot = granted.load(std::memory_order_acquire);
    if (slot != nullptr) granted.store(nullptr, std::memory_order_relaxed);
    return slot;
  }
};

/// Intrusive, ordered by ticket.
template <class Types>
class WaitQueue {
 public:
  using Waiter = detail::Waiter<Types>;

  [[nodiscard]] Waiter* front() const noexcept { return front_; }
  [[nodiscard]] bool empty() const noexcept { return front_ == nullptr; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// To its turn by ticket: newcomers at the back, one who was robbed where it had stood.
  void insert(Waiter& waiter) noexcept {
    Waiter* before = back_;
    while (before != nullptr && before->ticket > waiter.ticket) before = before->previous;
    waiter.previous = before;
    waiter.next = before == nullptr ? front_ : before->next;
    (waiter.previous == nullptr ? front_ : waiter.previous->next) = &waiter;
    (waiter.next == nullptr ? back_ : waiter.next->previous) = &waiter;
    waiter.enqueued = true;
    ++size_;
  }

  void remove(Waiter& waiter) noexcept {
    (waiter.previous == nullptr ? front_ : waiter.previous->next) = waiter.next;
    (waiter.next == nullptr ? back_ : waiter.next->previous) = waiter.previous;
    waiter.enqueued = false;
    --size_;
  }

 private:
  Waiter* front_ = nullptr;
  Waiter* back_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace carpool::inline v0_1::detail

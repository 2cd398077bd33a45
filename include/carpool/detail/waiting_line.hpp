/// The callers who wait for one endpoint, in the order in which they came.
#pragma once

#include <carpool/detail/connect_failure.hpp>
#include <carpool/detail/place.hpp>

#include <cstddef>
#include <cstdint>

namespace carpool::detail {

/// One caller in line, on its own stack. All but `parking` is touched under the pool's lock alone.
template <class Types>
struct Waiter {
  typename Types::Backend::ParkingSlot parking;
  SourceLocation site;               // where the lease will have been taken
  WorkerId worker = 0;               // who will have it, whoever hands it over
  std::uint64_t ticket = 0;          // its turn; kept when it has to come back. 0 = has none yet
  TimePoint since{};                 // when it drew the ticket
  TimePoint asked_for_ping = never;  // it has left a ping to a helper: an answer since then is good enough for it
  Place<Types>* granted = nullptr;   // handed over: the waiter owns this place
  FailurePointer failure;            // the connect it waited for failed
  bool in_line = false;
  bool notified = false;  // told to look, and has not looked yet
  Waiter* previous = nullptr;
  Waiter* next = nullptr;
};

/// Intrusive, ordered by ticket.
template <class Types>
class WaitingLine {
 public:
  using Waiter = detail::Waiter<Types>;

  [[nodiscard]] Waiter* front() const noexcept { return front_; }
  [[nodiscard]] bool empty() const noexcept { return front_ == nullptr; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// To its place by ticket: newcomers at the back, one who was robbed where it had stood.
  void insert(Waiter& waiter) noexcept {
    Waiter* before = back_;
    while (before != nullptr && before->ticket > waiter.ticket) before = before->previous;
    waiter.previous = before;
    waiter.next = before == nullptr ? front_ : before->next;
    (waiter.previous == nullptr ? front_ : waiter.previous->next) = &waiter;
    (waiter.next == nullptr ? back_ : waiter.next->previous) = &waiter;
    waiter.in_line = true;
    ++size_;
  }

  void remove(Waiter& waiter) noexcept {
    (waiter.previous == nullptr ? front_ : waiter.previous->next) = waiter.next;
    (waiter.next == nullptr ? back_ : waiter.next->previous) = waiter.previous;
    waiter.in_line = waiter.notified = false;
    --size_;
  }

 private:
  Waiter* front_ = nullptr;
  Waiter* back_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace carpool::detail

/// carpool::acquire_sender(pool): a lease from any pool on a concurrent backend, as a sender of std::execution (P2300).
#pragma once

#include <carpool/acquiring.hpp>
#include <carpool/errors.hpp>
#include <carpool/sender/detail/execution_library.hpp>
#include <carpool/time.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace carpool::inline v0_1 {

namespace detail {

/// Receives a turn of the scheduler: the place of the operation's next look.
template <class Operation, class Receiver>
struct SenderTurn {
  using receiver_concept = typename Receiver::receiver_concept;  // whatever the library calls it
  Operation* operation;

  void set_value() noexcept { operation->look(); }
  template <class Error>
  void set_error(Error&& error) noexcept {
    if constexpr (std::is_same_v<std::remove_cvref_t<Error>, std::exception_ptr>) {
      operation->end_with(std::forward<Error>(error));
    } else {
      operation->end_with(std::make_exception_ptr(std::forward<Error>(error)));
    }
  }
  void set_stopped() noexcept { operation->end_with(nullptr); }
};

template <class Receiver>
using SchedulerOf =
    std::remove_cvref_t<decltype(p2300::get_scheduler(p2300::get_env(std::declval<const Receiver&>())))>;
template <class Operation, class Receiver>
using SenderTurnOperation =
    p2300::connect_result_t<p2300::schedule_result_t<SchedulerOf<Receiver>&>, SenderTurn<Operation, Receiver>>;

/// One acquire. Three kinds of workers touch it, and no lock of its own orders them:
/// (1) The starter writes everything before begin(), which enqueues it under the pool's lock. A worker that calls
///     post() has found it there under that lock, so it sees what the starter wrote, the prepared turn too.
/// (2) post() starts the turn; the scheduler orders that before the look. A look writes the next turn before
///     proceed(), which goes back into the queue under the pool's lock: as (1). So turn_ and acquiring_ belong to one
///     worker at a time.
/// (3) A stop request may come from any worker between the callback's construction and its destruction. It touches
///     call_off() alone, which is atomic, and the destructor waits for it before the operation completes.
template <class Pool, class Receiver>
class AcquireSenderOperation
    : public p2300::OperationConceptOf<SenderTurnOperation<AcquireSenderOperation<Pool, Receiver>, Receiver>> {
  using Lease = typename Pool::Lease;
  using Target = typename Pool::Target;
  using StopToken = p2300::stop_token_of_t<p2300::env_of_t<Receiver>>;

 public:
  AcquireSenderOperation(Pool& pool, Target target, std::optional<TimePoint> deadline, const SourceLocation& site,
                         Receiver receiver)
      : pool_(pool), target_(std::move(target)), deadline_(deadline), site_(site), receiver_(std::move(receiver)) {}
  AcquireSenderOperation(const AcquireSenderOperation&) = delete;
  AcquireSenderOperation& operator=(const AcquireSenderOperation&) = delete;

  void start() noexcept {
    const auto token = p2300::get_stop_token(p2300::get_env(receiver_));
    if (token.stop_requested()) return end_with(nullptr);
    bool over = false;
    try {
      acquiring_.emplace(*this);
      over = acquiring_->ready();
      if (!over) turn_.emplace(*this);
      if (!over) on_stop_.emplace(token, CallOff{&*acquiring_});
    } catch (...) {
      return end_with(std::current_exception());
    }
    if (over || acquiring_->begin()) complete();  // else *this may be gone
  }

 private:
  friend SenderTurn<AcquireSenderOperation, Receiver>;

  struct Waiting final : Acquiring<Pool> {
    explicit Waiting(AcquireSenderOperation& own)
        : Acquiring<Pool>(own.pool_, own.target_, own.deadline_, own.site_,
                          [](Acquiring<Pool>& self) noexcept { static_cast<Waiting&>(self).owner.post(); }),
          owner(own) {}
    AcquireSenderOperation& owner;
  };
  struct CallOff {
    Waiting* acquiring;
    void operator()() const noexcept { acquiring->call_off(); }
  };
  /// Connected beforehand, by the caller: a worker that gives a connection back only starts it, which cannot fail.
  struct Turn {
    explicit Turn(AcquireSenderOperation& own) : operation(own.schedule()) {}
    SenderTurnOperation<AcquireSenderOperation, Receiver> operation;
  };

  [[nodiscard]] auto schedule() {
    SchedulerOf<Receiver> scheduler = p2300::get_scheduler(p2300::get_env(receiver_));
    return p2300::connect(p2300::schedule(scheduler), SenderTurn<AcquireSenderOperation, Receiver>{this});
  }
  /// By the worker that has something for it, perhaps in the destructor of a lease.
  void post() noexcept { p2300::start(turn_->operation); }

  /// On the scheduler's worker. The turn that brought us here is over: its room is for the next.
  void look() noexcept {
    try {
      turn_.emplace(*this);
    } catch (...) {
      return end_with(std::current_exception());
    }
    if (acquiring_->proceed()) complete();  // else *this may be gone
  }
  /// The receiver is told outside of the catch clauses, in which a fiber, for one, may not wait.
  void complete() noexcept {
    on_stop_.reset();  // waits for a worker that is calling off
    Lease lease;
    std::exception_ptr error;
    try {
      lease = acquiring_->lease();
    } catch (const AcquireCancelled&) {
      // neither a lease nor an error
    } catch (...) {
      error = std::current_exception();
    }
    if (error != nullptr) return p2300::set_error(std::move(receiver_), std::move(error));
    if (!lease) return p2300::set_stopped(std::move(receiver_));
    p2300::set_value(std::move(receiver_), std::move(lease));
  }
  /// Without another look, where no turn is under way. nullptr: stopped. What it was granted goes to the next waiter.
  void end_with(std::exception_ptr error) noexcept {
    on_stop_.reset();
    acquiring_.reset();
    if (error == nullptr) return p2300::set_stopped(std::move(receiver_));
    p2300::set_error(std::move(receiver_), std::move(error));
  }

  Pool& pool_;
  const Target target_;
  const std::optional<TimePoint> deadline_;
  const SourceLocation site_;
  Receiver receiver_;
  std::optional<Waiting> acquiring_;
  std::optional<Turn> turn_;
  std::optional<p2300::stop_callback_for_t<StopToken, CallOff>> on_stop_;
};

}  // namespace detail

/// What acquire_sender() returns. It may be connected and started any number of times.
template <class Pool>
class [[nodiscard]] AcquireSender {
  static_assert(Acquiring<Pool>::is_safe_in_coroutines,
                "A stopped operation may end in the middle of an exchange: the connector needs reusable or in_step");

 public:
  using sender_concept = detail::p2300::SenderConcept;  ///< it is a sender
  /// A lease; or what ConnectionPool::acquire would have thrown; or stopped.
  using completion_signatures = detail::p2300::completion_signatures<detail::p2300::set_value_t(typename Pool::Lease),
                                                                     detail::p2300::set_error_t(std::exception_ptr),
                                                                     detail::p2300::set_stopped_t()>;

  /// By acquire_sender().
  AcquireSender(Pool& pool, typename Pool::Target target, std::optional<TimePoint> deadline, const SourceLocation& site)
      : pool_(&pool), target_(std::move(target)), deadline_(deadline), site_(site) {}

  /// By the library. The environment of `receiver` must have a scheduler.
  template <class Receiver>
  [[nodiscard]] auto connect(Receiver receiver) const {
    static_assert(
        requires { detail::p2300::get_scheduler(detail::p2300::get_env(receiver)); },
        "acquire_sender must know where to complete: start it on a scheduler, as by starts_on");
    return detail::AcquireSenderOperation<Pool, Receiver>(*pool_, target_, deadline_, site_, std::move(receiver));
  }

 private:
  Pool* pool_;
  typename Pool::Target target_;
  std::optional<TimePoint> deadline_;
  SourceLocation site_;
};

/// A sender of one lease, within options.acquire_timeout from its start or until the deadline, on the clock of the
/// pool's backend. The time-out of a sender begins when it is started.
/// Completes: set_value(Lease); set_error(std::exception_ptr) with what ConnectionPool::acquire throws, or what the
///            scheduler failed with; set_stopped where the receiver's stop token or its scheduler says so. A stop
///            request that comes after a connection was granted may lose to it: then the lease is delivered.
/// Where:     within start() where a connection is ready or a stop is requested already, else on the scheduler of the
///            receiver's environment. That scheduler must not complete within the start of its operation: the worker
///            that gives a connection back would run what follows.
/// Allocates: nothing, except for an error, and what connecting to the scheduler does, which the caller does itself.
/// Threads:   any may start it, and leases may end on any.
/// Lifetime:  the pool must be there when it is started, and may be closed or destroyed meanwhile.
template <class Pool>
  requires(std::is_same_v<typename Pool::Target, std::monostate>)
[[nodiscard]] AcquireSender<Pool> acquire_sender(Pool& pool, std::optional<TimePoint> deadline = {},
                                                 SourceLocation site = SourceLocation::current()) {
  return AcquireSender<Pool>(pool, {}, deadline, site);
}
/// The same, of a pool with targets.
template <class Pool>
[[nodiscard]] AcquireSender<Pool> acquire_sender(Pool& pool, typename Pool::Target target,
                                                 std::optional<TimePoint> deadline = {},
                                                 SourceLocation site = SourceLocation::current()) {
  return AcquireSender<Pool>(pool, std::move(target), deadline, site);
}

}  // namespace carpool::inline v0_1

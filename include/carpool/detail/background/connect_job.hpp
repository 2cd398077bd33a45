/// One job: to open a reserved slot's connection, once, and to tell everybody how it went.
#pragma once

#include <carpool/detail/events.hpp>
#include <carpool/detail/lifecycle.hpp>
#include <carpool/detail/state/connect_failure.hpp>
#include <carpool/detail/state/many_waiters.hpp>
#include <carpool/errors.hpp>

#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Law 9: the attempt belongs to the pool. A caller that gives up does not end it, and whoever is first in line takes
/// what it yields. After a failure the slot is free again; the endpoint's breaker knows when the series goes on.
/// `limit` is never, but on a SingleBackend, where the attempt runs inside the caller's own acquire.
template <class Types>
class ConnectJob {
 public:
  using Backend = typename Types::Backend;
  using Calls = typename Types::Calls;
  using Lifecycle = detail::Lifecycle<Types>;
  using PoolSlot = detail::PoolSlot<Types>;

  ConnectJob(PoolSlot& slot, Lifecycle& pool, TimePoint limit) noexcept : slot_(slot), pool_(pool), limit_(limit) {}

  void run() noexcept { open() ? succeed() : fail(); }

 private:
  using Access = typename Lifecycle::Access;
  using Endpoint = detail::Endpoint<Types>;
  using Events = detail::Events<typename Types::Observer>;
  using Wakeups = detail::Wakeups<Backend>;

  [[nodiscard]] const PoolOptions& options() const noexcept { return pool_.settings().options; }
  /// The caller's deadline ended it: that says nothing of the server.
  [[nodiscard]] bool cut_short() const noexcept { return limit_ != never && Backend::now() >= limit_; }

  /// Told from its beginning to its end. False: it failed, and cause_ and message_ say how.
  [[nodiscard]] bool open() noexcept {
    introduce();
    auto& settings = pool_.settings();
    Events::connection_created(settings, slot_);
    const TimePoint started = Backend::now();
    const bool opened = connects(started);
    took_ = Backend::now() - started;
    if (opened) return true;
    slot_.connection.reset();
    Events::connection_failed(settings, slot_, message_, cause_, took_);
    Events::connection_closed(settings, slot_, CloseReason::connect_failed);
    return false;
  }
  /// To an observer that wants to know more than an id.
  void introduce() noexcept {
    if constexpr (Events::wants_connection_info)
      slot_.observed = {Calls::describe(pool_.settings().connector, *slot_.endpoint->target), {}};
  }
  [[nodiscard]] bool connects(TimePoint started) noexcept {
    auto& settings = pool_.settings();
    try {
      slot_.connection.emplace(Calls::connect(settings.connector, *slot_.endpoint->target,
                                              std::min(limit_, after(started, options().connect_timeout))));
      slot_.lives_until = after(started, Calls::lifetime(settings.connector, *slot_.connection));
      if (Calls::is_connected(settings.connector, *slot_.connection)) return true;
      note("the new connection was dead at once", nullptr);
    } catch (const AuthenticationError& error) {
      authentication_ = true;
      note(error.what(), std::current_exception());
    } catch (const ServerPaused& error) {
      paused_ = true;
      note(error.what(), std::current_exception());
    } catch (const ConnectRefused& error) {
      final_ = true;
      note(error.what(), std::current_exception());
    } catch (const std::exception& error) {
      note(error.what(), std::current_exception());
    } catch (...) {
      note("something that is no std::exception was thrown", std::current_exception());
    }
    return false;
  }

  /// Inside a catch block: so nobody is told, and no lock is taken, before it is over (law 17).
  void note(const char* message, std::exception_ptr cause) noexcept {
    cause_ = std::move(cause);
    try {
      message_ = message;
    } catch (const std::bad_alloc&) {  // the cause itself still tells
      message_.clear();
    }
  }

  void succeed() noexcept {
    slot_.born = slot_.idle_since = slot_.validated_at = Backend::now();
    slot_.jitter = static_cast<double>(Backend::random() >> 11) * 0x1.0p-53;
    slot_.good_until = pool_.settings().good_until(slot_, slot_.lives_until);
    Events::connection_ready(pool_.settings(), slot_, took_);
    const TimePoint due = pool_.first_due(slot_, slot_.born);
    FailurePointer forgotten;  // a cause's destructor is user code: it must not run under the lock
    Wakeups wakeups;
    auto state = pool_.access();
    if (state->inventory.is_current(slot_)) {
      slot_.endpoint->breaker.succeeded();
      forgotten.swap(slot_.endpoint->failure);
      state->demand.answer(*slot_.endpoint);
    }
    ++state->inventory.counters.created;
    state->inventory.connected(slot_);
    wakeups.add(state->idle_workers.expect(due));
    pool_.return_slot(*state, slot_, std::nullopt, wakeups);
  }

  /// Of an older generation, cut short by a caller, or of a server that pauses, it is nobody's error.
  void fail() noexcept {
    const bool cut = paused_ || cut_short();
    const std::shared_ptr<ConnectFailure> fresh = make_failure();
    const FailurePointer failure = fresh != nullptr ? FailurePointer(fresh) : pool_.out_of_memory();
    FailurePointer last = failure;
    Wakeups wakeups;
    auto state = pool_.access();
    state->inventory.count_failure();
    Endpoint& endpoint = *slot_.endpoint;
    if (state->inventory.is_current(slot_)) {
      if (fresh != nullptr) fresh->attempts = endpoint.breaker.tried() + 1;
      last.swap(endpoint.failure);  // the one before ends after the lock, as in succeed()
      const bool over = !cut && opens_breaker(endpoint.breaker);
      if (fresh != nullptr) fresh->ended = over || cut;
      if (over) end_series(state, endpoint, failure, wakeups);
      state->inventory.planner.update(endpoint);
      wakeups.add(state->idle_workers.expect(endpoint.wanted() > 0 ? endpoint.breaker.retry_at()
                                                                   : endpoint.forget_at(options())));
    }
    pool_.free_slot(state, slot_, SlotEvent::failed, wakeups);
  }
  /// False: the endpoint pauses, and its series goes on.
  [[nodiscard]] bool opens_breaker(CircuitBreaker& breaker) noexcept {
    const TimePoint now = Backend::now();
    const Backoff& backoff = options().connect_backoff;
    if (!authentication_) {
      const std::size_t attempts = final_ ? 1 : options().connect_attempts;
      return breaker.attempt_failed(slot_.round, now, attempts, backoff, Backend::random());
    }
    breaker.refused(now, backoff, Backend::random());
    return true;
  }
  /// Everybody who waits for it gets the error.
  void end_series(Access& state, Endpoint& endpoint, const FailurePointer& failure, Wakeups& wakeups) noexcept {
    ++endpoint.failed_series;
    state->demand.answer(endpoint);
    ManyWaiters<Types>::fail(state, endpoint, failure, wakeups);
  }

  /// Null: there is no memory for it.
  [[nodiscard]] std::shared_ptr<ConnectFailure> make_failure() noexcept {
    try {
      return std::make_shared<ConnectFailure>(ConnectFailure{std::move(message_), cause_, 1, authentication_});
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }

  PoolSlot& slot_;
  Lifecycle& pool_;
  const TimePoint limit_;
  Duration took_{};
  std::string message_;
  std::exception_ptr cause_;
  bool authentication_ = false;  // the server refused the credentials
  bool final_ = false;           // it refused for another reason, and would again
  bool paused_ = false;          // it is there, and makes its clients wait
};

}  // namespace carpool::inline v0_1::detail

/// One errand: to open a reserved place's connection, with retries, and to tell everybody how it went.
#pragma once

#include <carpool/detail/connect_failure.hpp>
#include <carpool/detail/events.hpp>
#include <carpool/detail/pool_state.hpp>
#include <carpool/errors.hpp>

#include <algorithm>
#include <new>

namespace carpool::detail {

/// Law 9: the series belongs to the pool. A caller that gives up does not end it, and whoever is first in line takes
/// what it yields. `limit` is never, but on a SingleBackend, where the series runs inside the caller's own acquire.
template <class Types>
class ConnectSeries {
 public:
  using Backend = typename Types::Backend;
  using Calls = typename Types::Calls;
  using Core = PoolCore<Types>;
  using Place = detail::Place<Types>;

  ConnectSeries(Place& place, Core& core, Helper<Types>* helper, TimePoint limit) noexcept
      : place_(place), core_(core), helper_(helper), limit_(limit) {}

  void run() noexcept {
    const std::size_t tries = planned_tries();
    for (std::size_t tried = 1;; ++tried) {
      if (open()) return succeed();
      count_failure(tried);
      if (cut_short()) return give_up(tried);
      if (authentication_ || tried >= tries) return fail(tried);
      if (!rest(tried - 1)) return give_up(tried);
    }
  }

 private:
  using Events = detail::Events<typename Types::Observer>;

  [[nodiscard]] const PoolOptions& options() const noexcept { return core_.settings().options; }
  [[nodiscard]] bool cut_short() const noexcept { return limit_ != never && Backend::now() >= limit_; }

  /// Begins the first attempt.
  [[nodiscard]] std::size_t planned_tries() noexcept {
    auto state = core_.access();
    state->begin_attempt(place_);
    return place_.endpoint->breaker.attempts(options().connect_attempts);
  }

  /// One attempt, told from its beginning to its end. False: it failed, and cause_ and message_ say how.
  [[nodiscard]] bool open() noexcept {
    auto& observer = core_.settings().observer;
    Events::connection_created(observer, place_.id);
    const TimePoint started = Backend::now();
    const bool opened = connects(started);
    took_ = Backend::now() - started;
    if (opened) return true;
    place_.connection.reset();
    Events::connection_failed(observer, place_.id, message_, cause_, took_);
    Events::connection_closed(observer, place_.id, CloseReason::connect_failed);
    return false;
  }
  [[nodiscard]] bool connects(TimePoint started) noexcept {
    auto& settings = core_.settings();
    try {
      place_.connection.emplace(Calls::connect(settings.connector, *place_.endpoint->target,
                                               std::min(limit_, after(started, options().connect_timeout))));
      place_.lives_until = after(started, Calls::lifetime(settings.connector, *place_.connection));
      if (settings.connector.is_connected(*place_.connection)) return true;
      note("the new connection was dead at once", nullptr);
    } catch (const AuthenticationError& error) {
      authentication_ = true;
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
  /// Who times out meanwhile is told this attempt's error, although the series goes on.
  void count_failure(std::size_t tried) noexcept {
    FailurePointer last = make_failure(tried, false);
    auto state = core_.access();
    state->count_failure();
    place_.endpoint->failure.swap(last);  // the old one goes after the lock: its exception is the user's
  }

  /// Waits out the back-off and begins the next attempt. False: nobody wants the connection any more, or nobody should
  /// try.
  [[nodiscard]] bool rest(std::size_t step) {
    const TimePoint until =
        std::min(limit_, after(Backend::now(), backoff_delay(options().connect_backoff, step, Backend::random())));
    if (helper_ == nullptr) {
      Backend::sleep_until(until);
    } else {
      (void)helper_->parking.park_until(until);  // unparked early only to stop
    }
    if (cut_short()) return false;
    auto state = core_.access();
    const auto& endpoint = *place_.endpoint;
    const bool wanted = state->serving() && endpoint.demand() > endpoint.idle.size();
    if (!wanted || endpoint.breaker.open(Backend::now())) return false;  // another series may have opened it
    state->begin_attempt(place_);
    return true;
  }

  void succeed() noexcept {
    place_.born = place_.idle_since = place_.validated_at = Backend::now();
    place_.jitter = static_cast<double>(Backend::random() >> 11) * 0x1.0p-53;
    place_.good_until = core_.settings().good_until(place_, place_.lives_until);
    Events::connection_ready(core_.settings().observer, place_.id, took_);
    const TimePoint due = core_.first_due(place_, place_.born);
    Wakeups<Backend> wakeups;
    auto state = core_.access();
    place_.endpoint->breaker.succeeded();
    place_.endpoint->failure = nullptr;
    ++state->counters.created;
    state->connected(place_);
    state->answer(*place_.endpoint);
    wakeups.add(state->roster.expect(due));
    core_.settle_place(state, place_, std::nullopt, wakeups);
  }

  /// Everybody who waits for this endpoint gets the error, and the breaker opens.
  void fail(std::size_t tried) noexcept {
    const FailurePointer failure = make_failure(tried, true);
    Wakeups<Backend> wakeups;
    auto state = core_.access();
    auto& endpoint = *place_.endpoint;
    endpoint.failure = failure;
    if (authentication_) {
      endpoint.breaker.refused(Backend::now(), options().connect_backoff, Backend::random());
    } else {
      endpoint.breaker.failed(Backend::now(), options().connect_backoff, Backend::random());
    }
    state->answer(endpoint);
    state->dismiss_line(endpoint, failure, wakeups);
    wakeups.add(
        state->roster.expect(endpoint.demand() > 0 ? endpoint.breaker.retry_at() : endpoint.forget_at(options())));
    core_.vacate(state, place_, wakeups);
  }

  void give_up(std::size_t tried) noexcept {
    const FailurePointer failure = make_failure(tried, true);
    Wakeups<Backend> wakeups;
    auto state = core_.access();
    if (failure->cause != nullptr) place_.endpoint->failure = failure;
    core_.vacate(state, place_, wakeups);
  }

  [[nodiscard]] FailurePointer make_failure(std::size_t tried, bool ended) const noexcept {
    try {
      return std::make_shared<ConnectFailure>(ConnectFailure{message_, cause_, tried, authentication_, ended});
    } catch (const std::bad_alloc&) {
      return core_.out_of_memory();
    }
  }

  Place& place_;
  Core& core_;
  Helper<Types>* const helper_;  // null on a SingleBackend
  const TimePoint limit_;
  Duration took_{};
  std::string message_;
  std::exception_ptr cause_;
  bool authentication_ = false;
};

}  // namespace carpool::detail

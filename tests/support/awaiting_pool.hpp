/// A pool whose callers may await: where callers_await says so, an acquire is one that no worker sleeps for, and the
/// caller sleeps for its continuation instead.
#pragma once

#include <carpool/connection_pool.hpp>

#include <atomic>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

#include "callers_await.hpp"
#include "sleeping_acquire.hpp"

template <class Backend, class... Policies>
class AwaitingPool : public carpool::ConnectionPool<Backend, Policies...> {
  using Pool = carpool::ConnectionPool<Backend, Policies...>;

 public:
  using Pool::Pool;
  using typename Pool::Lease;
  using typename Pool::Target;
  using Duration = carpool::SaturatedDuration;
  using Site = carpool::SourceLocation;
  using TimePoint = carpool::TimePoint;

  [[nodiscard]] Lease acquire(Site site = Site::current())
    requires requires(Pool& pool) { pool.acquire(); }
  {
    return sleeps() ? Pool::acquire(site) : await({}, std::nullopt, site);
  }
  [[nodiscard]] Lease acquire(const Target& target, Site site = Site::current())
    requires requires(Pool& pool) { pool.acquire(target); }
  {
    return sleeps() ? Pool::acquire(target, site) : await(target, std::nullopt, site);
  }
  [[nodiscard]] Lease acquire_for(Duration timeout, Site site = Site::current())
    requires requires(Pool& pool) { pool.acquire(); }
  {
    return sleeps() ? Pool::acquire_for(timeout, site) : await({}, until(timeout), site);
  }
  [[nodiscard]] Lease acquire_for(const Target& target, Duration timeout, Site site = Site::current())
    requires requires(Pool& pool) { pool.acquire(target); }
  {
    return sleeps() ? Pool::acquire_for(target, timeout, site) : await(target, until(timeout), site);
  }
  [[nodiscard]] Lease acquire_until(TimePoint deadline, Site site = Site::current())
    requires requires(Pool& pool) { pool.acquire(); }
  {
    return sleeps() ? Pool::acquire_until(deadline, site) : await({}, deadline, site);
  }
  [[nodiscard]] Lease acquire_until(const Target& target, TimePoint deadline, Site site = Site::current())
    requires requires(Pool& pool) { pool.acquire(target); }
  {
    return sleeps() ? Pool::acquire_until(target, deadline, site) : await(target, deadline, site);
  }
  [[nodiscard]] Lease acquire(std::error_code& error, Site site = Site::current()) noexcept
    requires requires(Pool& pool) { pool.acquire(error); }
  {
    return Pool::acquire(error, site);
  }
  [[nodiscard]] Lease acquire(const Target& target, std::error_code& error, Site site = Site::current()) noexcept
    requires requires(Pool& pool) { pool.acquire(target, error); }
  {
    return Pool::acquire(target, error, site);
  }

 private:
  [[nodiscard]] bool sleeps() noexcept {
    if (callers_await == CallersAwait::every_second) return calls_.fetch_add(1, std::memory_order_relaxed) % 2 == 0;
    return callers_await == CallersAwait::none;
  }
  [[nodiscard]] static TimePoint until(carpool::Duration timeout) { return carpool::after(Backend::now(), timeout); }

  [[nodiscard]] Lease await(const Target& target, std::optional<TimePoint> deadline, const Site& site) {
    SleepingAcquire<Backend, Pool> self(*this, target, deadline, site);
    if (!self.begin()) self.finish();
    return self.lease();
  }

  std::atomic<unsigned> calls_{0};
};

/// Where the backend has no concurrency, nobody could connect for one that waits.
template <class Backend, class... Policies>
using PoolOf = std::conditional_t<Backend::concurrent, AwaitingPool<Backend, Policies...>,
                                  carpool::ConnectionPool<Backend, Policies...>>;

/// The pool: connections whose concurrency, order, protocol, eviction and observer are template parameters.
#pragma once

#include <carpool/detail/acquire.hpp>
#include <carpool/detail/interruptions.hpp>
#include <carpool/detail/pool_admin.hpp>
#include <carpool/detail/pool_inspection.hpp>
#include <carpool/detail/use_of_connection.hpp>
#include <carpool/errors.hpp>
#include <carpool/evictions.hpp>
#include <carpool/lease.hpp>
#include <carpool/recognised.hpp>

#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

namespace detail {
struct PoolInspector;  // of the tests: the simulator asks the state what stats() does not tell
}
template <class Pool>
class Acquiring;  // <carpool/acquiring.hpp>
template <class Pool>
class Ending;  // <carpool/ending.hpp>

/// Threads: every member may be called from any worker at any time, the destructor excepted. The destructor may run
/// while callers wait for a connection: each gets PoolClosed, and uses nothing of the pool after that. It must not run
/// while a caller is at the beginning of a call, before it waits, or has just been served. Nobody outside can tell
/// these moments apart, so call close(), join the workers that call, and only then destroy the pool. Signals: no member
/// may be called in a signal handler, and no lease may end there: each may take the lock that the interrupted code
/// holds, and would wait for itself. Cancellation: there is no stop token. A caller that waits in acquire is ended by
/// its deadline, by close(), drain() or the destructor, and on BoostThreadBackend by an interruption. No wait is a
/// cancellation point of pthread_cancel; a connector's own system calls may be, and then the process is terminated.
/// Coroutines: a lease within one ends when its frame is destroyed, also where that happens half-way through an
/// exchange and no exception is in flight: then reusable alone decides whether the connection is pooled.
/// Compilers: exceptions are needed. -fno-rtti is allowed, unless FiberBackend or the connector to Redis, PostgreSQL or
/// MySQL is used, or several endpoints are.
/// Errors: what acquire throws is a PoolError; exceptions of a connector's connect arrive inside a ConnectError.
/// Lifetime: leases may outlive the pool. The destructor closes it and waits for the background work: for each connect,
/// ping and reset that has begun, until it ends, and then for goodbyes, close_timeout for all of them together. So it
/// takes at most the greater of connect_timeout and validation_timeout, and close_timeout; longer only where a
/// connector does not keep its deadline, as none can that looks up a name: getaddrinfo(3) is waited for until it
/// returns. A connector that has interrupt() is told before, once, and may end all of that at once. After the
/// destructor nothing calls the connector, the eviction or the observer: a lease that is given back then destroys its
/// connection. Calls that other workers began before that may still be under way, and must be awaited by who destroys
/// what the policies refer to. The destructor must not run inside a call that the pool itself makes.
template <BackendPolicy Backend, QueuePolicy Queue, ConnectorFor<Backend> Connector,
          EvictionPolicy Eviction = DefaultEviction, ObserverPolicy Observer = NoObserver>
class ConnectionPool {
  using Types = detail::PoolTypes<Backend, Queue, Connector, Eviction, Observer>;
  using Core = detail::PoolCore<Types>;
  using Admin = detail::PoolAdmin<Types>;
  using Settings = detail::Settings<Types>;
  using Timeout = detail::Timeout<Backend>;

 public:
  using Connection = connection_t<Connector, Backend>;  ///< what a lease gives access to
  using Target = target_t<Connector>;                   ///< an endpoint; std::monostate where the connector has none
  using Lease = carpool::Lease<detail::LeaseReturn<Types>>;  ///< move-only; may outlive the pool
  using Acquiring = carpool::Acquiring<ConnectionPool>;      ///< an acquire that no worker sleeps for
  using Ending = carpool::Ending<ConnectionPool>;            ///< a drain or close that no worker sleeps for

  /// Opens nothing; min_idle connections are opened in the background. Throws std::invalid_argument naming the field
  /// and the bound of a bad option, also of the connector's where that has validate().
  explicit ConnectionPool(Connector connector, PoolOptions options = {}, Eviction eviction = {}, Observer observer = {})
      : settings_(Admin::checked({std::move(connector), std::move(options), std::move(eviction), std::move(observer)})),
        core_(Admin::open(settings_)) {}
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;
  ~ConnectionPool() {
    Core* own = core_.load(std::memory_order_acquire);
    if (own->lifecycle.forked()) {
      own->lifecycle.abandon_in_child();
    } else {
      Admin::close(own->lifecycle);
      own->owner_goes();
    }
    settings_->owner_gone.set(true);
  }

  /// A connection, within options.acquire_timeout.
  /// Waits: for whichever comes first, a release or a connect; first come, first served from handoff_after on.
  /// Throws: AcquireTimeout, PoolClosed, QueueFull, BreakerOpen, ConnectError; a Boost.Thread worker's interruption.
  [[nodiscard]] Lease acquire(SourceLocation site = SourceLocation::current())
    requires detail::WithoutTargets<Connector>
  {
    return lease({}, default_timeout(), site);
  }
  [[nodiscard]] Lease acquire(const Target& target, SourceLocation site = SourceLocation::current())
    requires(detail::has_target<Connector>)
  {
    return lease(target, default_timeout(), site);
  }
  /// As acquire(), but within `timeout` instead of acquire_timeout. 0: only what is ready.
  [[nodiscard]] Lease acquire_for(SaturatedDuration timeout, SourceLocation site = SourceLocation::current())
    requires detail::WithoutTargets<Connector>
  {
    return lease({}, Timeout(timeout), site);
  }
  [[nodiscard]] Lease acquire_for(const Target& target, SaturatedDuration timeout,
                                  SourceLocation site = SourceLocation::current())
    requires(detail::has_target<Connector>)
  {
    return lease(target, Timeout(timeout), site);
  }
  /// As acquire(), until a point on Backend::now()'s clock. A point in the past: only what is ready.
  [[nodiscard]] Lease acquire_until(TimePoint deadline, SourceLocation site = SourceLocation::current())
    requires detail::WithoutTargets<Connector>
  {
    return lease({}, Timeout(deadline), site);
  }
  [[nodiscard]] Lease acquire_until(const Target& target, TimePoint deadline,
                                    SourceLocation site = SourceLocation::current())
    requires(detail::has_target<Connector>)
  {
    return lease(target, Timeout(deadline), site);
  }

  /// As acquire(), but an empty lease and a code instead of an exception (category "carpool", std::errc, or that of a
  /// connector's std::system_error). After PoolErrc::interrupted the interruption is still asked for: the worker's next
  /// interruption point throws it.
  [[nodiscard]] Lease acquire(std::error_code& error, SourceLocation site = SourceLocation::current()) noexcept
    requires detail::WithoutTargets<Connector>
  {
    return lease_or_code({}, error, site);
  }
  [[nodiscard]] Lease acquire(const Target& target, std::error_code& error,
                              SourceLocation site = SourceLocation::current()) noexcept
    requires(detail::has_target<Connector>)
  {
    return lease_or_code(target, error, site);
  }

  /// A connection if one is ready. Never waits and never opens one itself, but may have one opened in the background.
  /// Throws: PoolClosed.
  [[nodiscard]] std::optional<Lease> try_acquire(SourceLocation site = SourceLocation::current())
    requires detail::WithoutTargets<Connector>
  {
    return lease_if_ready({}, site);
  }
  [[nodiscard]] std::optional<Lease> try_acquire(const Target& target, SourceLocation site = SourceLocation::current())
    requires(detail::has_target<Connector>)
  {
    return lease_if_ready(target, site);
  }

  /// Returns use(connection), which must be a value: neither a reference nor an awaitable, because the lease has ended
  /// when the caller gets it. Where use throws, the connector's handle_exception, or else its in_step, decides whether
  /// the connection is kept or closed, and the exception propagates.
  template <class Use>
    requires std::invocable<Use, Connection&> && detail::WithoutTargets<Connector>
  decltype(auto) with_connection(Use&& use, SourceLocation site = SourceLocation::current()) {
    return run_with(acquire(site), std::forward<Use>(use));
  }
  template <class Use>
    requires std::invocable<Use, Connection&> && (detail::has_target<Connector>)
  decltype(auto) with_connection(const Target& target, Use&& use, SourceLocation site = SourceLocation::current()) {
    return run_with(acquire(target, site), std::forward<Use>(use));
  }

  /// Opens until n are idle (as far as max_size and max_idle allow), a connect fails, or the time is over; returns how
  /// many are idle.
  std::size_t prewarm(std::size_t n, SaturatedDuration timeout)
    requires detail::WithoutTargets<Connector>
  {
    return Admin::prewarm(pool(), {}, n, timeout);
  }
  std::size_t prewarm(const Target& target, std::size_t n, SaturatedDuration timeout)
    requires(detail::has_target<Connector>)
  {
    return Admin::prewarm(pool(), target, n, timeout);
  }

  /// Does the maintenance that is due now: what the reaper does by itself on concurrent backends. Returns how many idle
  /// connections it evicted.
  std::size_t reap() { return Admin::reap(pool()); }
  /// Closes every idle connection; returns how many there were: none where the pool is closed or draining.
  std::size_t clear() { return Admin::clear(pool()); }
  /// A new generation: idle connections are closed now, leased ones on return, connects in flight when they end. A
  /// breaker that is open lets one probe through at once, also after refused credentials; so does resume().
  void retire_all() { Admin::retire_all(pool()); }
  /// The same, spread over a time, so that a rotation is no storm of connects: of n connections that are there, one is
  /// retired at once, and one more after each n-th part of `over`; each is closed then if it is idle, else on its
  /// return. None of them is handed out after `over`. Connects in flight belong to the old generation, and their
  /// failure is nobody's error. Of two calls, the earlier end counts for each connection. On a SingleBackend a
  /// connection is closed when it is asked for, or by reap().
  void retire_all(SaturatedDuration over) { Admin::retire_all(pool(), over); }
  /// While suspended no lease is given: callers wait. Connections are given back as usual.
  void suspend() { pool().access()->gate.suspend(); }
  void resume() { Admin::resume(pool()); }  ///< tells pool_ready, then serves; nothing where it is not suspended
  /// A new max_size. Surplus connections close when idle; leased ones on return. Throws: std::invalid_argument on 0.
  void resize(std::size_t max_size) { Admin::resize(pool(), max_size); }
  /// Final: no new leases, idle connections close, and those out are waited for. Returns how many were still out when
  /// the time was over; they are closed on return.
  std::size_t drain(SaturatedDuration timeout) { return Admin::drain(pool(), timeout); }
  /// Final and idempotent: wakes every waiter with PoolClosed, closes idle connections; leased ones close on return.
  void close() { Admin::close(pool()); }

  /// One snapshot under the lock. Of the workers that get their own connection back without it, each is seen at its own
  /// moment: so idle and in_use may add up a connection more or less than at any one instant; their sum is exact.
  [[nodiscard]] PoolStats stats() const { return pool().access_without_flush()->snapshot(); }
  /// Every lease that is out, the oldest first. Looks at each connection under the lock. Throws: std::bad_alloc.
  [[nodiscard]] std::vector<Holder> holders() const { return detail::PoolInspection<Types>::holders(pool()); }
  /// How each endpoint fares: one, or with targets one for each that is in use or in trouble, in no particular order.
  /// Looks at each endpoint under the lock. Throws: std::bad_alloc, and what copying a target throws.
  [[nodiscard]] std::vector<EndpointStats> endpoints() const {
    return detail::PoolInspection<Types>::endpoints(pool());
  }
  [[nodiscard]] const PoolOptions& options() const noexcept { return settings_->options; }  ///< the constructor's
  [[nodiscard]] const Observer& observer() const noexcept { return settings_->observer; }   ///< the pool's own

 private:
  [[nodiscard]] Timeout default_timeout() const noexcept { return Timeout(settings_->options.acquire_timeout); }

  /// That of this process: a forked child's first call makes its own and leaves its parent's alone.
  [[nodiscard]] detail::Lifecycle<Types>& pool() const {
    Core* known = core_.load(std::memory_order_acquire);  // (1)
    if (!known->lifecycle.forked()) [[likely]]
      return known->lifecycle;
    return child_core(known).lifecycle;
  }
  [[nodiscard]] Core& child_core(Core* inherited) const {
    auto fresh = std::make_unique<Core>(settings_);
    fresh->start();
    if (core_.compare_exchange_strong(inherited, fresh.get(), std::memory_order_acq_rel)) {  // synchronizes-with (1)
      inherited->lifecycle.abandon_in_child();
      return *fresh.release();
    }
    fresh.release()->owner_goes();  // another of the child's threads was faster
    return *inherited;
  }

  [[nodiscard]] Lease lease(const Target& target, Timeout timeout, const SourceLocation& site) {
    return Lease(detail::Acquire<Types>::acquire(pool(), target, timeout, site));
  }

  [[nodiscard]] Lease lease_or_code(const Target& target, std::error_code& error, const SourceLocation& site) noexcept {
    try {
      error.clear();
      return lease(target, default_timeout(), site);
    } catch (...) {
      error = detail::code_of_caught<Backend>();
    }
    return Lease();
  }

  [[nodiscard]] std::optional<Lease> lease_if_ready(const Target& target, const SourceLocation& site) {
    auto* slot = detail::Acquire<Types>::try_acquire(pool(), target, site);
    return slot == nullptr ? std::nullopt : std::optional<Lease>(Lease(*slot));
  }

  template <class Use>
  auto run_with(Lease lease, Use&& use) -> std::invoke_result_t<Use, Connection&> {
    detail::check_use<Use, Connection>();
    try {
      return std::forward<Use>(use)(*lease);
    } catch (...) {
      lease.release_after(std::current_exception());  // by the lease alone: this pool may be gone by now
      throw;
    }
  }

  friend struct detail::PoolInspector;
  template <class>
  friend class carpool::Acquiring;
  template <class>
  friend class carpool::Ending;

  const std::shared_ptr<Settings> settings_;
  mutable typename Backend::template Atomic<Core*> core_;
};

}  // namespace carpool::inline v0_1

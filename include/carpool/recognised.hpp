/// What a pool finds of the optional members of its policies: to print, or to assert.
#pragma once

#include <carpool/concepts.hpp>

#include <initializer_list>
#include <string>
#include <utility>

namespace carpool::inline v0_1 {

namespace detail {

/// "called: ping, reusable; absent: reset, dirty"
[[nodiscard]] inline std::string recognised_text(std::initializer_list<std::pair<const char*, bool>> members) {
  std::string called, absent;
  for (const auto& [name, is_called] : members) {
    std::string& list = is_called ? called : absent;
    list += (list.empty() ? "" : ", ") + std::string(name);
  }
  return "called: " + (called.empty() ? "nothing" : called) + "; absent: " + (absent.empty() ? "nothing" : absent);
}

}  // namespace detail

/// Of a connector and its connection. True where the member is there and will be called. A member under one of these
/// names that cannot be called as documented does not compile; a misspelt one, such as `resuable`, is only absent here:
///   static_assert(carpool::recognised<MyConnector, carpool::ThreadBackend>().reusable);
///   std::puts(carpool::recognised<MyConnector, carpool::ThreadBackend>().to_string().c_str());
struct RecognisedMembers {
  bool target = false;            ///< a type Target, and matches(connection, target)
  bool ping = false;              ///< asked of what was idle for long; absent: is_connected alone is
  bool reset = false;             ///< what one user leaves behind is removed; absent: nothing is
  bool dirty = false;             ///< whether there is something to reset; absent: there always is
  bool reusable = false;          ///< asked on return; absent: is_connected is
  bool in_step = false;           ///< whether an exception over a lease says nothing; absent: it costs the connection
  bool handle_exception = false;  ///< judges what with_connection's callable throws; absent: in_step does
  bool lifetime = false;          ///< how long this connection may live; absent: as the Eviction says
  bool invalidate = false;        ///< closes gracefully; absent: the connection is only destroyed
  bool abandon = false;           ///< in a forked child; absent: the parent's connections stay open there
  bool validate = false;          ///< checks the options in the pool's constructor; absent: nothing does
  bool describe = false;          ///< says in error texts where it connects to; absent: they do not
  bool interrupt = false;         ///< ends what is in flight at the pool's end; absent: the destructor waits for it
  bool before_acquire = false;    ///< asked before each lease; absent: is_connected alone is
  bool set_pool_name = false;     ///< told the pool's name by its constructor; absent: servers do not learn it

  /// "called: ping, reusable; absent: reset, ...".
  [[nodiscard]] std::string to_string() const {
    return detail::recognised_text({{"target", target},
                                    {"ping", ping},
                                    {"reset", reset},
                                    {"dirty", dirty},
                                    {"reusable", reusable},
                                    {"in_step", in_step},
                                    {"handle_exception", handle_exception},
                                    {"lifetime", lifetime},
                                    {"invalidate", invalidate},
                                    {"abandon", abandon},
                                    {"validate", validate},
                                    {"describe", describe},
                                    {"interrupt", interrupt},
                                    {"before_acquire", before_acquire},
                                    {"set_pool_name", set_pool_name}});
  }
};

/// Of a backend, as all that follow.
struct RecognisedBackendMembers {
  bool time_suspended = false;       ///< how long the machine slept; absent: it never does
  bool uncaught_exceptions = false;  ///< absent: std::uncaught_exceptions is asked
  bool relaxed = false;              ///< Relaxed<T>; absent: Atomic<T> is used
  bool consume_budget = false;       ///< workers of one thread take turns; absent: they need not

  /// As RecognisedMembers::to_string.
  [[nodiscard]] std::string to_string() const {
    return detail::recognised_text({{"time_suspended", time_suspended},
                                    {"uncaught_exceptions", uncaught_exceptions},
                                    {"Relaxed", relaxed},
                                    {"consume_budget", consume_budget}});
  }
};

/// Of a queue.
struct RecognisedQueueMembers {
  bool pop_for_worker = false;  ///< pop(WorkerId) instead of pop()
  bool worker_caching = false;  ///< whether workers may keep a connection; absent: each goes through the queue

  /// As RecognisedMembers::to_string.
  [[nodiscard]] std::string to_string() const {
    return detail::recognised_text({{"pop(WorkerId)", pop_for_worker}, {"worker_caching", worker_caching}});
  }
};

/// Of an eviction.
struct RecognisedEvictionMembers {
  bool due = false;             ///< when to ask; absent: at every hand-out, and once a second
  bool reason = false;          ///< why to close; absent: expired
  bool by_times_alone = false;  ///< whether a connection's times decide alone; absent: they may not

  /// As RecognisedMembers::to_string.
  [[nodiscard]] std::string to_string() const {
    return detail::recognised_text({{"due", due}, {"reason", reason}, {"by_times_alone", by_times_alone}});
  }
};

/// An event that is absent is not told.
struct RecognisedEvents {
  bool acquire_started = false;     ///< a caller came in
  bool acquired = false;            ///< it got a connection
  bool acquire_failed = false;      ///< it got none
  bool released = false;            ///< a lease ended
  bool connection_created = false;  ///< a connect begins
  bool connection_ready = false;    ///< it succeeded
  bool connection_failed = false;   ///< it did not
  bool connection_closed = false;   ///< the connection is gone
  bool pool_ready = false;          ///< constructed or resumed
  bool pool_cleared = false;        ///< clear() or retire_all()
  bool pool_closed = false;         ///< close()
  bool leak_suspected = false;      ///< a lease is out for longer than leak_detection_threshold

  /// As RecognisedMembers::to_string.
  [[nodiscard]] std::string to_string() const {
    return detail::recognised_text({{"acquire_started", acquire_started},
                                    {"acquired", acquired},
                                    {"acquire_failed", acquire_failed},
                                    {"released", released},
                                    {"connection_created", connection_created},
                                    {"connection_ready", connection_ready},
                                    {"connection_failed", connection_failed},
                                    {"connection_closed", connection_closed},
                                    {"pool_ready", pool_ready},
                                    {"pool_cleared", pool_cleared},
                                    {"pool_closed", pool_closed},
                                    {"leak_suspected", leak_suspected}});
  }
};

/// What a pool with this backend calls of Connector or of its connection. Costs nothing at run
/// time, as all of these.
template <class Connector, BackendPolicy Backend>
  requires ConnectorFor<Connector, Backend>
[[nodiscard]] consteval RecognisedMembers recognised() noexcept {
  return {.target = detail::has_target<Connector>,
          .ping = detail::Pings<Connector, Backend>,
          .reset = detail::Resets<Connector, Backend>,
          .dirty = detail::TellsDirty<Connector, Backend>,
          .reusable = detail::TellsReusable<Connector, Backend>,
          .in_step = detail::TellsInStep<Connector, Backend>,
          .handle_exception = detail::HandlesExceptions<Connector, Backend>,
          .lifetime = detail::TellsLifetime<Connector, Backend>,
          .invalidate = detail::Invalidates<Connector, Backend>,
          .abandon = detail::Abandons<Connector, Backend>,
          .validate = detail::Validates<Connector, Backend>,
          .describe = detail::Describes<Connector, Backend>,
          .interrupt = detail::Interrupts<Connector>,
          .before_acquire = detail::Vets<Connector, Backend>,
          .set_pool_name = detail::TakesPoolName<Connector>};
}

/// What a pool uses of Backend beyond BackendPolicy's requirements.
template <BackendPolicy Backend>
[[nodiscard]] consteval RecognisedBackendMembers recognised_backend() noexcept {
  return {.time_suspended = detail::tells_time_suspended<Backend>,
          .uncaught_exceptions = detail::counts_exceptions<Backend>,
          .relaxed = detail::has_relaxed<Backend>,
          .consume_budget = detail::has_budget<Backend>};
}

/// What a pool uses of Queue beyond QueuePolicy's requirements.
template <QueuePolicy Queue>
[[nodiscard]] consteval RecognisedQueueMembers recognised_queue() noexcept {
  return {.pop_for_worker = detail::pops_for_worker<Queue>, .worker_caching = detail::TellsWorkerCaching<Queue>};
}

/// What a pool uses of Eviction beyond EvictionPolicy's requirements.
template <EvictionPolicy Eviction>
[[nodiscard]] consteval RecognisedEvictionMembers recognised_eviction() noexcept {
  return {.due = TellsWhenDue<Eviction>,
          .reason = TellsReason<Eviction>,
          .by_times_alone = detail::tells_by_times_alone<Eviction>};
}

/// Which events a pool tells to Observer.
template <ObserverPolicy Observer>
[[nodiscard]] consteval RecognisedEvents recognised_observer() noexcept {
  return {.acquire_started = detail::hears_acquire_started<Observer>,
          .acquired = detail::hears_acquired<Observer>,
          .acquire_failed = detail::hears_acquire_failed<Observer>,
          .released = detail::hears_released<Observer>,
          .connection_created = detail::hears_connection_created<Observer>,
          .connection_ready = detail::hears_connection_ready<Observer>,
          .connection_failed = detail::hears_connection_failed<Observer>,
          .connection_closed = detail::hears_connection_closed<Observer>,
          .pool_ready = detail::hears_pool_ready<Observer>,
          .pool_cleared = detail::hears_pool_cleared<Observer>,
          .pool_closed = detail::hears_pool_closed<Observer>,
          .leak_suspected = detail::hears_leak_suspected<Observer>};
}

}  // namespace carpool::inline v0_1

/// What an observer may have, each event a member, and whether its name is there.
#pragma once

#include <carpool/detail/member_names.hpp>
#include <carpool/source_location.hpp>
#include <carpool/time.hpp>

#include <cstdint>
#include <exception>
#include <string_view>

// One line, one event.
// clang-format off

namespace carpool::inline v0_1 {

enum class CloseReason : std::uint8_t;     // observer.hpp
enum class AcquireFailure : std::uint8_t;  // observer.hpp

namespace detail {

struct EventNames {
  int acquire_started, acquired, acquire_failed, released;
  int connection_created, connection_ready, connection_failed, connection_closed;
  int pool_ready, pool_cleared, pool_closed, leak_suspected;
};

template <class O>
concept NamesAcquireStarted = (Heritable<O> && !requires { &Beside<O, EventNames>::acquire_started; }) || requires { &O::acquire_started; };
template <class O>
concept NamesAcquired = (Heritable<O> && !requires { &Beside<O, EventNames>::acquired; }) || requires { &O::acquired; };
template <class O>
concept NamesAcquireFailed = (Heritable<O> && !requires { &Beside<O, EventNames>::acquire_failed; }) || requires { &O::acquire_failed; };
template <class O>
concept NamesReleased = (Heritable<O> && !requires { &Beside<O, EventNames>::released; }) || requires { &O::released; };
template <class O>
concept NamesConnectionCreated = (Heritable<O> && !requires { &Beside<O, EventNames>::connection_created; }) || requires { &O::connection_created; };
template <class O>
concept NamesConnectionReady = (Heritable<O> && !requires { &Beside<O, EventNames>::connection_ready; }) || requires { &O::connection_ready; };
template <class O>
concept NamesConnectionFailed = (Heritable<O> && !requires { &Beside<O, EventNames>::connection_failed; }) || requires { &O::connection_failed; };
template <class O>
concept NamesConnectionClosed = (Heritable<O> && !requires { &Beside<O, EventNames>::connection_closed; }) || requires { &O::connection_closed; };
template <class O>
concept NamesPoolReady = (Heritable<O> && !requires { &Beside<O, EventNames>::pool_ready; }) || requires { &O::pool_ready; };
template <class O>
concept NamesPoolCleared = (Heritable<O> && !requires { &Beside<O, EventNames>::pool_cleared; }) || requires { &O::pool_cleared; };
template <class O>
concept NamesPoolClosed = (Heritable<O> && !requires { &Beside<O, EventNames>::pool_closed; }) || requires { &O::pool_closed; };
template <class O>
concept NamesLeakSuspected = (Heritable<O> && !requires { &Beside<O, EventNames>::leak_suspected; }) || requires { &O::leak_suspected; };

// --- what is called --------------------------------------------------------------------------------------

template <class O>
inline constexpr bool hears_acquire_started = requires(O& o) { o.acquire_started(); };
template <class O>
inline constexpr bool hears_acquired = requires(O& o, std::uint64_t id, Duration time) { o.acquired(id, time); };
template <class O>
inline constexpr bool hears_acquire_failed = requires(O& o, AcquireFailure failure) { o.acquire_failed(failure); } || requires(O& o, AcquireFailure failure, Duration time) { o.acquire_failed(failure, time); };
template <class O>
inline constexpr bool hears_released = requires(O& o, std::uint64_t id, Duration time) { o.released(id, time); };
template <class O>
inline constexpr bool hears_connection_created = requires(O& o, std::uint64_t id) { o.connection_created(id); };
template <class O>
inline constexpr bool hears_connection_ready = requires(O& o, std::uint64_t id, Duration time) { o.connection_ready(id, time); };
template <class O>
inline constexpr bool hears_connection_failed = requires(O& o, std::uint64_t id, std::string_view why, Duration time) { o.connection_failed(id, why, time); } || requires(O& o, std::uint64_t id, std::exception_ptr cause, Duration time) { o.connection_failed(id, cause, time); };
template <class O>
inline constexpr bool hears_connection_closed = requires(O& o, std::uint64_t id, CloseReason reason) { o.connection_closed(id, reason); };
template <class O>
inline constexpr bool hears_pool_ready = requires(O& o) { o.pool_ready(); };
template <class O>
inline constexpr bool hears_pool_cleared = requires(O& o) { o.pool_cleared(); };
template <class O>
inline constexpr bool hears_pool_closed = requires(O& o) { o.pool_closed(); };
template <class O>
inline constexpr bool hears_leak_suspected = requires(O& o, const SourceLocation& site, Duration time) { o.leak_suspected(site, time); };

// --- there as documented, or not there; each a bool, so that a compiler has nothing to say behind the reason ----------

template <class O>
inline constexpr bool acquire_started_fits = hears_acquire_started<O> || !NamesAcquireStarted<O> || !NamesAcquireStarted<wrapped_t<O>>;
template <class O>
inline constexpr bool acquired_fits = hears_acquired<O> || !NamesAcquired<O> || !NamesAcquired<wrapped_t<O>>;
template <class O>
inline constexpr bool acquire_failed_fits = hears_acquire_failed<O> || !NamesAcquireFailed<O> || !NamesAcquireFailed<wrapped_t<O>>;
template <class O>
inline constexpr bool released_fits = hears_released<O> || !NamesReleased<O> || !NamesReleased<wrapped_t<O>>;
template <class O>
inline constexpr bool connection_created_fits = hears_connection_created<O> || !NamesConnectionCreated<O> || !NamesConnectionCreated<wrapped_t<O>>;
template <class O>
inline constexpr bool connection_ready_fits = hears_connection_ready<O> || !NamesConnectionReady<O> || !NamesConnectionReady<wrapped_t<O>>;
template <class O>
inline constexpr bool connection_failed_fits = hears_connection_failed<O> || !NamesConnectionFailed<O> || !NamesConnectionFailed<wrapped_t<O>>;
template <class O>
inline constexpr bool connection_closed_fits = hears_connection_closed<O> || !NamesConnectionClosed<O> || !NamesConnectionClosed<wrapped_t<O>>;
template <class O>
inline constexpr bool pool_ready_fits = hears_pool_ready<O> || !NamesPoolReady<O> || !NamesPoolReady<wrapped_t<O>>;
template <class O>
inline constexpr bool pool_cleared_fits = hears_pool_cleared<O> || !NamesPoolCleared<O> || !NamesPoolCleared<wrapped_t<O>>;
template <class O>
inline constexpr bool pool_closed_fits = hears_pool_closed<O> || !NamesPoolClosed<O> || !NamesPoolClosed<wrapped_t<O>>;
template <class O>
inline constexpr bool leak_suspected_fits = hears_leak_suspected<O> || !NamesLeakSuspected<O> || !NamesLeakSuspected<wrapped_t<O>>;

}  // namespace detail

}  // namespace carpool::inline v0_1

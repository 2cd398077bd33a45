/// What an observer may have, each event a member, and whether its name is there.
#pragma once

#include <carpool/detail/member_names.hpp>
#include <carpool/observer_context.hpp>
#include <carpool/source_location.hpp>
#include <carpool/time.hpp>

#include <cstdint>
#include <exception>
#include <string_view>
#include <type_traits>

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

// --- how it is called: the event's own arguments, and then whom it is about --------------------------------------------

struct TellAcquireStarted { template <class O, class... Who> auto operator()(O& o, Who&... who) const -> decltype(static_cast<void>(o.acquire_started(who...))) { o.acquire_started(who...); } };
struct TellAcquired { template <class O, class... Who> auto operator()(O& o, Duration wait, Who&... who) const -> decltype(static_cast<void>(o.acquired(who..., wait))) { o.acquired(who..., wait); } };
struct TellAcquireFailed { template <class O, class... Who> auto operator()(O& o, AcquireFailure why, Who&... who) const -> decltype(static_cast<void>(o.acquire_failed(who..., why))) { o.acquire_failed(who..., why); } };
struct TellAcquireFailedAfter { template <class O, class... Who> auto operator()(O& o, AcquireFailure why, Duration waited, Who&... who) const -> decltype(static_cast<void>(o.acquire_failed(who..., why, waited))) { o.acquire_failed(who..., why, waited); } };
struct TellReleased { template <class O, class... Who> auto operator()(O& o, Duration held, Who&... who) const -> decltype(static_cast<void>(o.released(who..., held))) { o.released(who..., held); } };
struct TellConnectionCreated { template <class O, class... Who> auto operator()(O& o, Who&... who) const -> decltype(static_cast<void>(o.connection_created(who...))) { o.connection_created(who...); } };
struct TellConnectionReady { template <class O, class... Who> auto operator()(O& o, Duration took, Who&... who) const -> decltype(static_cast<void>(o.connection_ready(who..., took))) { o.connection_ready(who..., took); } };
struct TellConnectionFailedBy { template <class O, class Why, class... Who> auto operator()(O& o, const Why& why, Duration took, Who&... who) const -> decltype(static_cast<void>(o.connection_failed(who..., why, took))) { o.connection_failed(who..., why, took); } };
struct TellConnectionFailed { template <class O, class... Who> auto operator()(O& o, std::string_view why, const std::exception_ptr& cause, Duration took, Who&... who) const -> decltype(static_cast<void>(o.connection_failed(who..., why, cause, took))) { o.connection_failed(who..., why, cause, took); } };
struct TellConnectionClosed { template <class O, class... Who> auto operator()(O& o, CloseReason reason, Who&... who) const -> decltype(static_cast<void>(o.connection_closed(who..., reason))) { o.connection_closed(who..., reason); } };
struct TellPoolReady { template <class O, class... Who> auto operator()(O& o, Who&... who) const -> decltype(static_cast<void>(o.pool_ready(who...))) { o.pool_ready(who...); } };
struct TellPoolCleared { template <class O, class... Who> auto operator()(O& o, Who&... who) const -> decltype(static_cast<void>(o.pool_cleared(who...))) { o.pool_cleared(who...); } };
struct TellPoolClosed { template <class O, class... Who> auto operator()(O& o, Who&... who) const -> decltype(static_cast<void>(o.pool_closed(who...))) { o.pool_closed(who...); } };
struct TellLeakSuspected { template <class O, class... Who> auto operator()(O& o, const SourceLocation& site, Duration age, Who&... who) const -> decltype(static_cast<void>(o.leak_suspected(who..., site, age))) { o.leak_suspected(who..., site, age); } };

// --- whom it is about: the fullest form that the observer has -----------------------------------------------------------

struct NoAttachment {};
template <class O>
struct AttachmentOf { using type = NoAttachment; };
template <class O>
  requires requires { typename O::Attachment; }
struct AttachmentOf<O> { using type = typename O::Attachment; };
template <class O>
using attachment_t = typename AttachmentOf<O>::type;
template <class O>
inline constexpr bool has_attachment = !std::is_same_v<attachment_t<O>, NoAttachment>;

template <class Tell, class O, class... Args>
inline constexpr bool hears_with_attachment = has_attachment<O> && std::is_invocable_v<Tell, O&, Args..., const ConnectionInfo&, attachment_t<O>&>;
template <class Tell, class O, class... Args>
inline constexpr bool hears_with_info = hears_with_attachment<Tell, O, Args...> || std::is_invocable_v<Tell, O&, Args..., const ConnectionInfo&>;
template <class Tell, class O, class... Args>
inline constexpr bool hears_of_connection = hears_with_info<Tell, O, Args...> || std::is_invocable_v<Tell, O&, Args..., const std::uint64_t&>;
template <class Tell, class O, class... Args>
inline constexpr bool hears_of_pool = std::is_invocable_v<Tell, O&, Args..., const PoolInfo&> || std::is_invocable_v<Tell, O&, Args...>;

template <class O>
inline constexpr bool hears_acquire_started = hears_of_pool<TellAcquireStarted, O>;
template <class O>
inline constexpr bool hears_acquired = hears_of_connection<TellAcquired, O, Duration>;
template <class O>
inline constexpr bool hears_acquire_failed = hears_of_pool<TellAcquireFailedAfter, O, AcquireFailure, Duration> || hears_of_pool<TellAcquireFailed, O, AcquireFailure>;
template <class O>
inline constexpr bool hears_released = hears_of_connection<TellReleased, O, Duration>;
template <class O>
inline constexpr bool hears_connection_created = hears_of_connection<TellConnectionCreated, O>;
template <class O>
inline constexpr bool hears_connection_ready = hears_of_connection<TellConnectionReady, O, Duration>;
template <class O>
inline constexpr bool hears_failure_whole = hears_of_connection<TellConnectionFailed, O, std::string_view, const std::exception_ptr&, Duration>;
template <class O>
inline constexpr bool hears_failure_text = hears_of_connection<TellConnectionFailedBy, O, const std::string_view&, Duration>;
template <class O>
inline constexpr bool hears_failure_cause = hears_of_connection<TellConnectionFailedBy, O, const std::exception_ptr&, Duration>;
template <class O>
inline constexpr bool hears_connection_failed = hears_failure_whole<O> || hears_failure_text<O> || hears_failure_cause<O>;
template <class O>
inline constexpr bool hears_connection_closed = hears_of_connection<TellConnectionClosed, O, CloseReason>;
template <class O>
inline constexpr bool hears_pool_ready = hears_of_pool<TellPoolReady, O>;
template <class O>
inline constexpr bool hears_pool_cleared = hears_of_pool<TellPoolCleared, O>;
template <class O>
inline constexpr bool hears_pool_closed = hears_of_pool<TellPoolClosed, O>;
template <class O>
inline constexpr bool hears_leak_suspected = std::is_invocable_v<TellLeakSuspected, O&, const SourceLocation&, Duration, const ConnectionInfo&> || std::is_invocable_v<TellLeakSuspected, O&, const SourceLocation&, Duration>;

/// Some event of a connection, or of the pool, wants to know more than an id, or than nothing.
template <class O>
inline constexpr bool wants_connection_info = has_attachment<O> || hears_with_info<TellAcquired, O, Duration> || hears_with_info<TellReleased, O, Duration> || hears_with_info<TellConnectionCreated, O> || hears_with_info<TellConnectionReady, O, Duration> ||
    hears_with_info<TellConnectionFailed, O, std::string_view, const std::exception_ptr&, Duration> || hears_with_info<TellConnectionFailedBy, O, const std::string_view&, Duration> || hears_with_info<TellConnectionFailedBy, O, const std::exception_ptr&, Duration> ||
    hears_with_info<TellConnectionClosed, O, CloseReason> || std::is_invocable_v<TellLeakSuspected, O&, const SourceLocation&, Duration, const ConnectionInfo&>;

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

/// What a backend, a queue and an eviction may have beside what they must, and whether its name is there.
#pragma once

#include <carpool/detail/member_names.hpp>
#include <carpool/observer.hpp>
#include <carpool/slot.hpp>
#include <carpool/time.hpp>

#include <concepts>
#include <cstdint>
#include <type_traits>

// One line, one member.
// clang-format off

namespace carpool::inline v0_1 {

/// Optional, `static constexpr WorkerCaching worker_caching` of a Queue: whether its order lets the pool cache a
/// connection with the worker that gave it back, so that this worker gets it again without the pool's lock. Another
/// worker that needs the connection gets it as well.
enum class WorkerCaching : std::uint8_t {
  none,        ///< every connection goes through the queue; the default
  per_worker,  ///< the connection that a worker gave back last may always be its next
  single_worker, ///< the same, as long as one worker alone uses the pool
};

/// An eviction that can say when: the reaper sleeps exactly until then. Without it, it looks once a second.
template <class E>
concept TellsWhenDue = requires(const E& eviction, const Slot& slot) {
  { eviction.due(slot) } -> std::same_as<TimePoint>;
};

/// An eviction that can say why: with it the pool reports idle and expired connections apart.
template <class E>
concept TellsReason = requires(const E& eviction, const Slot& slot, TimePoint now) {
  { eviction.reason(slot, now) } -> std::same_as<CloseReason>;
};

namespace detail {

template <class Q>
concept TellsWorkerCaching = requires { { Q::worker_caching } -> std::convertible_to<WorkerCaching>; typename std::integral_constant<WorkerCaching, Q::worker_caching>; };

// --- what is called --------------------------------------------------------------------------------------

template <class B>
inline constexpr bool tells_time_suspended = requires { { B::time_suspended() } noexcept -> std::convertible_to<Duration>; };
template <class B>
inline constexpr bool counts_exceptions = requires { { B::uncaught_exceptions() } noexcept -> std::convertible_to<int>; };
template <class B>
inline constexpr bool has_relaxed = requires { typename B::template Relaxed<std::uint64_t>; };
template <class B>
inline constexpr bool has_budget = requires(unsigned operations) { B::consume_budget(operations); };
template <class Q>
inline constexpr bool pops_for_worker = requires(Q queue, WorkerId worker) { { queue.pop(worker) } noexcept -> std::same_as<Slot*>; };
template <class E>
inline constexpr bool tells_by_times_alone = requires { std::bool_constant<E::by_times_alone>(); };

// --- by name ---------------------------------------------------------------------------------------------

struct BackendNames {
  int time_suspended, uncaught_exceptions, consume_budget, Relaxed;  // NOLINT(readability-identifier-naming): as backends name it
};
template <class B>
concept NamesTimeSuspended = (Heritable<B> && !requires { &Beside<B, BackendNames>::time_suspended; }) || requires { &B::time_suspended; };
template <class B>
concept NamesUncaughtExceptions = (Heritable<B> && !requires { &Beside<B, BackendNames>::uncaught_exceptions; }) || requires { &B::uncaught_exceptions; };
template <class B>
concept NamesConsumeBudget = (Heritable<B> && !requires { &Beside<B, BackendNames>::consume_budget; }) || requires { &B::consume_budget; };
template <class B>
concept NamesRelaxed = (Heritable<B> && !requires { &Beside<B, BackendNames>::Relaxed; }) || requires { typename B::Relaxed; };

struct QueueNames {
  int worker_caching;
};
template <class Q>
concept NamesWorkerCaching = (Heritable<Q> && !requires { &Beside<Q, QueueNames>::worker_caching; }) || requires { &Q::worker_caching; };

struct EvictionNames {
  int due, reason, by_times_alone;
};
template <class E>
concept NamesDue = (Heritable<E> && !requires { &Beside<E, EvictionNames>::due; }) || requires { &E::due; };
template <class E>
concept NamesReason = (Heritable<E> && !requires { &Beside<E, EvictionNames>::reason; }) || requires { &E::reason; };
template <class E>
concept NamesByTimesAlone = (Heritable<E> && !requires { &Beside<E, EvictionNames>::by_times_alone; }) || requires { &E::by_times_alone; };

// --- there as documented, or not there; each a bool, so that a compiler has nothing to say behind the reason ----------

template <class B>
inline constexpr bool time_suspended_fits = tells_time_suspended<B> || !NamesTimeSuspended<B>;
template <class B>
inline constexpr bool uncaught_exceptions_fits = counts_exceptions<B> || !NamesUncaughtExceptions<B>;
template <class B>
inline constexpr bool consume_budget_fits = has_budget<B> || !NamesConsumeBudget<B>;
template <class B>
inline constexpr bool relaxed_fits = has_relaxed<B> || !NamesRelaxed<B>;

template <class Q>
inline constexpr bool pop_for_worker_fits = !requires(Q queue, WorkerId worker) { queue.pop(worker); } || pops_for_worker<Q>;
template <class Q>
inline constexpr bool worker_caching_fits = !NamesWorkerCaching<Q> || TellsWorkerCaching<Q>;

template <class E>
inline constexpr bool due_fits = TellsWhenDue<E> || !NamesDue<E> || !NamesDue<wrapped_t<E>>;
template <class E>
inline constexpr bool reason_fits = TellsReason<E> || !NamesReason<E> || !NamesReason<wrapped_t<E>>;
template <class E>
inline constexpr bool by_times_alone_fits = !NamesByTimesAlone<E> || tells_by_times_alone<E>;

}  // namespace detail

}  // namespace carpool::inline v0_1

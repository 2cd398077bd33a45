/// The four roles, each requirement with its reason: the compiler prints the line that a policy fails.
#pragma once

#include <carpool/detail/connector_members.hpp>
#include <carpool/detail/connector_names.hpp>
#include <carpool/detail/connector_types.hpp>
#include <carpool/detail/policy_members.hpp>
#include <carpool/observer.hpp>
#include <carpool/slot.hpp>
#include <carpool/time.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <type_traits>
#include <utility>

// Each reason stands on the line of its requirement, because that line is what compilers print; g++ prints the
// outermost line alone, so it says all that the nested concept asks.
// clang-format off

namespace carpool::inline v0_1 {

// --- Backend: how to wait --------------------------------------------------------------------------------

/// A mutex of a backend. The pool holds it for a few dozen instructions and never across I/O, user code or a wait.
template <class M>
concept BackendMutex = requires(M mutex) {
  mutex.lock();    // Mutex needs lock(): the pool's state has one owner at a time
  mutex.unlock();  // Mutex needs unlock(): what is locked must be given back
};

/// One waiter's place to sleep: a token that unpark() leaves and park_until() takes.
template <class P>
concept BackendParkingSlot = requires(P slot, TimePoint deadline) {
  requires std::default_initializable<P>;               // ParkingSlot needs a default constructor: each waiter makes its own
  { slot.park_until(deadline) } -> std::same_as<bool>;  // ParkingSlot needs bool park_until(TimePoint): true = token taken, false = deadline passed without one
  { slot.unpark() } noexcept -> std::movable;           // ParkingSlot needs unpark() noexcept returning a Wakeup whose destructor rouses the waiter: so the kernel is called after the lock
};

/// What Backend::spawn returns: movable; its destructor joins.
template <class T>
concept BackendTask = requires(T task) {
  requires std::movable<T>;  // a task needs to be movable: the pool keeps its workers in a container
  task.join();               // a task needs join(): a pool's destructor outwaits its workers
};

/// How workers of one kind wait: static members and types alone. The reason for each requirement stands on its line,
/// because that is what compilers print. A backend may also have a ReaperService.
template <class B>
concept BackendPolicy =
    std::is_empty_v<B> &&  // A Backend is an empty type: it is a way to wait, not a thing
    requires(TimePoint deadline, void (*work)()) {
      { B::concurrent } -> std::convertible_to<bool>;                    // Backend needs constexpr bool concurrent: whether a spawned task runs beside its caller, so that somebody can be waited for
      requires BackendMutex<typename B::Mutex>;                          // Backend needs Mutex with lock() and unlock(): what a worker of this kind may block on
      requires BackendParkingSlot<typename B::ParkingSlot>;              // Backend needs ParkingSlot with a default constructor, bool park_until(TimePoint) and unpark() noexcept returning a Wakeup: each waiter sleeps alone, never on one shared condition variable
      typename B::template Atomic<std::uint64_t>;                        // Backend needs Atomic<T>: the simulator must see every access
      { B::light_barrier() } noexcept;                                   // Backend needs light_barrier(): the cheap half of an asymmetric fence
      { B::heavy_barrier() } noexcept;                                   // Backend needs heavy_barrier(): the dear half, paid by the one who waits
      { B::now() } noexcept -> std::same_as<TimePoint>;                  // Backend needs now(): deadlines are points on its clock
      { B::coarse_now() } noexcept -> std::same_as<TimePoint>;           // Backend needs coarse_now(): ages need milliseconds, not nanoseconds, and must cost next to nothing
      B::sleep_until(deadline);                                          // Backend needs sleep_until(TimePoint): back-off must not block the other fibers of a thread
      { B::spawn(work) } -> BackendTask;                                 // Backend needs spawn(f) returning a movable task with join(): runs f beside the caller (inline where concurrent is false)
      { B::spawn_background(work) } -> BackendTask;                      // Backend needs spawn_background(f) returning a movable task with join(): as spawn, but f may outlive the thread that asked for it
      { B::worker() } noexcept -> std::same_as<WorkerId>;                // Backend needs worker(): affinity is by OS thread
      { B::random() } noexcept -> std::same_as<std::uint64_t>;           // Backend needs random(): jitter must be replayable in the simulator
      { B::fork_generation() } noexcept -> std::convertible_to<std::uint64_t>;  // Backend needs fork_generation(): a forked child must not touch its parent's connections
      requires detail::time_suspended_fits<B>;                           // Backend has time_suspended, but not as static Duration time_suspended() noexcept: the pool would never learn that the machine slept
      requires detail::uncaught_exceptions_fits<B>;                      // Backend has uncaught_exceptions, but not as static int uncaught_exceptions() noexcept: it would never be asked
      requires detail::consume_budget_fits<B>;                           // Backend has consume_budget, but not as static void consume_budget(unsigned operations) noexcept: a worker that never waits would keep the others of its thread waiting
      requires detail::relaxed_fits<B>;                                  // Backend has Relaxed, but not as template <class T> Relaxed: it would never be used
    };

/// What connectors that do I/O ask of a backend beyond BackendPolicy. Events are poll(2)'s bits.
template <class B>
concept IoBackendPolicy = BackendPolicy<B> && requires(int fd, unsigned events, TimePoint deadline, int (*call)()) {
  typename B::Socket;                                                        // An I/O backend needs Socket: connect, read_some, write_some, each with a deadline
  { B::wait(fd, events, deadline) } -> std::same_as<unsigned>;               // An I/O backend needs wait(fd, events, deadline): the events that came, 0 = deadline passed; for libraries that own their descriptor
  { B::forget(fd) } noexcept;                                                // An I/O backend needs forget(fd): to be said before a descriptor is closed or may have become another socket
  { B::run_blocking(call) } -> std::same_as<int>;                            // An I/O backend needs run_blocking(f): for calls that cannot but block (getaddrinfo, SQLite)
};

// --- Queue: who goes next --------------------------------------------------------------------------------

/// The order of the idle connections. Called under the pool's lock; intrusive over Slot: cannot allocate or fail.
template <class Q>
concept QueuePolicy = requires(Q queue, const Q& reading, Slot& slot, WorkerId worker) {
  requires std::default_initializable<Q>;  // Queue needs a default constructor: the pool makes it
  { queue.push(slot) } noexcept;    // Queue needs push(Slot&) noexcept: giving a connection back must not fail
  { queue.remove(slot) } noexcept;  // Queue needs remove(Slot&) noexcept: an expired connection leaves from wherever it stands
  { reading.size() } noexcept -> std::same_as<std::size_t>;  // Queue needs size() noexcept: the pool counts its idle connections
  requires requires { { queue.pop() } noexcept -> std::same_as<Slot*>; } ||
               requires { { queue.pop(worker) } noexcept -> std::same_as<Slot*>; };  // Queue needs pop() or pop(WorkerId) noexcept returning Slot*: the next connection, nullptr when empty
  requires detail::pop_for_worker_fits<Q>;  // Queue has pop(WorkerId), but not as Slot* pop(WorkerId) noexcept: the pool would not know which to call
  requires detail::worker_caching_fits<Q>;       // Queue has worker_caching, but not as static constexpr carpool::WorkerCaching worker_caching: it would never be looked at
};

// --- Connector: what to open -----------------------------------------------------------------------------

namespace detail {

template <class C, class B>
concept ConnectsPlainly = requires(const C& connector, TimePoint deadline) {
  { connector.connect(deadline) } -> std::same_as<connection_t<C, B>>;
};
template <class C, class B>
concept ConnectsThroughBackend = requires(const C& connector, TimePoint deadline) {
  { connector.template connect<B>(deadline) } -> std::same_as<connection_t<C, B>>;
};
template <class C, class B>
concept ConnectsToTarget = requires(const C& connector, const target_t<C>& target, TimePoint deadline) {
  { connector.connect(target, deadline) } -> std::same_as<connection_t<C, B>>;
};
template <class C, class B>
concept ConnectsToTargetThroughBackend = requires(const C& connector, const target_t<C>& target, TimePoint deadline) {
  { connector.template connect<B>(target, deadline) } -> std::same_as<connection_t<C, B>>;
};
template <class C, class B>
concept Connects = ConnectsToTarget<C, B> || ConnectsToTargetThroughBackend<C, B> ||
                   (!has_target<C> && (ConnectsPlainly<C, B> || ConnectsThroughBackend<C, B>));

template <class C, class B>
concept MatchesItsTargets = !has_target<C> || Matches<C, B>;

}  // namespace detail

/// The required members, and of the optional ones, which ARCHITECTURE.md describes, that each is as documented or not
/// there at all: the pool would never call what it cannot call as documented. carpool::recognised lists what it calls.
///
/// Whatever is asked of a connector with a connection, the connection may answer itself instead: is_connected() for
/// is_connected(connection), ping(deadline) for ping(connection, deadline). The connector's member goes first. The
/// connection's members are held to their documented form where the connector leaves is_connected to the connection;
/// one that does not may open any type, whatever the members of that type mean.
template <class C, class B>
concept ConnectorFor =
    requires {
      typename detail::ConnectionOf<C, B>::type;                     // Connector needs a type Connection, or template <class Backend> class Connection: what it opens
      requires std::is_nothrow_destructible_v<connection_t<C, B>>;   // Connector::Connection needs a destructor that does not throw: it closes
      requires std::move_constructible<connection_t<C, B>>;          // Connector::Connection needs to be movable: it is moved into its place in the pool
      requires std::copyable<target_t<C>>;                           // Connector::Target needs to be copyable: the pool keeps the endpoints that were asked for
      requires std::equality_comparable<target_t<C>>;                // Connector::Target needs ==: idle connections are kept by endpoint
      requires detail::Connects<C, B>;                               // Connector needs Connection connect(TimePoint deadline) const, with a leading const Target& where it has targets: it opens one
      requires detail::MatchesItsTargets<C, B>;                      // Connector with Target needs bool matches(const Connection&, const Target&) const, or its Connection bool matches(const Target&) const: a lease must be for the endpoint that was asked for
    } &&
    requires {
      requires detail::is_connected_fits<C, B>;  // Connector needs bool is_connected(const Connection&) const noexcept, or its Connection bool is_connected() const noexcept: asked at every hand-out, so cheap and without a round trip
      requires detail::ping_fits<C, B>;     // Connector has ping, but not as bool ping(Connection&, TimePoint deadline) const: no connection would ever be pinged
      requires detail::reset_fits<C, B>;    // Connector has reset, but not as bool reset(Connection&, TimePoint deadline) const: what one user leaves behind the next would find
      requires detail::dirty_fits<C, B>;    // Connector has dirty, but not as bool dirty(const Connection&) const noexcept: every connection would be reset
      requires detail::reusable_fits<C, B>; // Connector has reusable, but not as bool reusable(const Connection&) const noexcept: a torn exchange would go unnoticed
      requires detail::in_step_fits<C, B>;  // Connector has in_step, but not as bool in_step(const Connection&) const noexcept: each exception over a lease would cost a connection
      requires detail::handle_exception_fits<C, B>;  // Connector has handle_exception, but not as Verdict handle_exception(Connection&, std::exception_ptr) const: it would never be asked
      requires detail::lifetime_fits<C, B>; // Connector has lifetime, but not as Duration lifetime(const Connection&) const: every connection would live for ever
      requires detail::invalidate_fits<C, B>;  // Connector has invalidate, but not as void invalidate(Connection&, TimePoint deadline) const: no connection would be closed gracefully
      requires detail::abandon_fits<C, B>;  // Connector has abandon, but not as void abandon(Connection&) const noexcept: a forked child would leave its parent's descriptors open
      requires detail::validate_fits<C, B>; // Connector has validate, but not as void validate() const: bad options would be found by the first connect
      requires detail::describe_fits<C, B>; // Connector has describe, but not as std::string describe() const, with a leading const Target& where it has targets: error texts would not say where it connects to
      requires detail::before_acquire_fits<C, B>; // Connector has before_acquire, but not as bool before_acquire(Connection&, TimePoint deadline) const: no acquire would ask it
      requires detail::set_pool_name_fits<C, B>; // Connector has set_pool_name, but not as void set_pool_name(const std::string&): no server would learn the pool's name
      requires detail::interrupt_fits<C, B>; // Connector has interrupt, but not as void interrupt() const noexcept: the pool's destructor would wait for what is in flight
    } &&
    requires {
      requires detail::own_ping_fits<C, B>;     // Connection has ping, but not as bool ping(TimePoint deadline): no connection would ever be pinged
      requires detail::own_reset_fits<C, B>;    // Connection has reset, but not as bool reset(TimePoint deadline): what one user leaves behind the next would find
      requires detail::own_dirty_fits<C, B>;    // Connection has dirty, but not as bool dirty() const noexcept: every connection would be reset
      requires detail::own_reusable_fits<C, B>; // Connection has reusable, but not as bool reusable() const noexcept: a torn exchange would go unnoticed
      requires detail::own_in_step_fits<C, B>;  // Connection has in_step, but not as bool in_step() const noexcept: each exception over a lease would cost a connection
      requires detail::own_handle_exception_fits<C, B>;  // Connection has handle_exception, but not as Verdict handle_exception(std::exception_ptr): it would never be asked
      requires detail::own_lifetime_fits<C, B>; // Connection has lifetime, but not as Duration lifetime() const: every connection would live for ever
      requires detail::own_invalidate_fits<C, B>;  // Connection has invalidate, but not as void invalidate(TimePoint deadline): no connection would be closed gracefully
      requires detail::own_before_acquire_fits<C, B>;  // Connection has before_acquire, but not as bool before_acquire(TimePoint deadline): no acquire would ask it
      requires detail::own_abandon_fits<C, B>;  // Connection has abandon, but not as void abandon() noexcept: a forked child would leave its parent's descriptors open
    };

// --- Eviction: when to close -----------------------------------------------------------------------------

/// Asked on acquire, on release and by the reaper, outside every lock, by any worker. A throw counts as expired.
template <class E>
concept EvictionPolicy = requires(const E& eviction, const Slot& slot, TimePoint now) {
  requires std::copy_constructible<E>;                    // Eviction needs to be copyable: the pool keeps its own
  { eviction.expired(slot, now) } -> std::same_as<bool>;  // Eviction needs bool expired(const Slot&, TimePoint now) const: whether to close this connection
  requires detail::due_fits<E>;           // Eviction has due, but not as TimePoint due(const Slot&) const: it would be asked once a second instead
  requires detail::reason_fits<E>;        // Eviction has reason, but not as CloseReason reason(const Slot&, TimePoint now) const: every close would be told as expired
  requires detail::by_times_alone_fits<E>;  // Eviction has by_times_alone, but not as static constexpr bool by_times_alone: it would never be looked at
};

}  // namespace carpool::inline v0_1

/// The four roles, each requirement with its reason: the compiler prints the line that a policy fails.
#pragma once

#include <carpool/slot.hpp>
#include <carpool/time.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <type_traits>
#include <utility>
#include <variant>

// Each reason stands on the line of its requirement, because that line is what compilers print; g++ prints the
// outermost line alone, so it says all that the nested concept asks.
// clang-format off

namespace carpool {

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
  requires std::movable<T>;  // a task needs to be movable: the pool keeps its helpers in a container
  task.join();               // a task needs join(): a pool's destructor outwaits its helpers
};

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
};

/// Optional, `static constexpr Seating seating` of a Queue: whether its order allows a connection to rest with the worker
/// that gave it back, so that this worker gets it again without the pool's lock. Whoever else needs it gets it as well.
enum class Seating : std::uint8_t {
  none,        ///< every connection goes through the queue; so where a queue says nothing
  each_worker, ///< what a worker gave back last may always be its next
  sole_worker, ///< so long as one worker alone uses the pool
};

// --- Connector: what to open -----------------------------------------------------------------------------

/// What a connector says of a connection whose user threw.
enum class Verdict {
  keep,   ///< the exception says nothing against the connection: it may be pooled
  close,  ///< the connection may be in any state: close it
};

namespace detail {

template <class C, class B>
struct ConnectionOf {};
template <class C, class B>
  requires requires { typename C::Connection; }
struct ConnectionOf<C, B> {
  using type = typename C::Connection;
};
template <class C, class B>
  requires requires { typename C::template Connection<B>; }
struct ConnectionOf<C, B> {
  using type = typename C::template Connection<B>;
};

template <class C>
struct TargetOf {
  using type = std::monostate;
};
template <class C>
  requires requires { typename C::Target; }
struct TargetOf<C> {
  using type = typename C::Target;
};

}  // namespace detail

/// The connection type that connector C opens on backend B.
template <class C, class B>
using connection_t = typename detail::ConnectionOf<C, B>::type;

/// What distinguishes C's endpoints; std::monostate where it has only one.
template <class C>
using target_t = typename detail::TargetOf<C>::type;

namespace detail {

template <class C>
inline constexpr bool has_target = !std::same_as<target_t<C>, std::monostate>;

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
concept MatchesItsTargets = !has_target<C> || requires(const C& connector, const connection_t<C, B>& connection, const target_t<C>& target) {
  { connector.matches(connection, target) } -> std::convertible_to<bool>;
};

}  // namespace detail

/// The required members. The optional ones (ping, reset, dirty, reusable, handle_exception, lifetime, invalidate,
/// abandon, describe) are detected in detail/connector_calls.hpp and described in ARCHITECTURE.md.
template <class C, class B>
concept ConnectorFor =
    requires {
      typename detail::ConnectionOf<C, B>::type;                     // Connector needs a type Connection, or template <class Backend> class Connection: what it opens
      requires std::is_nothrow_destructible_v<connection_t<C, B>>;   // Connector::Connection needs a destructor that does not throw: it closes
      requires std::move_constructible<connection_t<C, B>>;          // Connector::Connection needs to be movable: it is moved into its place in the pool
      requires std::copyable<target_t<C>>;                           // Connector::Target needs to be copyable: the pool keeps the endpoints that were asked for
      requires std::equality_comparable<target_t<C>>;                // Connector::Target needs ==: idle connections are kept by endpoint
      requires detail::Connects<C, B>;                               // Connector needs Connection connect(TimePoint deadline) const, with a leading const Target& where it has targets: it opens one
      requires detail::MatchesItsTargets<C, B>;                      // Connector with Target needs bool matches(const Connection&, const Target&) const: a lease must be for the endpoint that was asked for
    } &&
    requires(const C& connector, const connection_t<C, B>& connection) {
      { connector.is_connected(connection) } noexcept -> std::convertible_to<bool>;  // Connector needs bool is_connected(const Connection&) const noexcept: asked at every hand-out, so cheap and without a round trip
    };

// --- Eviction: when to close -----------------------------------------------------------------------------

/// Asked on acquire, on release and by the reaper, outside every lock, by any worker. A throw counts as expired.
template <class E>
concept EvictionPolicy = requires(const E& eviction, const Slot& slot, TimePoint now) {
  requires std::copy_constructible<E>;                    // Eviction needs to be copyable: the pool keeps its own
  { eviction.expired(slot, now) } -> std::same_as<bool>;  // Eviction needs bool expired(const Slot&, TimePoint now) const: whether to close this connection
};

/// An eviction that can say when: the reaper sleeps exactly until then. Without it, it looks once a second.
template <class E>
concept TellsWhenDue = requires(const E& eviction, const Slot& slot) {
  { eviction.due(slot) } -> std::same_as<TimePoint>;
};

}  // namespace carpool

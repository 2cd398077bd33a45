// sanitizers: not thread
/// What each concept accepts and refuses: the compiler is the test, the program has nothing left to run. The words of
/// the refusals are tested in compile_fail; here, that one flaw suffices.
#include <carpool/concepts.hpp>
#include <carpool/evictions.hpp>
#include <carpool/observer.hpp>
#include <carpool/recognised.hpp>

#include "../compile_fail/sound_policies.hpp"

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// Archetypes are read as a table: one flaw, one line.
// clang-format off
namespace {

using namespace carpool;

// --- the parts of a backend ------------------------------------------------------------------------------

struct UnlockOnly { void unlock(); };
struct LockOnly { void lock(); };
static_assert(BackendMutex<SoundMutex>);
static_assert(!BackendMutex<UnlockOnly> && !BackendMutex<LockOnly> && !BackendMutex<int>);

struct Wakeup {};
struct PinnedWakeup { PinnedWakeup(PinnedWakeup&&) = delete; };
struct PinnedSlot : SoundParkingSlot { PinnedSlot() = default; PinnedSlot(PinnedSlot&&) = delete; };
struct SlotWithArguments : SoundParkingSlot { explicit SlotWithArguments(int); };
struct SlotThatDoesNotSay { void park_until(TimePoint); Wakeup unpark() noexcept; };
struct SlotForDurations { bool park_until(Duration); Wakeup unpark() noexcept; };
struct SlotThatMayFailToWake { bool park_until(TimePoint); Wakeup unpark(); };
struct SlotWithoutWakeup { bool park_until(TimePoint); void unpark() noexcept; };
struct SlotWithPinnedWakeup { bool park_until(TimePoint); PinnedWakeup unpark() noexcept; };
static_assert(BackendParkingSlot<SoundParkingSlot>);
static_assert(BackendParkingSlot<PinnedSlot>, "a parking slot lives on its waiter's stack: it need not move");
static_assert(!BackendParkingSlot<SlotWithArguments> && !BackendParkingSlot<SlotThatDoesNotSay>);
static_assert(!BackendParkingSlot<SlotForDurations> && !BackendParkingSlot<SlotThatMayFailToWake>);
static_assert(!BackendParkingSlot<SlotWithoutWakeup> && !BackendParkingSlot<SlotWithPinnedWakeup>);

struct PinnedTask : SoundTask { PinnedTask() = default; PinnedTask(PinnedTask&&) = delete; };
struct TaskWithoutJoin {};
static_assert(BackendTask<SoundTask>);
static_assert(!BackendTask<PinnedTask> && !BackendTask<TaskWithoutJoin>);

// --- backend ---------------------------------------------------------------------------------------------

struct BackendWithState : SoundBackend { int state; };
struct BackendWithBadMutex : SoundBackend { using Mutex = LockOnly; };
struct BackendWithBadSlot : SoundBackend { using ParkingSlot = SlotWithoutWakeup; };
struct BackendWithAtomicOfOneType : SoundBackend { using Atomic = int; };
struct BackendWithThrowingLightBarrier : SoundBackend { static void light_barrier(); };
struct BackendWithThrowingHeavyBarrier : SoundBackend { static void heavy_barrier(); };
struct BackendWithWallClock : SoundBackend { static std::chrono::system_clock::time_point now() noexcept; };
struct BackendWithThrowingClock : SoundBackend { static TimePoint now(); };
struct BackendWithCoarseSeconds : SoundBackend { static long coarse_now() noexcept; };
struct BackendThatSleepsForDurations : SoundBackend { static void sleep_until(Duration); };
struct BackendThatSpawnsNothing : SoundBackend { static void spawn(void (*)()); };
struct BackendWithPinnedTasks : SoundBackend { static PinnedTask spawn_background(void (*)()); };
struct BackendWithNamedWorkers : SoundBackend { static std::string worker() noexcept; };
struct BackendWithLittleRandom : SoundBackend { static std::uint32_t random() noexcept; };
struct BackendWithThrowingForkGeneration : SoundBackend { static std::uint64_t fork_generation(); };
static_assert(BackendPolicy<SoundBackend> && BackendPolicy<SoundIoBackend>);
static_assert(!BackendPolicy<int> && !BackendPolicy<BackendWithState>);
static_assert(!BackendPolicy<BackendWithBadMutex> && !BackendPolicy<BackendWithBadSlot>);
static_assert(!BackendPolicy<BackendWithAtomicOfOneType>);
static_assert(!BackendPolicy<BackendWithThrowingLightBarrier> && !BackendPolicy<BackendWithThrowingHeavyBarrier>);
static_assert(!BackendPolicy<BackendWithWallClock> && !BackendPolicy<BackendWithThrowingClock>);
static_assert(!BackendPolicy<BackendWithCoarseSeconds> && !BackendPolicy<BackendThatSleepsForDurations>);
static_assert(!BackendPolicy<BackendThatSpawnsNothing> && !BackendPolicy<BackendWithPinnedTasks>);
static_assert(!BackendPolicy<BackendWithNamedWorkers> && !BackendPolicy<BackendWithLittleRandom>);
static_assert(!BackendPolicy<BackendWithThrowingForkGeneration>);

struct IoWithoutBackend {
  using Socket = int;
  static unsigned wait(int, unsigned, TimePoint);
  static void forget(int) noexcept;
  static int run_blocking(int (*)());
};
struct IoThatAnswersYesOrNo : SoundIoBackend { static bool wait(int, unsigned, TimePoint); };
struct IoWithThrowingForget : SoundIoBackend { static void forget(int); };
struct IoThatLosesTheResult : SoundIoBackend { static void run_blocking(int (*)()); };
static_assert(IoBackendPolicy<SoundIoBackend>);
static_assert(!IoBackendPolicy<SoundBackend> && !IoBackendPolicy<IoWithoutBackend>);
static_assert(!IoBackendPolicy<IoThatAnswersYesOrNo> && !IoBackendPolicy<IoWithThrowingForget>);
static_assert(!IoBackendPolicy<IoThatLosesTheResult>);

// --- queue -----------------------------------------------------------------------------------------------

struct QueueForWorkers {
  void push(Slot&) noexcept;
  void remove(Slot&) noexcept;
  Slot* pop(WorkerId) noexcept;
  [[nodiscard]] std::size_t size() const noexcept;
};
struct CachingQueue : SoundQueue { static constexpr WorkerCaching worker_caching = WorkerCaching::none; };
struct QueueCachingByName : SoundQueue { static constexpr const char* worker_caching = "each worker"; };
static_assert(QueuePolicy<CachingQueue> && !QueuePolicy<QueueCachingByName>);
struct QueueThatMayFailToPush : SoundQueue { void push(Slot&); };
struct QueueThatMayFailToRemove : SoundQueue { void remove(Slot&); };
struct QueueThatMayFailToPop : SoundQueue { Slot* pop(); };
struct QueueOfReferences : SoundQueue { Slot& pop() noexcept; };
struct QueueThatTakesPointers : SoundQueue { void push(Slot*) noexcept; };
struct QueueThatChangesWhenCounted : SoundQueue { std::size_t size() noexcept; };
struct QueueWithIntSize : SoundQueue { [[nodiscard]] int size() const noexcept; };
struct QueueWithCapacity : SoundQueue { explicit QueueWithCapacity(std::size_t); };
static_assert(QueuePolicy<SoundQueue> && QueuePolicy<QueueForWorkers>);
static_assert(!QueuePolicy<std::vector<Slot*>> && !QueuePolicy<int>);
static_assert(!QueuePolicy<QueueThatMayFailToPush> && !QueuePolicy<QueueThatMayFailToRemove>);
static_assert(!QueuePolicy<QueueThatMayFailToPop> && !QueuePolicy<QueueOfReferences>);
static_assert(!QueuePolicy<QueueThatTakesPointers> && !QueuePolicy<QueueThatChangesWhenCounted>);
static_assert(!QueuePolicy<QueueWithIntSize> && !QueuePolicy<QueueWithCapacity>);

// --- connector -------------------------------------------------------------------------------------------

struct Plain {
  using Connection = int;
  Connection connect(TimePoint) const;
  bool is_connected(const Connection&) const noexcept;
};
struct ThroughBackend {
  template <class Backend>
  class Connection {};
  template <class Backend>
  Connection<Backend> connect(TimePoint) const;
  template <class Backend>
  bool is_connected(const Connection<Backend>&) const noexcept;
};
struct ToTargetThroughBackend {
  using Target = std::string;
  template <class Backend>
  struct Connection {};
  template <class Backend>
  Connection<Backend> connect(const Target&, TimePoint) const;
  template <class Backend>
  bool is_connected(const Connection<Backend>&) const noexcept;
  template <class Backend>
  bool matches(const Connection<Backend>&, const Target&) const;
};
static_assert(ConnectorFor<Plain, SoundBackend> && ConnectorFor<ThroughBackend, SoundBackend>);
static_assert(ConnectorFor<SoundConnector, SoundBackend> && ConnectorFor<ToTargetThroughBackend, SoundBackend>);
static_assert(std::same_as<connection_t<Plain, SoundBackend>, int>);
static_assert(std::same_as<connection_t<ThroughBackend, SoundBackend>, ThroughBackend::Connection<SoundBackend>>);
static_assert(std::same_as<target_t<Plain>, std::monostate>);
static_assert(std::same_as<target_t<ToTargetThroughBackend>, std::string>);
static_assert(!detail::has_target<Plain> && detail::has_target<SoundConnector>);
static_assert(detail::ConnectsPlainly<Plain, SoundBackend> && !detail::ConnectsThroughBackend<Plain, SoundBackend>);
static_assert(detail::ConnectsThroughBackend<ThroughBackend, SoundBackend>);
static_assert(detail::ConnectsToTarget<SoundConnector, SoundBackend>);
static_assert(!detail::ConnectsPlainly<SoundConnector, SoundBackend>);
static_assert(detail::ConnectsToTargetThroughBackend<ToTargetThroughBackend, SoundBackend>);
static_assert(detail::MatchesItsTargets<Plain, SoundBackend>, "without targets there is nothing to match");

struct Nothing {};
struct PinnedConnection { PinnedConnection(PinnedConnection&&) = delete; };
struct ThrowingConnection { ~ThrowingConnection() noexcept(false); };
template <class C>
struct Opens {
  using Connection = C;
  Connection connect(TimePoint) const;
  bool is_connected(const Connection&) const noexcept;
};
struct OpensSomethingElse : Plain { std::string connect(TimePoint) const; };
struct ChangesWhenConnecting : Plain { int connect(TimePoint); };
struct KnowsNoDeadline : Plain { int connect() const; };
struct MayFailToLook : Plain { bool is_connected(const int&) const; };
struct LooksAtMutable : Plain { bool is_connected(int&) const noexcept; };
struct ForgetsTheTarget : SoundConnector { Connection connect(TimePoint) const; };
struct MatchesNothing {
  using Connection = int;
  using Target = int;
  Connection connect(const Target&, TimePoint) const;
  bool is_connected(const Connection&) const noexcept;
};
struct Incomparable {};
struct WithIncomparableTarget {
  using Connection = int;
  using Target = Incomparable;
  Connection connect(const Target&, TimePoint) const;
  bool is_connected(const Connection&) const noexcept;
  bool matches(const Connection&, const Target&) const;
};
struct WithUniqueTarget {
  using Connection = int;
  using Target = std::unique_ptr<int>;
  Connection connect(const Target&, TimePoint) const;
  bool is_connected(const Connection&) const noexcept;
  bool matches(const Connection&, const Target&) const;
};
static_assert(ConnectorFor<Opens<std::unique_ptr<int>>, SoundBackend>, "a connection need not be copyable");
static_assert(!ConnectorFor<Nothing, SoundBackend> && !ConnectorFor<int, SoundBackend>);
static_assert(!ConnectorFor<Opens<PinnedConnection>, SoundBackend>);
static_assert(!ConnectorFor<Opens<ThrowingConnection>, SoundBackend>);
static_assert(!ConnectorFor<OpensSomethingElse, SoundBackend> && !ConnectorFor<ChangesWhenConnecting, SoundBackend>);
static_assert(!ConnectorFor<KnowsNoDeadline, SoundBackend>);
static_assert(!ConnectorFor<MayFailToLook, SoundBackend> && !ConnectorFor<LooksAtMutable, SoundBackend>);
static_assert(!ConnectorFor<ForgetsTheTarget, SoundBackend> && !ConnectorFor<MatchesNothing, SoundBackend>);
static_assert(!detail::Connects<ForgetsTheTarget, SoundBackend>);
static_assert(!detail::MatchesItsTargets<MatchesNothing, SoundBackend>);
static_assert(!ConnectorFor<WithIncomparableTarget, SoundBackend> && !ConnectorFor<WithUniqueTarget, SoundBackend>);

// --- a connector's optional members: as documented, or not there --------------------------------------------

struct WithAll : SoundConnector {
  bool ping(Connection&, TimePoint) const;
  static bool reset(Connection&, TimePoint);  // static is as good
  template <class AnyConnection>
  bool dirty(const AnyConnection&) const noexcept;
  bool reusable(const Connection&) const noexcept;
  bool reusable(std::string) const;  // another overload does no harm
  bool in_step(const Connection&) const noexcept;
  Verdict handle_exception(Connection&, const std::exception_ptr&) const;
  std::chrono::seconds lifetime(const Connection&) const;
  void invalidate(Connection&, TimePoint) const;
  void abandon(Connection&) const noexcept;
  void validate() const;
  std::string describe(const Target&) const;
  void interrupt() const noexcept;
};
struct WithoutAny final : SoundConnector {};
struct Misspelt : SoundConnector { bool resuable(const Connection&) const noexcept; };
struct PingsAField : SoundConnector { int ping; };
struct PingsAType : SoundConnector { struct ping {}; };
struct PingsByDefault : SoundConnector { bool ping(Connection&, TimePoint, int tries = 1) const; };
struct PingsSomethingElse : SoundConnector { bool ping(std::string&, TimePoint) const; };
struct PingsWithoutAnswer : SoundConnector { void ping(Connection&, TimePoint) const; };
static_assert(ConnectorFor<WithAll, SoundBackend> && ConnectorFor<WithoutAny, SoundBackend>);
static_assert(ConnectorFor<PingsByDefault, SoundBackend> && ConnectorFor<Misspelt, SoundBackend>);
static_assert(!ConnectorFor<PingsAField, SoundBackend> && !ConnectorFor<PingsAType, SoundBackend>);
static_assert(!ConnectorFor<PingsSomethingElse, SoundBackend> && !ConnectorFor<PingsWithoutAnswer, SoundBackend>);

// --- what a connector leaves to its connection -------------------------------------------------------------

struct AnswersAll : SoundOwnConnection {
  bool ping(TimePoint);
  static bool reset(TimePoint);
  template <class Time = TimePoint>
  bool dirty() const noexcept;
  bool reusable() const noexcept;
  bool in_step() const noexcept;
  Verdict handle_exception(const std::exception_ptr&);
  std::chrono::seconds lifetime() const;
  void invalidate(TimePoint);
  void abandon() noexcept;
};
struct AnswersOne : SoundOwnConnection { bool ping(TimePoint); bool ping(); };
struct PingsAtOnce : SoundOwnConnection { bool ping(); };
struct HasNoAnswer {};
struct MayFailToAnswer { bool is_connected() const; };
struct AnswersMutable { bool is_connected() noexcept; };
static_assert(ConnectorFor<ConnectorOf<AnswersAll>, SoundBackend> && ConnectorFor<ConnectorOf<AnswersOne>, SoundBackend>);
static_assert(!ConnectorFor<ConnectorOf<HasNoAnswer>, SoundBackend> && !ConnectorFor<ConnectorOf<int>, SoundBackend>);
static_assert(!ConnectorFor<ConnectorOf<MayFailToAnswer>, SoundBackend>);
static_assert(!ConnectorFor<ConnectorOf<AnswersMutable>, SoundBackend>);
static_assert(!ConnectorFor<ConnectorOf<PingsAtOnce>, SoundBackend>);
static_assert(ConnectorFor<Opens<PingsAtOnce>, SoundBackend>, "a connector that answers is_connected may open any type");
struct PingsForItsConnection : ConnectorOf<PingsAtOnce> { bool ping(PingsAtOnce&, TimePoint) const; };
static_assert(ConnectorFor<PingsForItsConnection, SoundBackend>);
struct MisleadsItsConnection : ConnectorOf<AnswersAll> { bool is_connected(int) const noexcept; };
static_assert(!ConnectorFor<MisleadsItsConnection, SoundBackend>, "its own is_connected would never be asked");
struct MatchesItself : SoundOwnConnection { bool matches(const int& target) const; };
struct LeavesTheTargetToIt {
  using Connection = MatchesItself;
  using Target = int;
  Connection connect(const Target&, TimePoint) const;
};
static_assert(ConnectorFor<LeavesTheTargetToIt, SoundBackend>);

/// Has a ping only where what it wraps has one.
template <class Inner>
struct Wrapping : SoundConnector {
  using Wrapped = Inner;
  bool ping(Connection&, TimePoint) const requires(detail::Pings<Inner, SoundBackend>);
};
static_assert(ConnectorFor<Wrapping<WithAll>, SoundBackend> && ConnectorFor<Wrapping<SoundConnector>, SoundBackend>);
static_assert(ConnectorFor<Wrapping<Wrapping<SoundConnector>>, SoundBackend>);

struct WithTargetOfItsOwn : SoundConnector { static constexpr bool target_is_optional = true; };
struct WithTargetsAlone : SoundConnector { static constexpr bool target_is_optional = false; };
static_assert(detail::WithoutTargets<Plain> && detail::WithoutTargets<WithTargetOfItsOwn>);
static_assert(!detail::WithoutTargets<SoundConnector> && !detail::WithoutTargets<WithTargetsAlone>);

constexpr RecognisedMembers all = recognised<WithAll, SoundBackend>();
static_assert(all.target && all.ping && all.reset && all.dirty && all.reusable && all.in_step && all.handle_exception);
static_assert(all.lifetime && all.invalidate && all.abandon && all.validate && all.describe && all.interrupt);
constexpr RecognisedMembers none = recognised<Plain, SoundBackend>();
static_assert(!none.target && !none.ping && !none.reset && !none.dirty && !none.reusable && !none.in_step);
static_assert(!none.handle_exception && !none.lifetime && !none.invalidate && !none.abandon && !none.validate);
static_assert(!none.describe && !none.interrupt);
constexpr RecognisedMembers answered = recognised<ConnectorOf<AnswersAll>, SoundBackend>();
static_assert(answered.ping && answered.reset && answered.dirty && answered.reusable && answered.in_step);
static_assert(answered.handle_exception && answered.lifetime && answered.invalidate && answered.abandon);
static_assert(!answered.target && !answered.validate && !answered.describe);
static_assert(recognised<Opens<AnswersAll>, SoundBackend>().ping, "each member for itself");
static_assert(!recognised<Misspelt, SoundBackend>().reusable);
static_assert(recognised<Wrapping<WithAll>, SoundBackend>().ping);
static_assert(!recognised<Wrapping<SoundConnector>, SoundBackend>().ping);

// --- eviction --------------------------------------------------------------------------------------------

struct EvictionThatTellsWhen : SoundEviction { [[nodiscard]] TimePoint due(const Slot&) const; };
struct EvictionThatTellsHowLong : SoundEviction { [[nodiscard]] Duration due(const Slot&) const; };
struct EvictionThatTellsWhy : SoundEviction { [[nodiscard]] CloseReason reason(const Slot&, TimePoint) const; };
struct EvictionWithWords : SoundEviction { [[nodiscard]] std::string_view reason(const Slot&, TimePoint) const; };
struct TimedBySoundRule : SoundEviction {
  [[nodiscard]] Duration length() const noexcept;
  [[nodiscard]] TimePoint counts_from(const Slot&) const noexcept;
};
struct TimedWithThrowingLength : TimedBySoundRule { [[nodiscard]] Duration length() const; };
struct EvictionThatCounts { int expired(const Slot&, TimePoint) const; };
struct EvictionThatChanges { bool expired(const Slot&, TimePoint); };
struct EvictionThatChangesSlots { bool expired(Slot&, TimePoint) const; };
struct EvictionWithoutClock { [[nodiscard]] bool expired(const Slot&) const; };
struct PinnedEviction : SoundEviction { PinnedEviction(const PinnedEviction&) = delete; };
static_assert(EvictionPolicy<SoundEviction> && EvictionPolicy<EvictionThatTellsWhen>);
static_assert(!EvictionPolicy<EvictionThatCounts> && !EvictionPolicy<EvictionThatChanges>);
static_assert(!EvictionPolicy<EvictionThatChangesSlots> && !EvictionPolicy<EvictionWithoutClock>);
static_assert(!EvictionPolicy<PinnedEviction> && !EvictionPolicy<int>);
static_assert(TellsWhenDue<EvictionThatTellsWhen>);
static_assert(!TellsWhenDue<SoundEviction> && !TellsWhenDue<EvictionThatTellsHowLong>);
static_assert(TellsReason<EvictionThatTellsWhy>);
static_assert(!EvictionPolicy<EvictionThatTellsHowLong> && !EvictionPolicy<EvictionWithWords>);
static_assert(EvictionPolicy<AnyOf<SoundEviction, IdleTimeout>>, "its due is constrained away, and not written wrongly");
static_assert(!TellsReason<SoundEviction> && !TellsReason<EvictionWithWords>);
static_assert(TimedEviction<TimedBySoundRule>);
static_assert(!TimedEviction<SoundEviction> && !TimedEviction<TimedWithThrowingLength> && !TimedEviction<MaxUses>);

// --- observer --------------------------------------------------------------------------------------------

struct ObserverThatMayFailToMove { ObserverThatMayFailToMove(ObserverThatMayFailToMove&&) noexcept(false); };
static_assert(ObserverPolicy<NoObserver> && ObserverPolicy<std::unique_ptr<int>>);
struct ObserverOfAll {
  void acquire_started() noexcept;
  void acquired(std::uint64_t, Duration) const noexcept;
  void acquire_failed(AcquireFailure) noexcept;
  static void released(std::uint64_t, Duration) noexcept;
  void connection_created(std::uint64_t) noexcept;
  template <class Length>
  void connection_ready(std::uint64_t, Length) noexcept;
  void connection_closed(std::uint64_t, CloseReason) noexcept;
  void pool_ready() noexcept;
  void pool_cleared() noexcept;
  void pool_closed() noexcept;
  void leak_suspected(const SourceLocation&, Duration) noexcept;
};
struct ObserverThatAlsoTellsTheWait { void acquire_failed(AcquireFailure, Duration) noexcept; };
struct ObserverWithCounters { std::uint64_t released = 0; };
struct ObserverOfWords { void acquire_failed(std::string_view) noexcept; };
struct ObserverThatMayFail { void acquire_started(); };
static_assert(ObserverPolicy<ObserverOfAll> && ObserverPolicy<ObserverThatAlsoTellsTheWait>);
static_assert(!ObserverPolicy<ObserverWithCounters> && !ObserverPolicy<ObserverOfWords>);
static_assert(ObserverPolicy<ObserverThatMayFail>, "where it throws, the process ends");
static_assert(!ObserverPolicy<ObserverThatMayFailToMove> && !ObserverPolicy<int&> && !ObserverPolicy<void>);

// --- what is recognised of the roles without a connector ---------------------------------------------------

struct BackendWithAll : SoundBackend {
  static Duration time_suspended() noexcept;
  static int uncaught_exceptions() noexcept;
  static void consume_budget(unsigned operations) noexcept;
  template <class T>
  using Relaxed = T;
};
constexpr RecognisedBackendMembers of_backend = recognised_backend<BackendWithAll>();
static_assert(of_backend.time_suspended && of_backend.uncaught_exceptions && of_backend.relaxed);
static_assert(of_backend.consume_budget && !recognised_backend<SoundBackend>().consume_budget);
static_assert(!recognised_backend<SoundBackend>().time_suspended && !recognised_backend<SoundBackend>().relaxed);
static_assert(!recognised_backend<SoundBackend>().uncaught_exceptions);

struct QueueWithAll : SoundQueue {
  static constexpr WorkerCaching worker_caching = WorkerCaching::none;
  Slot* pop(WorkerId) noexcept;
};
static_assert(recognised_queue<QueueWithAll>().pop_for_worker && recognised_queue<QueueWithAll>().worker_caching);
static_assert(!recognised_queue<SoundQueue>().pop_for_worker && !recognised_queue<SoundQueue>().worker_caching);

struct EvictionWithAll : EvictionThatTellsWhen, EvictionThatTellsWhy {
  [[nodiscard]] bool expired(const Slot&, TimePoint) const;
  static constexpr bool by_times_alone = true;
};
constexpr RecognisedEvictionMembers of_eviction = recognised_eviction<EvictionWithAll>();
static_assert(of_eviction.due && of_eviction.reason && of_eviction.by_times_alone);
static_assert(!recognised_eviction<SoundEviction>().due && !recognised_eviction<SoundEviction>().reason);
static_assert(!recognised_eviction<SoundEviction>().by_times_alone);
static_assert(!recognised_eviction<AnyOf<SoundEviction, IdleTimeout>>().due);

struct ObserverOfFailedConnects : ObserverOfAll { void connection_failed(std::uint64_t, std::exception_ptr, Duration) noexcept; };
constexpr RecognisedEvents events = recognised_observer<ObserverOfFailedConnects>();
static_assert(events.acquire_started && events.acquired && events.acquire_failed && events.released);
static_assert(events.connection_created && events.connection_ready && events.connection_failed);
static_assert(events.connection_closed && events.pool_ready && events.pool_cleared && events.pool_closed);
static_assert(events.leak_suspected && !recognised_observer<ObserverOfAll>().connection_failed);
static_assert(recognised_observer<ObserverThatAlsoTellsTheWait>().acquire_failed);
static_assert(!recognised_observer<NoObserver>().acquired);

}  // namespace

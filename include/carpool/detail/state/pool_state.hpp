/// A pool's books: every slot, every waiter, every rule about who may have what. Pure bookkeeping under the lock.
#pragma once

#include <carpool/detail/background/idle_workers.hpp>
#include <carpool/detail/state/hand_over.hpp>
#include <carpool/detail/state/pool_demand.hpp>
#include <carpool/detail/state/wakeups.hpp>
#include <carpool/detail/state/watchers.hpp>

#include <algorithm>

namespace carpool::inline v0_1::detail {

/// Reachable only through Guarded::Access, so that each call is made under the lock. Nothing in here waits, does I/O,
/// calls a connector, an eviction or an observer, or destroys a connection.
template <class Types>
class PoolState : public PoolDemand<Types> {
  using Books = PoolDemand<Types>;

 public:
  using typename Books::Backend;
  using typename Books::Endpoint;
  using typename Books::Instant;
  using typename Books::PoolSlot;
  using Target = typename Types::Target;
  using Waiter = detail::Waiter<Types>;
  using Wakeups = detail::Wakeups<Backend>;
  using Books::counters, Books::take_idle;
  using Books::serving, Books::closed, Books::finished, Books::is_current, Books::over_size;

  PoolState(const PoolOptions& options, WorkerCache<Types>& cache, bool may_cache) : Books(options, cache, may_cache) {}

  // --- the fast path -----------------------------------------------------------------------------------

  /// The next idle connection for target, if nothing out of the ordinary is going on.
  [[nodiscard]] PoolSlot* try_take_fast(const Target& target, const SourceLocation& site, TimePoint now) {
    if (!is_uncontended()) return nullptr;
    Endpoint* endpoint = endpoints_.find(target);
    if (endpoint == nullptr) return nullptr;
    const WorkerId worker = Types::this_worker();
    this->keep_order_for(worker);
    if (endpoint->idle.size() == 0 && cache_.epoch() != 0) this->flush_worker_cache();
    PoolSlot* const slot = take_idle(*endpoint, site, worker, now);
    if (slot != nullptr) slot->epoch = cache_.epoch_for(worker);
    return slot;
  }

  /// Puts a good connection back to the idle ones, if nothing out of the ordinary is going on.
  [[nodiscard]] bool try_return_fast(PoolSlot& slot) noexcept {
    if (!is_uncontended() || !is_current(slot) || !has_room_for_idle(*slot.endpoint)) return false;
    const WorkerId worker = Types::this_worker();
    this->keep_order_for(worker);
    this->put_idle(slot);
    if (this->keeps_all_idle())
      this->note_uncontended_return(worker);  // so there is room for whatever rests in an entry
    return true;
  }

  // --- who may have what -------------------------------------------------------------------------------

  /// One idle connection for a caller that waits or is about to: overtaking is allowed until the first waiter has
  /// waited handoff_after (law 8).
  [[nodiscard]] PoolSlot* claim(Endpoint& endpoint, Waiter& self, Instant& now) noexcept {
    if (PoolSlot* const granted = self.take_granted()) return granted;
    if (!serving()) return nullptr;
    const Waiter* first = endpoint.waiters.front();
    const bool others_first = first != nullptr && first != &self;
    if (!may_take(others_first, others_first && overdue(*first, now))) return nullptr;
    if (self.enqueued && endpoint.idle.size() > 0) dequeue(endpoint, self);
    return take_idle_for(self, endpoint);
  }

  /// Law 3: of the first waiters, as many as there are idle connections own one or have been told to look.
  void serve(Endpoint& endpoint, Instant& now, Wakeups& wakeups) noexcept {
    static_cast<void>(serve_while(endpoint, now, wakeups, [&] { return serves_many_ == 0 || !wakeups.full(); }));
  }
  /// The same, where many may be waiting for it. False: the wake-ups must be carried out before it can go on. While
  /// somebody is at that, others leave the rest to it.
  void begin_to_serve_many() noexcept { ++serves_many_; }
  void end_to_serve_many() noexcept { --serves_many_; }
  [[nodiscard]] bool serve_some(Endpoint& endpoint, Instant& now, Wakeups& wakeups) noexcept {
    return serve_while(endpoint, now, wakeups, [&] { return !wakeups.full(); });
  }

  /// The waiter with the earlier ticket has waited for longer, although some came to the lock slower than others.
  void enqueue(Endpoint& endpoint, Waiter& waiter, TimePoint came) noexcept {
    if (waiter.ticket == 0) {
      waiter.ticket = ++last_ticket_;
      waiter.since = last_came_ = std::max(last_came_, came);
    }
    waiter.endpoint = &endpoint;
    endpoint.waiters.insert(waiter);
    ++waiting_;
    planner_.update(endpoint);
  }
  void dequeue(Endpoint& endpoint, Waiter& waiter) noexcept {
    endpoint.waiters.remove(waiter);
    --waiting_;
    planner_.update(endpoint);
  }

  /// Every waiter up to that ticket is dequeued, with failure (or, where it is null, to find the pool closed). False:
  /// the wake-ups must be carried out before it can go on.
  [[nodiscard]] bool fail_some(Endpoint& endpoint, const FailurePointer& failure, Wakeups& wakeups,
                               std::uint64_t last) noexcept {
    for (Waiter* waiter = endpoint.waiters.front(); waiter != nullptr && waiter->ticket <= last;
         waiter = endpoint.waiters.front()) {
      if (wakeups.full()) return false;
      dequeue(endpoint, *waiter);
      waiter->failure = failure;
      notify(*waiter, wakeups);
    }
    return true;
  }
  [[nodiscard]] std::uint64_t last_ticket() const noexcept { return last_ticket_; }

  /// Why a connection that comes back, or has just been made, cannot stay: what the pool as a whole knows.
  [[nodiscard]] std::optional<CloseReason> close_reason_on_return(const PoolSlot& slot) const noexcept {
    if (closed()) return CloseReason::closed;
    if (this->draining()) return CloseReason::drained;
    if (!is_current(slot)) return CloseReason::retired;
    if (over_size() || !has_room_for_idle(*slot.endpoint)) return CloseReason::surplus;
    return std::nullopt;
  }

  /// No background worker can be spawned: the first waiters wake and run the jobs that they wait for.
  void call_for_help(Wakeups& wakeups) noexcept {
    endpoints_.for_each([&](Endpoint& endpoint) {
      if (!endpoint.waiters.empty()) notify(*endpoint.waiters.front(), wakeups);
    });
    watchers.rouse(wakeups);
  }

  // --- the pool as a whole -----------------------------------------------------------------------------

  [[nodiscard]] PoolStats snapshot() const noexcept {
    PoolStats all = this->count_slots();
    all.max_size = this->max_size();
    all.waiting = waiting_;
    all.suspended = this->suspended();
    all.closed = finished();
    return all;
  }

  // The books live on after the pool for the leases and callers that are still out.
  void enter() noexcept { ++visitors_; }
  void leave() noexcept { --visitors_; }
  void enter(Waiter& waiter) noexcept {
    if (!std::exchange(waiter.visiting, true)) enter();
  }
  void orphan() noexcept { orphaned_ = true; }
  [[nodiscard]] bool orphaned() const noexcept { return orphaned_; }
  [[nodiscard]] bool forsaken() const noexcept { return orphaned_ && visitors_ == 0 && slots_.occupied() == 0; }

  IdleWorkers<Types> idle_workers;
  Watchers<Types> watchers;

 private:
  using Books::endpoints_, Books::slots_, Books::options_, Books::planner_, Books::cache_, Books::waiting_;
  using Books::is_uncontended, Books::has_room_for_idle;

  /// False: `may_go_on` said so before everybody had been told.
  template <class MayGoOn>
  [[nodiscard]] bool serve_while(Endpoint& endpoint, Instant& now, Wakeups& wakeups, MayGoOn may_go_on) noexcept {
    if (!serving()) return true;
    Waiter* waiter = endpoint.waiters.front();
    for (std::size_t left = waiters_to_serve(endpoint.waiters.size(), endpoint.idle.size()); left > 0; --left) {
      if (!may_go_on()) return false;
      Waiter* following = waiter->next;
      if (service_for(overdue(*waiter, now)) == Service::grant) {
        grant(endpoint, *waiter, wakeups);
      } else {
        notify(*waiter, wakeups);
      }
      waiter = following;
    }
    return true;
  }

  /// Its visit ends where it gets one.
  [[nodiscard]] PoolSlot* take_idle_for(Waiter& waiter, Endpoint& endpoint) noexcept {
    PoolSlot* const slot = take_idle(endpoint, waiter.site, waiter.worker, Backend::coarse_now());
    if (slot == nullptr) return nullptr;
    if (std::exchange(waiter.visiting, false)) leave();
    planner_.update(endpoint);
    return slot;
  }
  /// There is an idle one. The waiter may be gone when this returns.
  void grant(Endpoint& endpoint, Waiter& waiter, Wakeups& wakeups) noexcept {
    const bool will_look = std::exchange(waiter.notified, true);
    dequeue(endpoint, waiter);
    waiter.granted.store(take_idle_for(waiter, endpoint), std::memory_order_release);
    if (!will_look) wakeups.add(waiter.parking.unpark());
  }
  static void notify(Waiter& waiter, Wakeups& wakeups) noexcept {
    if (!std::exchange(waiter.notified, true)) wakeups.add(waiter.parking.unpark());
  }

  [[nodiscard]] bool overdue(const Waiter& waiter, Instant& now) const noexcept {
    const Duration limit = options_.handoff_after;
    return is_overdue(waiter.since, limit, limit == Duration::zero() ? TimePoint{} : now.get());
  }

  std::uint64_t last_ticket_ = 0;
  TimePoint last_came_ = TimePoint::min();
  bool orphaned_ = false;        // the ConnectionPool object is gone
  std::size_t visitors_ = 0;     // callers inside acquire's slow path, drain or prewarm
  std::size_t serves_many_ = 0;  // callers inside resume or resize who are not done with serving
};

}  // namespace carpool::inline v0_1::detail

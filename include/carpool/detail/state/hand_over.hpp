/// Whom an idle connection is for: laws 3 and 8.
#pragma once

#include <carpool/detail/state/deadlines.hpp>
#include <carpool/detail/state/instant.hpp>
#include <carpool/detail/state/inventory.hpp>
#include <carpool/detail/state/pool_gate.hpp>
#include <carpool/detail/state/references.hpp>
#include <carpool/detail/state/wakeups.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Law 3: so many of the first waiters own a connection, or have been told to look.
[[nodiscard]] constexpr std::size_t waiters_to_serve(std::size_t waiters, std::size_t idle) noexcept {
  return std::min(waiters, idle);
}

/// Law 8: a waiter that came at `since` is not overtaken any more. With handoff_after zero it never is.
[[nodiscard]] constexpr bool is_overdue(TimePoint since, Duration handoff_after, TimePoint now) noexcept {
  return handoff_after == Duration::zero() || now >= after(since, handoff_after);
}

/// What a waiter gets whose turn it is.
enum class Service : bool {
  look,   ///< it is told to look, and races with running callers: that keeps throughput up
  grant,  ///< the connection is handed over to it
};
[[nodiscard]] constexpr Service service_for(bool overdue) noexcept { return overdue ? Service::grant : Service::look; }

/// Whether a caller may take an idle connection by itself, where `others_first` waiters stand before it and the first
/// of them is overdue or not.
[[nodiscard]] constexpr bool may_take(bool others_first, bool first_is_overdue) noexcept {
  return !others_first || service_for(first_is_overdue) == Service::look;
}

/// The waiters of all endpoints, and what each change gives them. All under the pool's lock.
template <class Types>
class HandOver {
 public:
  using Backend = typename Types::Backend;
  using Endpoint = detail::Endpoint<Types>;
  using Instant = detail::Instant<Backend>;
  using PoolSlot = detail::PoolSlot<Types>;
  using Waiter = detail::Waiter<Types>;
  using Wakeups = detail::Wakeups<Backend>;

  /// alive: what waiters need that have failed, and may outlive the core.
  HandOver(const PoolOptions& options, PoolGate& gate, Inventory<Types>& inventory, References& references,
           std::shared_ptr<const void> alive = {}) noexcept
      : options_(options), gate_(gate), inventory_(inventory), references_(references), alive_(std::move(alive)) {}
  HandOver(const HandOver&) = delete;
  HandOver& operator=(const HandOver&) = delete;

  /// One idle connection for a caller that waits or is about to: overtaking is allowed until the first waiter has
  /// waited handoff_after (law 8).
  [[nodiscard]] PoolSlot* claim(Endpoint& endpoint, Waiter& self, Instant& now) noexcept {
    if (PoolSlot* const granted = self.take_granted()) return granted;
    if (!gate_.serving()) return nullptr;
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
    deadlines_.watch(waiter);
    gate_.one_waits();
    inventory_.planner.update(endpoint);
  }
  void dequeue(Endpoint& endpoint, Waiter& waiter) noexcept {
    leave_queue(endpoint, waiter);
    inventory_.planner.update(endpoint);
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
      fail(*waiter, wakeups);
    }
    return true;
  }
  [[nodiscard]] std::uint64_t last_ticket() const noexcept { return last_ticket_; }
  void notify(Waiter& waiter, Wakeups& wakeups) noexcept {
    const bool under_way = std::exchange(waiter.notified, true);
    if (!under_way || abandon_ping(waiter)) rouse(waiter, wakeups);
  }

  /// A waiter that nobody sleeps for has taken this connection, and wants it pinged first. It is out of the queue
  /// meanwhile, as one that pings by itself is.
  void await_ping(PoolSlot& slot, Waiter& waiter) noexcept {
    slot.asker = &waiter;
    slot.asked_for = true;
    waiter.pinged = &slot;
    waiter.asked_for_ping = Backend::coarse_now();
    deadlines_.watch(waiter);
  }
  /// The ping has ended, well or not: the waiter has the connection, and rejects it if it is dead. False: nobody waits
  /// for it any more.
  [[nodiscard]] bool end_ping(PoolSlot& slot, Wakeups& wakeups) noexcept {
    slot.asked_for = false;
    Waiter* const waiter = std::exchange(slot.asker, nullptr);
    if (waiter == nullptr) return false;
    waiter->pinged = nullptr;
    deadlines_.leave(*waiter);
    inventory_.take_refreshed(slot, waiter->site, waiter->worker);
    waiter->granted.store(&slot, std::memory_order_release);
    rouse(*waiter, wakeups);
    return true;
  }
  /// The connection goes back to the pool when its ping ends. False: it waits for none.
  bool abandon_ping(Waiter& waiter) noexcept {
    PoolSlot* const slot = std::exchange(waiter.pinged, nullptr);
    if (slot == nullptr) return false;
    slot->asker = nullptr;
    deadlines_.leave(waiter);
    --inventory_.counters.acquired;
    retain(waiter);
    return true;
  }
  /// When the first waiter that nobody sleeps for gives up.
  [[nodiscard]] TimePoint first_deadline() const noexcept { return deadlines_.first(); }
  /// Those whose time is over are told to look a last time.
  void expire(TimePoint now, Wakeups& wakeups) noexcept {
    while (Waiter* const waiter = deadlines_.pop_overdue(now)) notify(*waiter, wakeups);
  }
  /// For its time inside, the waiter keeps the pool's core alive.
  void retain(Waiter& waiter) noexcept {
    if (!std::exchange(waiter.retains, true)) references_.retain();
  }

 private:
  /// It is in no queue any more. What it does not find out by itself, it does under the lock, as one that is told to
  /// look. The waiter may be gone when this returns.
  void fail(Waiter& waiter, Wakeups& wakeups) noexcept {
    notify(waiter, wakeups);  // first: a waiter that has failed may be gone
    waiter.alive = alive_;
    const bool retained = waiter.retains;
    waiter.retains = false;
    WaiterStage expected = WaiterStage::waits;
    if (waiter.stage.compare_exchange_strong(expected, WaiterStage::failed, std::memory_order_acq_rel)) {
      if (retained) references_.release();
    } else {
      waiter.retains = retained;  // it comes to the lock, which we hold
    }
  }

  /// False: `may_go_on` said so before everybody had been told.
  template <class MayGoOn>
  [[nodiscard]] bool serve_while(Endpoint& endpoint, Instant& now, Wakeups& wakeups, MayGoOn may_go_on) noexcept {
    if (!gate_.serving()) return true;
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

  /// The caller sees to it that the planner hears of it.
  void leave_queue(Endpoint& endpoint, Waiter& waiter) noexcept {
    endpoint.waiters.remove(waiter);
    deadlines_.leave(waiter);
    gate_.one_has_waited();
  }
  /// With a slot, which keeps the core alive, it need not retain it any more.
  [[nodiscard]] PoolSlot* take_idle_for(Waiter& waiter, Endpoint& endpoint) noexcept {
    PoolSlot* const slot = inventory_.take_idle(endpoint, waiter.site, waiter.worker, Backend::coarse_now());
    if (slot == nullptr) return nullptr;
    if (std::exchange(waiter.retains, false)) references_.release();
    inventory_.planner.update(endpoint);
    return slot;
  }
  /// There is an idle one. The waiter may be gone when this returns.
  void grant(Endpoint& endpoint, Waiter& waiter, Wakeups& wakeups) noexcept {
    const bool will_look = std::exchange(waiter.notified, true);
    leave_queue(endpoint, waiter);
    waiter.granted.store(take_idle_for(waiter, endpoint), std::memory_order_release);
    if (!will_look) rouse(waiter, wakeups);
  }
  static void rouse(Waiter& waiter, Wakeups& wakeups) noexcept {
    if (waiter.sleeps()) [[likely]] {
      wakeups.add(waiter.parking.unpark());
    } else {
      wakeups.add(*waiter.continuation);
    }
  }

  [[nodiscard]] bool overdue(const Waiter& waiter, Instant& now) const noexcept {
    const Duration limit = options_.handoff_after;
    return is_overdue(waiter.since, limit, limit == Duration::zero() ? TimePoint{} : now.get());
  }

  const PoolOptions& options_;
  PoolGate& gate_;
  Inventory<Types>& inventory_;
  References& references_;
  const std::shared_ptr<const void> alive_;
  Deadlines<Types> deadlines_;
  std::uint64_t last_ticket_ = 0;
  TimePoint last_came_ = TimePoint::min();
  std::size_t serves_many_ = 0;  // callers inside resume or resize who are not done with serving
};

}  // namespace carpool::inline v0_1::detail

/// Where a lease begins and ends: in the worker's own cache entry, without the pool's lock, or else in the pool's
/// state.
#pragma once

#include <carpool/detail/pool_engine.hpp>

#include <optional>

namespace carpool::inline v0_1::detail {

template <class Types>
class PoolCaching : public PoolEngine<Types> {
  using Engine = PoolEngine<Types>;

 public:
  using Engine::Engine;
  using typename Engine::Access;
  using typename Engine::PoolSlot;
  using typename Engine::Target;
  using typename Engine::Wakeups;

 protected:
  /// What this worker gave back last, if it still rests in its entry and is for this target.
  [[nodiscard, gnu::always_inline]] PoolSlot* take_cached([[maybe_unused]] const Target& target,
                                                          [[maybe_unused]] const SourceLocation& site,
                                                          [[maybe_unused]] TimePoint now) {
    if constexpr (Types::worker_caching == WorkerCaching::none) {
      return nullptr;
    } else {
      if (!this->worker_cache().open()) return nullptr;
      const WorkerId worker = Types::this_worker();
      auto* const entry = this->worker_cache().of(worker);
      if (entry == nullptr) return nullptr;
      const auto attempt = entry->take();
      if (attempt.slot == nullptr || (!attempt.certain && !settle(*entry, attempt))) return nullptr;
      if (!keep_if_for(target, *attempt.slot)) return nullptr;
      entry->count_lease();
      attempt.slot->last_worker = worker;
      attempt.slot->lease.begin(site, now);
      return attempt.slot;
    }
  }

  /// False: the connection is still the caller's. True: perhaps the end of *this.
  [[nodiscard, gnu::always_inline]] bool put_cached([[maybe_unused]] PoolSlot& slot) noexcept {
    if constexpr (Types::worker_caching == WorkerCaching::none) {
      return false;
    } else {
      if (slot.epoch == 0) return false;
      auto& entry = this->worker_cache().under(slot.epoch);
      if (!entry.belongs_to(Types::this_worker())) return false;
      const auto attempt = entry.put(slot);
      return attempt.slot != nullptr && (attempt.certain || !settle(entry, attempt));
    }
  }

  [[gnu::noinline]] void give_back_to_books(PoolSlot& slot, std::optional<CloseReason> fault) noexcept {
    auto state = this->access_without_flush();
    if (!fault && !slot.dirty && state->try_return_fast(slot)) [[likely]]
      return;
    state->flush_worker_cache();
    settle_return(state, slot, fault);
  }
  void settle_return(Access& state, PoolSlot& slot, std::optional<CloseReason> fault) noexcept {
    if (state->references.owner_gone()) return close_after_owner(state, slot, fault);
    Wakeups wakeups;
    this->return_slot(state, slot, fault, wakeups);
    state.unlock();
    this->run_closes_inline();
  }

 private:
  /// Out of line, as is all that a lease seldom needs: so the rest does with few registers.
  [[gnu::noinline]] bool settle(WorkerCacheEntry<Types>& entry,
                                const typename WorkerCacheEntry<Types>::CacheAttempt& attempt) noexcept {
    return this->access_without_flush()->cache_switch.settle(entry, attempt);
  }

  /// What rested here may be for another target than the worker asks for this time: then it goes to the books, and
  /// the cache closes for a while, because workers whose targets change gain nothing by it. Throws what the targets' ==
  /// throws.
  [[nodiscard]] bool keep_if_for([[maybe_unused]] const Target& target, [[maybe_unused]] PoolSlot& slot) {
    if constexpr (has_target<typename Types::Connector>) {
      try {
        if (*slot.endpoint->target == target) return true;
      } catch (...) {
        return_cached(slot);
        throw;
      }
      return_cached(slot);
      return false;
    }
    return true;
  }
  [[gnu::noinline]] void return_cached(PoolSlot& slot) noexcept {
    auto state = this->access();
    settle_return(state, slot, std::nullopt);
  }

  /// A lease that outlived its pool: no background worker is left, and nothing of the user's may be called.
  void close_after_owner(Access& state, PoolSlot& slot, std::optional<CloseReason> fault) noexcept {
    slot.reason = fault.value_or(CloseReason::closed);
    state.unlock();
    this->destroy_connection(slot);
    state.lock();
    Wakeups wakeups;
    this->finish_close(state, slot, wakeups);
    this->depart_if_forsaken(state);
  }
};

}  // namespace carpool::inline v0_1::detail

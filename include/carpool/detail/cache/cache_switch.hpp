/// The part of the pool's state that knows of the worker cache: when it opens, and that it closes before others read.
#pragma once

#include <carpool/detail/cache/worker_cache.hpp>
#include <carpool/detail/state/inventory.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace carpool::inline v0_1::detail {

/// All under the pool's lock.
template <class Types>
class CacheSwitch {
 public:
  using PoolSlot = detail::PoolSlot<Types>;
  using WorkerCache = detail::WorkerCache<Types>;
  using WorkerCacheEntry = detail::WorkerCacheEntry<Types>;

  CacheSwitch(WorkerCache& cache, bool may_cache) noexcept : cache_(cache), may_cache_(may_cache) {}

  [[nodiscard]] WorkerCache& cache() const noexcept { return cache_; }

  /// From here on the inventory is exact: the cache is closed, and what was cached is idle.
  void flush([[maybe_unused]] Inventory<Types>& inventory) noexcept {
    if constexpr (Types::worker_caching != WorkerCaching::none) {
      uncontended_returns_ = 0;
      if (cache_.epoch() != 0) [[unlikely]]
        close(inventory);
    }
  }
  /// What became of a connection whose entry was closed meanwhile: whether it is still its owner's.
  [[nodiscard]] static bool settle(WorkerCacheEntry& entry,
                                   const typename WorkerCacheEntry::CacheAttempt& attempt) noexcept {
    return entry.settle(attempt);
  }

  /// A queue that says in which order connections go must have them all: but for the one that its single worker left
  /// last.
  void keep_order_for([[maybe_unused]] WorkerId worker, [[maybe_unused]] Inventory<Types>& inventory) noexcept {
    if constexpr (Types::worker_caching == WorkerCaching::single_worker) {
      if (cache_.epoch() == 0) return;
      if (worker != single_worker_) return flush(inventory);
      PoolSlot* const last = cache_.of(worker)->take_uncontended();
      if (last != nullptr) inventory.put_idle(*last);
    }
  }
  /// A connection has come back and nothing else was going on. Closing entries costs a heavy barrier: so they open
  /// after so many returns while the pool is uncontended; twice as many each time they had to be closed.
  void note_uncontended_return([[maybe_unused]] WorkerId worker) noexcept {
    if constexpr (Types::worker_caching != WorkerCaching::none) {
      if (!may_cache_) return;
      constexpr bool single = Types::worker_caching == WorkerCaching::single_worker;
      if (single && std::exchange(single_worker_, worker) != worker) uncontended_returns_ = 0;
      if (cache_.epoch() != 0) return single ? void() : cache_.admit(worker);
      if (++uncontended_returns_ < returns_before_opening_) return;
      if (!single) cache_.open_for_all();
      if (single) cache_.open_for(worker);
    }
  }

 private:
  [[gnu::noinline]] void close(Inventory<Types>& inventory) noexcept {
    cache_.close([&](PoolSlot& slot) { inventory.put_idle(slot); });
    returns_before_opening_ = std::min(2 * returns_before_opening_, most_returns_before_opening);
  }

  static constexpr unsigned most_returns_before_opening = 1024;

  WorkerCache& cache_;
  const bool may_cache_;
  unsigned uncontended_returns_ = 0;  // since the last flush, by one worker where a single one counts
  unsigned returns_before_opening_ = 1;
  WorkerId single_worker_ = 0;  // who gave back last
};

}  // namespace carpool::inline v0_1::detail

/// A pool's worker cache: one entry for each of the workers that come again and again.
#pragma once

#include <carpool/detail/cache/cache_entry.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace carpool::inline v0_1::detail {

/// An entry is never taken away from its worker, because that worker might be about to use it. A worker that comes when
/// all entries are assigned does without one: it loses nothing but speed.
template <class Types>
class WorkerCache {
  using Backend = typename Types::Backend;
  template <class T>
  using Atomic = typename Backend::template Atomic<T>;

 public:
  using PoolSlot = detail::PoolSlot<Types>;
  using WorkerCacheEntry = detail::WorkerCacheEntry<Types>;

  /// Whether a worker should look for its entry: perhaps a moment late. Without the lock.
  [[nodiscard]] bool open() const noexcept { return open_.load(std::memory_order_relaxed); }
  /// The worker's own entry, if it has one. Without the lock.
  [[nodiscard]] WorkerCacheEntry* of(WorkerId worker) noexcept {
    if constexpr (count == 0) {
      return nullptr;
    } else {
      WorkerCacheEntry& first = entries_[first_for(worker)];
      if (first.belongs_to(worker)) [[likely]]
        return &first;
      return find(worker);
    }
  }

  /// The entry that an epoch, which is not 0, is for. Without the lock.
  [[nodiscard]] WorkerCacheEntry& under(Epoch epoch) noexcept { return entries_[epoch % count]; }

  // --- under the lock ----------------------------------------------------------------------------------

  /// Not 0: the cache is open.
  [[nodiscard]] Epoch epoch() const noexcept { return epoch_; }
  /// The epoch in which the worker may put into its entry what it is lent now; 0: it must not.
  [[nodiscard]] Epoch epoch_for(WorkerId worker) noexcept {
    const WorkerCacheEntry* const entry = epoch_ == 0 ? nullptr : of(worker);
    return entry == nullptr ? 0 : epoch_for(*entry, epoch_);
  }

  /// For one worker, which gets an entry if it has none and one is left; or for all that have one.
  void open_for(WorkerId worker) noexcept {
    WorkerCacheEntry* const entry = entry_for(worker);
    if (entry == nullptr) return;
    begin_epoch();
    open(*entry);
  }
  void open_for_all() noexcept {
    begin_epoch();
    for (WorkerCacheEntry* const entry : assigned()) open(*entry);
  }
  /// One worker more while the cache is open.
  void admit(WorkerId worker) noexcept {
    if (WorkerCacheEntry* const entry = entry_for(worker)) open(*entry);
  }

  /// Closes all entries, and gives the cached slots to `take`.
  template <class Take>
  void close(Take take) noexcept {
    for (WorkerCacheEntry* const entry : assigned()) entry->close();
    Backend::heavy_barrier();
    const Epoch ended = std::exchange(epoch_, 0);
    open_.store(false, std::memory_order_relaxed);
    for (WorkerCacheEntry* const entry : assigned()) {
      if (PoolSlot* const slot = entry->recall(epoch_for(*entry, ended))) take(*slot);
    }
  }

  /// How many slots are cached: perhaps a moment late.
  [[nodiscard]] std::size_t cached() const noexcept {
    std::size_t sum = 0;
    for (const WorkerCacheEntry* const entry : assigned()) sum += entry->cached() != nullptr ? 1U : 0U;
    return sum;
  }
  /// How many leases began here: perhaps a moment late.
  [[nodiscard]] std::uint64_t served() const noexcept {
    std::uint64_t sum = 0;
    for (const WorkerCacheEntry* const entry : assigned()) sum += entry->served();
    return sum;
  }
  /// Some worker is still between two steps at its entry.
  [[nodiscard]] bool busy() const noexcept {
    return std::any_of(assigned().begin(), assigned().end(),
                       [](const WorkerCacheEntry* entry) { return entry->busy(); });
  }
  /// Those that have an owner.
  [[nodiscard]] std::span<WorkerCacheEntry* const> assigned() const noexcept {
    return {assigned_.data(), assigned_count_};
  }

 private:
  static constexpr unsigned index_bits = 5;
  static constexpr std::size_t count = Types::worker_caching == WorkerCaching::none ? 0 : std::size_t{1} << index_bits;
  static constexpr unsigned place_bits = index_bits + 1;
  static constexpr std::size_t places = count == 0 ? 0 : std::size_t{1} << place_bits;

  void begin_epoch() noexcept {
    epoch_ = ++last_epoch_;
    open_.store(true, std::memory_order_relaxed);
  }
  void open(WorkerCacheEntry& entry) noexcept { entry.open(epoch_for(entry, epoch_)); }
  /// An entry's own epoch says which entry it is for.
  [[nodiscard]] Epoch epoch_for(const WorkerCacheEntry& entry, Epoch epoch) const noexcept {
    return epoch * count + static_cast<Epoch>(&entry - entries_.data());
  }

  /// Worker ids are mostly addresses, alike in their low and high bits: the multiplication mixes all into the top ones.
  [[nodiscard]] static std::uint64_t mix(WorkerId worker) noexcept {
    return std::uint64_t{worker} * 0x9E3779B97F4A7C15u;
  }
  [[nodiscard]] static std::size_t first_for(WorkerId worker) noexcept { return mix(worker) >> (64 - index_bits); }
  /// Where `owners_` names the worker, or the free place at which it would be named. There are twice as many places as
  /// entries, so a worker without an entry soon meets a free one, also when all entries are assigned. No worker is
  /// named behind a free place, because none becomes free again.
  [[nodiscard]] std::size_t place_of(WorkerId worker) const noexcept {
    std::size_t place = mix(worker) >> (64 - place_bits);
    for (;; place = (place + 1) % places) {
      const WorkerId owner = owners_[place].load(std::memory_order_relaxed);
      if (owner == worker || owner == 0) return place;
    }
  }
  [[nodiscard, gnu::noinline]] WorkerCacheEntry* find(WorkerId worker) noexcept {
    const std::size_t place = place_of(worker);
    if (owners_[place].load(std::memory_order_relaxed) != worker) return nullptr;
    return &entries_[indices_[place].load(std::memory_order_relaxed)];
  }

  /// The worker's own, or one that has no owner yet.
  [[nodiscard]] WorkerCacheEntry* entry_for(WorkerId worker) noexcept {
    WorkerCacheEntry* const own = of(worker);
    return own != nullptr ? own : assign_one_to(worker);
  }
  [[nodiscard]] WorkerCacheEntry* assign_one_to(WorkerId worker) noexcept {
    if (assigned_count_ == count) return nullptr;
    std::size_t index = first_for(worker);
    while (!entries_[index].belongs_to(0)) index = (index + 1) % count;
    const std::size_t place = place_of(worker);
    indices_[place].store(static_cast<std::uint8_t>(index), std::memory_order_relaxed);
    owners_[place].store(worker, std::memory_order_relaxed);
    entries_[index].assign_to(worker);
    return assigned_[assigned_count_++] = &entries_[index];
  }

  std::array<WorkerCacheEntry, count> entries_{};
  // Side by side: a worker that looks for its own reads lines that hardly ever change.
  alignas(64) std::array<Atomic<WorkerId>, places> owners_{};  // written under the lock, once; 0: none yet
  std::array<Atomic<std::uint8_t>, places> indices_{};         // the owner's entry; read by that owner
  std::array<WorkerCacheEntry*, count> assigned_{};            // under the lock
  std::size_t assigned_count_ = 0;                             // under the lock
  Atomic<bool> open_{false};                                   // written under the lock
  Epoch epoch_ = 0;                                            // under the lock
  Epoch last_epoch_ = 0;                                       // under the lock
};

}  // namespace carpool::inline v0_1::detail

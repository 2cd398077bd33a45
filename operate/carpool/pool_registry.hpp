/// The pools of a process, whatever their types, for those who watch and steer them: exporters, an admin page.
#pragma once

#include <carpool/registry/detail/watched.hpp>
#include <carpool/watched_pool.hpp>

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// Threads:  every member may be called by any thread at any time.
/// Lifetime: a registry may end before those who hold a Registration. A copy has the same pools: so exporters keep one.
class PoolRegistry {
  struct Entry {
    std::string name;
    std::mutex mutex;                   // held while somebody looks at the pool
    std::unique_ptr<WatchedPool> pool;  // null once it is registered no more
  };
  struct Entries {
    std::mutex mutex;
    std::vector<std::shared_ptr<Entry>> all;
  };

 public:
  /// While it lives, the pool is in the registry. Must end before the pool; its destructor waits for whoever looks at
  /// the pool at that moment, so it must not run within a visit.
  class [[nodiscard]] Registration {
   public:
    Registration() noexcept = default;
    Registration(Registration&&) noexcept = default;
    Registration& operator=(Registration&& other) noexcept {
      leave();
      entries_ = std::move(other.entries_);
      entry_ = std::move(other.entry_);
      return *this;
    }
    ~Registration() { leave(); }

    /// Under which watchers show the pool; empty after a move.
    [[nodiscard]] const std::string& name() const noexcept {
      static const std::string none;
      return entry_ == nullptr ? none : entry_->name;
    }

   private:
    friend class PoolRegistry;
    Registration(std::shared_ptr<Entries> entries, std::shared_ptr<Entry> entry) noexcept
        : entries_(std::move(entries)), entry_(std::move(entry)) {}

    void leave() noexcept {
      const auto entry = std::exchange(entry_, nullptr);
      if (entry == nullptr) return;
      {
        const std::scoped_lock lock(entries_->mutex);
        std::erase(entries_->all, entry);
      }
      const std::scoped_lock lock(entry->mutex);  // whoever looks at the pool has ended
      entry->pool.reset();
    }

    std::shared_ptr<Entries> entries_;
    std::shared_ptr<Entry> entry_;
  };

  /// A registry that all parts of a program share.
  [[nodiscard]] static PoolRegistry& of_process() {
    static PoolRegistry registry;
    return registry;
  }

  /// Under PoolOptions::name, or, where that was left at its default, where the connector says that it connects to. A
  /// name that is taken gets a number: "orders#2". Throws std::bad_alloc.
  template <class Pool>
  [[nodiscard]] Registration add(Pool& pool) {
    auto entry = std::make_shared<Entry>();
    entry->pool = std::make_unique<detail::Watched<Pool>>(pool);
    const std::string name = name_of(*entry->pool);
    const std::scoped_lock lock(entries_->mutex);
    entry->name = free_name(name);
    entries_->all.push_back(entry);
    return Registration(entries_, std::move(entry));
  }

  /// visit(name, WatchedPool&) for each pool, in the order in which they were added; others may come and go meanwhile.
  /// Throws what visit does.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& entry : copy()) {
      const std::scoped_lock lock(entry->mutex);
      if (entry->pool != nullptr) visit(std::as_const(entry->name), *entry->pool);
    }
  }
  /// visit(WatchedPool&) for the pool of that name. False: there is none. Throws what visit does.
  template <class Visit>
  bool visit(const std::string& name, Visit visit) const {
    for (const auto& entry : copy()) {
      const std::scoped_lock lock(entry->mutex);
      if (entry->pool == nullptr || entry->name != name) continue;
      visit(*entry->pool);
      return true;
    }
    return false;
  }
  /// How many pools there are.
  [[nodiscard]] std::size_t size() const {
    const std::scoped_lock lock(entries_->mutex);
    return entries_->all.size();
  }

 private:
  [[nodiscard]] std::vector<std::shared_ptr<Entry>> copy() const {
    const std::scoped_lock lock(entries_->mutex);
    return entries_->all;
  }
  [[nodiscard]] static std::string name_of(const WatchedPool& pool) {
    const std::string& given = pool.options().name;
    if (given != PoolOptions().name) return given;
    const auto endpoints = pool.endpoints();
    return endpoints.size() == 1 && !endpoints.front().server.empty() ? endpoints.front().server : given;
  }
  /// Under the lock.
  [[nodiscard]] std::string free_name(const std::string& name) const {
    std::string free = name;
    const auto taken = [&](const auto& entry) { return entry->name == free; };
    for (std::size_t i = 2; std::any_of(entries_->all.begin(), entries_->all.end(), taken); ++i)
      free = name + "#" + std::to_string(i);
    return free;
  }

  std::shared_ptr<Entries> entries_ = std::make_shared<Entries>();
};

}  // namespace carpool::inline v0_1

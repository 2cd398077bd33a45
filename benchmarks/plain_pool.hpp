/// What every pool is measured against: the mutex + condition variable + vector pool that a programmer would write.
#pragma once

#include <carpool/time.hpp>

#include <cstddef>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

namespace carpool::bench {

/// As fast as it can be without being clever: the clock is read only by who must wait, nobody is woken under the lock,
/// and the vector never grows. It does what it says and no more: no expiry, no check of a connection, no order among
/// waiters, no figures, no close.
///
/// Threads: any, where Mutex and ConditionVariable are those of the threads (or fibers) that use it.
/// Lifetime: leases must end before the pool.
template <class Mutex, class ConditionVariable, class Connector>
class PlainPool {
 public:
  using Connection = typename Connector::Connection;

  class Lease {
   public:
    Lease(PlainPool& pool, Connection connection) noexcept : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), connection_(std::move(other.connection_)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (pool_ != nullptr) pool_->release(std::move(connection_));
    }
    [[nodiscard]] Connection& operator*() noexcept { return connection_; }
    void discard() { std::exchange(pool_, nullptr)->forget(); }

   private:
    PlainPool* pool_;
    Connection connection_;
  };

  PlainPool(Connector connector, std::size_t max_size, Duration acquire_timeout)
      : connector_(std::move(connector)), max_size_(max_size), acquire_timeout_(acquire_timeout) {
    idle_.reserve(max_size);
  }

  [[nodiscard]] Lease acquire() {
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return !idle_.empty() || open_ < max_size_; };
    if (!ready() && !available_.wait_for(lock, acquire_timeout_, ready)) throw std::runtime_error("acquire timed out");
    if (idle_.empty()) return connect(lock);
    Lease lease(*this, std::move(idle_.back()));
    idle_.pop_back();
    return lease;
  }

  /// Opens connections until there are n.
  void prewarm(std::size_t n) {
    std::vector<Lease> leases;
    for (std::size_t i = 0; i < n; ++i) leases.push_back(acquire());
  }

 private:
  [[nodiscard]] Lease connect(std::unique_lock<Mutex>& lock) {
    ++open_;
    lock.unlock();
    try {
      return Lease(*this, connector_.connect(never));
    } catch (...) {
      forget();
      throw;
    }
  }

  void release(Connection connection) {
    {
      const std::lock_guard lock(mutex_);
      idle_.push_back(std::move(connection));
    }
    available_.notify_one();
  }

  void forget() {
    {
      const std::lock_guard lock(mutex_);
      --open_;
    }
    available_.notify_one();
  }

  Connector connector_;
  const std::size_t max_size_;
  const Duration acquire_timeout_;
  Mutex mutex_;
  ConditionVariable available_;
  std::vector<Connection> idle_;  // under mutex_
  std::size_t open_ = 0;          // under mutex_: idle, leased or being opened
};

/// For one thread alone: nothing is locked, and who would have to wait has nobody to wait for.
struct NoMutex {
  void lock() noexcept {}
  void unlock() noexcept {}
};
struct NoConditionVariable {
  template <class Ready>
  bool wait_for(std::unique_lock<NoMutex>&, Duration, Ready ready) {
    return ready();
  }
  void notify_one() noexcept {}
};

}  // namespace carpool::bench

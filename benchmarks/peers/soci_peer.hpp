/// SOCI's connection_pool with the verbs of ours.
#pragma once

#include <carpool/time.hpp>

#include <soci/connection-pool.h>
#include <soci/session.h>

#include <cstddef>
#include <utility>

namespace carpool::bench {

/// What it pools are soci::session objects that were never opened: the pool itself does not look at them. It has no
/// connector and no name for a limit that costs nothing, so lease() is used, which waits for ever: with a limit it
/// would read the clock each time.
class SociPool {
 public:
  class Lease {
   public:
    explicit Lease(soci::connection_pool& pool) : pool_(&pool), position_(pool.lease()) {}
    Lease(Lease&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)), position_(other.position_) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (pool_ != nullptr) pool_->give_back(position_);
    }
    [[nodiscard]] soci::session& operator*() { return pool_->at(position_); }

   private:
    soci::connection_pool* pool_;
    std::size_t position_;
  };

  template <class Connector>
  SociPool(const Connector&, std::size_t max_size, Duration) : pool_(max_size) {}

  [[nodiscard]] Lease acquire() { return Lease(pool_); }
  void prewarm(std::size_t) noexcept {}  // it is always full

 private:
  soci::connection_pool pool_;
};

}  // namespace carpool::bench

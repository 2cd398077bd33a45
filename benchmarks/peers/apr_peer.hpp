/// The reslist of the Apache Portable Runtime with the verbs of ours.
#pragma once

#include <carpool/time.hpp>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_reslist.h>

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <utility>
#include <vector>

namespace carpool::bench {

/// Resources without a time to live, so that it closes none; its soft and its hard limit are the same.
template <class Connector>
class AprPool {
  using Connection = typename Connector::Connection;

 public:
  class Lease {
   public:
    explicit Lease(apr_reslist_t* list) : list_(list) { check(apr_reslist_acquire(list_, &resource_)); }
    Lease(Lease&& other) noexcept : list_(other.list_), resource_(std::exchange(other.resource_, nullptr)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (resource_ != nullptr) apr_reslist_release(list_, resource_);
    }
    [[nodiscard]] Connection& operator*() noexcept { return *static_cast<Connection*>(resource_); }

   private:
    apr_reslist_t* list_;
    void* resource_ = nullptr;
  };

  AprPool(Connector connector, std::size_t max_size, Duration acquire_timeout) : connector_(std::move(connector)) {
    check(apr_initialize());
    check(apr_pool_create(&memory_, nullptr));
    const int size = static_cast<int>(max_size);
    check(apr_reslist_create(&list_, 0, size, size, 0, open, close, &connector_, memory_));
    apr_reslist_timeout_set(list_, std::chrono::duration_cast<std::chrono::microseconds>(acquire_timeout).count());
  }
  AprPool(const AprPool&) = delete;
  AprPool& operator=(const AprPool&) = delete;
  ~AprPool() {
    apr_reslist_destroy(list_);
    apr_pool_destroy(memory_);
    apr_terminate();
  }

  [[nodiscard]] Lease acquire() { return Lease(list_); }

  /// Opens connections until there are n.
  void prewarm(std::size_t n) {
    std::vector<Lease> leases;
    for (std::size_t i = 0; i < n; ++i) leases.push_back(acquire());
  }

 private:
  static void check(apr_status_t status) {
    if (status != APR_SUCCESS) throw std::runtime_error("a call of APR's failed");
  }
  static apr_status_t open(void** resource, void* connector, apr_pool_t*) {
    *resource = new Connection(static_cast<const Connector*>(connector)->connect(never));
    return APR_SUCCESS;
  }
  static apr_status_t close(void* resource, void*, apr_pool_t*) {
    delete static_cast<Connection*>(resource);
    return APR_SUCCESS;
  }

  Connector connector_;
  apr_pool_t* memory_ = nullptr;
  apr_reslist_t* list_ = nullptr;
};

}  // namespace carpool::bench

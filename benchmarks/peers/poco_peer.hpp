/// POCO's ObjectPool with the verbs of ours.
#pragma once

#include <carpool/connector_calls.hpp>
#include <carpool/thread_backend.hpp>
#include <carpool/time.hpp>

#include <Poco/ObjectPool.h>

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <utility>
#include <vector>

namespace carpool::bench {

/// It keeps pointers to objects that its factory makes; validateObject is asked whenever one comes back, as
/// is_connected is by ours whenever one goes out.
template <class Connector>
class PocoPool {
  using Connection = typename Connector::Connection;
  using Calls = carpool::detail::ConnectorCalls<Connector, ThreadBackend>;

  struct Factory : Poco::PoolableObjectFactory<Connection> {
    explicit Factory(Connector connector) : connector_(std::move(connector)) {}
    // NOLINTBEGIN(readability-identifier-naming): the names are POCO's
    Connection* createObject() { return new Connection(connector_.connect(never)); }
    bool validateObject(const Connection* connection) { return Calls::is_connected(connector_, *connection); }
    // NOLINTEND(readability-identifier-naming)

   private:
    Connector connector_;
  };
  using Objects = Poco::ObjectPool<Connection, Connection*, Factory>;

 public:
  class Lease {
   public:
    Lease(Objects& pool, long milliseconds) : pool_(&pool), connection_(pool.borrowObject(milliseconds)) {
      if (connection_ == nullptr) throw std::runtime_error("acquire timed out");
    }
    Lease(Lease&& other) noexcept : pool_(other.pool_), connection_(std::exchange(other.connection_, nullptr)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_ != nullptr) pool_->returnObject(connection_);
    }
    [[nodiscard]] Connection& operator*() noexcept { return *connection_; }

   private:
    Objects* pool_;
    Connection* connection_;
  };

  PocoPool(Connector connector, std::size_t max_size, Duration acquire_timeout)
      : pool_(Factory(std::move(connector)), max_size, max_size),
        milliseconds_(std::chrono::duration_cast<std::chrono::milliseconds>(acquire_timeout).count()) {}

  [[nodiscard]] Lease acquire() { return Lease(pool_, milliseconds_); }

  /// Opens connections until there are n.
  void prewarm(std::size_t n) {
    std::vector<Lease> leases;
    for (std::size_t i = 0; i < n; ++i) leases.push_back(acquire());
  }

 private:
  Objects pool_;
  const long milliseconds_;
};

}  // namespace carpool::bench

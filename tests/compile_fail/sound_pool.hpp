/// A sound pool, of which each case uses one thing wrongly.
#pragma once

#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/thread_backend.hpp>

struct Connector {
  struct Connection {};
  Connection connect(carpool::TimePoint) const { return {}; }
  bool is_connected(const Connection&) const noexcept { return true; }
};

struct ConnectorOfTargets : Connector {
  using Target = int;
  Connection connect(const Target&, carpool::TimePoint) const { return {}; }
  bool matches(const Connection&, const Target&) const { return true; }
};
using PoolOfTargets = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, ConnectorOfTargets>;

using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Connector>;

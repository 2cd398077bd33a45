/// A real Redis, and pools to it, for one test on one backend.
#pragma once

#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/redis_client.hpp>
#include <carpool/redis_connector.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "io_backends.hpp"
#include "real_server.hpp"

inline std::atomic<int> redis_keys = 0;

template <class B>
class RedisFixture : public testing::Test {
 protected:
  using Backend = B;
  using Connection = carpool::RedisConnection<B>;
  template <class Connector = carpool::RedisConnector>
  using PoolOf = carpool::ConnectionPool<B, carpool::LifoStack, Connector>;
  using Pool = PoolOf<>;

  void SetUp() override {
    CARPOOL_SKIP_WITHOUT("redis");
    server_ = &RealServer::shared("redis");
  }

  /// To the real server, or to a proxy before it. As a user with a password, in a database and under a name.
  [[nodiscard]] carpool::RedisConnector connector(std::uint16_t port = 0) const {
    return {.host = "127.0.0.1",
            .port = port == 0 ? server_->port() : port,
            .user = RealServer::user(),
            .password = RealServer::password(),
            .database = 1,
            .client_name = "tested"};
  }
  [[nodiscard]] static Connection connect(const carpool::RedisConnector& connector) {
    return connector.template connect<B>(in(std::chrono::seconds(20)));
  }
  [[nodiscard]] Connection connect() const { return connect(connector()); }

  static carpool::TimePoint in(carpool::Duration time) { return B::now() + time; }

  /// A key that no other test has.
  static std::string key(const std::string& name) { return name + ':' + std::to_string(++redis_keys); }

  RealServer* server_ = nullptr;
};

/// A real MariaDB, and sessions with it, for one test on one backend.
#pragma once

#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/mysql_connector.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "io_backends.hpp"
#include "real_server.hpp"
#include "thrown.hpp"

inline std::atomic<int> mysql_tables = 0;

template <class B>
class MysqlFixture : public testing::Test {
 protected:
  using Backend = B;
  using Connection = carpool::MysqlConnection<B>;
  using Pool = carpool::ConnectionPool<B, carpool::LifoStack, carpool::MysqlConnector>;

  void SetUp() override {
    CARPOOL_SKIP_WITHOUT("mariadb");
    server_ = &RealServer::shared("mariadb");
  }

  /// To the real server, or to a proxy before it.
  [[nodiscard]] carpool::MysqlConnector connector(std::uint16_t port = 0) const {
    return {.host = "127.0.0.1",
            .port = port == 0 ? server_->port() : port,
            .user = RealServer::user(),
            .password = RealServer::password(),
            .database = RealServer::database()};
  }
  [[nodiscard]] static Connection connect(const carpool::MysqlConnector& connector) {
    return connector.template connect<B>(in(std::chrono::seconds(20)));
  }
  [[nodiscard]] Connection connect() const { return connect(connector()); }

  static carpool::TimePoint in(carpool::Duration time) { return B::now() + time; }

  /// The number of the server's refusal.
  template <class Work>
  static unsigned refusal_of(Work work) {
    return thrown_by<carpool::MysqlError>(std::move(work)).number();
  }

  /// The text of the only value that a query has.
  static std::string ask(Connection& connection, std::string_view sql) {
    return connection.query(sql).one().template get<std::optional<std::string>>(0).value_or("NULL");
  }

  /// A table that no other test has.
  static std::string table() { return "t" + std::to_string(++mysql_tables); }

  RealServer* server_ = nullptr;
};

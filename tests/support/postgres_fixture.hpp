/// What the tests of PostgresConnector share: a real server, connections to it, a name of its own for each table.
#pragma once

#include <carpool/postgres_connector.hpp>
#include <carpool/time.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "real_server.hpp"
#include "thrown.hpp"

[[nodiscard]] inline carpool::PostgresConnector postgres_at(std::uint16_t port) {
  return {.host = "127.0.0.1",
          .port = port,
          .user = RealServer::user(),
          .password = RealServer::password(),
          .database = RealServer::database()};
}

template <class Backend>
class PostgresFixture : public testing::Test {
 protected:
  using Connection = carpool::PostgresConnection<Backend>;

  void SetUp() override { CARPOOL_SKIP_WITHOUT("postgres"); }

  static carpool::TimePoint in(carpool::Duration time) { return Backend::now() + time; }
  static carpool::TimePoint soon_enough() { return in(std::chrono::seconds(20)); }

  static RealServer& server() { return RealServer::shared("postgres"); }
  static carpool::PostgresConnector connector() { return postgres_at(server().port()); }
  static Connection connect(const carpool::PostgresConnector& to) {
    return to.template connect<Backend>(soon_enough());
  }
  static Connection connect() { return connect(connector()); }

  /// The SQLSTATE of the PostgresError that work throws.
  template <class Work>
  static std::string refusal(Work work) {
    return thrown_by<carpool::PostgresError>(std::move(work)).code();
  }
};

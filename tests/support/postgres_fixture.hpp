/// What the tests of PostgresConnector share: a real server, connections to it, a name of its own for each table.
#pragma once

#include <carpool/postgres_connector.hpp>
#include <carpool/time.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

#include "real_server.hpp"

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

  /// The SQLSTATE of what work throws. A failure, and nothing, where it throws no PostgresError.
  template <class Work>
  static std::string refusal(Work work) {
    try {
      work();
    } catch (const carpool::PostgresError& error) {
      return error.code();
    }
    ADD_FAILURE() << "the server did not refuse";
    return "";
  }

  /// What work throws as an error of the system's.
  template <class Work>
  static std::system_error failure(Work work) {
    try {
      work();
    } catch (const std::system_error& error) {
      return error;
    }
    ADD_FAILURE() << "no std::system_error";
    return {std::error_code(), "nothing"};
  }
};

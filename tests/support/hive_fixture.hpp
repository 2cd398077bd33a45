/// What the tests of Hive share: a server, connectors to it with SASL and without, and scripts for its statements.
#pragma once

#include <carpool/hive_connector.hpp>

#include <chrono>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "hive_server.hpp"

template <class Backend>
class HiveFixture : public testing::Test {
 protected:
  using Connection = carpool::HiveConnection<Backend>;

  static carpool::TimePoint in(carpool::Duration time) { return Backend::now() + time; }
  static carpool::TimePoint soon_enough() { return in(std::chrono::seconds(10)); }

  static carpool::HiveConnector to(std::uint16_t port, carpool::HiveAuth auth = carpool::HiveAuth::no_sasl) {
    return {.host = "127.0.0.1", .port = port, .user = "ada", .password = "secret", .auth = auth};
  }
  static carpool::HiveConnector to(const HiveServer& server) { return to(server.port()); }
  static Connection open(const carpool::HiveConnector& connector) { return connector.connect<Backend>(soon_enough()); }

  /// Five rows of every type that there is, the middle one all NULL.
  static HiveScript of_all_types() {
    using carpool::HiveType;
    HiveScript script{.columns = {{"b", HiveType::boolean, "yes or no"},
                                  {"t", HiveType::tinyint},
                                  {"s", HiveType::smallint},
                                  {"i", HiveType::int_},
                                  {"l", HiveType::bigint},
                                  {"f", HiveType::double_},
                                  {"c", HiveType::string},
                                  {"x", HiveType::binary},
                                  {"d", HiveType::decimal}}};
    for (std::int8_t row = 0; row < 5; ++row) {
      const std::string text = std::to_string(row);
      script.rows.push_back({row % 2 == 0, row, static_cast<std::int16_t>(row * 1000), row * 100000,
                             std::int64_t{row} << 40, row / 4.0, "text " + text, std::string("\0\1", 2) + text,
                             text + ".50"});
    }
    script.rows[2].assign(script.columns.size(), {});
    return script;
  }
};

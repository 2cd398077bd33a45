// needs: hive_connector
/// Hive means what every SQL database does, as far as it goes: it has neither values beside a statement nor
/// transactions.
#include <carpool/hive_connector.hpp>

#include <chrono>
#include <cstdint>
#include <string>

#include "hive_server.hpp"
#include "sql_conformance.hpp"

namespace {

/// No package has a HiveServer2: this one knows the suite's statements by heart. hive_real_test has a real one.
template <class B>
struct HiveDatabase {
  using Connector = carpool::HiveConnector;
  using Connection = carpool::HiveConnection<B>;

  HiveDatabase() {
    using carpool::HiveType;
    server.on("select 1 as one, 'zwei' as two", {.columns = {{"one", HiveType::int_}, {"two", HiveType::string}},
                                                 .rows = {{std::int32_t{1}, std::string("zwei")}}});
    server.on("select null as n", {.columns = {{"n", HiveType::null}}, .rows = {{carpool::HiveValue()}}});
    server.on("select 300 as v", {.columns = {{"v", HiveType::int_}}, .rows = {{std::int32_t{300}}}});
  }

  static std::string missing() { return ""; }
  Connection connect() {
    const Connector connector{
        .host = "127.0.0.1", .port = server.port(), .user = "ada", .auth = carpool::HiveAuth::no_sasl};
    return connector.template connect<B>(B::now() + std::chrono::seconds(20));
  }

  HiveServer server;
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SqlStatements);
INSTANTIATE_TYPED_TEST_SUITE_P(Hive, SqlResults, DatabasesOn<HiveDatabase>, BackendName);

}  // namespace

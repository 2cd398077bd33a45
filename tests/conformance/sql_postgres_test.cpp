// needs: postgres_connector
/// PostgreSQL means what every SQL database does.
#include <carpool/postgres_connector.hpp>

#include <chrono>
#include <string>

#include "real_server.hpp"
#include "sql_conformance.hpp"

namespace {

template <class B>
struct PostgresDatabase {
  using Backend = B;
  using Connector = carpool::PostgresConnector;
  using Connection = carpool::PostgresConnection<B>;
  static constexpr const char* text = "text";
  static constexpr const char* bytes = "bytea";

  static std::string missing() { return RealServer::missing("postgres"); }
  static std::string place(int number) { return "$" + std::to_string(number); }
  Connector connector() {
    return {.host = "127.0.0.1",
            .port = RealServer::shared("postgres").port(),
            .user = RealServer::user(),
            .password = RealServer::password(),
            .database = RealServer::database()};
  }
  Connection connect() { return connector().template connect<B>(B::now() + std::chrono::seconds(20)); }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, SqlResults, DatabasesOn<PostgresDatabase>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, SqlStatements, DatabasesOn<PostgresDatabase>, BackendName);

}  // namespace

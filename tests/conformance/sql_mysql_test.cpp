// needs: mysql_connector
/// MySQL means what every SQL database does.
#include <carpool/mysql_connector.hpp>

#include <chrono>
#include <string>

#include "real_server.hpp"
#include "sql_conformance.hpp"

namespace {

template <class B>
struct MysqlDatabase {
  using Backend = B;
  using Connector = carpool::MysqlConnector;
  using Connection = carpool::MysqlConnection<B>;
  static constexpr const char* text = "text character set utf8mb4";
  static constexpr const char* bytes = "blob";

  static std::string missing() { return RealServer::missing("mariadb"); }
  static std::string place(int) { return "?"; }
  Connector connector() {
    return {.host = "127.0.0.1",
            .port = RealServer::shared("mariadb").port(),
            .user = RealServer::user(),
            .password = RealServer::password(),
            .database = RealServer::database()};
  }
  Connection connect() { return connector().template connect<B>(B::now() + std::chrono::seconds(20)); }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Mysql, SqlResults, DatabasesOn<MysqlDatabase>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Mysql, SqlStatements, DatabasesOn<MysqlDatabase>, BackendName);

}  // namespace

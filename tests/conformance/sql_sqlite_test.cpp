// needs: sqlite_connector
/// SQLite means what every SQL database does.
#include <carpool/sqlite_connector.hpp>

#include <chrono>
#include <string>

#include "sql_conformance.hpp"
#include "sqlite_folder.hpp"

namespace {

template <class B>
struct SqliteDatabase {
  using Backend = B;
  using Connector = carpool::SqliteConnector;
  using Connection = carpool::SqliteConnection<B>;
  static constexpr const char* text = "text";
  static constexpr const char* bytes = "blob";

  static std::string missing() { return ""; }
  static std::string place(int) { return "?"; }
  Connector connector() { return Connector::writer(folder.file("data.db")); }
  Connection connect() { return connector().template connect<B>(B::now() + std::chrono::seconds(20)); }

  SqliteFolder folder;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, SqlResults, DatabasesOn<SqliteDatabase>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, SqlStatements, DatabasesOn<SqliteDatabase>, BackendName);

}  // namespace

// needs: hive_connector
// Asks a HiveServer2 (or Spark's Thrift server) for its databases and for the rows of a statement.
// Usage: hive_query hive://user@host:10000/database;auth=noSasl "select name, visits from pages"
#include <carpool/connection_pool.hpp>
#include <carpool/hive_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>

void print(const carpool::HiveRows& rows) {
  for (const carpool::HiveColumn& column : rows.described()) std::printf("%-20s", column.name.c_str());
  std::printf("\n");
  for (const auto row : rows) {
    for (std::size_t column = 0; column < row.columns(); ++column)
      std::printf("%-20s", row.get<std::optional<std::string>>(column).value_or("NULL").c_str());
    std::printf("\n");
  }
}

int main(int count, char** arguments) {
  if (count != 3) return std::fprintf(stderr, "Usage: %s hive://host/database statement\n", arguments[0]), 2;
  try {
    carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::HiveConnector> pool(
        carpool::HiveConnector::from_url(arguments[1]), {.name = "hive", .max_size = 4});
    auto session = pool.acquire();
    print(session->databases());
    print(session->query(arguments[2], carpool::ThreadBackend::now() + std::chrono::minutes(10)));
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "%s\n", error.what()), 1;
  }
}

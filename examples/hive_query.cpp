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
#include <string>
#include <type_traits>
#include <variant>

std::string text(const carpool::HiveValue& value) {
  const auto convert = [](const auto& cell) -> std::string {
    using Cell = std::decay_t<decltype(cell)>;
    if constexpr (std::is_same_v<Cell, std::monostate>) return "NULL";
    if constexpr (std::is_same_v<Cell, std::string>) return cell;
    if constexpr (std::is_arithmetic_v<Cell>) return std::to_string(cell);
  };
  return std::visit(convert, value);
}

void print(const carpool::HiveRows& rows) {
  for (const carpool::HiveColumn& column : rows.columns()) std::printf("%-20s", column.name.c_str());
  std::printf("\n");
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t column = 0; column < rows.width(); ++column)
      std::printf("%-20s", text(rows.value(row, column)).c_str());
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

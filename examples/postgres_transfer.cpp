// needs: postgres_connector fiber_backend
// run: postgres {url}
// A hundred fibers move money over ten connections to PostgreSQL, and not a penny is lost.
// Usage: postgres_transfer postgres://user:password@host/database
#include <carpool/connection_pool.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/postgres_connector.hpp>

#include <cstdio>
#include <exception>
#include <vector>

using Backend = carpool::FiberBackend;
using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::PostgresConnector>;

void transfer(Pool& pool, int from, int to, int amount) {
  for (;;) try {
      pool.with_connection([&](auto& connection) {
        auto transaction = connection.begin({.isolation = carpool::PostgresIsolation::repeatable_read});
        connection.prepared("UPDATE accounts SET balance = balance - $1 WHERE id = $2", {amount, from});
        connection.prepared("UPDATE accounts SET balance = balance + $1 WHERE id = $2", {amount, to});
        transaction.commit();
      });
      return;
    } catch (const carpool::SqlError& error) {
      if (!carpool::is_repeatable(error)) throw;  // somebody was quicker: again
    }
}

int main(int count, char** arguments) try {
  if (count != 2) return std::printf("Usage: %s postgres://user:password@host/database\n", arguments[0]), 2;
  Pool pool(carpool::PostgresConnector::from_url(arguments[1]), {.name = "bank", .max_size = 10});
  pool.acquire()->query(
      "DROP TABLE IF EXISTS accounts; CREATE TABLE accounts (id INT PRIMARY KEY, balance INT);"
      "INSERT INTO accounts SELECT id, 1000 FROM generate_series(0, 99) AS id");
  std::vector<Backend::Task> fibers;
  for (int id = 0; id < 100; ++id) {
    fibers.push_back(Backend::spawn([&pool, id] { transfer(pool, id, (id + 37) % 100, id); }));
  }
  for (auto& fiber : fibers) fiber.join();
  auto lease = pool.acquire();
  const auto total = lease->query("SELECT sum(balance), max(balance) FROM accounts");
  std::printf("%d in all, the richest has %d\n", total.get<int>(0, 0), total.get<int>(0, 1));
  lease->query("DROP TABLE accounts");
} catch (const std::exception& error) {
  return std::fprintf(stderr, "%s\n", error.what()), 1;
}

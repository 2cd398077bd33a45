// needs: mysql_connector fiber_backend
// run: mariadb {url}
// A hundred fibers on one thread share eight MySQL sessions and sell forty tickets: parameters, a transaction with a
// row lock, typed rows. Change FiberBackend to ThreadBackend, and nothing else, for a hundred threads.
// Usage: mysql_shop mysql://user:password@host:port/database
#include <carpool/connection_pool.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/mysql_connector.hpp>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <vector>

using Backend = carpool::FiberBackend;
using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::MysqlConnector>;

bool buy(Pool& pool, std::int64_t buyer) {
  auto lease = pool.acquire();
  auto transaction = lease->begin();  // rolled back where it is not committed
  const auto left = lease->query("select left_over from tickets where id = 1 for update").one().get<int>(0);
  if (left == 0) return false;
  lease->execute("update tickets set left_over = left_over - 1 where id = 1");
  lease->execute("insert into sales (buyer, note) values (?, ?)", {buyer, std::optional<std::string>()});
  transaction.commit();
  return true;
}

int main(int argc, char** argv) try {
  if (argc != 2) return std::fputs("usage: mysql_shop URL\n", stderr), 2;
  Pool pool(carpool::MysqlConnector::from_url(argv[1]), {.name = "shop", .max_size = 8});
  {
    auto lease = pool.acquire();
    lease->query("create or replace table tickets (id int primary key, left_over int) engine=innodb");
    lease->query("create or replace table sales (id int auto_increment primary key, buyer bigint, note text)");
    lease->query("insert into tickets values (1, 40)");
  }
  int sold = 0;
  std::vector<Backend::Task> buyers;
  for (int buyer = 0; buyer < 100; ++buyer) {
    buyers.push_back(Backend::spawn([&pool, &sold, buyer] {
      try {
        sold += buy(pool, buyer) ? 1 : 0;  // all of one thread
      } catch (const std::exception& error) {
        std::fprintf(stderr, "buyer %d: %s\n", buyer, error.what());
      }
    }));
  }
  for (auto& buyer : buyers) buyer.join();
  const auto sales = pool.acquire()->query("select count(*), count(distinct buyer) from sales").one().get<int>(0);
  std::printf("%d tickets sold, %d sales recorded\n", sold, sales);
  return sold == 40 && sales == 40 ? 0 : 1;
} catch (const std::exception& error) {
  return std::fprintf(stderr, "%s\n", error.what()), 1;
}

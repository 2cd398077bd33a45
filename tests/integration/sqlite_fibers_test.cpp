// needs: sqlite_connector fiber_backend
/// Many fibers of one thread work with SQLite, and none holds up the others.
#include <carpool/connection_pool.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/sqlite_connector.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "sqlite_folder.hpp"

namespace {

using std::chrono::milliseconds;

TEST(SqliteFibers, WorkOfManyDoesNotHoldUpTheirThread) {
  using Backend = carpool::FiberBackend;
  SqliteFolder folder;
  const auto connector = carpool::SqliteConnector::writer(folder.file("work.db"));
  carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::SqliteConnector> pool(connector, {.max_size = 10});
  pool.acquire()->script("CREATE TABLE work (i INTEGER)");
  std::atomic<bool> working = true;  // of one thread, but clang-tidy knows no fibers
  int beats = 0;
  auto heart = Backend::spawn([&] {
    for (; working; ++beats) Backend::sleep_until(Backend::now() + milliseconds(1));
  });
  std::vector<Backend::Task> crowd;
  for (int worker = 0; worker < 20; ++worker) {
    crowd.push_back(Backend::spawn([&pool] {
      auto lease = pool.acquire();
      const auto result = lease->query(
          "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT sum(i) FROM n");
      EXPECT_EQ(result.one().get<std::int64_t>(0), 45000150000);
    }));
  }
  for (auto& worker : crowd) worker.join();
  working = false;
  heart.join();
  EXPECT_GT(beats, 25);  // without turns it would come round once for each of the twenty, at most
}

}  // namespace

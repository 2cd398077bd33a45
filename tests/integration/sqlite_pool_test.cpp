// needs: sqlite_connector
/// One pool of one writer and one of many readers, as the connector's header recommends them.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/sqlite_connector.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io_backends.hpp"
#include "sqlite_folder.hpp"

namespace {

using std::chrono::milliseconds;

template <class Backend>
class SqlitePool : public testing::Test {
 protected:
  using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::SqliteConnector>;

  SqlitePool() { writer_.acquire()->script("CREATE TABLE hits (worker INTEGER, number INTEGER)"); }

  static std::int64_t count(Pool& pool) {
    auto lease = pool.acquire();
    return lease->query("SELECT count(*) FROM hits").template get<std::int64_t>(0, 0);
  }

  SqliteFolder folder_;
  Pool writer_{carpool::SqliteConnector::writer(folder_.file("hits.db")), {.max_size = 1}};
  Pool readers_{carpool::SqliteConnector::reader(folder_.file("hits.db")), {.max_size = 4}};
};
TYPED_TEST_SUITE(SqlitePool, IoBackends, BackendName);

TYPED_TEST(SqlitePool, WhatIsWrittenIsRead) {
  this->writer_.acquire()->execute("INSERT INTO hits VALUES (1, 1)");
  EXPECT_EQ(this->count(this->readers_), 1);
  EXPECT_THROW(this->readers_.acquire()->execute("DELETE FROM hits"), carpool::SqliteError);
}

TYPED_TEST(SqlitePool, AnUnfinishedTransactionIsNobodyElses) {
  {
    auto lease = this->writer_.acquire();
    auto transaction = lease->begin();
    lease->execute("INSERT INTO hits VALUES (1, 1)");
  }
  auto lease = this->writer_.acquire();
  EXPECT_FALSE(lease->in_transaction());
  lease.release();
  EXPECT_EQ(this->count(this->readers_), 0);
}

TYPED_TEST(SqlitePool, ALastInsertIdIsTheLeasesOwn) {
  auto lease = this->writer_.acquire();
  EXPECT_EQ(lease->last_insert_id(), 0);
  lease->execute("INSERT INTO hits VALUES (1, 1)");
  EXPECT_EQ(lease->last_insert_id(), 1);
  const auto* const session = lease->native_handle();
  lease.release();
  auto next = this->writer_.acquire();
  ASSERT_EQ(next->native_handle(), session) << "the pool has one connection";
  EXPECT_EQ(next->last_insert_id(), 0) << "what another borrower inserted";
  EXPECT_EQ(next->query("SELECT last_insert_rowid()").one().template get<int>(0), 0);
}

TYPED_TEST(SqlitePool, ManyWritersAndReadersGetEveryRowInAndSeeNoHalfTransaction) {
  constexpr int workers = 8, each = 10;
  typename TypeParam::template Atomic<int> halves = 0;
  std::vector<decltype(TypeParam::spawn([] {}))> crowd;
  for (int worker = 0; worker < workers; ++worker) {
    crowd.push_back(TypeParam::spawn([this, worker, &halves] {
      for (int i = 0; i < each; ++i) {
        auto lease = this->writer_.acquire();
        auto transaction = lease->begin();
        for (const int half : {0, 1}) lease->execute("INSERT INTO hits VALUES (?, ?)", {worker, 2 * i + half});
        transaction.commit();
        lease.release();
        if (this->count(this->readers_) % 2 != 0) halves.fetch_add(1);
      }
    }));
  }
  for (auto& worker : crowd) worker.join();
  EXPECT_EQ(halves.load(), 0);
  EXPECT_EQ(this->count(this->readers_), workers * each * 2);
}

TYPED_TEST(SqlitePool, WritersWithoutALineGetThroughTooBecauseLocksAreWaitedFor) {
  typename TestFixture::Pool crowd_pool(carpool::SqliteConnector::writer(this->folder_.file("hits.db")),
                                        {.max_size = 8});
  std::vector<decltype(TypeParam::spawn([] {}))> crowd;
  for (int worker = 0; worker < 8; ++worker) {
    crowd.push_back(TypeParam::spawn([&crowd_pool, worker] {
      for (int i = 0; i < 5; ++i) {
        auto lease = crowd_pool.acquire();
        auto transaction = lease->begin();
        lease->execute("INSERT INTO hits VALUES (?, 1)", {worker});
        TypeParam::sleep_until(TypeParam::now() + milliseconds(1));
        transaction.commit();
      }
    }));
  }
  for (auto& worker : crowd) worker.join();
  EXPECT_EQ(this->count(this->readers_), 40);
}

}  // namespace

// needs: sqlite_connector
/// What of the laws of a connector concerns SQLite, which has no server, and what concerns it alone, on every backend.
#include <carpool/sqlite_connector.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "io_backends.hpp"
#include "process.hpp"
#include "sqlite_folder.hpp"
#include "thrown.hpp"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

template <class Backend>
class SqliteConformance : public testing::Test {
 protected:
  using Connection = carpool::SqliteConnection<Backend>;

  SqliteConformance() { writer().script("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT UNIQUE)"); }

  static carpool::TimePoint in(carpool::Duration time) { return Backend::now() + time; }
  Connection open(const carpool::SqliteConnector& connector) {
    return connector.template connect<Backend>(in(seconds(10)));
  }
  Connection writer() { return open(connector_); }
  Connection reader() { return open(carpool::SqliteConnector::reader(path_)); }

  static std::int64_t count(Connection& connection) {
    return connection.query("SELECT count(*) FROM notes").template get<std::int64_t>(0, 0);
  }

  SqliteFolder folder_;
  std::string path_ = folder_.file("notes.db");
  carpool::SqliteConnector connector_ = carpool::SqliteConnector::writer(path_);
};
TYPED_TEST_SUITE(SqliteConformance, AllIoBackends, BackendName);

static_assert(carpool::ConnectorFor<carpool::SqliteConnector, carpool::ThreadBackend>);
static_assert(carpool::TransactionalSqlConnection<carpool::SqliteConnection<carpool::ThreadBackend>>);

TYPED_TEST(SqliteConformance, AFreshConnectionIsConnectedAndClean) {
  auto connection = this->writer();
  EXPECT_TRUE(this->connector_.is_connected(connection));
  EXPECT_TRUE(this->connector_.reusable(connection));
  EXPECT_FALSE(this->connector_.dirty(connection));
  EXPECT_TRUE(this->connector_.ping(connection, this->in(seconds(10))));
}

TYPED_TEST(SqliteConformance, AFileThatCannotBeOpenedOrIsNoDatabaseThrows) {
  std::ofstream(this->folder_.file("letter.txt")) << std::string(4096, 'x');
  for (const char* name : {"nowhere/notes.db", "letter.txt"}) {
    EXPECT_THROW((void)this->open(carpool::SqliteConnector::writer(this->folder_.file(name))), carpool::SqliteError);
  }
  EXPECT_THROW((void)this->open(carpool::SqliteConnector::reader(this->folder_.file("new.db"))), carpool::SqliteError);
}

TYPED_TEST(SqliteConformance, NoDescriptorLeaksWhetherConnectsSucceedOrFail) {
  const auto once = [this] {
    auto connection = this->writer();
    EXPECT_EQ(this->count(connection), 0);
    EXPECT_ANY_THROW((void)this->open(carpool::SqliteConnector::reader(this->folder_.file("none.db"))));
  };
  once();
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 20; ++i) once();
  EXPECT_EQ(open_descriptors(), before);
}

TYPED_TEST(SqliteConformance, AConnectionOpenedInTheBackgroundServesHere) {
  std::optional<carpool::SqliteConnection<TypeParam>> connection;
  TypeParam::spawn_background([&] { connection.emplace(this->writer()); }).join();
  connection->execute("INSERT INTO notes (text) VALUES (?)", {"here"});
  EXPECT_EQ(this->count(*connection), 1);
}

TYPED_TEST(SqliteConformance, AForkedChildThatAbandonsLeavesTheParentItsLocks) {
  auto connection = this->writer();
  auto transaction = connection.begin();
  connection.execute("INSERT INTO notes (text) VALUES ('parent')");
  const auto child = [&] {
    this->connector_.abandon(connection);
    return this->connector_.is_connected(connection) ? 1 : 0;
  };
  EXPECT_EQ(run_in_forked_child(child), 0);
  auto other = this->writer();
  EXPECT_EQ(code_thrown_by([&] { (void)other.begin(carpool::SqliteBegin::immediate, this->in(milliseconds(20))); }),
            std::errc::timed_out);
  transaction.commit();
  EXPECT_EQ(this->count(other), 1);
}

TYPED_TEST(SqliteConformance, AForkedChildIsRefusedItsParentsConnection) {
  auto connection = this->writer();
  auto rows = connection.cursor("SELECT 1");
  const auto child = [&] {
    try {
      (void)connection.query("SELECT 1");
    } catch (const std::logic_error&) {
      auto inherited = std::move(rows);  // whose destructor touches nothing
      return this->connector_.is_connected(connection) ? 2 : 0;
    }
    return 1;
  };
  EXPECT_EQ(run_in_forked_child(child), 0);
  EXPECT_TRUE(rows.next());
}

TYPED_TEST(SqliteConformance, ALockIsWaitedForUntilTheDeadlineAndNoLonger) {
  auto holder = this->writer();
  auto other = this->writer();
  {
    auto transaction = holder.begin();
    const carpool::TimePoint deadline = this->in(milliseconds(60));
    EXPECT_EQ(code_thrown_by([&] { other.execute("INSERT INTO notes (text) VALUES ('no')", {}, deadline); }),
              std::errc::timed_out);
    EXPECT_GE(TypeParam::now(), deadline);
    EXPECT_FALSE(this->connector_.dirty(other));
    transaction.rollback();
  }
  other.execute("INSERT INTO notes (text) VALUES ('yes')");
  EXPECT_EQ(this->count(holder), 1);
}

TYPED_TEST(SqliteConformance, AWriterThatWaitsGetsTheLockWhenItIsFree) {
  if (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller on this backend";
  auto holder = this->writer();
  auto transaction = holder.begin();
  auto waiting = TypeParam::spawn([this] {
    auto other = this->writer();
    other.execute("INSERT INTO notes (text) VALUES ('after')", {}, this->in(seconds(20)));
  });
  TypeParam::sleep_until(this->in(milliseconds(20)));
  holder.execute("INSERT INTO notes (text) VALUES ('before')");
  transaction.commit();
  waiting.join();
  EXPECT_EQ(this->count(holder), 2);
}

TYPED_TEST(SqliteConformance, ReadersAndTheWriterDoNotHoldEachOtherUp) {
  auto connection = this->writer();
  auto transaction = connection.begin();
  connection.execute("INSERT INTO notes (text) VALUES ('not yet')");
  auto reader = this->reader();
  auto rows = reader.cursor("SELECT count(*) FROM notes", {}, this->in(seconds(10)));
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.template get<int>(0), 0);
  transaction.commit(this->in(seconds(10)));
}

TYPED_TEST(SqliteConformance, AReaderCannotWrite) {
  auto reader = this->reader();
  EXPECT_THROW(reader.execute("INSERT INTO notes (text) VALUES ('no')"), carpool::SqliteError);
}

TYPED_TEST(SqliteConformance, ARunawayQueryIsInterruptedAtItsDeadline) {
  auto connection = this->writer();
  const carpool::TimePoint deadline = this->in(milliseconds(50));
  const auto run = [&] {
    connection.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n", {},
                       deadline);
  };
  EXPECT_EQ(code_thrown_by(run), std::errc::timed_out);
  EXPECT_GE(TypeParam::now(), deadline);
  EXPECT_EQ(this->count(connection), 0);
}

TYPED_TEST(SqliteConformance, OthersGoOnWhileAQueryWorks) {
  if (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller on this backend";
  bool done = false;
  int beats = 0;
  typename TypeParam::Mutex mutex;
  auto heart = TypeParam::spawn([&] {
    for (bool beating = true; beating;) {
      TypeParam::sleep_until(this->in(milliseconds(1)));
      mutex.lock();
      beating = !done;
      ++beats;
      mutex.unlock();
    }
  });
  auto connection = this->writer();
  EXPECT_THROW(
      connection.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n", {},
                         this->in(milliseconds(200))),
      std::system_error);
  mutex.lock();
  done = true;
  const int beaten = beats;
  mutex.unlock();
  heart.join();
  EXPECT_GE(beaten, 5);
}

TYPED_TEST(SqliteConformance, AnUnfinishedTransactionIsRolledBackByTheNextOperation) {
  auto connection = this->writer();
  {
    auto transaction = connection.begin();
    connection.execute("INSERT INTO notes (text) VALUES ('lost')");
  }
  EXPECT_TRUE(this->connector_.dirty(connection));
  EXPECT_EQ(this->count(connection), 0);
  EXPECT_FALSE(this->connector_.dirty(connection));
}

TYPED_TEST(SqliteConformance, ATransactionWithinATransactionIsRefused) {
  auto connection = this->writer();
  auto transaction = connection.begin();
  EXPECT_THROW((void)connection.begin(), std::logic_error);
  transaction.commit();
}

// SQLite rolls back by itself where a statement that writes is interrupted: the rest used to be committed alone.
TYPED_TEST(SqliteConformance, WhatFollowsTheEndOfATransactionIsRefusedUntilItIsGone) {
  auto connection = this->writer();
  {
    auto transaction = connection.begin();
    connection.execute("INSERT INTO notes (text) VALUES ('first')");
    connection.execute("ROLLBACK");  // as SQLite does it where the disk is full
    EXPECT_THROW(connection.execute("INSERT INTO notes (text) VALUES ('second')"), carpool::SqliteError);
    EXPECT_THROW(transaction.commit(), carpool::SqliteError);
    transaction.rollback();
  }
  EXPECT_EQ(this->count(connection), 0);
  EXPECT_EQ(connection.execute("INSERT INTO notes (text) VALUES ('third')"), 1U);
}

TYPED_TEST(SqliteConformance, AResetRollsBackAndEndsWhatIsBeingRead) {
  auto connection = this->writer();
  connection.script("BEGIN; INSERT INTO notes (text) VALUES ('one'), ('two')");
  auto rows = connection.cursor("SELECT text FROM notes");
  ASSERT_TRUE(rows.next());
  EXPECT_TRUE(this->connector_.dirty(connection));
  EXPECT_TRUE(this->connector_.reset(connection, this->in(seconds(10))));
  EXPECT_FALSE(connection.in_transaction());
  EXPECT_EQ(this->count(connection), 0);
}

TYPED_TEST(SqliteConformance, SlowDisksCanBeLeftToHelpers) {
  auto connector = this->connector_;
  connector.offload = true;
  auto holder = this->writer();
  auto connection = this->open(connector);
  connection.execute("INSERT INTO notes (text) VALUES ('helped')");
  auto transaction = holder.begin();
  const auto blocked = [&] { connection.execute("DELETE FROM notes", {}, this->in(milliseconds(30))); };
  EXPECT_EQ(code_thrown_by(blocked), std::errc::timed_out);
  transaction.rollback();
  EXPECT_EQ(connection.execute("DELETE FROM notes"), 1U);
}

TYPED_TEST(SqliteConformance, AServersRefusalIsNoReasonToClose) {
  auto connection = this->writer();
  connection.execute("INSERT INTO notes (text) VALUES ('same')");
  try {
    connection.execute("INSERT INTO notes (text) VALUES ('same')");
    FAIL() << "the same text twice";
  } catch (const carpool::SqliteError& error) {
    EXPECT_EQ(error.extended_code(), SQLITE_CONSTRAINT_UNIQUE);
    EXPECT_EQ(error.code(), "2067");
    EXPECT_EQ(this->connector_.handle_exception(connection, std::make_exception_ptr(error)), carpool::Verdict::keep);
  }
  EXPECT_EQ(this->connector_.handle_exception(connection,
                                              std::make_exception_ptr(carpool::SqliteError(SQLITE_CORRUPT, "test"))),
            carpool::Verdict::close);
}

}  // namespace

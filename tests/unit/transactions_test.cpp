// needs: postgres_connector sqlite_connector
/// A transaction ends once: whoever commits or rolls back a second time is told so, and nothing is done.
#include <carpool/postgres_transaction.hpp>
#include <carpool/sqlite/transaction.hpp>
#include <carpool/time.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

/// Writes down what a transaction asks of its connection.
struct RecordingConnection {
  std::vector<std::string> asked;
  bool refuses = false;

  void commit(std::optional<carpool::TimePoint>) { note("commit"); }
  void roll_back(std::optional<carpool::TimePoint>) { note("rollback"); }
  void leave_transaction() noexcept { asked.emplace_back("left"); }

 private:
  void note(const char* what) {
    asked.emplace_back(what);
    if (refuses) throw std::runtime_error("refused");
  }
};

template <class Transaction>
class Transactions : public testing::Test {
 protected:
  /// The text of the std::logic_error that it throws.
  template <class Act>
  static std::string misuse(Act act) {
    try {
      act();
    } catch (const std::logic_error& error) {
      return error.what();
    }
    return "nothing was thrown";
  }

  RecordingConnection connection;
};
using Kinds =
    testing::Types<carpool::PostgresTransaction<RecordingConnection>, carpool::SqliteTransaction<RecordingConnection>>;
TYPED_TEST_SUITE(Transactions, Kinds);

using Words = std::vector<std::string>;

TYPED_TEST(Transactions, ASecondCommitOrRollbackIsAnErrorThatSaysSo) {
  {
    TypeParam transaction(this->connection);
    transaction.commit();
    EXPECT_EQ(this->misuse([&] { transaction.commit(); }), "commit: the transaction is over already");
    EXPECT_EQ(this->misuse([&] { transaction.rollback(); }), "rollback: the transaction is over already");
  }
  EXPECT_EQ(this->connection.asked, Words{"commit"});
}

TYPED_TEST(Transactions, NothingIsCommittedAfterARollback) {
  TypeParam transaction(this->connection);
  transaction.rollback();
  EXPECT_EQ(this->misuse([&] { transaction.commit(); }), "commit: the transaction is over already");
  EXPECT_EQ(this->connection.asked, Words{"rollback"});
}

TYPED_TEST(Transactions, OneThatWasMovedAwayIsOver) {
  TypeParam transaction(this->connection);
  TypeParam other(std::move(transaction));
  // NOLINTNEXTLINE(bugprone-use-after-move): that it is safe is the point
  EXPECT_EQ(this->misuse([&] { transaction.commit(); }), "commit: the transaction is over already");
  other.commit();
  EXPECT_EQ(this->connection.asked, Words{"commit"});
}

TYPED_TEST(Transactions, OneThatCouldNotBeCommittedIsNotOver) {
  {
    TypeParam transaction(this->connection);
    this->connection.refuses = true;
    EXPECT_THROW(transaction.commit(), std::runtime_error);
    EXPECT_THROW(transaction.commit(), std::runtime_error);
  }
  EXPECT_EQ(this->connection.asked, (Words{"commit", "commit", "left"}));
}

}  // namespace

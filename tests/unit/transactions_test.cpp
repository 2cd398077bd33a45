// sanitizers: not thread
/// A transaction ends once: whoever commits or rolls back a second time is told so, and nothing is done.
#include <carpool/common/io_error.hpp>
#include <carpool/sql/errors.hpp>
#include <carpool/sql/transaction.hpp>
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

  void commit_transaction(std::optional<carpool::TimePoint>) { note("commit"); }
  void rollback_transaction(std::optional<carpool::TimePoint>) { note("rollback"); }
  void leave_transaction() noexcept { asked.emplace_back("left"); }

 private:
  void note(const char* what) {
    asked.emplace_back(what);
    if (refuses) throw std::runtime_error("refused");
  }
};

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
using Transaction = carpool::Transaction<RecordingConnection>;
using Words = std::vector<std::string>;

TEST_F(Transactions, ASecondCommitOrRollbackIsAnErrorThatSaysSo) {
  {
    Transaction transaction(connection);
    transaction.commit();
    EXPECT_EQ(misuse([&] { transaction.commit(); }), "commit: the transaction is over already");
    EXPECT_EQ(misuse([&] { transaction.rollback(); }), "rollback: the transaction is over already");
  }
  EXPECT_EQ(connection.asked, Words{"commit"});
}

TEST_F(Transactions, NothingIsCommittedAfterARollback) {
  Transaction transaction(connection);
  transaction.rollback();
  EXPECT_EQ(misuse([&] { transaction.commit(); }), "commit: the transaction is over already");
  EXPECT_EQ(connection.asked, Words{"rollback"});
}

TEST_F(Transactions, OneThatWasMovedAwayIsOver) {
  Transaction transaction(connection);
  Transaction other(std::move(transaction));
  // NOLINTNEXTLINE(bugprone-use-after-move): that it is safe is the point
  EXPECT_EQ(misuse([&] { transaction.commit(); }), "commit: the transaction is over already");
  other.commit();
  EXPECT_EQ(connection.asked, Words{"commit"});
}

TEST_F(Transactions, OneThatCouldNotBeCommittedIsNotOver) {
  {
    Transaction transaction(connection);
    connection.refuses = true;
    EXPECT_THROW(transaction.commit(), std::runtime_error);
    EXPECT_THROW(transaction.commit(), std::runtime_error);
  }
  EXPECT_EQ(connection.asked, (Words{"commit", "commit", "left"}));
}

/// One that answers a commit with an error, and is of use afterwards or not.
struct AnsweringConnection {
  bool hangs_up = false;

  [[noreturn]] void commit_transaction(std::optional<carpool::TimePoint>) {
    throw carpool::SqlError("57P01", "terminating connection", carpool::SqlErrorKind::other);
  }
  void rollback_transaction(std::optional<carpool::TimePoint>) {}
  void leave_transaction() noexcept {}
  [[nodiscard]] bool reusable() const noexcept { return !hangs_up; }
};

TEST(Commit, ThatIsRefusedIsTheDatabasesErrorAndOneAnsweredWithTheSessionsEndIsInDoubt) {
  AnsweringConnection connection;
  carpool::Transaction<AnsweringConnection> transaction(connection);
  EXPECT_THROW(transaction.commit(), carpool::SqlError);
  connection.hangs_up = true;
  try {
    transaction.commit();
    ADD_FAILURE() << "it was not committed";
  } catch (const carpool::IoError& error) {
    EXPECT_STREQ(error.what(), "whether it was committed is not known: terminating connection");
  }
}

}  // namespace

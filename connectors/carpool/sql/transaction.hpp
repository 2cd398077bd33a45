/// A transaction that is either committed or, whatever happens, not: the same for every database that has them.
#pragma once

#include <carpool/common/io_error.hpp>
#include <carpool/sql/errors.hpp>
#include <carpool/time.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace carpool::inline v0_1 {

/// Made by a connection's begin(). One that is neither committed nor rolled back when it goes out of scope is rolled
/// back by the connection's next operation, or by the pool: a destructor does not wait.
///
/// Where the server (or SQLite) has ended it before, after a deadlock for one, each statement is refused until the
/// transaction is gone, because what was to be done together would else be done by halves.
///
/// Lifetime: its connection must neither be moved nor given back before.
template <class Connection>
class Transaction {
 public:
  /// By the connection's begin(), which has told the server already.
  explicit Transaction(Connection& connection) noexcept : connection_(&connection) {}
  Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction() {
    if (connection_ != nullptr) connection_->leave_transaction();
  }

  /// Throws the database's SqlError where this commit did nothing: the server refused, or the transaction had been
  /// ended before, by an error (all is undone) or by a statement that commits, such as MySQL's CREATE TABLE (what came
  /// before it stays). is_repeatable(error) says whether all is undone, and to begin again may help.
  /// After any other exception, IoError for one, it is not known whether it was committed.
  /// Where the transaction is over already, or was moved away, throws std::logic_error and says nothing to the server.
  void commit(std::optional<TimePoint> deadline = {}) {
    Connection& connection = open("commit");
    try {
      connection.commit_transaction(deadline);
    } catch (const SqlError& error) {
      if constexpr (requires { connection.reusable(); }) {
        if (!connection.reusable()) in_doubt(error);
      }
      throw;
    }
    end();
  }
  /// No error where the server has ended it already.
  void rollback(std::optional<TimePoint> deadline = {}) { open("rollback").rollback_transaction(deadline), end(); }

 private:
  /// The server, or a pooler, answered a COMMIT with the end of the session.
  [[noreturn]] static void in_doubt(const SqlError& error) {
    throw IoError(std::make_error_code(std::errc::connection_aborted),
                  std::string("whether it was committed is not known: ") + error.what());
  }
  [[nodiscard]] Connection& open(const char* operation) const {
    if (connection_ != nullptr) return *connection_;
    throw std::logic_error(std::string(operation) + ": the transaction is over already");
  }
  void end() noexcept { connection_ = nullptr; }

  Connection* connection_;
};

/// What begin() throws where a transaction is open: a second one would commit the first, or be part of it.
[[noreturn]] inline void refuse_nested_transaction(const std::string& peer) {
  throw std::logic_error("begin on " + peer + ": a transaction is open already");
}

}  // namespace carpool::inline v0_1

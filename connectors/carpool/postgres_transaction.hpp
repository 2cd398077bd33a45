/// A transaction that is either committed or, whatever happens, not.
#pragma once

#include <carpool/postgres/error.hpp>
#include <carpool/time.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace carpool {

/// How far a transaction is kept apart from others.
enum class PostgresIsolation {
  read_committed,   ///< each statement sees what was committed before it
  repeatable_read,  ///< all statements see the same; a conflicting write fails with 40001
  serializable,     ///< as if one after the other; what cannot be so fails with 40001
};

struct PostgresTransactionOptions {
  std::optional<PostgresIsolation> isolation = {};  ///< std::nullopt: the server's default
  bool read_only = false;
  bool deferrable = false;  ///< serializable and read-only: waits once at its beginning, then never fails
};

/// Made by PostgresConnection::begin. One that is neither committed nor rolled back when it goes out of scope is rolled
/// back by the connection's next operation, or by the pool: a destructor does not wait.
/// Lifetime: its connection must neither be moved nor given back before.
template <class Connection>
class PostgresTransaction {
 public:
  explicit PostgresTransaction(Connection& connection) noexcept : connection_(&connection) {}
  PostgresTransaction(PostgresTransaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  PostgresTransaction& operator=(PostgresTransaction&&) = delete;
  ~PostgresTransaction() {
    if (connection_ != nullptr) connection_->leave_transaction();
  }

  /// Throws PostgresError where the server could not: 40001 asks to be tried again from the beginning, 25P02 says that
  /// an earlier statement had failed. After any other exception it is not known whether it was committed.
  /// Where the transaction is over already, or was moved away, throws std::logic_error and says nothing to the server.
  void commit(std::optional<TimePoint> deadline = {}) { open("commit").commit(deadline), connection_ = nullptr; }
  void rollback(std::optional<TimePoint> deadline = {}) { open("rollback").roll_back(deadline), connection_ = nullptr; }

 private:
  [[nodiscard]] Connection& open(const char* operation) const {
    if (connection_ != nullptr) return *connection_;
    throw std::logic_error(std::string(operation) + ": the transaction is over already");
  }

  Connection* connection_;
};

namespace detail {

/// A COMMIT that the server answered with ROLLBACK.
[[noreturn]] inline void refuse_commit(const std::string& peer) {
  throw PostgresError(
      "commit on " + peer,
      {.sqlstate = "25P02", .severity = "ERROR", .message = "an earlier statement had failed: it was rolled back"});
}

[[nodiscard]] inline std::string begin_statement(const PostgresTransactionOptions& options) {
  std::string statement = "BEGIN";
  if (options.isolation == PostgresIsolation::read_committed) statement += " ISOLATION LEVEL READ COMMITTED";
  if (options.isolation == PostgresIsolation::repeatable_read) statement += " ISOLATION LEVEL REPEATABLE READ";
  if (options.isolation == PostgresIsolation::serializable) statement += " ISOLATION LEVEL SERIALIZABLE";
  if (options.read_only) statement += " READ ONLY";
  if (options.deferrable) statement += " DEFERRABLE";
  return statement;
}

}  // namespace detail
}  // namespace carpool

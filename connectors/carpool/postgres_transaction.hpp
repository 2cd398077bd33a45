/// How a PostgreSQL transaction begins.
#pragma once

#include <carpool/postgres/error.hpp>
#include <carpool/sql/transaction.hpp>

#include <optional>
#include <string>

namespace carpool::inline v0_1 {

/// How far a transaction is kept apart from others.
enum class PostgresIsolation {
  read_committed,   ///< each statement sees what was committed before it
  repeatable_read,  ///< all statements see the same; a conflicting write fails with 40001
  serializable,     ///< as if one after the other; what cannot be so fails with 40001: see is_repeatable
};

/// For designated initialisers, in this order: what BEGIN is told.
struct PostgresTransactionOptions {
  std::optional<PostgresIsolation> isolation = {};  ///< std::nullopt: the server's default
  bool read_only = false;                           ///< the server refuses what writes
  bool deferrable = false;  ///< serializable and read-only: waits once at its beginning, then never fails
};

/// What PostgresConnection::begin returns: sql/transaction.hpp says what it does.
template <class Connection>
using PostgresTransaction = Transaction<Connection>;

namespace detail {

/// A COMMIT that the server answered with ROLLBACK.
[[noreturn]] inline void refuse_commit(const std::string& peer) {
  throw PostgresError(
      "commit on " + peer,
      {.sqlstate = "25P02", .severity = "ERROR", .message = "an earlier statement had failed: it was rolled back"});
}

/// A statement within a transaction that another statement has ended.
[[noreturn]] inline void refuse_ended(const std::string& peer) {
  throw PostgresError(peer, {.sqlstate = "25P01", .severity = "ERROR", .message = "the transaction has been ended"});
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
}  // namespace carpool::inline v0_1

/// How a SQLite transaction begins.
#pragma once

#include <carpool/sql/transaction.hpp>

namespace carpool::inline v0_1 {

/// Which locks a transaction begins with.
enum class SqliteBegin {
  deferred,   ///< none: for readers. One that comes to write may find that it cannot
  immediate,  ///< the writer's, of which there is one: its holder will not fail for a lock
  exclusive,  ///< all; with a WAL the same as immediate
};

/// What SqliteConnection::begin returns: sql/transaction.hpp says what it does.
template <class Connection>
using SqliteTransaction = Transaction<Connection>;

namespace detail {

[[nodiscard]] inline const char* begin_statement(SqliteBegin kind) noexcept {
  switch (kind) {
    case SqliteBegin::deferred: return "BEGIN DEFERRED";
    case SqliteBegin::exclusive: return "BEGIN EXCLUSIVE";
    case SqliteBegin::immediate: break;
  }
  return "BEGIN IMMEDIATE";
}

}  // namespace detail
}  // namespace carpool::inline v0_1

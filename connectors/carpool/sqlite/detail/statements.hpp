/// The compiled statements of one SQLite connection, kept for the next use of the same text.
#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <utility>

namespace carpool::inline v0_1::detail {

struct FinalizeSqliteStatement {
  void operator()(sqlite3_stmt* statement) const noexcept { ::sqlite3_finalize(statement); }
};
using SqliteStatementPointer = std::unique_ptr<sqlite3_stmt, FinalizeSqliteStatement>;

/// Those that are not in use. A few dozen at most, so that looking through them is quicker than hashing.
class SqliteStatements {
 public:
  explicit SqliteStatements(std::size_t most) noexcept : most_(most) {}

  /// The caller's alone from now on; null where there is none.
  [[nodiscard]] SqliteStatementPointer take(const std::string& sql) {
    for (auto entry = idle_.begin(); entry != idle_.end(); ++entry) {
      if (sql != ::sqlite3_sql(entry->get())) continue;
      SqliteStatementPointer taken = std::move(*entry);
      idle_.erase(entry);
      return taken;
    }
    return nullptr;
  }

  /// Reset and with nothing bound. The least recently used one makes room. Without memory it is finalized instead.
  void give_back(SqliteStatementPointer statement) noexcept {
    if (most_ == 0) return;
    try {
      idle_.push_front(std::move(statement));
    } catch (...) {
      return;
    }
    if (idle_.size() > most_) idle_.pop_back();
  }

  void clear() noexcept { idle_.clear(); }
  /// In a forked child: forgets them, and leaves them to the parent.
  void leak() noexcept {
    for (auto& statement : idle_) static_cast<void>(statement.release());
    idle_.clear();
  }

 private:
  std::size_t most_;
  std::list<SqliteStatementPointer> idle_;
};

}  // namespace carpool::inline v0_1::detail

/// A SQLite transaction that is either committed or, whatever happens, not.
#pragma once

#include <carpool/time.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace carpool {

/// Which locks a transaction begins with.
enum class SqliteBegin {
  deferred,   ///< none: for readers. One that comes to write may find that it cannot
  immediate,  ///< the writer's, of which there is one: whoever has it will not fail for a lock
  exclusive,  ///< all; with a WAL the same as immediate
};

/// Made by SqliteConnection::begin. One that is neither committed nor rolled back when it goes out of scope is rolled
/// back by the connection's next operation, or by the pool: a destructor does not wait.
/// Lifetime: its connection must neither be moved nor given back before.
template <class Connection>
class SqliteTransaction {
 public:
  explicit SqliteTransaction(Connection& connection) noexcept : connection_(&connection) {}
  SqliteTransaction(SqliteTransaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  SqliteTransaction& operator=(SqliteTransaction&&) = delete;
  ~SqliteTransaction() {
    if (connection_ != nullptr) connection_->leave_transaction();
  }

  /// Where it throws for a lock, it may be tried again. Where the transaction is over already, or was moved away,
  /// throws std::logic_error and does nothing.
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

[[nodiscard]] inline const char* begin_statement(SqliteBegin kind) noexcept {
  switch (kind) {
    case SqliteBegin::deferred: return "BEGIN DEFERRED";
    case SqliteBegin::exclusive: return "BEGIN EXCLUSIVE";
    case SqliteBegin::immediate: break;
  }
  return "BEGIN IMMEDIATE";
}

}  // namespace detail
}  // namespace carpool

/// A transaction as an object: it is rolled back unless it was committed.
#pragma once

#include <carpool/time.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace carpool {

template <class Backend>
class MysqlConnection;

/// How a transaction begins.
struct MysqlTransactionOptions {
  bool read_only = false;            ///< what it writes is refused
  bool consistent_snapshot = false;  ///< what it reads is as of its beginning

  [[nodiscard]] std::string statement() const {
    std::string text = "START TRANSACTION";
    if (consistent_snapshot) text += " WITH CONSISTENT SNAPSHOT";
    if (read_only) text += consistent_snapshot ? ", READ ONLY" : " READ ONLY";
    return text;
  }
};

/// Moved, never copied. Its destructor neither waits nor throws: what it owes, the connection does before its next
/// statement, or the pool when the lease ends.
template <class Backend>
class MysqlTransaction {
 public:
  explicit MysqlTransaction(MysqlConnection<Backend>& connection) noexcept : connection_(&connection) {}
  MysqlTransaction(MysqlTransaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  MysqlTransaction& operator=(MysqlTransaction&& other) noexcept {
    std::swap(connection_, other.connection_);
    return *this;
  }
  ~MysqlTransaction() {
    if (connection_ != nullptr) connection_->owe_rollback();
  }

  /// Where it throws, nobody knows whether the server has committed: only a MysqlError says that it has not.
  void commit(std::optional<TimePoint> deadline = {}) { finish("COMMIT", deadline); }
  void rollback(std::optional<TimePoint> deadline = {}) { finish("ROLLBACK", deadline); }

 private:
  void finish(const char* statement, std::optional<TimePoint> deadline) {
    if (connection_ == nullptr) throw std::logic_error(std::string(statement) + ": the transaction is over already");
    connection_->query(statement, deadline);
    connection_ = nullptr;
  }

  MysqlConnection<Backend>* connection_;
};

}  // namespace carpool

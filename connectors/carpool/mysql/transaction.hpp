/// How a MySQL transaction begins.
#pragma once

#include <carpool/sql/transaction.hpp>

#include <string>

namespace carpool::inline v0_1 {

template <class Backend>
class MysqlConnection;

/// For designated initialisers, in this order. The isolation level is the session's.
struct MysqlTransactionOptions {
  bool read_only = false;            ///< what it writes is refused
  bool consistent_snapshot = false;  ///< what it reads is as of its beginning

  /// What begin() sends: "START TRANSACTION READ ONLY".
  [[nodiscard]] std::string statement() const {
    std::string text = "START TRANSACTION";
    if (consistent_snapshot) text += " WITH CONSISTENT SNAPSHOT";
    if (read_only) text += consistent_snapshot ? ", READ ONLY" : " READ ONLY";
    return text;
  }
};

/// What MysqlConnection::begin returns: sql/transaction.hpp says what it does.
template <class Backend>
using MysqlTransaction = Transaction<MysqlConnection<Backend>>;

}  // namespace carpool::inline v0_1

/// How a MySQL transaction begins.
#pragma once

#include <carpool/sql/transaction.hpp>

#include <string>

namespace carpool::inline v0_1 {

template <class Backend>
class MysqlConnection;

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

template <class Backend>
using MysqlTransaction = Transaction<MysqlConnection<Backend>>;

}  // namespace carpool::inline v0_1

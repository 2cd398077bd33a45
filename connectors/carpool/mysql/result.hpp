/// The whole answer to one MySQL statement: its rows in memory, or how many rows it changed.
#pragma once

#include <carpool/sql/concepts.hpp>
#include <carpool/sql/rows.hpp>

#include <cstdint>

namespace carpool::inline v0_1 {

/// A value: it needs its connection no more. Whole and floating numbers are such, a BIT(n) is the number of its bits;
/// everything else is a text as the server writes it: decimals, dates, JSON; and bytes.
///
/// A FLOAT of up to 6 digits is the same from query() and from prepared(). To a statement without parameters the server
/// sends it as a text of 6 digits: where all of it is wanted, ask by prepared(), or for f + 0e0.
class MysqlResult : public SqlStoredRows<MysqlResult> {
 public:
  /// Of an AUTO_INCREMENT, the first that the statement has given; 0 where nothing was numbered.
  [[nodiscard]] std::uint64_t last_insert_id() const noexcept { return last_insert_id_; }
  /// How many; SHOW WARNINGS tells them.
  [[nodiscard]] unsigned warnings() const noexcept { return warnings_; }

  // --- for the connection that reads it ---

  void set_last_insert_id(std::uint64_t id) noexcept { last_insert_id_ = id; }  ///< see last_insert_id(); at first 0
  void set_warnings(unsigned count) noexcept { warnings_ = count; }             ///< see warnings(); at first 0

 private:
  std::uint64_t last_insert_id_ = 0;
  unsigned warnings_ = 0;
};

static_assert(SqlResult<MysqlResult>);

}  // namespace carpool::inline v0_1

/// A result whose values its client library does not keep, so that it is copied: MySQL's and SQLite's.
#pragma once

#include <carpool/sql/result.hpp>
#include <carpool/sql/value.hpp>
#include <carpool/sql/view.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// What SqlRowAccess says of the derived Result, done by a list of names and one of values.
template <class Result>
class SqlStoredRows : public SqlRowAccess<Result> {
 public:
  /// Complete rows.
  [[nodiscard]] std::size_t size() const noexcept { return names_.empty() ? 0 : values_.size() / names_.size(); }
  [[nodiscard]] std::size_t columns() const noexcept { return names_.size(); }  ///< also where there are no rows
  /// Throws: std::out_of_range. Lifetime: the result's.
  [[nodiscard]] std::string_view name(std::size_t column) const {
    detail::check_sql_index(column, names_.size(), "column");
    return names_[column];
  }
  /// For SqlRowAccess, which has checked both numbers. Lifetime: the result's.
  [[nodiscard]] SqlView view(std::size_t row, std::size_t column) const noexcept {
    return view_of(values_[row * names_.size() + column]);
  }
  /// How many rows the statement has inserted, updated or deleted; 0 for one that only reads.
  [[nodiscard]] std::uint64_t affected_rows() const noexcept { return affected_rows_; }

  // --- for the connection that reads it ---

  void add_column(std::string name) { names_.push_back(std::move(name)); }  ///< before any value; in the server's order
  /// The next column's in the last row, or the first one's in a new row.
  void add_value(SqlValue value) { values_.push_back(std::move(value)); }
  void set_affected_rows(std::uint64_t count) noexcept { affected_rows_ = count; }  ///< see affected_rows(); at first 0

 private:
  std::vector<std::string> names_;
  std::vector<SqlValue> values_;  // row after row
  std::uint64_t affected_rows_ = 0;
};

}  // namespace carpool::inline v0_1

/// The whole answer to one MySQL statement: its rows in memory, or how many rows it changed.
#pragma once

#include <carpool/mysql/value.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carpool {

/// One row of a result, which must outlive it.
class MysqlRow {
 public:
  MysqlRow(std::span<const MysqlValue> values, const std::vector<std::string>& columns) noexcept
      : values_(values), columns_(&columns) {}

  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
  [[nodiscard]] auto begin() const noexcept { return values_.begin(); }
  [[nodiscard]] auto end() const noexcept { return values_.end(); }

  /// Throws std::out_of_range where there is no such column.
  [[nodiscard]] const MysqlValue& operator[](std::size_t column) const {
    if (column < values_.size()) return values_[column];
    throw std::out_of_range("the row has " + std::to_string(values_.size()) + " columns, none has number " +
                            std::to_string(column));
  }
  [[nodiscard]] const MysqlValue& operator[](std::string_view name) const {
    const auto found = std::find(columns_->begin(), columns_->end(), name);
    if (found == columns_->end()) throw std::out_of_range("the result has no column '" + std::string(name) + "'");
    return values_[static_cast<std::size_t>(found - columns_->begin())];
  }

  /// The column's MysqlValue::as<T>().
  template <class T>
  [[nodiscard]] T get(std::size_t column) const {
    return (*this)[column].template as<T>();
  }
  template <class T>
  [[nodiscard]] T get(std::string_view name) const {
    return (*this)[name].template as<T>();
  }

 private:
  std::span<const MysqlValue> values_;
  const std::vector<std::string>* columns_;
};

/// A value: it needs its connection no more.
class MysqlResult {
 public:
  std::vector<std::string> columns;  ///< their names; empty where the statement has no rows to give
  std::vector<MysqlValue> values;    ///< row after row
  std::uint64_t affected_rows = 0;   ///< changed, inserted or deleted
  std::uint64_t last_insert_id = 0;  ///< 0 where nothing was numbered
  unsigned warnings = 0;             ///< SHOW WARNINGS tells them

  /// How many rows.
  [[nodiscard]] std::size_t size() const noexcept { return columns.empty() ? 0 : values.size() / columns.size(); }
  [[nodiscard]] bool empty() const noexcept { return values.empty(); }

  /// Throws std::out_of_range where there is no such row.
  [[nodiscard]] MysqlRow operator[](std::size_t row) const {
    if (row >= size()) {
      throw std::out_of_range("the result has " + std::to_string(size()) + " rows, none has number " +
                              std::to_string(row));
    }
    return {std::span(values).subspan(row * columns.size(), columns.size()), columns};
  }
  /// The only row. Throws std::out_of_range where there are none or more.
  [[nodiscard]] MysqlRow one() const {
    if (size() != 1) throw std::out_of_range("the result has " + std::to_string(size()) + " rows, not one");
    return (*this)[0];
  }

  class Iterator {
   public:
    Iterator(const MysqlResult& result, std::size_t row) noexcept : result_(&result), row_(row) {}
    [[nodiscard]] MysqlRow operator*() const { return (*result_)[row_]; }
    Iterator& operator++() noexcept { return ++row_, *this; }
    friend bool operator==(const Iterator&, const Iterator&) noexcept = default;

   private:
    const MysqlResult* result_;
    std::size_t row_;
  };
  [[nodiscard]] Iterator begin() const noexcept { return {*this, 0}; }
  [[nodiscard]] Iterator end() const noexcept { return {*this, size()}; }
};

}  // namespace carpool

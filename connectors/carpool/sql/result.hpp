/// What every result of a SQL statement offers: rows to go through, columns by number and by name, typed values.
#pragma once

#include <carpool/sql/field.hpp>

#include <cstddef>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

namespace carpool::inline v0_1 {

namespace detail {

inline void check_sql_index(std::size_t index, std::size_t size, const char* what) {
  if (index < size) return;
  throw std::out_of_range("the result has " + std::to_string(size) + ' ' + what + "s, asked was for " + what + ' ' +
                          std::to_string(index) + ", counted from 0");
}

/// The first of that name, exactly as the database spells it.
template <class Columns>
[[nodiscard]] std::size_t sql_column(const Columns& columns, std::string_view name) {
  for (std::size_t i = 0; i < columns.columns(); ++i) {
    if (columns.name(i) == name) return i;
  }
  throw std::out_of_range("the result has no column '" + std::string(name) + '\'');
}

}  // namespace detail

/// One row. Refers to its result, which must outlive it.
template <class Result>
class SqlRow {
 public:
  /// By SqlRowAccess, which has checked the row.
  SqlRow(const Result& result, std::size_t row) noexcept : result_(&result), row_(row) {}

  /// The result's, so the same for each row.
  [[nodiscard]] std::size_t columns() const noexcept { return result_->columns(); }

  /// Throws std::out_of_range where there is no such column.
  [[nodiscard]] SqlField operator[](std::size_t column) const { return result_->field(row_, column); }
  [[nodiscard]] SqlField operator[](std::string_view name) const { return (*this)[result_->column(name)]; }

  /// Throws std::out_of_range where there is no such column.
  [[nodiscard]] bool is_null(std::size_t column) const { return (*this)[column].is_null(); }

  /// The column's SqlField::as<T>().
  template <class T>
  [[nodiscard]] T get(std::size_t column) const {
    return (*this)[column].template as<T>();
  }
  template <class T>
  [[nodiscard]] T get(std::string_view name) const {
    return (*this)[name].template as<T>();
  }

 private:
  const Result* result_;
  std::size_t row_;
};

/// A result in memory, which needs its connection no more and may be read by several threads. Its database derives from
/// this and has size(), the number of rows; columns(), the number of columns; name(column); view(row, column).
///
/// Errors:   std::out_of_range for a row or column that is not there, SqlValueError for a value of another kind.
template <class Result>
class SqlRowAccess {
 public:
  [[nodiscard]] bool empty() const noexcept { return self().size() == 0; }  ///< no rows; there may be columns

  [[nodiscard]] SqlRow<Result> operator[](std::size_t row) const {
    detail::check_sql_index(row, self().size(), "row");
    return {self(), row};
  }
  /// The only row. Throws std::out_of_range where there is none, or are several.
  [[nodiscard]] SqlRow<Result> one() const {
    if (self().size() == 1) return {self(), 0};
    throw std::out_of_range("the result has " + std::to_string(self().size()) + " rows, not one");
  }

  /// Of several columns with that name the first.
  [[nodiscard]] std::size_t column(std::string_view name) const { return detail::sql_column(self(), name); }
  /// Both counted from 0. Lifetime: refers to the result.
  [[nodiscard]] SqlField field(std::size_t row, std::size_t column) const {
    detail::check_sql_index(row, self().size(), "row");
    detail::check_sql_index(column, self().columns(), "column");
    return {self().name(column), self().view(row, column)};
  }
  /// As field(row, column).
  [[nodiscard]] bool is_null(std::size_t row, std::size_t column) const { return field(row, column).is_null(); }
  /// The field's SqlField::as<T>(); by name, the first column of that name.
  template <class T>
  [[nodiscard]] T get(std::size_t row, std::size_t column) const {
    return field(row, column).template as<T>();
  }
  template <class T>
  [[nodiscard]] T get(std::size_t row, std::string_view name) const {
    return get<T>(row, column(name));
  }

  /// Row by row, for range-based for. Lifetime: the result must outlive it and its rows.
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;  ///< a row is made by operator*, not kept
    using value_type = SqlRow<Result>;                  ///< by value: it refers to the result
    using difference_type = std::ptrdiff_t;             ///< not used: there is no difference of two
    using pointer = void;                               ///< there is no operator->
    using reference = SqlRow<Result>;                   ///< a value, not a reference

    Iterator() noexcept = default;
    /// By begin() and end().
    Iterator(const Result& result, std::size_t row) noexcept : result_(&result), row_(row) {}
    SqlRow<Result> operator*() const noexcept { return {*result_, row_}; }
    Iterator& operator++() noexcept { return ++row_, *this; }
    Iterator operator++(int) noexcept { return {*result_, row_++}; }
    friend bool operator==(const Iterator& left, const Iterator& right) noexcept { return left.row_ == right.row_; }

   private:
    const Result* result_ = nullptr;
    std::size_t row_ = 0;
  };
  [[nodiscard]] Iterator begin() const noexcept { return {self(), 0}; }            ///< the first row
  [[nodiscard]] Iterator end() const noexcept { return {self(), self().size()}; }  ///< behind the last row

 private:
  [[nodiscard]] const Result& self() const noexcept { return static_cast<const Result&>(*this); }
};

}  // namespace carpool::inline v0_1

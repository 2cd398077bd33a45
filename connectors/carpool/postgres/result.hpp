/// What a PostgreSQL command gave: rows with typed access, or how many rows it touched.
#pragma once

#include <carpool/postgres/detail/wire.hpp>
#include <carpool/postgres/value.hpp>

#include <libpq-fe.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace carpool {

class PostgresResult;

/// One row, by reference to its result.
class PostgresRow {
 public:
  PostgresRow(const PostgresResult& result, std::size_t row) noexcept : result_(&result), row_(row) {}

  template <class T>
  [[nodiscard]] T get(std::size_t column) const;
  template <class T>
  [[nodiscard]] T get(std::string_view column) const;
  [[nodiscard]] bool is_null(std::size_t column) const;

 private:
  const PostgresResult* result_;
  std::size_t row_;
};

/// Owns its rows; it may outlive its connection, and be read by several threads.
///
/// Errors:   std::out_of_range for a row or column that is not there, PostgresConversionError for a value of another
///           kind; a null is one unless T is a std::optional.
class PostgresResult {
 public:
  explicit PostgresResult(detail::PostgresResultPointer result) noexcept : result_(std::move(result)) {}

  /// How many rows there are to read.
  [[nodiscard]] std::size_t rows() const noexcept { return static_cast<std::size_t>(::PQntuples(result_.get())); }
  [[nodiscard]] std::size_t columns() const noexcept { return static_cast<std::size_t>(::PQnfields(result_.get())); }
  [[nodiscard]] bool empty() const noexcept { return rows() == 0; }

  /// "SELECT 1", "INSERT 0 3": the server's own summary.
  [[nodiscard]] std::string_view command() const noexcept { return ::PQcmdStatus(result_.get()); }
  /// How many rows an INSERT, UPDATE, DELETE, COPY ... touched, or a SELECT found; 0 for other commands.
  [[nodiscard]] std::uint64_t affected() const noexcept {
    const std::string_view text = ::PQcmdTuples(result_.get());
    std::uint64_t count = 0;
    std::from_chars(text.data(), text.data() + text.size(), count);
    return count;
  }

  [[nodiscard]] std::string_view name(std::size_t column) const {
    check(column, columns(), "column");
    return ::PQfname(result_.get(), static_cast<int>(column));
  }
  /// The first column of that name, exactly as the server spells it.
  [[nodiscard]] std::size_t column(std::string_view name) const {
    for (std::size_t i = 0; i < columns(); ++i) {
      if (name == ::PQfname(result_.get(), static_cast<int>(i))) return i;
    }
    throw std::out_of_range("the result has no column '" + std::string(name) + '\'');
  }

  [[nodiscard]] bool is_null(std::size_t row, std::size_t column) const {
    check(row, rows(), "row");
    check(column, columns(), "column");
    return ::PQgetisnull(result_.get(), static_cast<int>(row), static_cast<int>(column)) != 0;
  }

  /// T: bool, an integer, a floating-point number, std::string, std::string_view (into this result),
  /// std::vector<std::byte> for bytea, or a std::optional of these.
  template <class T>
  [[nodiscard]] T get(std::size_t row, std::size_t column) const {
    const bool null = is_null(row, column);
    if constexpr (detail::IsOptional<T>::value) {
      if (null) return T();
      return detail::value_in<typename detail::IsOptional<T>::Value>(text(row, column));
    } else {
      if (null) throw PostgresConversionError("a null in column '" + std::string(name(column)) + '\'');
      return detail::value_in<T>(text(row, column));
    }
  }

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = PostgresRow;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = PostgresRow;

    Iterator(const PostgresResult& result, std::size_t row) noexcept : result_(&result), row_(row) {}
    PostgresRow operator*() const noexcept { return {*result_, row_}; }
    Iterator& operator++() noexcept { return ++row_, *this; }
    friend bool operator==(const Iterator& left, const Iterator& right) noexcept { return left.row_ == right.row_; }

   private:
    const PostgresResult* result_;
    std::size_t row_;
  };
  [[nodiscard]] Iterator begin() const noexcept { return {*this, 0}; }
  [[nodiscard]] Iterator end() const noexcept { return {*this, rows()}; }

  /// For what libpq offers beyond this; still owned by the result.
  [[nodiscard]] const PGresult* native_handle() const noexcept { return result_.get(); }

 private:
  static void check(std::size_t index, std::size_t size, const char* what) {
    if (index < size) return;
    throw std::out_of_range("the result has " + std::to_string(size) + ' ' + what + "s, asked was for " + what + ' ' +
                            std::to_string(index));
  }
  [[nodiscard]] std::string_view text(std::size_t row, std::size_t column) const noexcept {
    const int r = static_cast<int>(row), c = static_cast<int>(column);
    return {::PQgetvalue(result_.get(), r, c), static_cast<std::size_t>(::PQgetlength(result_.get(), r, c))};
  }

  detail::PostgresResultPointer result_;
};

template <class T>
T PostgresRow::get(std::size_t column) const {
  return result_->get<T>(row_, column);
}
template <class T>
T PostgresRow::get(std::string_view column) const {
  return result_->get<T>(row_, result_->column(column));
}
inline bool PostgresRow::is_null(std::size_t column) const { return result_->is_null(row_, column); }

}  // namespace carpool

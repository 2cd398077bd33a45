/// One value of a result, with the name of its column, to be read as a C++ type.
#pragma once

#include <carpool/sql/detail/reading.hpp>
#include <carpool/sql/detail/words.hpp>
#include <carpool/sql/errors.hpp>
#include <carpool/sql/view.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace carpool::inline v0_1 {

namespace detail {

template <class T>
struct SqlOptional {
  static constexpr bool value = false;
};
template <class T>
struct SqlOptional<std::optional<T>> {
  static constexpr bool value = true;
};

}  // namespace detail

/// Refers to its result (or cursor), which must outlive it.
class SqlField {
 public:
  /// For results; copies neither.
  SqlField(std::string_view column, SqlView view) noexcept : column_(column), view_(view) {}

  /// As the database spells it; empty where it was not told.
  [[nodiscard]] std::string_view column() const noexcept { return column_; }
  /// as<T>() then needs a std::optional.
  [[nodiscard]] bool is_null() const noexcept { return std::holds_alternative<std::monostate>(view_); }
  [[nodiscard]] const SqlView& view() const noexcept { return view_; }  ///< as it is kept, before any conversion

  /// T: bool, an integer, float, double, std::string, std::vector<std::byte>, std::string_view (into the result), or a
  /// std::optional of these, which is empty for NULL.
  ///
  /// An integer is read as any integer type that has room for it, a text that is a number as that number, a double or
  /// decimal without a fraction (2.0, "5.00") as an integer, the numbers 0 and 1 as bool; everything but NULL as
  /// std::string. A FLOAT is read as the double that is written so: 0.1. Bytes and texts are read as each other.
  /// Throws SqlValueError where the value is NULL and T is no optional, or where T cannot say it.
  template <class T>
  [[nodiscard]] T as() const {
    if constexpr (detail::SqlOptional<T>::value) {
      if (is_null()) return std::nullopt;
      return as<typename T::value_type>();
    } else {
      std::optional<T> read = std::visit(detail::SqlReading<T>(), view_);
      if (!read) refuse(detail::sql_type_name<T>());
      return std::move(*read);
    }
  }

 private:
  [[noreturn]] void refuse(const std::string& type) const {
    const std::string remedy = is_null() ? "; ask for a std::optional<" + type + '>' : "";
    throw SqlValueError(std::string(column_), type, detail::sql_shown(view_), remedy);
  }

  std::string_view column_;
  SqlView view_;
};

}  // namespace carpool::inline v0_1

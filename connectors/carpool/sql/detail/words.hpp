/// How an error text names a C++ type and shows a value.
#pragma once

#include <carpool/sql/detail/reading.hpp>
#include <carpool/sql/view.hpp>

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace carpool::inline v0_1::detail {

template <class T>
[[nodiscard]] std::string sql_type_name() {
  if constexpr (std::same_as<T, bool>) return "bool";
  if constexpr (std::same_as<T, std::string>) return "std::string";
  if constexpr (std::same_as<T, std::string_view>) return "std::string_view";
  if constexpr (std::same_as<T, SqlBytes>) return "std::vector<std::byte>";
  if constexpr (std::floating_point<T>) return std::same_as<T, float> ? "float" : "double";
  if constexpr (std::integral<T>) {
    return (std::signed_integral<T> ? "std::int" : "std::uint") + std::to_string(8 * sizeof(T)) + "_t";
  }
}

/// In quotes, on one line, and not the whole of a long one.
[[nodiscard]] inline std::string sql_quoted(std::string_view text) {
  constexpr std::size_t enough = 40;
  std::string shown = "'";
  for (const char letter : text.substr(0, enough)) shown += static_cast<unsigned char>(letter) < ' ' ? '?' : letter;
  return shown + (text.size() > enough ? "...'" : "'");
}

struct SqlShown {
  std::string operator()(std::monostate) const { return "NULL"; }
  std::string operator()(const std::string_view& text) const { return sql_quoted(text); }
  std::string operator()(const SqlHexBytes& hex) const { return "bytes " + sql_quoted(hex.digits); }
  template <class Other>
  std::string operator()(const Other& value) const {
    return *SqlReading<std::string>()(value);
  }
};
[[nodiscard]] inline std::string sql_shown(const SqlView& view) { return std::visit(SqlShown(), view); }

}  // namespace carpool::inline v0_1::detail

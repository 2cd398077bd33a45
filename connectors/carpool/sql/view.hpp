/// A value of a result where it lies, before anybody has said as which C++ type it is wanted.
#pragma once

#include <carpool/sql/value.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace carpool::inline v0_1 {

/// Bytes that the database has sent as hexadecimal digits, two for each, in lower case.
struct SqlHexBytes {
  std::string_view digits;  ///< not decoded. Lifetime: the result's
};

/// std::monostate: NULL. A text is also what the database has no C++ type for: dates, decimals, JSON; and bytes.
using SqlView = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string_view, SqlHexBytes>;

/// Valid as long as the value.
[[nodiscard]] inline SqlView view_of(const SqlValue& value) noexcept {
  return std::visit(
      [](const auto& held) -> SqlView {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, SqlValue::Bytes>) {
          return std::string_view(reinterpret_cast<const char*>(held.data()), held.size());
        } else {
          return SqlView(held);
        }
      },
      value.variant());
}

}  // namespace carpool::inline v0_1

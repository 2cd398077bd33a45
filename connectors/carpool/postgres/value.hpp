/// What PostgreSQL's text form of a value says, by the type that the server names for its column.
#pragma once

#include <carpool/common/number_text.hpp>
#include <carpool/sql/view.hpp>

#include <libpq-fe.h>

#include <cstdint>
#include <string_view>
#include <system_error>

namespace carpool::inline v0_1::detail {

/// Of pg_type, fixed since there is one. Every other type is a text: numeric, timestamps, JSON, arrays.
enum PostgresType : Oid {
  postgres_bool = 16,
  postgres_bytea = 17,
  postgres_int8 = 20,
  postgres_int2 = 21,
  postgres_int4 = 23,
  postgres_oid = 26,
  postgres_float4 = 700,
  postgres_float8 = 701,
  postgres_bit = 1560,
};

template <class Number>
[[nodiscard]] SqlView postgres_number(std::string_view text) {
  Number number{};
  const auto [stop, error] = read_number(text.data(), text.data() + text.size(), number);
  return error == std::errc() && stop == text.data() + text.size() ? SqlView(number) : SqlView(text);
}

/// What is not of its type's form stays the text that the server has sent.
[[nodiscard]] inline SqlView postgres_view(Oid type, std::string_view text) {
  switch (type) {
    case postgres_bool: return text == "t" || text == "f" ? SqlView(text == "t") : SqlView(text);
    case postgres_int2:
    case postgres_int4:
    case postgres_int8:
    case postgres_oid: return postgres_number<std::int64_t>(text);
    case postgres_float4:
    case postgres_float8: return postgres_number<double>(text);
    // Of a bit(1), which may be read as a bool; more of them are a text of as many digits.
    case postgres_bit: return text == "0" || text == "1" ? SqlView(std::int64_t{text == "1"}) : SqlView(text);
    // The default of bytea_output; the older form is a text.
    case postgres_bytea: return text.starts_with("\\x") ? SqlView(SqlHexBytes{text.substr(2)}) : SqlView(text);
    default: return text;
  }
}

}  // namespace carpool::inline v0_1::detail

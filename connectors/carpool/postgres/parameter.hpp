/// How values go to PostgreSQL beside the statement, never inside it; and a name as part of a statement.
#pragma once

#include <carpool/sql/value.hpp>

#include <libpq-fe.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace carpool::inline v0_1 {

/// A name as part of a statement: "weird ""name""".
[[nodiscard]] inline std::string postgres_identifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char letter : name) quoted.append(letter == '"' ? 2 : 1, letter);
  return quoted + '"';
}

namespace detail {

/// libpq takes them to their first NUL.
inline void check_postgres_statement(const std::string& sql) {
  if (sql.find('\0') != std::string::npos) throw std::invalid_argument("a statement must not contain a NUL");
}

/// The values as libpq takes them; valid as long as they are. The server derives each type from where $1 stands;
/// "$1::int" says it outright. Throws std::invalid_argument for a text with a NUL, which PostgreSQL cannot keep.
class PostgresArguments {
 public:
  explicit PostgresArguments(SqlParameters parameters) : digits_(parameters.size()) {
    constexpr std::size_t most = 65535;  // the protocol counts them in 16 bits
    if (parameters.size() > most) throw std::invalid_argument("a statement can have at most 65535 parameters");
    for (const SqlValue& parameter : parameters) {
      std::visit([this](const auto& value) { add(value); }, parameter.variant());
    }
  }
  PostgresArguments(const PostgresArguments&) = delete;
  PostgresArguments& operator=(const PostgresArguments&) = delete;

  [[nodiscard]] int count() const noexcept { return static_cast<int>(values_.size()); }
  [[nodiscard]] const char* const* values() const noexcept { return values_.data(); }
  [[nodiscard]] const int* lengths() const noexcept { return lengths_.data(); }
  [[nodiscard]] const int* formats() const noexcept { return formats_.data(); }

 private:
  using Digits = std::array<char, 32>;  // the shortest that read back the same: 24 for a double

  void add(std::monostate) { add(nullptr, 0, 0); }
  void add(const bool& value) { add(value ? "t" : "f", 1, 0); }
  void add(const std::string& text) {
    if (text.find('\0') != std::string::npos) throw std::invalid_argument("a text parameter must not contain a NUL");
    add(text.c_str(), text.size(), 0);
  }
  void add(const SqlValue::Bytes& bytes) {  // an empty vector may have no data, which libpq takes for a NULL
    add(bytes.empty() ? "" : reinterpret_cast<const char*>(bytes.data()), bytes.size(), 1);
  }
  template <class Number>
  void add(const Number& number) {
    Digits& digits = digits_[values_.size()];
    char* const end = std::to_chars(digits.data(), digits.data() + digits.size() - 1, number).ptr;
    *end = '\0';
    add(digits.data(), static_cast<std::size_t>(end - digits.data()), 0);
  }

  void add(const char* value, std::size_t size, int format) {
    if (size > std::numeric_limits<int>::max()) throw std::invalid_argument("a parameter exceeds 2 GiB");
    values_.push_back(value);
    lengths_.push_back(static_cast<int>(size));
    formats_.push_back(format);
  }

  std::vector<Digits> digits_;  // one for each parameter, so that none moves
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
};

}  // namespace detail
}  // namespace carpool::inline v0_1

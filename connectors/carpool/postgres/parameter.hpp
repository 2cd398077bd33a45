/// A value that goes to PostgreSQL beside the statement, never inside it.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carpool {

/// The server derives the type from where $1 stands; "$1::int" says it outright. A null is nullptr, std::nullopt or an
/// empty optional; bytes (std::span<const std::byte>) are for bytea. Throws std::invalid_argument for a text that
/// contains a NUL, which PostgreSQL cannot keep.
class PostgresParameter {
 public:
  PostgresParameter(std::nullptr_t) noexcept {}
  PostgresParameter(std::nullopt_t) noexcept {}
  PostgresParameter(bool value) : text_(value ? "t" : "f") {}
  template <class Number>
  requires((std::integral<Number> || std::floating_point<Number>)&&!std::same_as<Number, bool> &&
           !std::same_as<Number, char>) PostgresParameter(Number value)
      : text_(text_of(value)) {}
  PostgresParameter(std::string value) : text_(std::move(value)) { check(); }
  PostgresParameter(std::string_view value) : PostgresParameter(std::string(value)) {}
  PostgresParameter(const char* value) : PostgresParameter(std::string(value)) {}
  PostgresParameter(std::span<const std::byte> value)
      : text_(std::string(reinterpret_cast<const char*>(value.data()), value.size())), binary_(true) {}
  PostgresParameter(const std::vector<std::byte>& value) : PostgresParameter(std::span<const std::byte>(value)) {}
  template <class T>
  PostgresParameter(const std::optional<T>& value)
      : PostgresParameter(value ? PostgresParameter(*value) : PostgresParameter(nullptr)) {}

  /// As PQsendQueryParams wants it; null for a null.
  [[nodiscard]] const char* data() const noexcept { return text_ ? text_->c_str() : nullptr; }
  [[nodiscard]] std::size_t size() const noexcept { return text_ ? text_->size() : 0; }
  [[nodiscard]] bool binary() const noexcept { return binary_; }

 private:
  template <class Number>
  static std::string text_of(Number value) {
    std::array<char, 64> digits;  // the shortest that reads back the same: 24 for a double, 45 for a long double
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return {digits.data(), end};
  }
  void check() const {
    if (text_->find('\0') != std::string::npos) throw std::invalid_argument("a text parameter must not contain a NUL");
  }

  std::optional<std::string> text_;
  bool binary_ = false;
};

/// {7, "seven", std::nullopt}
using PostgresParameters = std::vector<PostgresParameter>;

/// A name as part of a statement: "weird ""name""".
[[nodiscard]] inline std::string postgres_identifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char letter : name) quoted.append(letter == '"' ? 2 : 1, letter);
  return quoted + '"';
}

namespace detail {

/// The parameters as libpq takes them; valid as long as they are.
struct PostgresArguments {
  explicit PostgresArguments(const PostgresParameters& parameters) : count(static_cast<int>(parameters.size())) {
    constexpr std::size_t most = 65535;  // the protocol counts them in 16 bits
    if (parameters.size() > most) throw std::invalid_argument("a statement can have at most 65535 parameters");
    for (const PostgresParameter& parameter : parameters) {
      if (parameter.size() > std::numeric_limits<int>::max()) throw std::invalid_argument("a parameter exceeds 2 GiB");
      values.push_back(parameter.data());
      lengths.push_back(static_cast<int>(parameter.size()));
      formats.push_back(parameter.binary() ? 1 : 0);
    }
  }

  int count;
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;
};

}  // namespace detail
}  // namespace carpool

/// What a call throws, for every test. An exception of another type passes through, and fails the test.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

/// The Error that call() throws; nothing where it throws nothing.
template <class Error, class Call>
[[nodiscard]] std::optional<Error> thrown(Call call) {
  try {
    static_cast<void>(call());
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

/// The Error that call() throws; where it throws nothing, this throws, so that the test fails.
template <class Error, class Call>
Error thrown_by(Call call) {
  std::optional<Error> error = thrown<Error>(std::move(call));
  if (!error) throw std::logic_error("thrown_by: nothing was thrown");
  return *std::move(error);
}

/// The code of that error; none where nothing is thrown.
template <class Error = std::system_error, class Call>
[[nodiscard]] std::error_code code_thrown_by(Call call) {
  const std::optional<Error> error = thrown<Error>(std::move(call));
  return error ? error->code() : std::error_code();
}

/// Why something is refused; empty where it is not.
template <class Error = std::invalid_argument, class Call>
[[nodiscard]] std::string refusal_by(Call call) {
  const std::optional<Error> error = thrown<Error>(std::move(call));
  return error ? error->what() : std::string();
}

/// An I/O error in words that are whole already.
#pragma once

#include <stdexcept>
#include <string>
#include <system_error>

namespace carpool::inline v0_1 {

/// A std::system_error that shows its text as it was given: where a client library has said what happened, the code's
/// own words behind it would only contradict. (Copied as a std::system_error it keeps the text, and gets them.)
class IoError : public std::system_error {
 public:
  IoError(std::error_code code, const std::string& what) : std::system_error(code, what), what_(what) {}

  /// The text alone, without code().message().
  [[nodiscard]] const char* what() const noexcept override { return what_.what(); }

 private:
  std::runtime_error what_;  // a text whose copies cannot fail
};

}  // namespace carpool::inline v0_1

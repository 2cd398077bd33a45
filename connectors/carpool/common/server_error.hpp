/// What a server answered instead of what it was asked for.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace carpool::inline v0_1 {

/// The base of each connector's own error. The stream is intact: the server has answered, if not as was hoped.
class ServerError : public std::runtime_error {
 public:
  ServerError(std::string code, const std::string& what) : std::runtime_error(what), code_(std::move(code)) {}

  /// The server's own word for it: an SQLSTATE, MySQL's error number, the first word of a Redis error.
  [[nodiscard]] const std::string& code() const noexcept { return code_; }

 private:
  std::string code_;
};

}  // namespace carpool::inline v0_1

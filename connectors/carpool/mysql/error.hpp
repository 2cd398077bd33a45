/// What a MySQL or MariaDB server answers instead of a result, and what its client library reports.
#pragma once

#include <carpool/common/server_error.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace carpool {

/// The server refused a statement. code() is the error number as text ("1064"), sqlstate() the five letters beside it.
class MysqlError : public ServerError {
 public:
  MysqlError(unsigned number, std::string sqlstate, const std::string& what)
      : ServerError(std::to_string(number), what), number_(number), sqlstate_(std::move(sqlstate)) {}

  [[nodiscard]] unsigned number() const noexcept { return number_; }
  [[nodiscard]] const std::string& sqlstate() const noexcept { return sqlstate_; }

 private:
  unsigned number_;
  std::string sqlstate_;
};

/// The client library's own numbers (2000 to 2999, MariaDB's from 5000 on); its name is "mysql".
[[nodiscard]] inline const std::error_category& mysql_category() noexcept {
  class Category final : public std::error_category {
   public:
    [[nodiscard]] const char* name() const noexcept override { return "mysql"; }
    [[nodiscard]] std::string message(int code) const override { return "client error " + std::to_string(code); }
    [[nodiscard]] std::error_condition default_error_condition(int code) const noexcept override {
      switch (code) {
        case 2002:  // cannot connect to the Unix socket
        case 2003: return std::errc::connection_refused;
        case 2005: return std::errc::host_unreachable;
        case 2006:  // gone away
        case 2013: return std::errc::connection_reset;
        case 2008: return std::errc::not_enough_memory;
        case 2020: return std::errc::message_size;
        case 2026: return std::errc::protocol_error;  // TLS
        case 2012:
        case 2027: return std::errc::bad_message;  // malformed
        default: return {code, *this};
      }
    }
  };
  static const Category category;
  return category;
}

namespace detail {

[[nodiscard]] constexpr bool is_mysql_client_error(unsigned number) noexcept {
  return (number >= 2000 && number < 3000) || (number >= 5000 && number < 6000);
}

/// Refused credentials: to come again with the same would only lock the account.
[[nodiscard]] constexpr bool is_mysql_authentication_error(unsigned number) noexcept {
  return number == 1045 || number == 1698 || number == 3118 || number == 4151 || number == 1862;
}

/// Of a connect: no such database, or no right to it. The server would say the same again.
[[nodiscard]] constexpr bool is_final_mysql_refusal(unsigned number) noexcept {
  return number == 1044 || number == 1049;
}

/// After these the server hangs up, though it has answered.
[[nodiscard]] inline bool ends_mysql_session(unsigned number) noexcept {
  constexpr std::array fatal = {1040U, 1053U, 1080U, 1152U, 1153U, 1156U, 1158U,
                                1159U, 1160U, 1161U, 1184U, 1927U, 4031U};
  return std::find(fatal.begin(), fatal.end(), number) != fatal.end();
}

/// The server may only be read from: it is not the primary (any more). 1290 names the option that is in the way, and
/// others than this one forbid things too.
[[nodiscard]] inline bool is_mysql_read_only(unsigned number, std::string_view message) noexcept {
  const bool by_option = message.find("--read-only") != std::string_view::npos ||
                         message.find("--super-read-only") != std::string_view::npos;
  return number == 1836 || (number == 1290 && by_option);
}

}  // namespace detail

}  // namespace carpool

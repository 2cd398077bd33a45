/// What a MySQL or MariaDB server answers instead of a result, and what its client library reports.
#pragma once

#include <carpool/sql/errors.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace carpool::inline v0_1 {

namespace detail {

[[nodiscard]] constexpr SqlErrorKind mysql_error_kind(unsigned number) noexcept {
  switch (number) {
    case 1020:                                 // another has changed the row since it was read
    case 1205:                                 // a lock was not to be had in time
    case 1213:                                 // a deadlock
    case 3101:                                 // a group's other server was quicker
    case 3572: return SqlErrorKind::conflict;  // NOWAIT
    case 1022:
    case 1062:
    case 1586: return SqlErrorKind::unique_violation;
    case 1216:
    case 1217:
    case 1451:
    case 1452: return SqlErrorKind::foreign_key_violation;
    case 1048:
    case 1364: return SqlErrorKind::not_null_violation;
    case 3819:
    case 4025: return SqlErrorKind::check_violation;
    default: return SqlErrorKind::other;
  }
}

}  // namespace detail

/// The server refused a statement. code() is the error number as text ("1064"), sqlstate() the five letters beside it.
class MysqlError : public SqlError {
 public:
  MysqlError(unsigned number, std::string sqlstate, const std::string& what)
      : SqlError(std::to_string(number), what, detail::mysql_error_kind(number)),
        number_(number),
        sqlstate_(std::move(sqlstate)) {}

  [[nodiscard]] unsigned number() const noexcept { return number_; }  ///< the server's: 1062 for a duplicate key
  /// "23000"; HY000 where the server has no class for it.
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

/// With these the server may have rolled the whole transaction back, and not the statement alone. InnoDB's deadlock
/// does so and GET_LOCK's does not, both are 1213; for 1205 innodb_rollback_on_timeout decides; SIGNAL says any number.
[[nodiscard]] constexpr bool may_end_mysql_transaction(unsigned number) noexcept {
  return number == 1020 || number == 1205 || number == 1206 || number == 1213 || number == 3101;
}

/// A statement within a transaction that is over: by that error, or where it is 0 by a statement that commits.
[[noreturn]] inline void refuse_ended_mysql_transaction(unsigned number, const std::string& what) {
  if (number == 0) throw MysqlError(0, "25000", what + ": an earlier statement has ended the transaction");
  throw MysqlError(number, "40001",
                   what + ": the server has rolled the transaction back (" + std::to_string(number) + ')');
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

}  // namespace carpool::inline v0_1

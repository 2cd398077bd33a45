/// What HiveServer2 speaks of: types, columns, handles, states and its errors.
#pragma once

#include <carpool/sql/errors.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace carpool::inline v0_1 {

/// Versions of HiveServer2's protocol that make a difference; each server answers with the lower of its own and ours.
enum class HiveProtocol : std::int32_t {
  v1 = 0,  ///< the first: rows come row by row
  v5 = 4,  ///< the last with rows
  v6 = 5,  ///< rows come column by column
  v8 = 7,  ///< intervals; the last whose rows need no deserializer of Hive's own
};

/// A column's type, as Hive numbers them. Behind the arrow: what HiveRows::value gives.
enum class HiveType : std::int32_t {
  boolean = 0,               ///< -> bool
  tinyint = 1,               ///< -> std::int8_t
  smallint = 2,              ///< -> std::int16_t
  int_ = 3,                  ///< -> std::int32_t
  bigint = 4,                ///< -> std::int64_t
  float_ = 5,                ///< -> double
  double_ = 6,               ///< -> double
  string = 7,                ///< -> std::string
  timestamp = 8,             ///< -> std::string, "2013-05-01 12:00:00.5"
  binary = 9,                ///< -> std::string, the bytes
  array = 10,                ///< -> std::string, JSON
  map = 11,                  ///< -> std::string, JSON
  struct_ = 12,              ///< -> std::string, JSON
  union_ = 13,               ///< -> std::string, JSON
  user_defined = 14,         ///< -> std::string
  decimal = 15,              ///< -> std::string, because no C++ type holds 38 digits
  null = 16,                 ///< -> std::string, never one
  date = 17,                 ///< -> std::string, "2013-05-01"
  varchar = 18,              ///< -> std::string
  char_ = 19,                ///< -> std::string
  interval_year_month = 20,  ///< -> std::string
  interval_day_time = 21,    ///< -> std::string
  timestamp_tz = 22,         ///< -> std::string
};

/// A result's column.
struct HiveColumn {
  std::string name = {};             ///< as the server spells it
  HiveType type = HiveType::string;  ///< of an array, map, struct or union: that alone, not what it is made of
  std::string comment = {};          ///< the server's; often empty
  std::map<std::string, std::int32_t> qualifiers = {};  ///< characterMaximumLength, precision, scale
};

/// One cell. std::monostate: NULL.
using HiveValue =
    std::variant<std::monostate, bool, std::int8_t, std::int16_t, std::int32_t, std::int64_t, double, std::string>;

/// How far an operation is.
enum class HiveState : std::int32_t {
  initialized = 0,  ///< accepted
  running = 1,      ///< at work
  finished = 2,     ///< there are results, or there need be none
  canceled = 3,     ///< somebody has cancelled it
  closed = 4,       ///< its handle is worth nothing
  error = 5,        ///< it has failed, and the server says why
  unknown = 6,      ///< the server does not know
  pending = 7,      ///< in a queue
  timed_out = 8,    ///< the server's own bound on its time has passed
};

/// The server's answer is an error. code(): the SQLSTATE where there is one, else the server's number, else empty.
class HiveError : public SqlError {
 public:
  using SqlError::SqlError;
};

namespace detail {

/// What the server calls a thing of ours by. Only the server can read it.
struct HiveHandle {
  std::string guid = {}, secret = {};
  friend bool operator==(const HiveHandle&, const HiveHandle&) = default;
};

struct HiveStatus {
  std::int32_t code = -1;
  std::string sql_state = {};
  std::optional<std::int32_t> error_code = {};
  std::string message = {};

  /// Success, also with something to tell. The error's number may be missing where there is an error.
  [[nodiscard]] bool good() const noexcept { return code == 0 || code == 1; }
  /// Says that the server has no such session any more: everything else about the connection is in order.
  [[nodiscard]] bool session_lost() const noexcept {
    constexpr std::int32_t invalid_handle = 4;
    return code == invalid_handle || message.find("Invalid SessionHandle") != std::string::npos ||
           message.find("Session does not exist") != std::string::npos;
  }
  [[nodiscard]] std::string any_code() const {
    if (!sql_state.empty()) return sql_state;
    return error_code ? std::to_string(*error_code) : "";
  }
};

}  // namespace detail

/// A statement that the server works on, or whose results it keeps. A handle: it is worth something only to the
/// connection that started it, which also closes it.
class HiveOperation {
 public:
  /// fetch() may be asked; false for a statement without rows.
  [[nodiscard]] bool has_results() const noexcept { return has_results_; }
  /// Rows that it changed, where the server counts.
  [[nodiscard]] std::optional<double> modified_rows() const noexcept { return modified_rows_; }
  friend bool operator==(const HiveOperation& left, const HiveOperation& right) noexcept {
    return left.handle_ == right.handle_;
  }

 private:
  friend struct HiveWire;
  detail::HiveHandle handle_;
  std::int32_t kind_ = 0;
  bool has_results_ = false;
  std::optional<double> modified_rows_;
};

}  // namespace carpool::inline v0_1

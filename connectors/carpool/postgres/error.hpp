/// What a PostgreSQL server refused, with its SQLSTATE.
#pragma once

#include <carpool/sql/errors.hpp>

#include <libpq-fe.h>

#include <string>
#include <string_view>
#include <utility>

namespace carpool::inline v0_1 {

namespace detail {

[[nodiscard]] constexpr SqlErrorKind postgres_error_kind(std::string_view sqlstate) noexcept {
  if (sqlstate == "40001" || sqlstate == "40P01" || sqlstate == "55P03") return SqlErrorKind::conflict;
  if (sqlstate == "23505") return SqlErrorKind::unique_violation;
  if (sqlstate == "23503") return SqlErrorKind::foreign_key_violation;
  if (sqlstate == "23502") return SqlErrorKind::not_null_violation;
  return sqlstate == "23514" ? SqlErrorKind::check_violation : SqlErrorKind::other;
}

}  // namespace detail

/// code() is the SQLSTATE, "23505". what() names the operation and the server; it leaves out the detail, which may
/// quote the rows of others.
class PostgresError : public SqlError {
 public:
  /// What the server sends with an error, as far as it is kept.
  struct Fields {
    std::string sqlstate;         ///< five characters: "23505"
    std::string severity;         ///< "ERROR" or "FATAL", never translated
    std::string message;          ///< the primary text, in the server's language
    std::string detail = {};      ///< may quote other users' rows: not in what()
    std::string hint = {};        ///< what to do about it; often empty
    std::string constraint = {};  ///< the name of the violated one, where there is one
  };

  PostgresError(const std::string& where, Fields fields)
      : SqlError(fields.sqlstate, where + ": " + fields.severity + ' ' + fields.sqlstate + ": " + fields.message,
                 detail::postgres_error_kind(fields.sqlstate)),
        fields_(std::move(fields)) {}

  /// Without the severity and the SQLSTATE.
  [[nodiscard]] const std::string& message() const noexcept { return fields_.message; }
  [[nodiscard]] const std::string& detail() const noexcept { return fields_.detail; }
  [[nodiscard]] const std::string& hint() const noexcept { return fields_.hint; }  ///< empty where the server gave none
  /// "users_email_key"; empty where none was violated.
  [[nodiscard]] const std::string& constraint() const noexcept { return fields_.constraint; }

  /// The server ends the connection after this, or is about to, or is not the server that it ought to be. 08P01 is also
  /// what it says of values that are too many or too few for the statement, and goes on.
  [[nodiscard]] bool ends_connection() const noexcept {
    const std::string_view state = code();
    return fields_.severity == "FATAL" || fields_.severity == "PANIC" ||
           (state.substr(0, 2) == "08" && state != "08P01") || state == "57P01" || state == "57P02" ||
           state == "57P03" || state == "57P05" || state == "25P03" || wrong_role();
  }

  /// A write was sent to a standby, or to a primary that has become one; not where its own transaction was read-only.
  [[nodiscard]] bool wrong_role() const noexcept { return code() == "25006" && !by_primary_; }
  /// The server says of itself that it may be written to.
  void told_by_primary() noexcept { by_primary_ = true; }

 private:
  Fields fields_;
  bool by_primary_ = false;
};

/// What a server remarks without being asked: a warning, or a RAISE NOTICE.
struct PostgresNotice {
  std::string severity;  ///< "NOTICE", "WARNING" ..., never translated
  std::string code;      ///< SQLSTATE
  std::string message;   ///< in the server's language
};

namespace detail {

/// Of a connect: no such database, no right to it, no such setting. The server would say the same again.
[[nodiscard]] constexpr bool is_final_postgres_refusal(std::string_view sqlstate) noexcept {
  return sqlstate == "3D000" || sqlstate == "42501" || sqlstate == "42704";
}

[[nodiscard]] inline std::string postgres_field(const PGresult* result, int field) {
  const char* const text = ::PQresultErrorField(result, field);
  return text == nullptr ? std::string() : std::string(text);
}

/// Never translated; a pooler's own errors have only the other one.
[[nodiscard]] inline std::string postgres_severity(const PGresult* result) {
  std::string severity = postgres_field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  return severity.empty() ? postgres_field(result, PG_DIAG_SEVERITY) : severity;
}

[[nodiscard]] inline PostgresError::Fields postgres_fields(const PGresult* result) {
  return {.sqlstate = postgres_field(result, PG_DIAG_SQLSTATE),
          .severity = postgres_severity(result),
          .message = postgres_field(result, PG_DIAG_MESSAGE_PRIMARY),
          .detail = postgres_field(result, PG_DIAG_MESSAGE_DETAIL),
          .hint = postgres_field(result, PG_DIAG_MESSAGE_HINT),
          .constraint = postgres_field(result, PG_DIAG_CONSTRAINT_NAME)};
}

/// libpq's messages end in a line feed and may have several lines, and bytes of a server's that is none; ours are one.
[[nodiscard]] inline std::string one_line(std::string_view text) {
  std::string line;
  for (const char letter : text) {
    const bool blank = static_cast<unsigned char>(letter) <= ' ';
    if (!blank || !line.ends_with(' ')) line += blank ? ' ' : letter;
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

}  // namespace detail
}  // namespace carpool::inline v0_1

/// What a PostgreSQL command gave: rows with typed access, or how many rows it touched.
#pragma once

#include <carpool/postgres/detail/result_pointer.hpp>
#include <carpool/postgres/value.hpp>
#include <carpool/sql/concepts.hpp>
#include <carpool/sql/result.hpp>
#include <carpool/sql/view.hpp>

#include <libpq-fe.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace carpool::inline v0_1 {

/// Owns its rows; it may outlive its connection, and be read by several threads. A bool, an integer, a floating-point
/// number and bytea are such, a bit(1) is 0 or 1; everything else is a text as the server writes it: numeric, longer
/// bit strings, timestamps, JSON, arrays.
class PostgresResult : public SqlRowAccess<PostgresResult> {
 public:
  /// By PostgresConnection, of a command that succeeded. Takes it over.
  explicit PostgresResult(detail::PostgresResultPointer result) noexcept : result_(std::move(result)) {}

  /// How many rows there are to read.
  [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(::PQntuples(result_.get())); }
  /// Also where there are no rows.
  [[nodiscard]] std::size_t columns() const noexcept { return static_cast<std::size_t>(::PQnfields(result_.get())); }
  /// Throws: std::out_of_range. Lifetime: the result's.
  [[nodiscard]] std::string_view name(std::size_t column) const {
    detail::check_sql_index(column, columns(), "column");
    return ::PQfname(result_.get(), static_cast<int>(column));
  }
  /// For SqlRowAccess, which has checked both numbers.
  [[nodiscard]] SqlView view(std::size_t row, std::size_t column) const {
    const int r = static_cast<int>(row), c = static_cast<int>(column);
    if (::PQgetisnull(result_.get(), r, c) != 0) return std::monostate();
    const auto size = static_cast<std::size_t>(::PQgetlength(result_.get(), r, c));
    return detail::postgres_view(::PQftype(result_.get(), c), {::PQgetvalue(result_.get(), r, c), size});
  }

  /// "SELECT 1", "INSERT 0 3": the server's own summary.
  [[nodiscard]] std::string_view command() const noexcept { return ::PQcmdStatus(result_.get()); }
  /// How many rows the statement has inserted, updated or deleted; 0 for one that only reads.
  [[nodiscard]] std::uint64_t affected_rows() const noexcept {
    std::uint64_t count = 0;
    if (!changes_rows(command())) return count;
    const std::string_view text = ::PQcmdTuples(result_.get());
    std::from_chars(text.data(), text.data() + text.size(), count);
    return count;
  }

  /// For what libpq offers beyond this; still owned by the result.
  [[nodiscard]] const PGresult* native_handle() const noexcept { return result_.get(); }

 private:
  [[nodiscard]] static bool changes_rows(std::string_view command) noexcept {
    return command.starts_with("INSERT") || command.starts_with("UPDATE") || command.starts_with("DELETE") ||
           command.starts_with("MERGE") || command.starts_with("COPY");
  }

  detail::PostgresResultPointer result_;
};

static_assert(SqlResult<PostgresResult>);

}  // namespace carpool::inline v0_1

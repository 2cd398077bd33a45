/// All rows of a SQLite statement.
#pragma once

#include <carpool/sql/concepts.hpp>
#include <carpool/sql/rows.hpp>

namespace carpool::inline v0_1 {

/// In memory: it needs its connection no more. SqliteConnection::cursor() is for more rows than memory has room for.
class SqliteResult : public SqlStoredRows<SqliteResult> {};

static_assert(SqlResult<SqliteResult>);

}  // namespace carpool::inline v0_1

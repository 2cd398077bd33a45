/// Owns one result of libpq's.
#pragma once

#include <libpq-fe.h>

#include <memory>

namespace carpool::inline v0_1::detail {

struct ClearPostgresResult {
  void operator()(PGresult* result) const noexcept { ::PQclear(result); }
};
using PostgresResultPointer = std::unique_ptr<PGresult, ClearPostgresResult>;

}  // namespace carpool::inline v0_1::detail

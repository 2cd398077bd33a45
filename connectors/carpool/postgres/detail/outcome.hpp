/// What the results of one command have said so far.
#pragma once

#include <carpool/postgres/detail/result_pointer.hpp>
#include <carpool/postgres/error.hpp>

#include <optional>

namespace carpool::inline v0_1::detail {

struct PostgresOutcome {
  PostgresResultPointer last;
  std::optional<PostgresError> error;  ///< the first
};

}  // namespace carpool::inline v0_1::detail

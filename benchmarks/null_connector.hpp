/// A connector whose connections cost nothing, so that what is measured is the pool.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/time.hpp>

namespace carpool::bench {

/// A connection is a number; it is always there and always well.
struct NullConnector {
  using Connection = int;
  [[nodiscard]] Connection connect(TimePoint) const noexcept { return 1; }
  [[nodiscard]] bool is_connected(const Connection&) const noexcept { return true; }
};

}  // namespace carpool::bench

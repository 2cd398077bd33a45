/// To which class the failure of a connect belongs.
#pragma once

#include <carpool/metrics/detail/connect_failure_class.hpp>
#include <carpool/metrics/pool_metrics.hpp>

#include <exception>

namespace carpool::inline v0_1 {

/// Of what a connector threw; null where the new connection was dead at once.
[[nodiscard]] inline ConnectFailureClass connect_failure_class(const std::exception_ptr& cause) noexcept {
  return detail::class_of(cause);
}

}  // namespace carpool::inline v0_1

/// To which class the failure of a connect belongs.
#pragma once

#include <carpool/errors.hpp>
#include <carpool/metrics/pool_metrics.hpp>

#include <exception>
#include <system_error>

namespace carpool::inline v0_1 {

/// Of what a connector threw; null where the new connection was dead at once.
[[nodiscard]] inline ConnectFailureClass connect_failure_class(const std::exception_ptr& cause) noexcept {
  if (cause == nullptr) return ConnectFailureClass::other;
  try {
    std::rethrow_exception(cause);
  } catch (const AuthenticationError&) {
    return ConnectFailureClass::authentication;
  } catch (const ConnectRefused&) {
    return ConnectFailureClass::refused;
  } catch (const std::system_error& error) {
    return error.code() == std::errc::timed_out ? ConnectFailureClass::timeout : ConnectFailureClass::network;
  } catch (...) {
    return ConnectFailureClass::other;
  }
}

}  // namespace carpool::inline v0_1

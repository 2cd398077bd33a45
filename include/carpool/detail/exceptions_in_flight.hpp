/// How many exceptions are being thrown and not caught yet in the calling worker.
#pragma once

#include <exception>

namespace carpool::inline v0_1::detail {

/// By the backend where it knows a shorter way than the standard library's.
template <class Backend>
[[nodiscard]] int exceptions_in_flight() noexcept {
  if constexpr (requires { Backend::uncaught_exceptions(); }) {
    return Backend::uncaught_exceptions();
  } else {
    return std::uncaught_exceptions();
  }
}

}  // namespace carpool::inline v0_1::detail

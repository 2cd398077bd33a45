/// How much a line of the log matters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace carpool::inline v0_1 {

/// A pool in good health writes nothing above info, and at info only of itself: that it is ready, cleared, closed.
enum class LogLevel : std::uint8_t {
  debug,    ///< a connection's life as it should be: created, ready, closed because it was old, idle or too many
  info,     ///< the pool is ready, was cleared, was closed
  warning,  ///< an acquire gave no lease; a connection was closed because it was dead or in doubt; a lease may be lost
  error,    ///< a connect failed
};

/// The name as it stands in a line.
[[nodiscard]] constexpr std::string_view to_string(LogLevel level) noexcept {
  constexpr std::string_view names[] = {"debug", "info", "warning", "error"};
  return names[static_cast<std::size_t>(level)];
}

/// How a line is written.
enum class LogFormat : std::uint8_t {
  logfmt,  ///< level=error event=connection_failed pool=orders error="nobody listens"
  json,    ///< {"level":"error","event":"connection_failed","pool":"orders","error":"nobody listens"}
};

}  // namespace carpool::inline v0_1

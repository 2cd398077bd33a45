/// Why a request failed, counted by kind.
#pragma once

#include <carpool/errors.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <numeric>
#include <string>
#include <string_view>
#include <system_error>

namespace carpool::compare {

enum class FailureKind : std::uint8_t {
  timeout,      ///< AcquireTimeout
  connect,      ///< ConnectError: the server could not be reached
  breaker,      ///< BreakerOpen: refused at once, because it could not be reached a moment ago
  queue_full,   ///< QueueFull
  closed,       ///< PoolClosed
  io,           ///< the connection broke, or the reply did not come in time
  wrong_reply,  ///< somebody else's bytes came back
  other,        ///< anything else
};
inline constexpr std::size_t failure_kind_count = 8;

[[nodiscard]] constexpr std::string_view to_string(FailureKind kind) noexcept {
  constexpr std::string_view names[failure_kind_count] = {"timeout", "connect", "breaker",     "queue_full",
                                                          "closed",  "io",      "wrong_reply", "other"};
  return names[static_cast<std::size_t>(kind)];
}

/// The reply was not what had been sent.
class WrongReply : public std::runtime_error {
 public:
  WrongReply() : std::runtime_error("the server did not send back what it was sent") {}
};

[[nodiscard]] inline FailureKind kind_of(const std::error_code& code) noexcept {
  if (code.category() != pool_category()) return FailureKind::io;
  switch (static_cast<PoolErrc>(code.value())) {
    case PoolErrc::acquire_timeout: return FailureKind::timeout;
    case PoolErrc::pool_closed: return FailureKind::closed;
    case PoolErrc::queue_full: return FailureKind::queue_full;
    case PoolErrc::breaker_open: return FailureKind::breaker;
    case PoolErrc::connect_failed:
    case PoolErrc::authentication_failed: return FailureKind::connect;
    case PoolErrc::interrupted: return FailureKind::other;
  }
  return FailureKind::other;
}

[[nodiscard]] inline FailureKind kind_of(const std::exception& error) noexcept {
  if (const auto* pool = dynamic_cast<const PoolError*>(&error)) return kind_of(pool->code());
  if (dynamic_cast<const std::system_error*>(&error) != nullptr) return FailureKind::io;
  if (dynamic_cast<const WrongReply*>(&error) != nullptr) return FailureKind::wrong_reply;
  return FailureKind::other;
}

/// How many of each kind, and the first one's words.
struct Failures {
  std::array<std::uint64_t, failure_kind_count> by_kind{};
  std::string first_message;

  void note(const std::exception& error) {
    if (total() == 0) first_message = error.what();
    ++by_kind[static_cast<std::size_t>(kind_of(error))];
  }
  void merge(const Failures& other) {
    if (first_message.empty()) first_message = other.first_message;
    for (std::size_t i = 0; i < failure_kind_count; ++i) by_kind[i] += other.by_kind[i];
  }
  [[nodiscard]] std::uint64_t total() const noexcept {
    return std::accumulate(by_kind.begin(), by_kind.end(), std::uint64_t{0});
  }
};

}  // namespace carpool::compare

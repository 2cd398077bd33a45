/// Tells an observer what happened, if it has the member; nothing, at no cost, if it has not.
#pragma once

#include <carpool/observer.hpp>

#include <cstdint>
#include <exception>
#include <string_view>

namespace carpool::inline v0_1::detail {

template <class Observer>
struct Events {
  static constexpr bool wants_wait = requires(Observer& o) { o.acquired(std::uint64_t{}, Duration{}); };
  static constexpr bool wants_held = requires(Observer& o) { o.released(std::uint64_t{}, Duration{}); };
  static constexpr bool wants_leaks = requires(Observer& o) { o.leak_suspected(SourceLocation{}, Duration{}); };
  static constexpr bool wants_failed_wait = requires(Observer& o) { o.acquire_failed(AcquireFailure{}, Duration{}); };
  static constexpr bool wants_failures =
      wants_failed_wait || requires(Observer& o) { o.acquire_failed(AcquireFailure{}); };

  static void acquire_started(Observer& o) noexcept {
    if constexpr (requires { o.acquire_started(); }) o.acquire_started();
  }
  static void acquired(Observer& o, std::uint64_t id, Duration wait) noexcept {
    if constexpr (wants_wait) o.acquired(id, wait);
  }
  static void acquire_failed(Observer& o, AcquireFailure why, [[maybe_unused]] Duration waited) noexcept {
    if constexpr (wants_failed_wait) {
      o.acquire_failed(why, waited);
    } else if constexpr (wants_failures) {
      o.acquire_failed(why);
    }
  }
  static void released(Observer& o, std::uint64_t id, Duration held) noexcept {
    if constexpr (wants_held) o.released(id, held);
  }
  static void connection_created(Observer& o, std::uint64_t id) noexcept {
    if constexpr (requires { o.connection_created(id); }) o.connection_created(id);
  }
  static void connection_ready(Observer& o, std::uint64_t id, Duration took) noexcept {
    if constexpr (requires { o.connection_ready(id, took); }) o.connection_ready(id, took);
  }
  static void connection_failed(Observer& o, std::uint64_t id, [[maybe_unused]] std::string_view why,
                                [[maybe_unused]] const std::exception_ptr& cause, Duration took) noexcept {
    if constexpr (requires { o.connection_failed(id, why, took); }) {
      o.connection_failed(id, why, took);
    } else if constexpr (requires { o.connection_failed(id, cause, took); }) {
      o.connection_failed(id, cause, took);
    }
  }
  static void connection_closed(Observer& o, std::uint64_t id, CloseReason reason) noexcept {
    if constexpr (requires { o.connection_closed(id, reason); }) o.connection_closed(id, reason);
  }
  static void pool_ready(Observer& o) noexcept {
    if constexpr (requires { o.pool_ready(); }) o.pool_ready();
  }
  static void pool_cleared(Observer& o) noexcept {
    if constexpr (requires { o.pool_cleared(); }) o.pool_cleared();
  }
  static void pool_closed(Observer& o) noexcept {
    if constexpr (requires { o.pool_closed(); }) o.pool_closed();
  }
  static void leak_suspected(Observer& o, const SourceLocation& site, Duration age) noexcept {
    if constexpr (wants_leaks) o.leak_suspected(site, age);
  }
};

}  // namespace carpool::inline v0_1::detail

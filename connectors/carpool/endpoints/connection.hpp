/// A connection to one server of several: it knows which, and whether that server is still to be used.
#pragma once

#include <carpool/endpoints/health.hpp>

#include <cstddef>
#include <utility>

namespace carpool::inline v0_1 {

namespace detail {

/// A base of its own, so that no name of the use hides one of the connection.
struct UsesEndpoint {
  EndpointUse endpoint_use;
};

}  // namespace detail

/// A connection of the wrapped connector, with all that it can do, that knows its server.
template <class Backend, class Inner>
class EndpointConnection : private detail::UsesEndpoint, public Inner {  // the use ends last: after the close
 public:
  /// By EndpointsConnector; the use counts the connection as its endpoint's until it is destroyed.
  EndpointConnection(detail::EndpointUse use, Inner inner)
      : detail::UsesEndpoint{std::move(use)}, Inner(std::move(inner)) {}
  EndpointConnection(EndpointConnection&&) noexcept = default;
  EndpointConnection& operator=(EndpointConnection&&) noexcept = default;
  ~EndpointConnection() { (void)in_role(); }  // also where its lease ended by an exception, and nobody is asked

  /// Which of the connector's endpoints, counted from 0.
  [[nodiscard]] std::size_t endpoint() const noexcept { return endpoint_use.index(); }
  /// False once its server's connections were retired.
  [[nodiscard]] bool of_current_generation() const noexcept { return endpoint_use.current(); }
  /// False once its server has said on it that it is in the wrong role, of which the wrapped connection's wrong_role()
  /// tells: then all connections to that server are retired.
  [[nodiscard]] bool in_role() const noexcept {
    if (!of_current_generation()) return false;
    if constexpr (requires(const Inner& x) { x.wrong_role(); }) {
      if (!Inner::wrong_role()) return true;
      endpoint_use.retire(Backend::now());
      return false;
    }
    return true;
  }

  [[nodiscard]] Inner& inner() noexcept { return *this; }  ///< the wrapped connector's own connection
  [[nodiscard]] const Inner& inner() const noexcept { return *this; }
};

}  // namespace carpool::inline v0_1

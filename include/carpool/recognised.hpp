/// What a pool finds of a connector's optional members: to print, or to assert.
#pragma once

#include <carpool/concepts.hpp>

namespace carpool {

/// True where the member is there and will be called. A member under one of these names that cannot be called as
/// documented does not compile; a misspelt one, such as `resuable`, is only absent here:
///   static_assert(carpool::recognised<MyConnector, carpool::ThreadBackend>().reusable);
struct RecognisedMembers {
  bool target = false;            ///< a type Target, and matches(connection, target)
  bool ping = false;              ///< asked of what was idle for long; absent: is_connected alone is
  bool reset = false;             ///< what one user leaves behind is removed; absent: nothing is
  bool dirty = false;             ///< whether there is something to reset; absent: there always is
  bool reusable = false;          ///< asked on return; absent: is_connected is
  bool in_step = false;           ///< whether an exception over a lease says nothing; absent: it costs the connection
  bool handle_exception = false;  ///< judges what with_connection's callable throws; absent: in_step does
  bool lifetime = false;          ///< how long this connection may live; absent: as the Eviction says
  bool invalidate = false;        ///< the polite goodbye; absent: the connection is only destroyed
  bool abandon = false;           ///< in a forked child; absent: the parent's connections stay open there
  bool validate = false;          ///< checks the options in the pool's constructor; absent: nothing does
  bool describe = false;          ///< says in error texts where it connects to; absent: they do not
};

template <class Connector, BackendPolicy Backend>
requires ConnectorFor<Connector, Backend>
[[nodiscard]] consteval RecognisedMembers recognised() noexcept {
  return {.target = detail::has_target<Connector>,
          .ping = detail::Pings<Connector, Backend>,
          .reset = detail::Resets<Connector, Backend>,
          .dirty = detail::TellsDirty<Connector, Backend>,
          .reusable = detail::TellsReusable<Connector, Backend>,
          .in_step = detail::TellsInStep<Connector, Backend>,
          .handle_exception = detail::HandlesExceptions<Connector, Backend>,
          .lifetime = detail::TellsLifetime<Connector, Backend>,
          .invalidate = detail::Invalidates<Connector, Backend>,
          .abandon = detail::Abandons<Connector, Backend>,
          .validate = detail::Validates<Connector, Backend>,
          .describe = detail::Describes<Connector, Backend>};
}

}  // namespace carpool

/// Of which pool, and of which connection, an observer hears.
#pragma once

#include <cstdint>
#include <string_view>

namespace carpool::inline v0_1 {

/// Lifetime: the views are good during the call of the observer.
struct PoolInfo {
  std::string_view name;    ///< PoolOptions::name
  std::string_view server;  ///< in the connector's words, as of the pool's construction; empty where it has targets
};

/// Lifetime: the views are good during the call of the observer.
struct ConnectionInfo {
  std::uint64_t id = 0;     ///< Lease::id(); each attempt to connect has one of its own
  std::string_view pool;    ///< PoolOptions::name
  std::string_view server;  ///< its target's, in the connector's words: "127.0.0.1:6379"; empty where it has none
};

}  // namespace carpool::inline v0_1

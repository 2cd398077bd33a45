/// What a PostgreSQL connection keeps to, and how it is cleaned between two leases.
#pragma once

#include <carpool/time.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace carpool::inline v0_1 {

/// What is done to a connection that is given back before somebody else gets it.
enum class PostgresReset {
  none,                ///< nothing: one that comes back within a transaction is closed
  rollback_if_needed,  ///< an open transaction is rolled back, LISTEN ended; settings and temporary tables stay
  discard_all,         ///< DISCARD ALL after each use: one round trip, and prepared statements are gone
};

/// What a connection is told by its connector.
struct PostgresSession {
  Duration io_timeout = std::chrono::seconds(30);       ///< bounds each operation that is given no deadline of its own
  std::size_t max_reply_bytes = std::size_t{1} << 30U;  ///< over TCP; what a server may send for one command
  std::size_t max_notices = 100;                        ///< kept until take_notices(); the oldest go first
  std::optional<std::size_t> statement_cache = 100;     ///< plans per connection; std::nullopt: nothing is prepared
  bool session_state = true;  ///< false behind a pooler that gives each transaction another server
  bool may_pause = false;     ///< a ping that is not answered in time is waited for again: see ServerPaused
  PostgresReset reset = PostgresReset::rollback_if_needed;  ///< on return, before the next lease
  std::vector<std::string> session_setup = {};              ///< statements that follow the log-in and each DISCARD ALL
  Duration lifetime = forever;                              ///< from the connect on
};

}  // namespace carpool::inline v0_1

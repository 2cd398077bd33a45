/// What a MySQL session keeps to, and how it is cleaned between two leases.
#pragma once

#include <carpool/time.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace carpool::inline v0_1 {

/// When a session is put back to what it was after connecting (mysql_reset_connection, one round trip).
enum class MysqlReset {
  when_dirty,      ///< after anything but plain reading and writing in autocommit
  always,          ///< after every lease
  rollback_alone,  ///< never, but an open transaction is rolled back: for proxies, which do it themselves
};

/// What a session keeps to; each is a field of MysqlConnector.
struct MysqlSessionOptions {
  Duration io_timeout = std::chrono::seconds(30);       ///< bounds each operation that is given no deadline
  MysqlReset reset = MysqlReset::when_dirty;            ///< when a session is reset on its return
  std::size_t max_reply_bytes = std::size_t{64} << 20;  ///< of one answer; a longer one is an error
  std::size_t statement_cache = 64;                     ///< prepared statements that are kept
  std::string database = {};                            ///< as a reset restores it; empty: none is chosen
  std::string charset = {};                             ///< as a reset restores it
  std::vector<std::string> session_setup = {};          ///< statements that follow the login and each reset
  Duration lifetime = forever;  ///< from the connect on: max_lifetime, or what the credentials last
};

}  // namespace carpool::inline v0_1

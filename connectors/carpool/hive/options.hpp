/// What a Hive session is opened with, and for whom.
#pragma once

#include <carpool/hive/types.hpp>
#include <carpool/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace carpool::inline v0_1 {

/// As the server's hive.server2.authentication has it.
enum class HiveAuth {
  no_sasl,  ///< NOSASL: no negotiation; the server believes whatever user it is told
  plain,    ///< NONE, LDAP, PAM, CUSTOM: SASL PLAIN, in which a server without authentication accepts any password
};

/// What becomes of a session when its connection goes back to the pool.
enum class HiveReset {
  close_operations,  ///< what the borrower has left open is closed; USE, SET and temporary functions stay
  reopen_session,    ///< after any statement: a new session on the same connection, so nothing stays
};

/// Whom a lease is for. What is not given is the connector's own. Two leases share connections where all is equal.
struct HiveTarget {
  std::optional<std::string> host = {};      ///< HiveServer2's, a name or a number
  std::optional<std::uint16_t> port = {};    ///< 1 to 65535
  std::optional<HiveAuth> auth = {};         ///< as the server wants it
  std::optional<std::string> user = {};      ///< as whom the session is opened
  std::optional<std::string> password = {};  ///< for plain; no_sasl sends none
  std::optional<std::string> database = {};  ///< to begin with; a USE may change it
  /// Of the session, by Hive's names; in place of all of the connector's.
  std::optional<std::map<std::string, std::string>> configuration = {};

  friend bool operator==(const HiveTarget&, const HiveTarget&) = default;
};

namespace detail {

/// What a connection keeps of its connector.
struct HiveSettings {
  std::string user = {}, password = {}, database = {};
  HiveAuth auth = HiveAuth::plain;
  std::map<std::string, std::string> configuration = {};
  HiveProtocol protocol = HiveProtocol::v8;
  HiveReset reset = HiveReset::close_operations;
  std::int64_t batch_rows = 10000;
  std::size_t max_rows = 1000000;
  Duration io_timeout = std::chrono::seconds(30);
  Duration first_poll = std::chrono::milliseconds(5);
  Duration last_poll = std::chrono::milliseconds(500);
  std::vector<std::string> session_setup = {};
  Duration lifetime = forever;  // from the connect on
};

}  // namespace detail

}  // namespace carpool::inline v0_1

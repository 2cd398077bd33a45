/// What a PostgresConnector makes libpq say and its connections keep to.
#pragma once

#include <carpool/postgres/session.hpp>
#include <carpool/time.hpp>

#include <string>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

/// libpq's words, in order: what stands later counts.
using PostgresSettings = std::vector<std::pair<std::string, std::string>>;

template <class Connector>
[[nodiscard]] bool is_postgres_on_unix(const Connector& connector) noexcept {
  return connector.host.front() == '/';
}

/// As error texts name the server.
template <class Connector>
[[nodiscard]] std::string postgres_endpoint(const Connector& connector) {
  return connector.host + (is_postgres_on_unix(connector) ? "/.s.PGSQL." : ":") + std::to_string(connector.port);
}

/// lifetime: what is left of the credentials and the connector's max_lifetime.
template <class Connector>
[[nodiscard]] PostgresSession postgres_session(const Connector& connector, Duration lifetime) {
  return {.io_timeout = connector.io_timeout,
          .max_reply_bytes = connector.max_reply_bytes,
          .max_notices = connector.max_notices,
          .statement_cache = connector.statement_cache,
          .session_state = connector.session_state,
          .may_pause = connector.may_pause,
          .reset = connector.reset_policy,
          .session_setup = connector.session_setup,
          .lifetime = lifetime};
}

template <class Connector>
[[nodiscard]] PostgresSettings postgres_settings(const Connector& connector) {
  // Kerberos is asked for where it is wanted, and not in every startup.
  PostgresSettings all = {{"gssencmode", "disable"}, {"client_encoding", "UTF8"}};
  all.insert(all.end(), connector.options.begin(), connector.options.end());
  all.emplace_back("host", connector.host);
  all.emplace_back("port", std::to_string(connector.port));
  if (!connector.user.empty()) all.emplace_back("user", connector.user);
  if (!connector.password.empty()) all.emplace_back("password", connector.password);
  if (!connector.database.empty()) all.emplace_back("dbname", connector.database);
  all.emplace_back("target_session_attrs", connector.target_session_attrs);
  return all;
}
/// The same for one of the host's addresses. libpq gets the number beside the name, or it would resolve the name itself
/// and block; the name stays, for the certificate.
template <class Connector>
[[nodiscard]] PostgresSettings postgres_settings(const Connector& connector, std::string number) {
  PostgresSettings all = postgres_settings(connector);
  all.emplace_back("hostaddr", std::move(number));
  return all;
}

}  // namespace carpool::inline v0_1::detail

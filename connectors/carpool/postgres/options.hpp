/// Which of libpq's connection parameters carpool passes on, and how a URL says them.
#pragma once

#include <carpool/common/url.hpp>
#include <carpool/common/url_options.hpp>
#include <carpool/postgres/session.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

/// Not among them: what has a field of its own, connect_timeout (the pool's), what makes libpq block (service,
/// several hosts), replication.
inline constexpr std::array<std::string_view, 29> postgres_options = {
    "application_name",
    "channel_binding",
    "client_encoding",
    "fallback_application_name",
    "gssencmode",
    "gsslib",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "options",
    "passfile",
    "require_auth",
    "requirepeer",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslmode",
    "sslnegotiation",
    "sslpassword",
    "sslrootcert",
    "tcp_user_timeout",
};

[[nodiscard]] constexpr bool is_postgres_option(std::string_view name) noexcept {
  return std::find(postgres_options.begin(), postgres_options.end(), name) != postgres_options.end();
}

inline void require_postgres(bool holds, const std::string& rule) {
  if (!holds) throw std::invalid_argument("PostgresConnector: " + rule);
}

/// libpq would take what stands before it for the whole.
inline void refuse_nul(const std::string& text) {
  require_postgres(text.find('\0') == std::string::npos, "host, user, password and database must not contain a NUL");
}

inline void check_postgres_target(std::string_view target) {
  constexpr std::array<std::string_view, 6> known = {"any",     "read-write", "read-only",
                                                     "primary", "standby",    "prefer-standby"};
  require_postgres(std::find(known.begin(), known.end(), target) != known.end(),
                   "target_session_attrs must be any, read-write, read-only, primary, standby or prefer-standby");
}

/// An option of libpq's that takes one of a few words. What else it may be, libpq finds out.
struct PostgresWords {
  std::string_view option;
  std::string_view words;  ///< as they are shown: "disable, prefer or require"

  [[nodiscard]] constexpr bool allow(std::string_view value) const noexcept {
    for (std::string_view rest = words; !rest.empty();) {
      const std::string_view word = rest.substr(0, std::min(rest.find_first_of(", "), rest.size()));
      if (word == value && word != "or") return true;
      rest.remove_prefix(word.size());
      rest.remove_prefix(std::min(rest.find_first_not_of(", "), rest.size()));
    }
    return false;
  }
};
inline constexpr std::array<PostgresWords, 8> postgres_words = {{
    {"sslmode", "disable, allow, prefer, require, verify-ca or verify-full"},
    {"sslcertmode", "disable, allow or require"},
    {"sslnegotiation", "postgres or direct"},
    {"channel_binding", "disable, prefer or require"},
    {"gssencmode", "disable, prefer or require"},
    {"load_balance_hosts", "disable or random"},
    {"ssl_min_protocol_version", "TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3"},
    {"ssl_max_protocol_version", "TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3"},
}};

/// Here, where it has the name of the option: libpq would refuse it too, but only while a server is waited for.
inline void check_postgres_words(std::string_view option, std::string_view value) {
  for (const PostgresWords& known : postgres_words) {
    require_postgres(known.option != option || value.empty() || known.allow(value),
                     "the option " + std::string(option) + " must be " + std::string(known.words));
  }
}

inline void check_postgres_options(const std::vector<std::pair<std::string, std::string>>& options) {
  for (const auto& [name, value] : options) {
    require_postgres(is_postgres_option(name), "options must not contain " + name);
    require_postgres(value.find('\0') == std::string::npos, "the option " + name + " must not contain a NUL");
    check_postgres_words(name, value);
  }
}

/// "127.0.0.1:5432" and "[::1]:5432" without the port and the brackets.
[[nodiscard]] inline std::string numeric_host(const std::string& address) {
  const std::string host = address.substr(0, address.rfind(':'));
  return host.front() == '[' ? host.substr(1, host.size() - 2) : host;
}

[[nodiscard]] inline PostgresReset postgres_reset_in(const UrlOptions& options, std::string_view text) {
  if (text == "none") return PostgresReset::none;
  if (text == "rollback_if_needed") return PostgresReset::rollback_if_needed;
  if (text == "discard_all") return PostgresReset::discard_all;
  options.refuse("reset", "is not none, rollback_if_needed or discard_all");
}

template <class Connector>
void take_postgres_host(const Url& url, UrlOptions& options, Connector& connector) {
  if (url.hosts.size() > 1) throw std::invalid_argument("URL: PostgresConnector opens connections to one host");
  if (!url.hosts.empty()) {
    connector.host = url.hosts[0].host;
    connector.port = url.hosts[0].port.value_or(connector.port);
  }
  if (auto host = options.text("host")) connector.host = std::move(*host);
  if (const auto port = options.number("port", 1, 65535)) connector.port = static_cast<std::uint16_t>(*port);
}

template <class Connector>
void take_postgres_login(const Url& url, UrlOptions& options, Connector& connector) {
  connector.user = url.user.value_or("");
  connector.password = url.password.value_or("");
  if (url.path.size() > 1) connector.database = url.path.substr(1);
  if (auto user = options.text("user")) connector.user = std::move(*user);
  if (auto password = options.text("password")) connector.password = std::move(*password);
  if (auto database = options.text("dbname")) connector.database = std::move(*database);
}

template <class Connector>
void take_postgres_limits(UrlOptions& options, Connector& connector) {
  if (const auto time = options.duration("io_timeout")) connector.io_timeout = *time;
  if (const auto time = options.duration("max_lifetime")) connector.max_lifetime = *time;
  if (const auto bytes = options.number("max_reply_bytes", 1)) connector.max_reply_bytes = *bytes;
  if (const auto reset = options.text("reset")) connector.reset_policy = postgres_reset_in(options, *reset);
  if (auto target = options.text("target_session_attrs")) connector.target_session_attrs = std::move(*target);
  if (const auto plans = options.number("statement_cache")) {
    connector.statement_cache.reset();
    if (*plans > 0) connector.statement_cache = *plans;
  }
}

template <class Connector>
[[nodiscard]] Connector postgres_from_url(const Url& url) {
  if (url.scheme != "postgres" && url.scheme != "postgresql") {
    throw std::invalid_argument("URL: the scheme must be postgres or postgresql");
  }
  Connector connector;
  UrlOptions options(url);
  take_postgres_host(url, options, connector);
  take_postgres_login(url, options, connector);
  take_postgres_limits(options, connector);
  for (const std::string_view name : postgres_options) {
    if (auto value = options.text(name)) connector.options.emplace_back(name, std::move(*value));
  }
  const bool pooled = options.flag("pgbouncer").value_or(false);
  if (options.text("connect_timeout")) options.refuse("connect_timeout", "is the pool's: PoolOptions::connect_timeout");
  options.refuse_others();
  connector.validate();
  if (!pooled) return connector;
  const std::optional<Duration> lifetime = connector.max_lifetime;
  return lifetime ? Connector::behind_pgbouncer(std::move(connector), *lifetime)
                  : Connector::behind_pgbouncer(std::move(connector));
}

}  // namespace carpool::inline v0_1::detail

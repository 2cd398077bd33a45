/// What a MySQL session may be asked for, and what of it cannot be.
#pragma once

#include <carpool/time.hpp>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace carpool::inline v0_1 {

/// Encryption, which the server must then speak: a connect never falls back to plain text.
struct MysqlTls {
  std::string ca_file = {};    ///< who may vouch for the server; empty: whom the system trusts, read for each connect
  std::string cert_file = {};  ///< the client's own certificate, where the server asks for one
  std::string key_file = {};   ///< of cert_file, in PEM
  bool verify = true;          ///< the certificate must be the host's, vouched for; without it anybody may listen
};

namespace detail {

inline void require_mysql(bool holds, const std::string& rule) {
  if (!holds) throw std::invalid_argument("MysqlConnector: " + rule);
}

/// The library takes "a=b;..." for a list of options and "scheme://" for the name of a plug-in, so that a host must
/// look like one.
[[nodiscard]] inline bool looks_like_a_host(std::string_view host) noexcept {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || c == ':' || c == '%';
  });
}

template <class Connector>
void validate_mysql(const Connector& connector) {
  const auto no_nul = [](std::string_view text, const char* field) {
    require_mysql(text.find('\0') == std::string_view::npos, std::string(field) + " must not contain a NUL");
  };
  no_nul(connector.user, "user"), no_nul(connector.password, "password"), no_nul(connector.database, "database");
  no_nul(connector.unix_path, "unix_path"), no_nul(connector.charset, "charset");
  no_nul(connector.program_name, "program_name");
  const bool by_path = !connector.unix_path.empty();
  require_mysql(by_path || looks_like_a_host(connector.host), "host must be a name or an address");
  require_mysql(by_path || connector.port != 0, "port must be 1 to 65535, not 0");
  require_mysql(connector.unix_path.size() <= 107, "unix_path must be at most 107 bytes long");
  require_mysql(!by_path || connector.unix_path.front() == '/', "unix_path must be absolute");
  require_mysql(!by_path || !connector.tls, "tls is for host and port, not for unix_path");
  require_mysql(!connector.cleartext_password || (connector.tls && connector.tls->verify),
                "cleartext_password needs tls with verify: the server learns the password as it is");
  require_mysql(!connector.charset.empty(), "charset must not be empty");
  require_mysql(connector.io_timeout > Duration::zero(), "io_timeout must be longer than 0");
  require_mysql(!connector.max_lifetime || *connector.max_lifetime > Duration::zero(),
                "max_lifetime must be longer than 0");
  require_mysql(connector.max_reply_bytes >= 16384, "max_reply_bytes must be at least 16384");
}

}  // namespace detail

}  // namespace carpool::inline v0_1

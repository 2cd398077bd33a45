/// Reads a MysqlConnector from a URL: "mysql://user:password@host:3306/database?charset=utf8mb4".
#pragma once

#include <carpool/common/url.hpp>
#include <carpool/common/url_options.hpp>
#include <carpool/mysql/detail/session.hpp>
#include <carpool/mysql/options.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Leaves the field alone where the option is not there.
template <class Field, class Value>
void take_option(Field& field, std::optional<Value> value) {
  if (value) field = static_cast<Field>(std::move(*value));
}

inline void take_mysql_reset(MysqlReset& policy, UrlOptions& options) {
  const auto name = options.text("reset");
  if (!name) return;
  if (*name == "when_dirty") return void(policy = MysqlReset::when_dirty);
  if (*name == "always") return void(policy = MysqlReset::always);
  if (*name == "rollback_alone") return void(policy = MysqlReset::rollback_alone);
  options.refuse("reset", "is not when_dirty, always or rollback_alone");
}

inline void take_mysql_tls(std::optional<MysqlTls>& tls, UrlOptions& options) {
  MysqlTls chosen;
  const std::optional<bool> wanted = options.flag("tls");
  take_option(chosen.ca_file, options.text("tls_ca"));
  take_option(chosen.cert_file, options.text("tls_cert"));
  take_option(chosen.key_file, options.text("tls_key"));
  const std::optional<bool> verify = options.flag("tls_verify");
  take_option(chosen.verify, verify);
  // Whoever speaks of encryption without a word for or against it wants it.
  const bool described = !chosen.ca_file.empty() || !chosen.cert_file.empty() || !chosen.key_file.empty() || verify;
  if (wanted.value_or(described)) tls = std::move(chosen);
}

template <class Connector>
void take_mysql_options(Connector& connector, UrlOptions& options) {
  take_option(connector.charset, options.text("charset"));
  take_option(connector.unix_path, options.text("unix_path"));
  take_option(connector.io_timeout, options.duration("io_timeout"));
  take_option(connector.max_lifetime, options.duration("max_lifetime"));
  take_option(connector.statement_cache, options.number("statement_cache", 0, 65536));
  take_option(connector.max_reply_bytes, options.number("max_reply_bytes", 16384, UINT32_MAX));
  take_option(connector.multi_statements, options.flag("multi_statements"));
  take_option(connector.program_name, options.text("program_name"));
  take_option(connector.cleartext_password, options.flag("cleartext_password"));
  take_mysql_reset(connector.reset_policy, options);
  take_mysql_tls(connector.tls, options);
  options.refuse_others();
}

template <class Connector>
[[nodiscard]] Connector mysql_from_url(std::string_view text) {
  const Url url = Url::parse(text);
  if (url.scheme != "mysql" && url.scheme != "mariadb") {
    throw std::invalid_argument("URL: the scheme of a MysqlConnector is mysql or mariadb, not " + url.scheme);
  }
  if (url.hosts.size() > 1) throw std::invalid_argument("URL: a MysqlConnector has one host");
  if (url.path.find('/', 1) != std::string::npos) throw std::invalid_argument("URL: the path is no database's name");
  Connector connector;
  if (!url.hosts.empty()) connector.host = url.hosts.front().host;
  if (!url.hosts.empty()) connector.port = url.hosts.front().port.value_or(3306);
  connector.user = url.user.value_or("");
  connector.password = url.password.value_or("");
  if (!url.path.empty()) connector.database = url.path.substr(1);
  UrlOptions options(url);
  take_mysql_options(connector, options);
  if (url.hosts.empty() && connector.unix_path.empty()) throw std::invalid_argument("URL: there is no host");
  connector.validate();
  return connector;
}

}  // namespace carpool::inline v0_1::detail

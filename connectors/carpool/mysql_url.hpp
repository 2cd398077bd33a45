/// Reads a MysqlConnector from a URL: mysql://user:password@host:3306/database?charset=utf8mb4.
#pragma once

#include <carpool/mysql_options.hpp>
#include <carpool/mysql_session.hpp>
#include <carpool/time.hpp>
#include <carpool/url.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace carpool::detail {

[[noreturn]] inline void refuse_mysql_option(std::string_view name, std::string_view reason) {
  throw std::invalid_argument("mysql URL: the option '" + std::string(name) + "' " + std::string(reason));
}

[[nodiscard]] inline std::uint64_t mysql_url_number(std::string_view name, std::string_view text, std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > most) {
    refuse_mysql_option(name, "must be a whole number up to " + std::to_string(most));
  }
  return number;
}

[[nodiscard]] inline MysqlReset mysql_url_reset(std::string_view text) {
  if (text == "when_dirty") return MysqlReset::when_dirty;
  if (text == "always") return MysqlReset::always;
  if (text == "rollback_alone") return MysqlReset::rollback_alone;
  refuse_mysql_option("reset", "must be when_dirty, always or rollback_alone");
}

/// false: there is no such option.
template <class Connector>
[[nodiscard]] bool set_mysql_tls_option(Connector& connector, std::string_view name, const std::string& value) {
  constexpr std::string_view prefix = "tls";
  if (!name.starts_with(prefix)) return false;
  if (name == "tls") {
    if (mysql_url_number(name, value, 1) == 0) return connector.tls.reset(), true;
    return connector.tls = connector.tls.value_or(MysqlTls{}), true;
  }
  MysqlTls tls = connector.tls.value_or(MysqlTls{});
  if (name == "tls_ca") {
    tls.ca_file = value;
  } else if (name == "tls_cert") {
    tls.cert_file = value;
  } else if (name == "tls_key") {
    tls.key_file = value;
  } else if (name == "tls_verify") {
    tls.verify = mysql_url_number(name, value, 1) != 0;
  } else {
    return false;
  }
  return connector.tls = std::move(tls), true;
}

template <class Connector>
[[nodiscard]] bool set_mysql_option(Connector& connector, std::string_view name, const std::string& value) {
  constexpr std::uint64_t any = UINT32_MAX;
  constexpr std::uint64_t century = 3'155'760'000;
  const auto number = [&](std::uint64_t most) { return mysql_url_number(name, value, most); };
  if (name == "charset") return connector.charset = value, true;
  if (name == "unix_path") return connector.unix_path = value, true;
  if (name == "io_timeout") return connector.io_timeout = std::chrono::seconds(number(century)), true;
  if (name == "max_lifetime") return connector.max_lifetime = std::chrono::seconds(number(century)), true;
  if (name == "statement_cache") return connector.statement_cache = number(any), true;
  if (name == "max_reply_bytes") return connector.max_reply_bytes = number(any), true;
  if (name == "multi_statements") return connector.multi_statements = number(1) != 0, true;
  if (name == "reset") return connector.reset_policy = mysql_url_reset(value), true;
  return set_mysql_tls_option(connector, name, value);
}

template <class Connector>
[[nodiscard]] Connector mysql_from_url(std::string_view text) {
  const Url url = Url::parse(text);
  if (url.scheme != "mysql" && url.scheme != "mariadb") {
    throw std::invalid_argument("mysql URL: the scheme must be mysql or mariadb, not '" + url.scheme + "'");
  }
  if (url.hosts.size() > 1) throw std::invalid_argument("mysql URL: more than one host");
  if (url.path.find('/', 1) != std::string::npos) throw std::invalid_argument("mysql URL: the path is no database");
  Connector connector;
  if (!url.hosts.empty()) connector.host = url.hosts.front().host;
  if (!url.hosts.empty()) connector.port = url.hosts.front().port.value_or(3306);
  connector.user = url.user.value_or("");
  connector.password = url.password.value_or("");
  if (!url.path.empty()) connector.database = url.path.substr(1);
  for (const auto& [name, value] : url.options) {
    if (!set_mysql_option(connector, name, value)) refuse_mysql_option(name, "is not known");
  }
  connector.validate();
  return connector;
}

}  // namespace carpool::detail

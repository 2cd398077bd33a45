/// hive:// URLs, with the database and its settings in the path as Hive's own clients write them.
#pragma once

#include <carpool/common/url.hpp>
#include <carpool/common/url_options.hpp>
#include <carpool/hive/options.hpp>
#include <carpool/tls/options.hpp>

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace carpool::inline v0_1::detail {

/// "/web;auth=noSasl": the database, and settings that count like options.
inline void split_hive_path(Url& url, std::string& database) {
  std::string_view rest = url.path;
  if (rest.starts_with('/')) rest.remove_prefix(1);
  database = cut_before(rest, ';');
  while (!rest.empty()) {
    std::string_view setting = cut_before(rest, ';');
    const std::string_view name = cut_before(setting, '=');
    if (!name.empty()) url.options.emplace_back(name, setting);
  }
}

/// Options whose name has a dot in it are Hive's own.
template <class Connector>
void take_hive_configuration(Url& url, Connector& connector) {
  std::erase_if(url.options, [&](auto& option) {
    if (option.first.find('.') == std::string::npos) return false;
    connector.configuration[option.first] = std::move(option.second);
    return true;
  });
}

template <class Connector>
void apply_hive_session_options(UrlOptions& options, Connector& connector) {
  if (const auto auth = options.text("auth")) {
    if (*auth != "noSasl" && *auth != "plain") options.refuse("auth", "is neither noSasl nor plain");
    connector.auth = *auth == "noSasl" ? HiveAuth::no_sasl : HiveAuth::plain;
  }
  if (const auto reset = options.text("reset")) {
    if (*reset != "operations" && *reset != "session") options.refuse("reset", "is neither operations nor session");
    connector.session_reset = *reset == "session" ? HiveReset::reopen_session : HiveReset::close_operations;
  }
  if (const auto rows = options.number("batch_rows", 1, 1000000)) {
    connector.batch_rows = static_cast<std::int64_t>(*rows);
  }
  if (const auto rows = options.number("max_rows", 1)) connector.max_rows = static_cast<std::size_t>(*rows);
  if (const auto time = options.duration("io_timeout")) connector.io_timeout = *time;
}

template <class Connector>
void apply_hive_tls_options(UrlOptions& options, Connector& connector) {
  const auto tls = options.flag("tls");
  auto ca_file = options.text("ca_file");
  const auto verify = options.flag("verify");
  if (!tls.value_or(false)) {
    if (ca_file || verify) throw std::invalid_argument("URL: hive options ca_file and verify need tls=true");
    return;
  }
  connector.tls = TlsOptions{.ca_file = std::move(ca_file).value_or(""), .verify = verify.value_or(true)};
}

/// Throws std::invalid_argument naming what is wrong, never a password.
template <class Connector>
void apply_hive_url(Url url, Connector& connector) {
  if (url.scheme != "hive") throw std::invalid_argument("URL: the scheme is not hive");
  if (url.hosts.size() != 1) throw std::invalid_argument("URL: hive needs one host");
  connector.host = url.hosts.front().host;
  connector.port = url.hosts.front().port.value_or(10000);
  connector.user = url.user.value_or("");
  connector.password = url.password.value_or("");
  split_hive_path(url, connector.database);
  take_hive_configuration(url, connector);
  UrlOptions options(url);
  apply_hive_session_options(options, connector);
  apply_hive_tls_options(options, connector);
  options.refuse_others();
}

}  // namespace carpool::inline v0_1::detail

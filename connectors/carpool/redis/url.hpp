/// A RedisConnector from a URL: redis://, rediss:// and unix://.
#pragma once

#include <carpool/common/url.hpp>
#include <carpool/common/url_options.hpp>
#include <carpool/redis_connector.hpp>

#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Takes what a URL says about Redis, wherever the server is.
class RedisUrl {
 public:
  explicit RedisUrl(const Url& url) : url_(url), options_(url) {}

  /// encrypted: by the scheme. The database is the path's, or the option db, which wins.
  [[nodiscard]] RedisConnector connector(bool encrypted, std::string_view database) {
    RedisConnector made;
    made.user = options_.text("username").value_or(url_.user.value_or(""));
    made.password = options_.text("password").value_or(url_.password.value_or(""));
    made.database = number_of_database(database);
    if (const auto number = options_.number("db", 0, highest_database)) made.database = static_cast<int>(*number);
    take_session(made);
    take_limits(made);
    if (encrypted) made.tls = tls();
    options_.refuse_others();
    return made;
  }

  /// What a URL says about the sentinels besides where they are.
  [[nodiscard]] RedisConnector sentinel() {
    RedisConnector made;
    made.user = options_.text("sentinel_username").value_or("");
    made.password = options_.text("sentinel_password").value_or("");
    return made;
  }

  /// Throws for more than one host: that is another connector's matter.
  [[nodiscard]] UrlHost only_host() const {
    if (url_.hosts.size() > 1)
      throw std::invalid_argument("URL: " + url_.scheme + " takes one host; several are EndpointsConnector's");
    return url_.hosts.empty() ? UrlHost{RedisConnector{}.host} : url_.hosts.front();
  }

 private:
  static constexpr std::uint64_t highest_database = std::numeric_limits<int>::max();

  void take_session(RedisConnector& made) {
    made.client_name = options_.text("client_name").value_or("");
    if (const auto version = options_.number("protocol"); version && *version != 2)
      options_.refuse("protocol", "must be 2: RESP3 is not spoken here");
    if (const auto time = options_.duration("socket_timeout")) made.io_timeout = *time;
    if (const auto time = options_.duration("io_timeout")) made.io_timeout = *time;
    if (const auto time = options_.duration("user_timeout")) made.user_timeout = *time;
    if (const auto on = options_.flag("nodelay")) made.nodelay = *on;
    const auto keepalive = options_.flag("socket_keepalive");
    if (keepalive && !*keepalive) made.keepalive.reset();
  }

  void take_limits(RedisConnector& made) {
    if (const auto bytes = options_.number("max_reply_bytes", 1)) made.max_reply_bytes = *bytes;
    if (const auto count = options_.number("max_reply_elements", 1)) made.max_reply_elements = *count;
    if (const auto depth = options_.number("max_reply_depth", 1, RedisLimits{}.depth)) made.max_reply_depth = *depth;
  }

  /// By the names that redis-py's URLs have.
  [[nodiscard]] TlsOptions tls() {
    TlsOptions made;
    made.ca_file = options_.text("ssl_ca_certs").value_or("");
    made.ca_path = options_.text("ssl_ca_path").value_or("");
    made.certificate = options_.text("ssl_certfile").value_or("");
    made.private_key = options_.text("ssl_keyfile").value_or("");
    made.private_key_password = options_.text("ssl_password").value_or("");
    made.server_name = options_.text("ssl_server_name").value_or("");
    const std::string verify = options_.text("ssl_cert_reqs").value_or("required");
    if (verify != "required" && verify != "none") options_.refuse("ssl_cert_reqs", "is neither required nor none");
    made.verify = verify == "required";
    return made;
  }

  /// "", "/" or "/2"
  [[nodiscard]] static int number_of_database(std::string_view path) {
    if (path.starts_with('/')) path.remove_prefix(1);
    if (path.empty()) return 0;
    int number = 0;
    const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), number);
    if (error != std::errc() || end != path.data() + path.size() || number < 0)
      throw std::invalid_argument("URL: the path of a Redis URL must be the number of a database");
    return number;
  }

  const Url& url_;
  UrlOptions options_;
};

}  // namespace carpool::inline v0_1::detail

namespace carpool::inline v0_1 {

inline RedisConnector RedisConnector::from_url(std::string_view text) {
  const Url url = Url::parse(text);
  if (url.scheme == "unix") {
    RedisConnector made = detail::RedisUrl(url).connector(false, "");
    if (!url.hosts.empty()) throw std::invalid_argument("URL: unix takes a path and no host: unix:///run/redis.sock");
    made.path = url.path;
    made.validate();
    return made;
  }
  if (url.scheme != "redis" && url.scheme != "rediss")
    throw std::invalid_argument("URL: the scheme must be redis, rediss or unix, not " + url.scheme);
  detail::RedisUrl parts(url);
  const UrlHost host = parts.only_host();
  RedisConnector made = parts.connector(url.scheme == "rediss", url.path);
  made.host = host.host;
  if (host.port) made.port = *host.port;
  made.validate();
  return made;
}

}  // namespace carpool::inline v0_1

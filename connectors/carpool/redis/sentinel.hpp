/// Opens connections to the Redis master that the sentinels name.
#pragma once

#include <carpool/common/io_error.hpp>
#include <carpool/common/url.hpp>
#include <carpool/concepts.hpp>
#include <carpool/errors.hpp>
#include <carpool/redis/url.hpp>
#include <carpool/redis_connector.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// For designated initialisers, in this order. Each connect asks for the master's address anew and has the server
/// confirm its role, so a pool follows a failover: connections to what was the master are closed when it hangs up or
/// says READONLY, and the next ones go to the new one.
///
///   carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::RedisSentinel> pool(
///       {.sentinels = {{.host = "s1", .port = 26379}, {.host = "s2", .port = 26379}}, .master = "mymaster"});
///
/// Errors:   connect throws std::invalid_argument for a bad option, AuthenticationError where the master refuses the
///           credentials, ConnectRefused where it does not have the database, else std::system_error that says what
///           came of each sentinel.
struct RedisSentinel {
  template <class Backend>
  using Connection = RedisConnection<Backend>;

  static constexpr std::uint16_t default_port = 26379;  ///< of a sentinel whose URL names none

  std::vector<RedisConnector> sentinels;  ///< asked one after another; their own credentials, if they want any
  std::string master;                     ///< the name by which the sentinels know it
  RedisConnector server = {};             ///< how to speak to the master: all but its host and port

  /// "redis+sentinel://user:password@s1:26379,s2:26379/mymaster/2?client_name=me": credentials and options are meant
  /// for the master, the option sentinel_password (and sentinel_username) for the sentinels. rediss+sentinel: TLS,
  /// for all of them.
  [[nodiscard]] static RedisSentinel from_url(std::string_view text);

  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(TimePoint deadline) const {
    validate();
    std::string causes;
    const std::size_t first = Backend::random() % sentinels.size();  // no sentinel has all the clients
    for (std::size_t tried = 0; tried < sentinels.size(); ++tried) {
      const RedisConnector& sentinel = sentinels[(first + tried) % sentinels.size()];
      const TimePoint share = detail::fair_share(Backend::now(), deadline, sentinels.size() - tried);
      std::optional<Connection<Backend>> connection = through<Backend>(sentinel, share, causes);
      if (connection) return std::move(*connection);
    }
    throw IoError(std::make_error_code(std::errc::host_unreachable),
                  "find the Redis master " + master + " (" + causes + ")");
  }

  void set_pool_name(const std::string& name) { server.set_pool_name(name); }  ///< as RedisConnector's, to the master

  /// A READONLY reply: the server is no master any more.
  [[nodiscard]] bool wrong_role(const std::exception& error) const noexcept { return server.wrong_role(error); }

  /// Throws std::invalid_argument naming the field and the bound; connect begins with it.
  void validate() const {
    if (sentinels.empty()) throw std::invalid_argument("RedisSentinel: sentinels must not be empty");
    if (master.empty()) throw std::invalid_argument("RedisSentinel: master must not be empty");
    for (const RedisConnector& sentinel : sentinels) sentinel.validate();
    if (!server.path.empty()) throw std::invalid_argument("RedisSentinel: server.path must be empty");
    at("its host", default_port).validate();
  }

 private:
  /// Nothing, and one cause more, where this sentinel did not lead to a master. Credentials or a database that the
  /// master refuses are refused by whichever way: that passes through.
  template <class Backend>
  std::optional<Connection<Backend>> through(const RedisConnector& sentinel, TimePoint deadline,
                                             std::string& causes) const {
    std::string failure;
    const std::optional<RedisConnector> found = look_up<Backend>(sentinel, deadline, failure);
    std::optional<Connection<Backend>> connection;
    if (found) connection = open<Backend>(*found, deadline, failure);
    if (!connection) causes += (causes.empty() ? "" : "; ") + failure;
    return connection;
  }

  template <class Backend>
  std::optional<RedisConnector> look_up(const RedisConnector& sentinel, TimePoint deadline,
                                        std::string& failure) const {
    using Address = std::optional<std::pair<std::string, std::uint16_t>>;
    try {
      Connection<Backend> asked = sentinel.connect<Backend>(deadline);
      const auto address =
          asked.template command_until<Address>(deadline, "SENTINEL", "get-master-addr-by-name", master);
      if (address) return at(address->first, address->second);
      failure = "the sentinel at " + asked.peer() + " does not know it";
    } catch (const std::exception& error) {  // nobody there, an error reply, another protocol, wrong credentials
      failure = error.what();
    }
    return std::nullopt;
  }

  template <class Backend>
  std::optional<Connection<Backend>> open(const RedisConnector& found, TimePoint deadline, std::string& failure) const {
    try {
      Connection<Backend> connection = found.connect<Backend>(deadline);
      const RedisReply role = connection.command_until(deadline, "ROLE");
      const bool is_master = !role.elements().empty() && role.elements()[0] == RedisReply::text(word, "master");
      if (is_master) return connection;
      failure = connection.peer() + " is no master, though a sentinel says so";
    } catch (const ConnectRefused&) {  // AuthenticationError is one
      throw;
    } catch (const std::exception& error) {
      failure = error.what();
    }
    return std::nullopt;
  }

  [[nodiscard]] RedisConnector at(const std::string& host, std::uint16_t port) const {
    RedisConnector found = server;
    found.host = host;
    found.port = port;
    return found;
  }

  static constexpr RedisReply::Kind word = RedisReply::Kind::string;
};

inline RedisSentinel RedisSentinel::from_url(std::string_view text) {
  const Url url = Url::parse(text);
  const bool encrypted = url.scheme == "rediss+sentinel";
  if (!encrypted && url.scheme != "redis+sentinel")
    throw std::invalid_argument("URL: the scheme must be redis+sentinel or rediss+sentinel, not " + url.scheme);
  detail::RedisUrl parts(url);
  RedisConnector sentinel = parts.sentinel();
  std::string_view path = url.path;
  path.remove_prefix(std::min<std::size_t>(1, path.size()));
  RedisSentinel made{.sentinels = {}, .master = std::string(detail::cut_before(path, '/'))};
  made.server = parts.connector(encrypted, path);
  sentinel.tls = made.server.tls;
  for (const UrlHost& host : url.hosts) {
    sentinel.host = host.host;
    sentinel.port = host.port.value_or(default_port);
    made.sentinels.push_back(sentinel);
  }
  made.validate();
  return made;
}

}  // namespace carpool::inline v0_1

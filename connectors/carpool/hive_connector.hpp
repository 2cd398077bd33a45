/// Opens sessions with Apache Hive, or whatever speaks HiveServer2's protocol, such as Spark's Thrift server.
#pragma once

#include <carpool/common/address_text.hpp>
#include <carpool/common/granted_credentials.hpp>
#include <carpool/concepts.hpp>
#include <carpool/credentials.hpp>
#include <carpool/hive/connection.hpp>
#include <carpool/hive/detail/sasl_plain.hpp>
#include <carpool/hive/options.hpp>
#include <carpool/hive/types.hpp>
#include <carpool/hive/url.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/thrift/limits.hpp>
#include <carpool/thrift_connector.hpp>
#include <carpool/time.hpp>
#include <carpool/tls/context.hpp>
#include <carpool/tls/options.hpp>

#include <thrift/protocol/TProtocolException.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// For designated initialisers, in this order.
///
///   carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::HiveConnector> pool(
///       {.host = "hive.example.com", .user = "ada", .database = "web"}, {.max_size = 4});
///   carpool::HiveRows rows = pool.acquire()->query("select name, visits from pages");
///   auto visits = rows.get<std::optional<std::int64_t>>(0, "visits");  // std::nullopt is NULL
///
/// One pool may serve many users: pool.acquire(carpool::HiveTarget{.user = "bob"}).
///
/// Errors:   connect throws std::invalid_argument naming the field for a bad option, AuthenticationError where the
///           server refuses the credentials, HiveError where it opens no session, else std::system_error.
struct HiveConnector {
  using Target = HiveTarget;                        ///< what is not given in it is as here
  static constexpr bool target_is_optional = true;  ///< HiveTarget{} is what is said here
  template <class Backend>
  using Connection = HiveConnection<Backend>;

  std::string host;                 ///< HiveServer2's, a name or a number, without brackets
  std::uint16_t port = 10000;       ///< 1 to 65535
  std::string user = {};            ///< empty: none with no_sasl; "anonymous" with plain, which needs one
  std::string password = {};        ///< empty: none with no_sasl; any with plain, which needs one
  std::string database = {};        ///< empty: the server's default
  HiveAuth auth = HiveAuth::plain;  ///< as the server has it
  std::map<std::string, std::string> configuration = {};   ///< of the session, by Hive's names
  std::optional<TlsOptions> tls = {};                      ///< std::nullopt: in the clear
  HiveProtocol protocol = HiveProtocol::v8;                ///< the highest version to speak
  HiveReset session_reset = HiveReset::close_operations;   ///< when a connection goes back to the pool
  std::int64_t batch_rows = 10000;                         ///< asked for at once; the server may send fewer
  std::size_t max_rows = 1000000;                          ///< of one query() in one piece
  ThriftLimits limits = {};                                ///< of what the server may send
  Duration io_timeout = std::chrono::seconds(30);          ///< bounds each operation that is given no deadline
  Duration first_poll = std::chrono::milliseconds(5);      ///< a running statement is asked after; doubles each time
  Duration last_poll = std::chrono::milliseconds(500);     ///< and no seldomer than this
  std::optional<TcpKeepalive> keepalive = TcpKeepalive{};  ///< std::nullopt: an idle server is never asked
  TlsContext context = {};                                 ///< shared by copies
  std::vector<std::string> session_setup = {};  ///< statements for each new session, and again where a reset opens one
  /// Asked at each connect instead of user and password, but not for a target that has one of these; null: these count.
  CredentialsProvider credentials = {};

  /// "hive://user:password@host:10000/database;auth=noSasl?io_timeout=5min&hive.exec.parallel=true". Options: auth
  /// (noSasl, plain), tls, ca_file, verify, io_timeout, batch_rows, max_rows, reset (operations, session); those with
  /// a dot in their name are the session's configuration. Throws std::invalid_argument naming what it does not know.
  [[nodiscard]] static HiveConnector from_url(std::string_view url) {
    HiveConnector connector;
    detail::apply_hive_url(Url::parse(url), connector);
    connector.validate();
    return connector;
  }

  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(TimePoint deadline) const {
    return connect<Backend>(HiveTarget{}, deadline);
  }
  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(const HiveTarget& target, TimePoint deadline) const {
    const HiveConnector own = serving(target);
    own.validate();
    if (!credentials || target.user || target.password) return own.open<Backend>(own.target(), never, deadline);
    return detail::open_with_credentials<Backend>(credentials, deadline, [&](const Credentials& given) {
      return detail::with_credentials(own, given).template open<Backend>(own.target(), given.expires, deadline);
    });
  }

  template <class Backend>
  [[nodiscard]] bool matches(const HiveConnection<Backend>& connection, const HiveTarget& target) const {
    return connection.target() == serving(target).target();
  }
  /// For the pool's error texts.
  [[nodiscard]] std::string describe(const HiveTarget& target) const {
    const HiveConnector own = serving(target);
    return detail::address_text(own.host, own.port);
  }
  template <class Backend>
  [[nodiscard]] bool is_connected(const HiveConnection<Backend>& connection) const noexcept {
    return connection.is_connected();
  }
  template <class Backend>
  [[nodiscard]] bool reusable(const HiveConnection<Backend>& connection) const noexcept {
    return connection.reusable();
  }
  /// The last call was answered, and by an answer that could be understood.
  template <class Backend>
  [[nodiscard]] bool in_step(const HiveConnection<Backend>& connection) const noexcept {
    return connection.in_step();
  }
  template <class Backend>
  [[nodiscard]] bool ping(HiveConnection<Backend>& connection, TimePoint deadline) const {
    return connection.ping(deadline);
  }
  template <class Backend>
  [[nodiscard]] bool dirty(const HiveConnection<Backend>& connection) const noexcept {
    return connection.dirty();
  }
  template <class Backend>
  [[nodiscard]] bool reset(HiveConnection<Backend>& connection, TimePoint deadline) const {
    return connection.reset(deadline), true;
  }

  /// A statement that fails says nothing against the session; an answer that is none does, and so does its end.
  template <class Backend>
  [[nodiscard]] Verdict handle_exception(HiveConnection<Backend>& connection, std::exception_ptr error) const noexcept {
    if (!connection.reusable()) return Verdict::close;
    try {
      std::rethrow_exception(std::move(error));
    } catch (const HiveError&) {
      return Verdict::keep;
    } catch (...) {
      return Verdict::close;
    }
  }

  /// Where a connection just ends, the server may keep the session until it times out.
  template <class Backend>
  void invalidate(HiveConnection<Backend>& connection, TimePoint deadline) const {
    connection.close_gracefully(deadline);
  }
  /// In a forked child: the parent's session goes on as if nothing had happened.
  template <class Backend>
  void abandon(HiveConnection<Backend>& connection) const noexcept {
    connection.close();
  }

  /// Throws std::invalid_argument naming the field and the bound; connect begins with it.
  void validate() const {
    tcp().validate();
    limits.validate("HiveConnector");
    if (tls) tls->validate();
    require(batch_rows >= 1, "batch_rows must be at least 1");
    require(max_rows >= 1, "max_rows must be at least 1");
    require(first_poll > Duration::zero(), "first_poll must be longer than 0");
    require(last_poll >= first_poll, "last_poll must be at least first_poll");
    require(user.find('\0') == std::string::npos, "user must not contain a NUL");
    require(password.find('\0') == std::string::npos, "password must not contain a NUL");
    require(database.find('\0') == std::string::npos, "database must not contain a NUL");
  }

 private:
  static void require(bool holds, const char* rule) {
    if (!holds) throw std::invalid_argument(std::string("HiveConnector: ") + rule);
  }

  [[nodiscard]] TcpConnector tcp() const {
    return {.host = host, .port = port, .keepalive = keepalive, .io_timeout = io_timeout};
  }

  [[nodiscard]] HiveConnector serving(const HiveTarget& target) const {
    HiveConnector own = *this;
    own.host = target.host.value_or(host);
    own.port = target.port.value_or(port);
    own.auth = target.auth.value_or(auth);
    own.user = target.user.value_or(user);
    own.password = target.password.value_or(password);
    own.database = target.database.value_or(database);
    own.configuration = target.configuration.value_or(configuration);
    return own;
  }
  [[nodiscard]] HiveTarget target() const { return {host, port, auth, user, password, database, configuration}; }

  [[nodiscard]] detail::HiveSettings settings(Duration lifetime) const {
    const bool plain = auth == HiveAuth::plain;
    return {.user = user.empty() && plain ? "anonymous" : user,
            .password = password.empty() && plain ? "x" : password,
            .database = database,
            .auth = auth,
            .configuration = configuration,
            .protocol = protocol,
            .reset = session_reset,
            .batch_rows = batch_rows,
            .max_rows = max_rows,
            .io_timeout = io_timeout,
            .first_poll = first_poll,
            .last_poll = last_poll,
            .session_setup = session_setup,
            .lifetime = lifetime};
  }

  template <class Backend>
  [[nodiscard]] Connection<Backend> open(const HiveTarget& asked_for, TimePoint expires, TimePoint deadline) const {
    using Channel = detail::HiveChannel<Backend>;
    const detail::HiveSettings chosen = settings(detail::lifetime_of<Backend>(expires));
    typename Channel::Stream stream(detail::dial_with_optional_tls<Backend>(tcp(), tls, context, deadline),
                                    {.io_timeout = io_timeout, .one_way = true});  // the channel counts the answers
    if (auth == HiveAuth::plain) negotiate(stream, chosen, deadline);
    const auto framing = auth == HiveAuth::plain ? ThriftFraming::framed : ThriftFraming::buffered;
    detail::HiveSession<Backend> session(Channel(std::move(stream), framing, limits, io_timeout), chosen);
    open_session(session, deadline);
    Backend::forget(session.channel().stream().native_handle());  // what the pool's own worker has watched
    Connection<Backend> connection(std::move(session), asked_for);
    connection.set_up(deadline);
    return connection;
  }

  template <class Stream>
  void negotiate(Stream& stream, const detail::HiveSettings& chosen, TimePoint deadline) const {
    try {
      negotiate_sasl_plain(stream, chosen.user, chosen.password, deadline);
    } catch (const std::system_error& error) {
      if (error.code() != std::errc::connection_reset) throw;
      throw std::system_error(error.code(), "SASL negotiation with " + stream.peer() +
                                                " (if the server expects no SASL, say auth = HiveAuth::no_sasl" +
                                                (tls ? ")" : "; if it expects TLS, say tls)"));
    }
  }
  template <class Session>
  static void open_session(Session& session, TimePoint deadline) {
    try {
      session.open(deadline);
    } catch (const apache::thrift::protocol::TProtocolException&) {
      throw std::system_error(std::make_error_code(std::errc::protocol_error),
                              session.channel().named("OpenSession") +
                                  "no answer of a HiveServer2 (if it expects SASL, say auth = HiveAuth::plain)");
    }
  }
};

}  // namespace carpool::inline v0_1

/// Opens TCP connections: by name, IPv4 or IPv6, trying each of the host's addresses within one deadline.
#pragma once

#include <carpool/common/address_text.hpp>
#include <carpool/common/stream_connection.hpp>
#include <carpool/common/tcp_address.hpp>
#include <carpool/common/url.hpp>
#include <carpool/common/url_options.hpp>
#include <carpool/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// When the kernel asks an idle peer whether it still lives: first after idle, then every interval, count times.
struct TcpKeepalive {
  Duration idle = std::chrono::seconds(30);      ///< longer than 0; rounded up to whole seconds
  Duration interval = std::chrono::seconds(10);  ///< longer than 0; rounded up to whole seconds
  int count = 3;                                 ///< at least 1; then the connection is dead
};

namespace detail {

inline void require_tcp(bool holds, const char* rule) {
  if (!holds) throw std::invalid_argument(std::string("TcpConnector: ") + rule);
}

/// The deadline of one address of several: an equal share of the time left, so that the first, being a black hole,
/// cannot use up the time of the others.
inline TimePoint fair_share(TimePoint now, TimePoint deadline, std::size_t addresses_left) noexcept {
  if (deadline == never || deadline <= now) return deadline;
  return now + (deadline - now) / static_cast<Duration::rep>(addresses_left);
}

/// Tries one address after another until one answers or the deadline passes.
template <class Backend>
class AddressConnector {
 public:
  using Socket = typename Backend::Socket;
  using Address = typename Socket::Address;

  AddressConnector(const typename Socket::Options& options, TimePoint deadline)
      : options_(options), deadline_(deadline) {}

  /// endpoint names them all in the message, where more than one failed.
  [[nodiscard]] Socket first_to_answer(const std::vector<Address>& addresses, const std::string& endpoint) {
    for (std::size_t tried = 0; tried < addresses.size(); ++tried) {
      const TimePoint its_deadline = fair_share(Backend::now(), deadline_, addresses.size() - tried);
      std::optional<Socket> socket = try_address(addresses[tried], its_deadline);
      if (socket) return std::move(*socket);
    }
    if (failures_.size() == 1) throw failures_.front();
    throw std::system_error(failures_.back().code(), "connect to " + endpoint + " (" + causes() + ")");
  }

 private:
  /// Nothing where the address failed; what is no system_error (an interruption, no memory) passes through.
  std::optional<Socket> try_address(const Address& address, TimePoint deadline) {
    try {
      return Socket::connect(address, options_, deadline);
    } catch (const std::system_error& error) {
      failures_.push_back(error);
    }
    return std::nullopt;
  }

  [[nodiscard]] std::string causes() const {
    std::string text;
    for (const std::system_error& failure : failures_) text += (text.empty() ? "" : "; ") + std::string(failure.what());
    return text;
  }

  const typename Socket::Options& options_;
  TimePoint deadline_;
  std::vector<std::system_error> failures_;
};

}  // namespace detail

/// For designated initialisers, in this order. A host is a name or a number, without brackets: "::1".
///
///   carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::TcpConnector> pool(
///       {.host = "localhost", .port = 7}, {.max_size = 4});
///   auto lease = pool.acquire();
///   lease->write_all("hello\n");
///   std::string reply = lease->read_until("\n");
///
/// Errors:   connect throws std::invalid_argument naming the field for a bad option, else std::system_error naming
///           the host, each address that was tried and why it failed.
struct TcpConnector {
  using Address = TcpAddress;
  template <class Backend>
  using Connection = StreamConnection<Backend>;

  std::string host = {};   ///< all its addresses are tried, each within a fair share of the time
  std::uint16_t port = 0;  ///< 1 to 65535
  bool nodelay = true;     ///< send small writes at once
  std::optional<TcpKeepalive> keepalive = TcpKeepalive{};           ///< std::nullopt: an idle peer is never asked
  std::optional<Duration> user_timeout = std::chrono::seconds(60);  ///< unacknowledged bytes for so long: an error
  Duration io_timeout = std::chrono::seconds(30);  ///< bounds each operation that is given no deadline of its own
  bool one_way = false;  ///< the peer never answers, so a lease may end on a write and still be reused

  /// tcp://host:port, with the options nodelay, io_timeout, user_timeout and one_way: "tcp://db:7?io_timeout=5s".
  [[nodiscard]] static TcpConnector from_url(std::string_view text) {
    const Url url = Url::parse(text);
    url.require_scheme({"tcp"});
    UrlOptions options(url);
    TcpConnector connector{.host = url.only_host().host, .port = url.only_host().port.value_or(0)};
    connector.nodelay = options.flag("nodelay").value_or(connector.nodelay);
    connector.io_timeout = options.duration("io_timeout").value_or(connector.io_timeout);
    connector.one_way = options.flag("one_way").value_or(connector.one_way);
    if (const auto timeout = options.duration("user_timeout")) connector.user_timeout = timeout;
    options.refuse_others();
    detail::require_tcp(url.path.empty() && !url.user && !url.password, "a URL has no user, no password and no path");
    connector.validate();
    return connector;
  }

  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(TimePoint deadline) const {
    return Connection<Backend>(dial<Backend>(deadline), {.io_timeout = io_timeout, .one_way = one_way});
  }

  /// The same for another server: what TargetedConnector asks.
  [[nodiscard]] TcpConnector to(const Address& address) const {
    TcpConnector other = *this;
    other.host = address.host;
    other.port = address.port;
    return other;
  }
  /// For validate() of what has no address yet; nothing connects to it.
  [[nodiscard]] static Address any_address() { return {.host = "localhost", .port = 1}; }

  /// The bare socket, for connectors that speak a protocol of their own over it.
  template <class Backend>
  [[nodiscard]] typename Backend::Socket dial(TimePoint deadline) const {
    using Socket = typename Backend::Socket;
    validate();
    const auto addresses = Socket::resolve(host, port, deadline);
    const auto options = socket_options<typename Socket::Options>();
    detail::AddressConnector<Backend> connector(options, deadline);
    return connector.first_to_answer(addresses, host + ':' + std::to_string(port));
  }

  /// For the pool's error texts.
  [[nodiscard]] std::string describe() const { return detail::address_text(host, port); }

  /// Throws std::invalid_argument naming the field and the bound; connect begins with it.
  void validate() const {
    detail::require_tcp(!host.empty(), "host must not be empty");
    detail::require_tcp(port != 0, "port must be 1 to 65535, not 0");
    detail::require_tcp(io_timeout > Duration::zero(), "io_timeout must be longer than 0");
    detail::require_tcp(!user_timeout || *user_timeout > Duration::zero(), "user_timeout must be longer than 0");
    if (!keepalive) return;
    detail::require_tcp(keepalive->idle > Duration::zero(), "keepalive.idle must be longer than 0");
    detail::require_tcp(keepalive->interval > Duration::zero(), "keepalive.interval must be longer than 0");
    detail::require_tcp(keepalive->count >= 1, "keepalive.count must be at least 1");
  }

 private:
  template <class Options>
  [[nodiscard]] Options socket_options() const {
    Options options;
    options.nodelay = nodelay;
    options.user_timeout = user_timeout;
    options.keepalive.reset();
    if (keepalive) options.keepalive = {keepalive->idle, keepalive->interval, keepalive->count};
    return options;
  }
};

}  // namespace carpool::inline v0_1

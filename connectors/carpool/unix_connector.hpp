/// Opens stream connections to a Unix socket, by path or by abstract name.
#pragma once

#include <carpool/common/stream_connection.hpp>
#include <carpool/common/unix_address.hpp>
#include <carpool/common/url.hpp>
#include <carpool/common/url_options.hpp>
#include <carpool/time.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

namespace carpool::inline v0_1 {

/// For designated initialisers, in this order. The path "@name" is the abstract name, which has no file.
///
/// Errors:   connect throws std::invalid_argument for a path that no socket can have or a bad option, else
///           std::system_error naming the path. A listener whose backlog is full is tried again until the deadline.
struct UnixConnector {
  using Address = UnixAddress;
  template <class Backend>
  using Connection = StreamConnection<Backend>;

  std::string path = {};                           ///< at most 107 bytes
  Duration io_timeout = std::chrono::seconds(30);  ///< bounds each operation that is given no deadline of its own
  bool one_way = false;  ///< the peer never answers, so a lease may end on a write and still be reused

  /// unix:///path, with the options io_timeout and one_way.
  [[nodiscard]] static UnixConnector from_url(std::string_view text) {
    const Url url = Url::parse(text);
    url.require_scheme({"unix"});
    if (!url.hosts.empty() || url.user || url.password)
      throw std::invalid_argument("UnixConnector: a URL is unix:///path, without a host or a user");
    UrlOptions options(url);
    UnixConnector connector{.path = url.path};
    connector.io_timeout = options.duration("io_timeout").value_or(connector.io_timeout);
    connector.one_way = options.flag("one_way").value_or(connector.one_way);
    options.refuse_others();
    connector.validate();
    return connector;
  }

  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(TimePoint deadline) const {
    using Socket = typename Backend::Socket;
    validate();
    return Connection<Backend>(Socket::connect(Socket::Address::unix_path(path), typename Socket::Options{}, deadline),
                               {.io_timeout = io_timeout, .one_way = one_way});
  }

  /// For the pool's error texts.
  [[nodiscard]] std::string describe() const { return "unix:" + path; }
  /// The same for another server: what TargetedConnector asks.
  [[nodiscard]] UnixConnector to(const Address& address) const {
    UnixConnector other = *this;
    other.path = address.path;
    return other;
  }
  /// For validate() of what has no address yet; nothing connects to it.
  [[nodiscard]] static Address any_address() { return {.path = "@any"}; }

  /// Throws std::invalid_argument naming the field and the bound; connect begins with it.
  void validate() const {
    if (path.empty()) throw std::invalid_argument("UnixConnector: path must not be empty");
    if (io_timeout <= Duration::zero()) throw std::invalid_argument("UnixConnector: io_timeout must be longer than 0");
  }
};

}  // namespace carpool::inline v0_1

/// One connector for both kinds of endpoint, so that each combination of policies is compiled once.
#pragma once

#include "endpoint.hpp"
#include "workload.hpp"

#include <carpool/stream_connection.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/time.hpp>
#include <carpool/unix_connector.hpp>

#include <variant>

namespace carpool::compare {

/// Opens what the endpoint says: TCP by TcpConnector, a path by UnixConnector.
class EndpointConnector {
 public:
  template <class Backend>
  using Connection = StreamConnection<Backend>;

  explicit EndpointConnector(const Endpoint& endpoint) : connector_(connector_for(endpoint)) {}

  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(TimePoint deadline) const {
    return std::visit([deadline](const auto& connector) { return connector.template connect<Backend>(deadline); },
                      connector_);
  }
  template <class Backend>
  [[nodiscard]] bool is_connected(const StreamConnection<Backend>& connection) const noexcept {
    return connection.is_connected();
  }
  template <class Backend>
  [[nodiscard]] bool reusable(const StreamConnection<Backend>& connection) const noexcept {
    return connection.reusable();
  }

 private:
  using Either = std::variant<TcpConnector, UnixConnector>;

  static Either connector_for(const Endpoint& endpoint) {
    if (endpoint.kind == Endpoint::Kind::unix_path) {
      UnixConnector connector;
      connector.path = endpoint.path;
      connector.io_timeout = request_timeout;
      return connector;
    }
    TcpConnector connector;
    connector.host = endpoint.host;
    connector.port = endpoint.port;
    connector.io_timeout = request_timeout;
    return connector;
  }

  Either connector_;
};

}  // namespace carpool::compare

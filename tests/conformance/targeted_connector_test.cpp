// needs: tls_connector
/// TargetedConnector keeps the laws of a connector on every backend, over TCP, Unix sockets and TLS.
#include <carpool/targeted_connector.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/tls_connector.hpp>
#include <carpool/unix_connector.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include <unistd.h>

#include "chaos_proxy.hpp"
#include "connector_conformance.hpp"
#include "connector_faults.hpp"
#include "connector_scenes.hpp"
#include "loopback_server.hpp"
#include "tls_server.hpp"

namespace {

/// One server of the many, so that what the suites ask for without a target is asked of it.
template <class Inner>
struct ToOne : Inner {
  using All = carpool::TargetedConnector<Inner>;
  template <class Backend>
  using Connection = typename All::template Connection<Backend>;

  typename All::Target target = {};

  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(carpool::TimePoint deadline) const {
    return All{*this}.template connect<Backend>(target, deadline);
  }
  void validate() const { this->to(target).validate(); }
};

template <class Connection>
void echo(Connection& connection, carpool::TimePoint deadline) {
  const std::string nonce = new_nonce();
  connection.write_all(nonce + '\n', deadline);
  check_answer(connection.read_until("\n", 100, deadline), nonce);
}

template <class B>
class TcpScene {
 public:
  using Backend = B;
  using Connector = ToOne<carpool::TcpConnector>;
  static constexpr std::size_t stride = 1, slack = 0;

  TcpScene() { stopped_.stop(); }

  Connector connector() { return {{}, {.host = "127.0.0.1", .port = proxy_.port()}}; }
  Connector dead_connector() { return {{}, {.host = "127.0.0.1", .port = stopped_.port()}}; }
  void exchange(Connector::Connection<B>& connection, carpool::TimePoint deadline = patiently<B>()) {
    EXPECT_TRUE(carpool::TargetedConnector<carpool::TcpConnector>{}.matches(connection, connector().target));
    EXPECT_FALSE(carpool::TargetedConnector<carpool::TcpConnector>{}.matches(connection, dead_connector().target));
    echo(connection, deadline);
  }

  void kill_peers() { proxy_.close_all(); }
  std::size_t open() { return std::max(proxy_.open(), server_.open()); }
  std::size_t heard() { return proxy_.heard(); }
  ChaosProxy& proxy() { return proxy_; }

 private:
  LoopbackServer server_;
  ChaosProxy proxy_{server_.port()};
  LoopbackServer stopped_;
};

template <class B>
class UnixScene {
 public:
  using Backend = B;
  using Connector = ToOne<carpool::UnixConnector>;
  static constexpr std::size_t stride = 1, slack = 0;

  Connector connector() { return {{}, {path_}}; }
  Connector dead_connector() { return {{}, {path_ + "_of_nobody"}}; }
  void exchange(Connector::Connection<B>& connection, carpool::TimePoint deadline = patiently<B>()) {
    echo(connection, deadline);
  }

  void kill_peers() { proxy_.close_all(); }
  std::size_t open() { return std::max(proxy_.open(), server_.open()); }
  std::size_t heard() { return proxy_.heard(); }
  ChaosProxy& proxy() { return proxy_; }

 private:
  using Address = carpool::SocketAddress;

  const std::string path_ = "@carpool_targeted_" + std::to_string(::getpid());
  LoopbackServer server_{Address::unix_path(path_ + "_server")};
  ChaosProxy proxy_{server_.address(), Address::unix_path(path_)};
};

template <class B>
class TlsScene {
 public:
  using Backend = B;
  using Connector = ToOne<carpool::TlsConnector>;
  static constexpr std::size_t stride = 3, slack = 30;

  TlsScene() { stopped_.stop(); }

  Connector connector() { return {inner_, {.host = "127.0.0.1", .port = proxy_.port()}}; }
  Connector dead_connector() { return {inner_, {.host = "127.0.0.1", .port = stopped_.port()}}; }
  void exchange(Connector::Connection<B>& connection, carpool::TimePoint deadline = patiently<B>()) {
    echo(connection, deadline);
  }

  void kill_peers() { proxy_.close_all(); }
  std::size_t open() { return std::max(proxy_.open(), server_.open()); }
  std::size_t heard() { return proxy_.heard(); }
  ChaosProxy& proxy() { return proxy_; }

 private:
  const carpool::TlsConnector inner_{.tls = {.ca_file = TlsCertificates::shared().certificate("ca")}};
  TlsServer server_;
  ChaosProxy proxy_{server_.port()};
  LoopbackServer stopped_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(TargetedTcp, ConnectorConformance, ScenesOf<TcpScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(TargetedTcp, ConnectorFaults, ScenesOf<TcpScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(TargetedUnix, ConnectorConformance, ScenesOf<UnixScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(TargetedUnix, ConnectorFaults, ScenesOf<UnixScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(TargetedTls, ConnectorConformance, ScenesOf<TlsScene>, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(TargetedTls, ConnectorFaults, ScenesOf<TlsScene>, BackendName);

}  // namespace

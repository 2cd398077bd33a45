// needs: tls_connector
/// One pool for many servers over TCP, Unix sockets and TLS: each lease is to the one that was asked for.
#include <carpool/concepts.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/errors.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/targeted_connector.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/tls_connector.hpp>
#include <carpool/unix_connector.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "behaviour.hpp"
#include "eventually.hpp"
#include "io_backends.hpp"
#include "loopback_server.hpp"
#include "thrown.hpp"
#include "tls_server.hpp"

namespace {

using namespace std::chrono_literals;
using carpool::TcpAddress, carpool::UnixAddress;

/// Three servers of a kind, and their addresses.
struct TcpServers {
  using Connector = carpool::TargetedConnector<carpool::TcpConnector>;
  static Connector connector() { return {}; }
  TcpAddress address(std::size_t i) { return {.host = "127.0.0.1", .port = servers.at(i).port()}; }
  std::size_t open(std::size_t i) { return servers.at(i).open(); }
  std::array<LoopbackServer, 3> servers;
};
struct UnixServers {
  using Connector = carpool::TargetedConnector<carpool::UnixConnector>;
  static Connector connector() { return {}; }
  UnixAddress address(std::size_t i) { return {.path = name(i)}; }
  std::size_t open(std::size_t i) { return servers.at(i).open(); }
  static std::string name(std::size_t i) {
    return "@carpool_targets_" + std::to_string(::getpid()) + '_' + std::to_string(i);
  }
  static carpool::SocketAddress at(std::size_t i) { return carpool::SocketAddress::unix_path(name(i)); }
  std::array<LoopbackServer, 3> servers{LoopbackServer(at(0)), LoopbackServer(at(1)), LoopbackServer(at(2))};
};
struct TlsServers {
  using Connector = carpool::TargetedConnector<carpool::TlsConnector>;
  static Connector connector() { return {{.tls = {.ca_file = TlsCertificates::shared().certificate("ca")}}}; }
  TcpAddress address(std::size_t i) { return {.host = "127.0.0.1", .port = servers.at(i).port()}; }
  std::size_t open(std::size_t i) { return servers.at(i).open(); }
  std::array<TlsServer, 3> servers;
};

template <class B, class S>
struct Case {
  using Backend = B;
  using Servers = S;
};
template <class Servers, class Backends>
struct CasesOf;
template <class Servers, class... Backends>
struct CasesOf<Servers, testing::Types<Backends...>> {
  using type = testing::Types<Case<Backends, Servers>...>;
};

template <class Case>
class Targets : public testing::Test {
 protected:
  using Backend = typename Case::Backend;
  using Connector = typename Case::Servers::Connector;
  using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, Connector, carpool::NeverEvict>;
  static_assert(carpool::ConnectorFor<Connector, Backend>);

  Pool pool(std::size_t size) {
    return Pool(servers_.connector(), {.max_size = size, .connect_attempts = 1, .connect_backoff = short_backoff});
  }
  template <class Lease>
  static void exchange(Lease& lease) {
    lease->write_all("hello\n");
    EXPECT_EQ(lease->read_until("\n"), "hello");
  }

  typename Case::Servers servers_;
};
TYPED_TEST_SUITE_P(Targets);

TYPED_TEST_P(Targets, EachLeaseIsToTheServerThatWasAskedFor) {
  auto pool = this->pool(6);
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < 3; ++i) {
      auto lease = pool.acquire(this->servers_.address(i));
      EXPECT_EQ(lease->target(), this->servers_.address(i));
      this->exchange(lease);
    }
  }
  EXPECT_EQ(pool.stats().created, 3U) << "each is used again";
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(this->servers_.open(i), 1U);
}

TYPED_TEST_P(Targets, AnIdleConnectionToAnotherMakesRoom) {
  auto pool = this->pool(1);
  for (std::size_t i = 0; i < 3; ++i) {
    auto lease = pool.acquire(this->servers_.address(i));
    this->exchange(lease);
  }
  EXPECT_EQ(pool.stats().created, 3U);
  EXPECT_TRUE(
      eventually<typename TypeParam::Backend>([&] { return this->servers_.open(0) + this->servers_.open(1) == 0; }));
}

TYPED_TEST_P(Targets, ManyWorkersReachManyServersThroughFewConnections) {
  using B = typename TypeParam::Backend;
  auto pool = this->pool(4);
  std::vector<decltype(B::spawn([] {}))> workers;
  for (std::size_t worker = 0; worker < 6; ++worker) {
    workers.push_back(B::spawn([&, worker] {
      for (std::size_t round = 0; round < 10; ++round) {
        const auto target = this->servers_.address((worker + round) % 3);
        auto lease = pool.acquire_for(target, 10s);
        EXPECT_EQ(lease->target(), target);
        this->exchange(lease);
      }
    }));
  }
  for (auto& worker : workers) worker.join();
  EXPECT_LE(pool.stats().created, 60U);
}

TYPED_TEST_P(Targets, AnAddressThatNoneCanHaveIsTheCallersErrorAndNobodyElses) {
  auto pool = this->pool(2);
  const auto nobody = thrown<carpool::ConnectError>([&] { (void)pool.acquire(typename TestFixture::Pool::Target{}); });
  ASSERT_TRUE(nobody);
  EXPECT_NE(std::string(nobody->what()).find("must not be empty"), std::string::npos) << nobody->what();
  auto lease = pool.acquire(this->servers_.address(0));
  this->exchange(lease);
}

REGISTER_TYPED_TEST_SUITE_P(Targets, EachLeaseIsToTheServerThatWasAskedFor, AnIdleConnectionToAnotherMakesRoom,
                            ManyWorkersReachManyServersThroughFewConnections,
                            AnAddressThatNoneCanHaveIsTheCallersErrorAndNobodyElses);
using TcpCases = typename CasesOf<TcpServers, AllIoBackends>::type;
using UnixCases = typename CasesOf<UnixServers, AllIoBackends>::type;
using TlsCases = typename CasesOf<TlsServers, AllIoBackends>::type;
INSTANTIATE_TYPED_TEST_SUITE_P(Tcp, Targets, TcpCases, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Unix, Targets, UnixCases, BackendName);
INSTANTIATE_TYPED_TEST_SUITE_P(Tls, Targets, TlsCases, BackendName);

TEST(TcpAddresses, AreReadAndWritten) {
  EXPECT_EQ(TcpAddress::parse("db.example:7"), (TcpAddress{.host = "db.example", .port = 7}));
  EXPECT_EQ(TcpAddress::parse("[::1]:65535"), (TcpAddress{.host = "::1", .port = 65535}));
  for (const char* text : {"db:7", "[fe80::1%eth0]:7", "10.0.0.1:1"})
    EXPECT_EQ(TcpAddress::parse(text).to_string(), text);
}

TEST(TcpAddresses, WhatIsNoneIsRefused) {
  for (const char* text :
       {"", "db", ":7", "db:", "db:0", "db:65536", "db:7x", "::1:7", "[]:7", "[::1]", "a@b:7", "[::1:7"})
    EXPECT_THROW((void)TcpAddress::parse(text), std::invalid_argument) << text;
}

TEST(TcpAddresses, AreFoundByHash) {
  const std::hash<TcpAddress> hash;
  EXPECT_EQ(hash({"a", 1}), hash({"a", 1}));
  std::set<std::size_t> different;
  for (std::uint16_t port = 1; port <= 100; ++port) different.insert(hash({"a", port}));
  EXPECT_EQ(different.size(), 100U);
  EXPECT_NE(std::hash<UnixAddress>()({"a"}), std::hash<UnixAddress>()({"b"}));
}

TEST(TargetedConnectors, AreValidatedButForTheirAddress) {
  EXPECT_NO_THROW(carpool::TargetedConnector<carpool::TcpConnector>{}.validate());
  EXPECT_NO_THROW(carpool::TargetedConnector<carpool::UnixConnector>{}.validate());
  EXPECT_NO_THROW(carpool::TargetedConnector<carpool::TlsConnector>{}.validate());
  const carpool::TargetedConnector<carpool::TcpConnector> bad{{.io_timeout = 0s}};
  EXPECT_THROW(bad.validate(), std::invalid_argument);
}

}  // namespace

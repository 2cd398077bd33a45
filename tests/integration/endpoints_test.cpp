/// One connector over several servers: the order in which they are used, those that are down, those that changed roles.
#include <carpool/connection_pool.hpp>
#include <carpool/endpoints_connector.hpp>
#include <carpool/errors.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/time.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "behaviour.hpp"
#include "eventually.hpp"
#include "io_backends.hpp"
#include "loopback_server.hpp"
#include "thrown.hpp"

namespace {

using carpool::EndpointOptions;
using carpool::EndpointOrder;
using namespace std::chrono_literals;

/// What a server says that has become a replica.
struct ReadOnly : std::runtime_error {
  ReadOnly() : std::runtime_error("READONLY") {}
};

/// Remembers what its server has said of itself.
template <class Backend>
struct RoleConnection : carpool::StreamConnection<Backend> {
  explicit RoleConnection(carpool::StreamConnection<Backend> stream)
      : carpool::StreamConnection<Backend>(std::move(stream)) {}
  void write() {
    if (read_only) throw ReadOnly();
  }
  void demote() { read_only = true; }
  [[nodiscard]] bool wrong_role() const noexcept { return read_only; }

 private:
  bool read_only = false;
};

/// A TCP connector whose servers have roles.
struct RoleConnector : carpool::TcpConnector {
  template <class Backend>
  using Connection = RoleConnection<Backend>;

  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(carpool::TimePoint deadline) const {
    return Connection<Backend>(TcpConnector::connect<Backend>(deadline));
  }
  [[nodiscard]] bool wrong_role(const std::exception& error) const noexcept {
    return dynamic_cast<const ReadOnly*>(&error) != nullptr;
  }
  template <class Backend>
  [[nodiscard]] carpool::Verdict handle_exception(RoleConnection<Backend>&, const std::exception_ptr&) const {
    return carpool::Verdict::keep;
  }
  [[nodiscard]] static RoleConnector from_url(std::string_view text) {
    const carpool::Url url = carpool::Url::parse(text);
    return {{.host = url.hosts.at(0).host, .port = url.hosts.at(0).port.value_or(0)}};
  }
};
using Connector = carpool::EndpointsConnector<RoleConnector>;

template <class Backend>
class Endpoints : public testing::Test {
 protected:
  using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, Connector, carpool::NeverEvict>;

  Connector connector(EndpointOptions options = {}) {
    std::vector<RoleConnector> all;
    for (LoopbackServer& server : servers) all.push_back({{.host = "127.0.0.1", .port = server.port()}});
    return Connector(std::move(all), options);
  }
  auto connect(const Connector& connector) { return connector.template connect<Backend>(Backend::now() + 10s); }
  std::vector<std::size_t> accepted() {
    std::vector<std::size_t> counts;
    for (LoopbackServer& server : servers) counts.push_back(server.accepted());
    return counts;
  }

  std::array<LoopbackServer, 3> servers;
};
TYPED_TEST_SUITE(Endpoints, IoBackends, BackendName);

using Counts = std::vector<std::size_t>;

TYPED_TEST(Endpoints, InFailoverOrderTheFirstOneServes) {
  const Connector connector = this->connector();
  std::vector<Connector::Connection<TypeParam>> connections;
  for (int i = 0; i < 3; ++i) connections.push_back(this->connect(connector));
  for (auto& one : connections) {
    one.write_all("hello\n");
    EXPECT_EQ(one.read_until("\n"), "hello");
    EXPECT_EQ(one.endpoint(), 0U);
  }
  EXPECT_EQ(this->accepted(), (Counts{3, 0, 0}));
}

TYPED_TEST(Endpoints, RoundRobinGivesEachItsTurn) {
  const Connector connector = this->connector({.order = EndpointOrder::round_robin});
  std::vector<Connector::Connection<TypeParam>> connections;
  for (int i = 0; i < 6; ++i) connections.push_back(this->connect(connector));
  EXPECT_TRUE(eventually<TypeParam>([this] { return this->accepted() == Counts{2, 2, 2}; }));
}

TYPED_TEST(Endpoints, TheOneWithTheFewestConnectionsIsChosen) {
  const Connector connector = this->connector({.order = EndpointOrder::fewest_connections});
  std::vector<Connector::Connection<TypeParam>> connections;
  for (int i = 0; i < 6; ++i) connections.push_back(this->connect(connector));
  connections.erase(connections.begin() + 1);  // of the second server, which has two, as all have
  const auto next = this->connect(connector);
  EXPECT_EQ(next.endpoint(), 1U);
  for (const auto& status : connector.status()) EXPECT_EQ(status.connections, 2U);
}

TYPED_TEST(Endpoints, AServerThatIsDownIsLeftAloneUntilItIsProbed) {
  const Connector connector = this->connector({.probe_after = 300ms, .probe_after_max = 300ms});
  this->servers[0].stop();
  EXPECT_EQ(this->connect(connector).endpoint(), 1U);
  EXPECT_TRUE(connector.status()[0].set_aside);
  this->servers[0].restart();
  const auto before = TypeParam::now();
  const auto next = this->connect(connector);
  if (TypeParam::now() - before < 100ms) {  // else the machine slept, and the probe was due
    EXPECT_EQ(next.endpoint(), 1U);
  }
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->connect(connector).endpoint() == 0; }));
  EXPECT_FALSE(connector.status()[0].set_aside);
}

TYPED_TEST(Endpoints, AServerThatHangsLeavesTimeForTheNext) {
  const Connector connector = this->connector();
  this->servers[0].be_deaf();
  std::vector<carpool::StreamConnection<TypeParam>> fill;  // its backlog
  const auto filled = [&] {
    try {
      fill.push_back(connector.endpoints()[0].template connect<TypeParam>(TypeParam::now() + 100ms));
      return false;
    } catch (const std::system_error&) {
      return true;
    }
  };
  ASSERT_TRUE(eventually<TypeParam>(filled));
  const auto deadline = TypeParam::now() + 3s;
  EXPECT_EQ(connector.template connect<TypeParam>(deadline).endpoint(), 1U);
}

TYPED_TEST(Endpoints, WhereNoneAnswersEachIsNamedAndTheOnesSetAsideAreTriedToo) {
  const Connector connector = this->connector();
  for (LoopbackServer& server : this->servers) server.stop();
  for (int i = 0; i < 2; ++i) {
    const auto error = thrown<std::system_error>([&] { (void)this->connect(connector); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), std::errc::connection_refused);
    for (LoopbackServer& server : this->servers)
      EXPECT_NE(std::string(error->what()).find(std::to_string(server.port())), std::string::npos) << error->what();
  }
  this->servers[2].restart();
  EXPECT_EQ(this->connect(connector).endpoint(), 2U);  // at once, though it was set aside
}

TYPED_TEST(Endpoints, AChangeOfRolesRetiresAllConnectionsToThatServer) {
  typename TestFixture::Pool pool(this->connector(), {.max_size = 4});
  ASSERT_EQ(pool.prewarm(3, 10s), 3U);
  const auto demoted = [](auto& connection) {
    EXPECT_EQ(connection.endpoint(), 0U);
    throw ReadOnly();
  };
  EXPECT_THROW(pool.with_connection(demoted), ReadOnly);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pool.acquire()->endpoint(), 1U);
  EXPECT_EQ(this->servers[0].accepted(), 3U);
}

TYPED_TEST(Endpoints, AChangeOfRolesIsNoticedThoughTheCallerCatchesItBesideItsLease) {
  typename TestFixture::Pool pool(this->connector(), {.max_size = 4});
  ASSERT_EQ(pool.prewarm(3, 10s), 3U);
  {
    auto lease = pool.acquire();
    lease->demote();
    EXPECT_THROW(lease->write(), ReadOnly);
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pool.acquire()->endpoint(), 1U);
  EXPECT_EQ(this->servers[0].accepted(), 3U);
}

TYPED_TEST(Endpoints, AChangeOfRolesIsNoticedThoughItEndsAPlainLease) {
  const Connector connector = this->connector();
  typename TestFixture::Pool pool(connector, {.max_size = 4});
  ASSERT_EQ(pool.prewarm(3, 10s), 3U);
  const auto demoted = [&] {
    auto lease = pool.acquire();
    lease->demote();
    lease->write();
  };
  EXPECT_THROW(demoted(), ReadOnly);
  EXPECT_TRUE(eventually<TypeParam>([&] { return connector.status()[0].set_aside; }))
      << "when the connection is closed";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pool.acquire()->endpoint(), 1U);
  EXPECT_EQ(connector.status()[0].generation, 1U) << "once";
}

TYPED_TEST(Endpoints, AnotherErrorIsForTheWrappedConnectorToJudge) {
  typename TestFixture::Pool pool(this->connector(), {.max_size = 1});
  const auto harmless = [](auto&) { throw std::runtime_error("a syntax error"); };
  EXPECT_THROW(pool.with_connection(harmless), std::runtime_error);
  EXPECT_EQ(pool.acquire()->endpoint(), 0U);
  EXPECT_EQ(this->servers[0].accepted(), 1U);
}

TYPED_TEST(Endpoints, ComeFromOneUrl) {
  std::string url = "tcp://";
  for (LoopbackServer& server : this->servers) url += "127.0.0.1:" + std::to_string(server.port()) + ',';
  url.pop_back();
  const Connector connector = Connector::from_url(url, {.order = EndpointOrder::round_robin});
  ASSERT_EQ(connector.endpoints().size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(this->connect(connector).endpoint(), i);
}

TYPED_TEST(Endpoints, WorkersFindTheServersThatAreLeftAtOnce) {
  typename TestFixture::Pool pool(this->connector({.order = EndpointOrder::round_robin}), {.max_size = 6});
  this->servers[1].stop();
  std::vector<decltype(TypeParam::spawn([] {}))> workers;
  for (int i = 0; i < 6; ++i) {
    workers.push_back(TypeParam::spawn([&] {
      for (int round = 0; round < 20; ++round) {
        const auto lease = pool.acquire();
        lease->write_all("x\n");
        EXPECT_EQ(lease->read_until("\n"), "x");
        EXPECT_NE(lease->endpoint(), 1U);
      }
    }));
  }
  for (auto& worker : workers) worker.join();
}

TEST(EndpointsOptions, BadOnesAreRefusedByName) {
  const auto refused = [](std::vector<RoleConnector> endpoints, EndpointOptions options) {
    const auto error = thrown<std::invalid_argument>([&] { const Connector made(endpoints, options); });
    return error ? std::string(error->what()) : "nothing";
  };
  EXPECT_EQ(refused({}, {}), "EndpointsConnector: the list of endpoints must not be empty");
  EXPECT_EQ(refused({RoleConnector{}}, {.probe_after = 0s}), "EndpointsConnector: probe_after must be longer than 0");
  EXPECT_EQ(refused({RoleConnector{}}, {.probe_after = 2s, .probe_after_max = 1s}),
            "EndpointsConnector: probe_after_max must be at least probe_after");
}

// A connector that has none of the optional members gets none by being wrapped: absence has a meaning.
struct PlainConnector {
  using Connection = std::vector<int>;
  [[nodiscard]] Connection connect(carpool::TimePoint) const { return {}; }
  [[nodiscard]] bool is_connected(const Connection&) const noexcept { return true; }
};
using Wrapped = carpool::EndpointsConnector<PlainConnector>;
using WrappedConnection = Wrapped::Connection<carpool::ThreadBackend>;
static_assert(carpool::ConnectorFor<Wrapped, carpool::ThreadBackend>);
template <class C, class X>
concept CanDoMore = requires(const C& c, X& x) { c.reusable(x); } || requires(const C& c, X& x) { c.dirty(x); } ||
                    requires(const C& c, X& x, carpool::TimePoint t) { c.ping(x, t); } ||
                    requires(const C& c, X& x, carpool::TimePoint t) { c.reset(x, t); } ||
                    requires(const C& c, X& x, carpool::TimePoint t) { c.invalidate(x, t); } ||
                    requires(const C& c, X& x) { c.abandon(x); } || requires(const C& c, X& x) { c.lifetime(x); };
static_assert(!CanDoMore<Wrapped, WrappedConnection>);
static_assert(CanDoMore<Connector, Connector::Connection<carpool::ThreadBackend>>);

// One with targets keeps them.
using WrappedTargets = carpool::EndpointsConnector<carpool::FakeTargetConnector>;
static_assert(std::is_same_v<WrappedTargets::Target, carpool::FakeTargetConnector::Target>);
static_assert(carpool::ConnectorFor<WrappedTargets, carpool::ThreadBackend>);

TEST(EndpointsOptions, SayByTargetWhereTheyConnect) {
  const carpool::FakeServer first;
  const carpool::FakeServer second;
  const WrappedTargets endpoints({first.target_connector(), second.target_connector()});
  EXPECT_EQ(endpoints.describe("orders"), "one of fake:orders, fake:orders");
}

/// Servers that have no database of the name.
struct NoSuchDatabase : carpool::TcpConnector {
  template <class Backend>
  [[nodiscard]] carpool::StreamConnection<Backend> connect(carpool::TimePoint) const {
    if (is_down) throw std::system_error(std::make_error_code(std::errc::connection_refused), "down");
    throw carpool::ConnectRefused("no such database");
  }
  bool is_down = false;
};

template <class Backend>
std::string refused_by(const std::vector<NoSuchDatabase>& servers) {
  const carpool::EndpointsConnector<NoSuchDatabase> connector(servers);
  try {
    (void)connector.template connect<Backend>(Backend::now() + 10s);
  } catch (const carpool::ConnectRefused& error) {
    return error.what();
  } catch (const std::system_error&) {
    return "another time";
  }
  return "connected";
}

// It used to be an error of the network, so that the pool asked again and again.
TYPED_TEST(Endpoints, WhatAllServersRefuseForGoodIsNotTriedAgain) {
  NoSuchDatabase down;
  down.is_down = true;
  EXPECT_EQ(refused_by<TypeParam>({NoSuchDatabase(), NoSuchDatabase()}),
            "none of 2 endpoints (no such database; no such database)");
  EXPECT_EQ(refused_by<TypeParam>({NoSuchDatabase(), down}), "another time") << "the other may have it";
}

}  // namespace

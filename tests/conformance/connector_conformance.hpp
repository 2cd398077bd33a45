/// The laws that every connector keeps which talks to a server, on every backend.
///
/// A Scene is one server and the connectors to it; a connector's test file writes one and instantiates the suite:
///   using Backend = ...;
///   auto connector();           opens connections to the server
///   auto dead_connector();      to an endpoint where nobody answers
///   void exchange(Connection&); one request with a nonce, and its whole answer; AnothersAnswer where it is not that
///   void kill_peers();          the server ends every connection
///   std::size_t open();         connections open now, as the server counts
///   std::size_t heard();        bytes that the server has received
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/connector_calls.hpp>
#include <carpool/time.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "eventually.hpp"
#include "process.hpp"

template <class Scene>
class ConnectorConformance : public testing::Test {
  static_assert(carpool::ConnectorFor<decltype(std::declval<Scene&>().connector()), typename Scene::Backend>);

 protected:
  using Calls = carpool::detail::ConnectorCalls<decltype(std::declval<Scene&>().connector()), typename Scene::Backend>;

  static carpool::TimePoint in(carpool::Duration time) { return Scene::Backend::now() + time; }
  auto connect() { return scene_.connector().template connect<typename Scene::Backend>(in(std::chrono::seconds(10))); }

  bool connect_fails(carpool::TimePoint deadline) {
    try {
      (void)scene_.dead_connector().template connect<typename Scene::Backend>(deadline);
    } catch (const std::exception&) {
      return true;
    }
    return false;
  }

  Scene scene_;
};
TYPED_TEST_SUITE_P(ConnectorConformance);

TYPED_TEST_P(ConnectorConformance, AFreshConnectionIsConnected) {
  const auto connector = this->scene_.connector();
  auto connection = this->connect();
  EXPECT_TRUE(TestFixture::Calls::is_connected(connector, connection));
  EXPECT_TRUE(TestFixture::Calls::reusable(connector, connection));
}

TYPED_TEST_P(ConnectorConformance, AConnectionIsReusableAfterEachWholeExchange) {
  const auto connector = this->scene_.connector();
  auto connection = this->connect();
  for (int i = 0; i < 3; ++i) {
    this->scene_.exchange(connection);
    EXPECT_TRUE(TestFixture::Calls::is_connected(connector, connection));
    EXPECT_TRUE(TestFixture::Calls::reusable(connector, connection));
  }
}

TYPED_TEST_P(ConnectorConformance, ADeadEndpointThrowsWithinTheDeadline) {
  using std::chrono::milliseconds;
  const carpool::TimePoint deadline = this->in(milliseconds(500));
  EXPECT_TRUE(this->connect_fails(deadline));
  EXPECT_LT(TypeParam::Backend::now(), deadline + std::chrono::seconds(1));
}

TYPED_TEST_P(ConnectorConformance, AKilledPeerIsNoticedWithoutBeingSpokenTo) {
  const auto connector = this->scene_.connector();
  auto used = this->connect();
  auto fresh = this->connect();
  this->scene_.exchange(used);
  const std::size_t heard = this->scene_.heard();
  this->scene_.kill_peers();
  EXPECT_TRUE(eventually<typename TypeParam::Backend>([&] {
    return !TestFixture::Calls::is_connected(connector, used) && !TestFixture::Calls::is_connected(connector, fresh);
  }));
  EXPECT_EQ(this->scene_.heard(), heard);
}

TYPED_TEST_P(ConnectorConformance, TwoWorkersConnectAtOnce) {
  using Backend = typename TypeParam::Backend;
  std::vector<decltype(this->connect())> connections;
  typename Backend::Mutex mutex;
  const auto work = [&] {
    auto connection = this->connect();
    this->scene_.exchange(connection);
    mutex.lock();
    connections.push_back(std::move(connection));
    mutex.unlock();
  };
  auto first = Backend::spawn(work);
  auto second = Backend::spawn(work);
  first.join();
  second.join();
  EXPECT_EQ(this->scene_.open(), 2U);
  for (auto& connection : connections) this->scene_.exchange(connection);
}

TYPED_TEST_P(ConnectorConformance, AConnectionOpenedInTheBackgroundServesHere) {
  using Backend = typename TypeParam::Backend;
  for (int i = 0; i < 20; ++i) {  // the descriptor's number is the same each time, on both threads
    std::optional<decltype(this->connect())> connection;
    Backend::spawn_background([&] { connection.emplace(this->connect()); }).join();
    this->scene_.exchange(*connection);
    this->scene_.exchange(*connection);
  }
}

TYPED_TEST_P(ConnectorConformance, NoDescriptorLeaksWhetherConnectsSucceedOrFail) {
  const auto once = [this] {
    auto connection = this->connect();
    this->scene_.exchange(connection);
    EXPECT_TRUE(this->connect_fails(this->in(std::chrono::milliseconds(500))));
  };
  const auto all_closed = [this] { return this->scene_.open() == 0; };
  once();  // a backend may keep a few of its own from the first use on
  ASSERT_TRUE(eventually<typename TypeParam::Backend>(all_closed));
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 20; ++i) once();
  EXPECT_TRUE(eventually<typename TypeParam::Backend>(all_closed));
  EXPECT_EQ(open_descriptors(), before);
}

TYPED_TEST_P(ConnectorConformance, AForkedChildThatAbandonsSaysNothingToTheServer) {
  const auto connector = this->scene_.connector();
  auto connection = this->connect();
  this->scene_.exchange(connection);
  const std::size_t heard = this->scene_.heard();
  EXPECT_EQ(run_in_forked_child([&] { return TestFixture::Calls::abandon(connector, connection), 0; }), 0);
  EXPECT_EQ(this->scene_.heard(), heard);
  EXPECT_EQ(this->scene_.open(), 1U);
  EXPECT_TRUE(TestFixture::Calls::is_connected(connector, connection));
  this->scene_.exchange(connection);
}

TYPED_TEST_P(ConnectorConformance, AForkedChildConnectsAfreshBesideItsParent) {
  auto connection = this->connect();
  this->scene_.exchange(connection);
  const auto child = [this, &connection] {
    TestFixture::Calls::abandon(this->scene_.connector(), connection);
    auto own = this->connect();  // gets the number of the abandoned one
    this->scene_.exchange(own);
    return 0;
  };
  EXPECT_EQ(run_in_forked_child(child), 0);
  this->scene_.exchange(connection);
}

REGISTER_TYPED_TEST_SUITE_P(ConnectorConformance, AFreshConnectionIsConnected,
                            AConnectionIsReusableAfterEachWholeExchange, ADeadEndpointThrowsWithinTheDeadline,
                            AKilledPeerIsNoticedWithoutBeingSpokenTo, TwoWorkersConnectAtOnce,
                            AConnectionOpenedInTheBackgroundServesHere, NoDescriptorLeaksWhetherConnectsSucceedOrFail,
                            AForkedChildThatAbandonsSaysNothingToTheServer, AForkedChildConnectsAfreshBesideItsParent);

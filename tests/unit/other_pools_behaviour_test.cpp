/// What SQLAlchemy, DBUtils, mysql-connector, thrift_connector and generic-connection-pool do and we keep or avoid.
//
// Row                                Test here, or why there is none (SP, RP, GS: in the files of the other pools)
// A4 QueuePool size and overflow     SP NoMoreThanMaxIdleAreKept: max_size - max_idle is the overflow
// A4 QueuePool checkout, timeout     RP AcquireWaitsUntilItsTime; AHangingConnectHoldsUpNobodyElse
// A4 use_lifo                        RP TheLastGivenBackGoesOutFirst, GS EachIdleConnectionHasItsTurn
// A4 record and proxy                none: a place is not visible; what a user keeps of a connection is the user's
// A4 recycle                         SP AConnectionTooOldIsNotLent
// A4 pre_ping                        OnePingThatFailsCondemnsTheOthers, ANewConnectionIsNotPinged
// A4 invalidation                    SP AnExceptionOfTheBorrower..., RP RetiredConnectionsInUse...
// A4 detach                          ADetachedConnectionLeavesThePoolForGood
// A4 reset_on_return                 ADirtyConnectionIsResetAndACleanOneIsNot, AResetThatFails... (C4-3)
// A4 double and GC check-in          SP ADoubleReleaseIsNothing; the lease's destructor
// A4 failure during checkout         integration/throwing_connector_test.cpp
// A4 events                          conformance/pool_laws_watching.hpp
// A4 dispose, recreate               AClosedPoolClosesWhatComesBack (C4-6)
// A4 NullPool                        APoolThatKeepsNothing
// A4 StaticPool, SingletonThreadPool none: a connection has one owner; AffineBag gives a worker what it used last
// A4 AssertionPool                   WhoeverFindsThePoolEmptyIsToldWhoHasTheConnections
// A5 PooledDB                        maxusage: AConnectionServesSoManyLeases; ping: A4 pre_ping; reset: A4; blocking:
// C4-2 A5 shared, steady, PersistentDB    none: a connection has one owner, and is not reopened behind its back A6
// get_connection                  GS TryAcquireDoesNotWait; set_config: RP RetiredConnectionsInUse... A6 eager fill,
// registry of names   none: min_idle opens in the background; a pool is an object A7 test_connection                 SP
// DeadIdleConnectionsAreSkipped...; use_limit: AConnectionServesSoManyLeases A7 generation
// AConnectBegunBeforeRetireAllIsOfTheOldGeneration A7 exception classes, heartbeat    GS
// SomeExceptionsCostTheConnection..., IdleConnectionsAreKeptAlive... A7 multi-server, hooks             none: targets;
// observers A8 per-endpoint pools              AnIdleConnectionOfAnotherEndpointMakesRoom, the one idle longest A8 core
// and extra                  none: LifoStack with IdleTimeout does it with one order A8 event queue GS
// TheReaperComesWhenSomethingIsDue A8 slot reservation, deadline      RP AFailedConnectEatsNoPlace;
// OneDeadlineBoundsWaitAndConnectTogether A8 close(timeout)                  DrainWaitsForThoseOutAndSaysHowManyRemain
// A8 liveness                        SP AConnectionThatThePeerEndedIsNotLent
// C4-1 ... C4-8                      the tests that carry the number; C4-9 is of Hive
#include <carpool/evictions.hpp>
#include <carpool/fifo_queue.hpp>
#include <carpool/tcp_connector.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "behaviour.hpp"
#include "eventually.hpp"
#include "io_backends.hpp"
#include "loopback_server.hpp"
#include "process.hpp"
#include "thrown.hpp"
#include "time_of.hpp"

namespace {

using namespace carpool::fake;
using namespace std::chrono_literals;
using carpool::AcquireTimeout;
using carpool::CloseReason;
using carpool::ConnectError;
using carpool::FakeReply;
using carpool::FakeServer;
using carpool::FifoQueue;
using carpool::LifoStack;
using carpool::ThreadBackend;

using ThreadPool = FakePool<ThreadBackend>;
using ThreadTargetPool = FakeTargetPool<ThreadBackend>;

template <class Backend>
struct OtherPools : testing::Test {
  using Pool = FakePool<Backend>;
  FakeServer server;
};
TYPED_TEST_SUITE(OtherPools, IoBackends, BackendName);

// --- A4: SQLAlchemy --------------------------------------------------------------------------------------

TEST(Sqlalchemy, AHangingConnectHoldsUpNobodyElse) {  // A4 checkout; hanging_connect_within_overflow
  FakeServer server;
  server.next_connects({held()});
  ThreadPool pool(server.connector(), {.max_size = 2, .connect_timeout = 60s});
  std::vector<std::jthread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&] {
      for (int n = 0; n < 5; ++n) pool.acquire_for(50s)->use();
    });
  EXPECT_TRUE(eventually<ThreadBackend>([&] { return server.counts().uses == 20; }));
  EXPECT_EQ(server.counts().connecting, 1u);
  server.let_through();
}

TYPED_TEST(OtherPools, OnePingThatFailsCondemnsTheOthers) {  // A4 pre_ping, pool-wide invalidation
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 3, .validation_bypass_window = 10ms});
  {
    const auto one = pool.acquire(), two = pool.acquire(), three = pool.acquire();
  }
  TypeParam::sleep_until(TypeParam::now() + 30ms);  // past the resolution of the coarse clock
  const std::size_t before = this->server.counts().pings;
  this->server.throw_from(carpool::FakeMethod::ping, 1);
  EXPECT_EQ(pool.acquire()->id(), 4u);
  EXPECT_LE(this->server.counts().pings, before + 2);  // the new one as well, where it waited for its caller
  EXPECT_TRUE(closed_soon(pool, CloseReason::dead, 3));
}

TYPED_TEST(OtherPools, ANewConnectionIsNotPinged) {  // A4 pre_ping: not where it was made in this very checkout
  typename TestFixture::Pool pool(this->server.connector());
  pool.acquire()->use();
  EXPECT_EQ(this->server.counts().pings, 0u);
}

TYPED_TEST(OtherPools, ADetachedConnectionLeavesThePoolForGood) {  // A4 detach
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1});
  auto lease = pool.acquire();
  {
    auto mine = lease.detach();
    EXPECT_EQ(pool.stats().size(), 0u);
    EXPECT_EQ(pool.acquire()->id(), 2u);  // beyond max_size now, and that is ours to answer for
    mine.use();
  }
  EXPECT_EQ(this->server.counts().open, 1u);
}

TYPED_TEST(OtherPools, ADirtyConnectionIsResetAndACleanOneIsNot) {  // A4 reset_on_return; A5 reset
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1});
  pool.acquire()->use();
  EXPECT_EQ(this->server.counts().resets, 0u);
  pool.acquire()->get_dirty();
  EXPECT_EQ(pool.acquire()->id(), 1u);
  EXPECT_EQ(this->server.counts().resets, 1u);
}

TYPED_TEST(OtherPools, APoolThatKeepsNothing) {  // A4 NullPool; A7 max_conn = 0
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 2, .max_idle = 0});
  for (std::uint64_t n = 1; n <= 3; ++n) {
    EXPECT_EQ(pool.acquire()->id(), n);
    EXPECT_TRUE(closed_soon(pool, CloseReason::surplus, n));
  }
}

TYPED_TEST(OtherPools, WhoeverFindsThePoolEmptyIsToldWhoHasTheConnections) {  // A4 AssertionPool
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1});
  const auto lent = pool.acquire();
  const auto line = __LINE__ - 1;
  const auto error = thrown<AcquireTimeout>([&] { (void)pool.acquire_for(1ms); });
  ASSERT_TRUE(error);
  ASSERT_EQ(error->holders().size(), 1u);
  EXPECT_EQ(error->holders()[0].site.line(), static_cast<unsigned>(line));
  EXPECT_NE(std::string(error->what()).find("other_pools_behaviour_test.cpp"), std::string::npos);
}

// --- A5 to A8 --------------------------------------------------------------------------------------------

TYPED_TEST(OtherPools, AConnectionServesSoManyLeases) {  // A5 maxusage, A7 use_limit
  FakePool<TypeParam, LifoStack, carpool::MaxUses> pool(this->server.connector(), {.max_size = 1}, carpool::MaxUses(3));
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 7; ++i) ids.push_back(pool.acquire()->id());
  EXPECT_EQ(ids, (std::vector<std::uint64_t>{1, 1, 1, 2, 2, 2, 3}));
}

TEST(Thrift, AConnectBegunBeforeRetireAllIsOfTheOldGeneration) {  // A7 generation
  FakeServer server;
  server.next_connects({held()});
  ThreadPool pool(server.connector(), {.max_size = 1});
  const std::jthread caller([&] { EXPECT_EQ(pool.acquire()->id(), 2u); });
  ASSERT_TRUE(eventually<ThreadBackend>([&] { return server.counts().connecting == 1; }));
  pool.retire_all();
  server.let_through();
}

TYPED_TEST(OtherPools, AnIdleConnectionOfAnotherEndpointMakesRoom) {  // A8 total_max_size, _try_free_slot
  FakeTargetPool<TypeParam> pool(this->server.target_connector(), {.max_size = 2});
  pool.acquire("longest idle").release();
  TypeParam::sleep_until(TypeParam::now() + 30ms);  // past the resolution of the coarse clock
  pool.acquire("just used").release();
  EXPECT_EQ(pool.acquire("new")->target(), "new");
  EXPECT_EQ(this->server.counts("longest idle").open, 0u);
  EXPECT_EQ(this->server.counts("just used").open, 1u);
  EXPECT_LE(this->server.counts().peak_size, 2u);
}

TEST(GenericPool, OneDeadlineBoundsWaitAndConnectTogether) {  // A8 Timer
  FakeServer server;
  server.other_connects(hang());
  ThreadPool pool(server.connector(), {.connect_timeout = 300ms, .connect_attempts = 100});
  const auto time = time_of<ThreadBackend>([&] { EXPECT_THROW((void)pool.acquire_for(50ms), AcquireTimeout); });
  EXPECT_GE(time, 50ms);
  EXPECT_LT(time, 10s);
}

TEST(GenericPool, DrainWaitsForThoseOutAndSaysHowManyRemain) {  // A8 close(timeout)
  FakeServer server;
  ThreadPool pool(server.connector());
  auto one = pool.acquire(), two = pool.acquire();
  EXPECT_EQ(pool.drain(5ms), 2u);
  EXPECT_THROW((void)pool.acquire(), carpool::PoolClosed);
  const std::jthread user([&] { one.release(), two.release(); });
  EXPECT_EQ(pool.drain(60s), 0u);
}

// --- C4 --------------------------------------------------------------------------------------------------

/// Each of its slow methods lasts until it is let go.
struct Sluggish {
  struct Connection {};
  struct Gate {
    std::atomic<int> inside = 0;
    std::atomic<bool> closed = false;
    bool pass() {
      ++inside;
      return eventually<ThreadBackend>([&] { return !closed; });
    }
  };
  std::shared_ptr<Gate> gate = std::make_shared<Gate>();

  Connection connect(carpool::TimePoint) const { return {}; }
  bool is_connected(const Connection&) const noexcept { return true; }
  bool ping(Connection&, carpool::TimePoint) const { return gate->pass(); }
  void invalidate(Connection&, carpool::TimePoint) const { gate->pass(); }
};

TEST(DbutilsBugs, AConnectionThatAnswersSlowlyBlocksNeitherAcquireNorRelease) {  // C4-1: ping under the condition
  const Sluggish connector;
  carpool::ConnectionPool<ThreadBackend, FifoQueue, Sluggish> pool(connector,
                                                                   {.max_size = 3, .validation_bypass_window = 300ms});
  auto lent = pool.acquire();
  pool.acquire().release();
  ThreadBackend::sleep_until(ThreadBackend::now() + 400ms);
  connector.gate->closed = true;
  const std::jthread pinging([&] { pool.acquire().release(); });
  ASSERT_TRUE(eventually<ThreadBackend>([&] { return connector.gate->inside == 1; }));
  EXPECT_LT(time_of<ThreadBackend>([&] {
              const auto another = pool.acquire();  // new, so it is not pinged
              lent.release();
            }),
            8s);
  connector.gate->closed = false;
}

TEST(DbutilsBugs, AGoodbyeThatTakesItsTimeBlocksNobody) {  // C4-1
  const Sluggish connector;
  carpool::ConnectionPool<ThreadBackend, LifoStack, Sluggish> pool(connector, {.max_size = 2});
  pool.acquire().release();
  connector.gate->closed = true;
  EXPECT_EQ(pool.clear(), 1u);
  ASSERT_TRUE(eventually<ThreadBackend>([&] { return connector.gate->inside == 1; }));
  EXPECT_LT(time_of<ThreadBackend>([&] { pool.acquire().release(); }), 8s);
  connector.gate->closed = false;
}

TEST(DbutilsBugs, AWakeUpReachesTheWaiterWhomItConcerns) {  // C4-2: one condition for two kinds of waiters
  FakeServer server;
  ThreadTargetPool pool(server.target_connector(), {.max_size = 2, .acquire_timeout = 30s});
  auto north = pool.acquire("north");
  auto south = pool.acquire("south");
  const std::jthread for_north([&] { EXPECT_EQ(pool.acquire("north")->id(), 1u); });
  ASSERT_TRUE(eventually<ThreadBackend>([&] { return pool.stats().waiting == 1; }));
  const std::jthread for_south([&] {
    const auto lease = pool.acquire("south");  // held meanwhile: an idle one would have to make room for north
    EXPECT_EQ(lease->id(), 2u);
    north.release();
  });
  ASSERT_TRUE(eventually<ThreadBackend>([&] { return pool.stats().waiting == 2; }));
  south.release();  // the one who came second
}

TYPED_TEST(OtherPools, AResetThatFailsCostsTheConnection) {  // C4-3
  this->server.other_connects(ok().dirtied_by_use().answering_resets(FakeReply::no));
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1});
  pool.acquire()->use();
  EXPECT_EQ(pool.acquire()->id(), 2u);
  EXPECT_EQ(pool.stats().closed_for(CloseReason::reset_failed), 1u);
  EXPECT_EQ(this->server.counts().invalidated, 0u);
}

TYPED_TEST(OtherPools, APrewarmThatFailsHalfwayLeaksNothing) {  // C4-4: the first k leak when k + 1 fails
  this->server.next_connects({ok(), ok()});
  this->server.other_connects(refuse("down"));
  {
    typename TestFixture::Pool pool(this->server.connector(),
                                    {.max_size = 5, .max_connecting = 1, .connect_attempts = 1});
    EXPECT_EQ(pool.prewarm(5, 5s), 2u);
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 2; }));
  }
  EXPECT_EQ(this->server.counts().open, 0u);
}

TEST(MysqlConnectorBugs, PoolsDoNotWaitForOneAnother) {  // C4-4: a lock of the whole process
  FakeServer slow_server, server;
  slow_server.other_connects(held());
  ThreadPool slow_pool(slow_server.connector(), {.connect_timeout = 60s});
  ThreadPool pool(server.connector());
  const std::jthread caller([&] { slow_pool.acquire().release(); });
  ASSERT_TRUE(eventually<ThreadBackend>([&] { return slow_server.counts().connecting == 1; }));
  EXPECT_LT(time_of<ThreadBackend>([&] { pool.acquire().release(); }), 20s);
  slow_server.let_through(10);
}

TYPED_TEST(OtherPools, AnEmptyLeaseOpensNothingWhenItIsGivenBack) {  // C4-5: a second close() opens a new connection
  typename TestFixture::Pool pool(this->server.connector());
  auto lease = pool.acquire();
  lease.release();
  for (int i = 0; i < 5; ++i) lease.release(), lease.discard();
  EXPECT_EQ(this->server.counts().connects, 1u);
  EXPECT_EQ(pool.stats().size(), 1u);
}

TYPED_TEST(OtherPools, AClosedPoolClosesWhatComesBack) {  // C4-6, A4 dispose
  typename TestFixture::Pool pool(this->server.connector());
  auto lent = pool.acquire();
  pool.close();
  EXPECT_NO_THROW(lent->use());
  lent.release();
  EXPECT_TRUE(closed_soon(pool, CloseReason::closed, 1));
  EXPECT_EQ(this->server.counts().open, 0u);
}

TYPED_TEST(OtherPools, ANewGenerationNeedsNoTimeToPass) {  // C4-6: time stamps need 16 ms between two events
  typename TestFixture::Pool pool(this->server.connector());
  for (std::uint64_t n = 1; n <= 20; ++n) {
    EXPECT_EQ(pool.acquire()->id(), n);
    pool.retire_all();
  }
}

TYPED_TEST(OtherPools, WhatAcquireReportsIsOfOneKind) {  // C4-7: raise self.Empty was a TypeError
  static_assert(std::is_base_of_v<carpool::PoolError, AcquireTimeout>);
  static_assert(std::is_base_of_v<std::runtime_error, carpool::PoolError>);
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1, .acquire_timeout = 1ms});
  const auto lent = pool.acquire_for(20s);
  std::error_code code;
  EXPECT_FALSE(pool.acquire(code));
  EXPECT_EQ(code, carpool::PoolErrc::acquire_timeout);
  const auto error = thrown<carpool::PoolError>([&] { (void)pool.acquire(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), code);
}

TEST(GenericPoolBugs, OneEndpointsTroubleHoldsUpNoOther) {  // C4-8: the lock of all taken while one's is waited for
  FakeServer server;
  server.other_connects("black hole", held());
  ThreadTargetPool pool(server.target_connector(), {.max_size = 4, .connect_timeout = 60s});
  const std::jthread caller([&] { pool.acquire("black hole").release(); });
  ASSERT_TRUE(eventually<ThreadBackend>([&] { return server.counts("black hole").connecting == 1; }));
  EXPECT_LT(time_of<ThreadBackend>([&] { pool.acquire("well").release(); }), 20s);
  server.let_through();
}

TYPED_TEST(OtherPools, AConnectThatFailsLeavesNoDescriptor) {  // C4-8: sockets leaked when a connect failed
  LoopbackServer nobody;
  nobody.stop();
  const carpool::TcpConnector connector{.host = "127.0.0.1", .port = nobody.port()};
  carpool::ConnectionPool<TypeParam, LifoStack, carpool::TcpConnector> pool(
      connector, {.connect_attempts = 2, .connect_backoff = short_backoff});
  EXPECT_THROW((void)pool.acquire(), ConnectError);  // the backend may keep a descriptor of its own from now on
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 20; ++i) EXPECT_THROW((void)pool.acquire(), ConnectError);
  EXPECT_TRUE(eventually<TypeParam>([&] { return open_descriptors() == before; }));
}

}  // namespace

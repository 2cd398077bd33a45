/// What the pools of gevent programs (gsocketpool, mprpc, geventconnpool) do and our design keeps, and their mistakes.
//
// Row of gsocketpool                 Test here, or why there is none (SP: in socketpool_behaviour_test.cpp)
// A3 Pool(): initial_connections     TheFirstConnectionsAreMadeWithoutBeingAskedFor, TooManyOfThemAreRefused
// A3 Pool(): reap_interval           none: the reaper sleeps until something is due; TheReaperComesWhenSomethingIsDue
// A3 containers                      EachIdleConnectionHasItsTurn
// A3 acquire                         test_acquire_retry: AWaiterGetsWhatIsReleased; test_acquire_disable_retry:
//                                    TryAcquireDoesNotWait; test_max_connections: TheLimitCountsThoseInUse
// A3 release                         SP ADoubleReleaseIsNothing: only a lease can be given back, and only to its pool
// A3 drop                            ALeaseInUseCanBeDropped (there only idle ones can)
// A3 drop_expired                    OnlyIdleConnectionsAreReaped
// A3 size                            TheLimitCountsThoseInUse
// A3 connection()                    AnExceptionPropagatesAndTheConnectionIsNotPooled
// A3 __del__                         ThePoolsEndClosesTheIdleOnesAndLeavesTheLeases
// A3 ConnectionReaper                TheReaperComesWhenSomethingIsDue
// A3 Connection.reconnect            none: a connection that broke is closed, and another is opened in its stead
// A3 TcpConnection                   ASlowConnectIsBounded, WhatIsSentIsSentWhole
// A3 RPCPoolClient                   ACallThatTimedOutCostsItsConnection, ALifetimeThatIsNotSetNeverEnds (C3-7)
// A3.1 geventconnpool                size: TheFirstConnectionsAre...; get: ACallerWaitsForTheFirstConnection;
// exc_classes:
//                                    SomeExceptionsCostTheConnectionAndOthersDoNot; keepalive:
//                                    IdleConnectionsAreKeptAlive; _addOne: AServerThatComesBackIsFoundAgain; @retry:
//                                    none, the pool repeats no call
// C3-1 ... C3-9                      the tests that carry the number; C3-4 is SP TheReaperEndsWithItsPool, C3-8 is of
//                                    Python (mutable defaults, asserts as checks) but for its linear search
#include <carpool/evictions.hpp>
#include <carpool/fifo_queue.hpp>
#include <carpool/tcp_connector.hpp>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "behaviour.hpp"
#include "eventually.hpp"
#include "io_backends.hpp"
#include "loopback_server.hpp"
#include "thrown.hpp"
#include "time_of.hpp"

namespace {

using namespace carpool::fake;
using namespace std::chrono_literals;
using carpool::AcquireTimeout;
using carpool::CloseReason;
using carpool::ConnectError;
using carpool::FakeServer;
using carpool::FifoQueue;
using carpool::LifoStack;
using carpool::ThreadBackend;

using ThreadPool = FakePool<ThreadBackend>;

template <class Backend>
struct Gsocketpool : testing::Test {
  using Pool = FakePool<Backend>;
  FakeServer server;
};
TYPED_TEST_SUITE(Gsocketpool, IoBackends, BackendName);

// --- A3 --------------------------------------------------------------------------------------------------

TEST(GsocketpoolPool, TheFirstConnectionsAreMadeWithoutBeingAskedFor) {  // A3 Pool(), A3.1 size
  FakeServer server;
  const ThreadPool pool(server.connector(), {.max_size = 4, .min_idle = 3});
  EXPECT_TRUE(eventually<ThreadBackend>([&] { return pool.stats().idle == 3; }));
  EXPECT_EQ(server.counts().connects, 3u);
}

TYPED_TEST(Gsocketpool, TooManyOfThemAreRefused) {  // A3 Pool(): asserts initial <= max, and says "less than"
  const auto error = thrown<std::invalid_argument>(
      [&] { typename TestFixture::Pool(this->server.connector(), {.max_size = 2, .min_idle = 3}); });
  ASSERT_TRUE(error);
  EXPECT_STREQ(error->what(), "carpool 'pool': min_idle must be at most max_idle (2)");
}

TYPED_TEST(Gsocketpool, EachIdleConnectionHasItsTurn) {  // A3 containers
  FakePool<TypeParam, FifoQueue> pool(this->server.connector());
  {
    const auto one = pool.acquire(), two = pool.acquire(), three = pool.acquire();
  }
  std::vector<std::uint64_t> turns;
  for (int i = 0; i < 6; ++i) turns.push_back(pool.acquire()->id());
  EXPECT_EQ(turns, (std::vector<std::uint64_t>{turns[0], turns[1], turns[2], turns[0], turns[1], turns[2]}));
  EXPECT_NE(turns[0], turns[1]);
  EXPECT_NE(turns[1], turns[2]);
}

TEST(GsocketpoolAcquire, AWaiterGetsWhatIsReleased) {  // A3 acquire; test_acquire_retry
  FakeServer server;
  ThreadPool pool(server.connector(), {.max_size = 1});
  auto lent = pool.acquire();
  const std::jthread waiter([&] { EXPECT_EQ(pool.acquire()->id(), 1u); });
  ASSERT_TRUE(eventually<ThreadBackend>([&] { return pool.stats().waiting == 1; }));
  lent.release();
}

TYPED_TEST(Gsocketpool, TryAcquireDoesNotWait) {  // A3 acquire; test_acquire_disable_retry
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1});
  auto lent = pool.acquire();
  EXPECT_FALSE(pool.try_acquire());
  lent.release();
  EXPECT_TRUE(pool.try_acquire());
}

TYPED_TEST(Gsocketpool, TheLimitCountsThoseInUse) {  // A3 acquire, size; test_max_connections
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 3});
  const auto one = pool.acquire(), two = pool.acquire();
  {
    const auto three = pool.acquire();
  }
  EXPECT_EQ(pool.stats().size(), 3u);
  const auto three = pool.acquire();
  EXPECT_THROW((void)pool.acquire_for(1ms), AcquireTimeout);
}

TYPED_TEST(Gsocketpool, ALeaseInUseCanBeDropped) {  // A3 drop, C3-2
  typename TestFixture::Pool pool(this->server.connector());
  auto lent = pool.acquire();
  lent.discard();
  EXPECT_TRUE(closed_soon(pool, CloseReason::discarded, 1));
  EXPECT_EQ(this->server.counts().open, 0u);
}

TYPED_TEST(Gsocketpool, OnlyIdleConnectionsAreReaped) {  // A3 drop_expired; test_drop_expired_connections (C-T2)
  const Verdicts verdicts;
  FakePool<TypeParam, LifoStack, Verdicts> pool(this->server.connector(), {}, verdicts);
  auto lent = pool.acquire();
  {
    const auto idle = pool.acquire(), also_idle = pool.acquire();
  }
  verdicts.condemn_all();
  EXPECT_EQ(pool.reap(), 2u);
  EXPECT_TRUE(closed_soon(pool, CloseReason::expired, 2));
  EXPECT_NO_THROW(lent->use());
  lent.release();
  EXPECT_TRUE(closed_soon(pool, CloseReason::expired, 3));
  EXPECT_EQ(this->server.counts().closed, 3u);
}

TYPED_TEST(Gsocketpool, AnExceptionPropagatesAndTheConnectionIsNotPooled) {  // A3 connection(), C3-2
  typename TestFixture::Pool pool(this->server.connector());
  const auto broken_call = [&] {
    const auto lease = pool.acquire();
    throw std::runtime_error("mine");
  };
  EXPECT_THROW(broken_call(), std::runtime_error);
  EXPECT_TRUE(closed_soon(pool, CloseReason::discarded, 1));
}

TYPED_TEST(Gsocketpool, ThePoolsEndClosesTheIdleOnesAndLeavesTheLeases) {  // A3 __del__, which closes those in use too
  typename TestFixture::Pool::Lease lent;
  {
    typename TestFixture::Pool pool(this->server.connector());
    lent = pool.acquire();
    {
      const auto idle = pool.acquire();
    }
  }
  EXPECT_EQ(this->server.counts().open, 1u);
  EXPECT_NO_THROW(lent->use());
  lent.release();
  EXPECT_EQ(this->server.counts().open, 0u);
}

/// Says when, so the reaper need not look in vain.
struct Punctual {
  carpool::Duration life = 30ms;
  std::shared_ptr<std::atomic<int>> rounds = std::make_shared<std::atomic<int>>(0);

  bool expired(const carpool::Slot& slot, carpool::TimePoint now) const { return ++*rounds, now >= due(slot); }
  carpool::TimePoint due(const carpool::Slot& slot) const { return slot.born + life; }
};

TEST(GsocketpoolReaper, TheReaperComesWhenSomethingIsDue) {  // A3 ConnectionReaper, reap_interval
  FakeServer server;
  const Punctual eviction;
  FakePool<ThreadBackend, LifoStack, Punctual> pool(server.connector(), {}, eviction);
  pool.acquire().release();
  EXPECT_TRUE(closed_soon(pool, CloseReason::expired, 1));
  EXPECT_LE(*eviction.rounds, 20) << "it slept meanwhile";
}

/// Over real sockets.
template <class Backend>
struct GsocketpoolTcp : testing::Test {
  using Pool = carpool::ConnectionPool<Backend, LifoStack, carpool::TcpConnector, carpool::NeverEvict>;
  LoopbackServer server;
  carpool::TcpConnector connector{.host = "127.0.0.1", .port = server.port()};
};
TYPED_TEST_SUITE(GsocketpoolTcp, IoBackends, BackendName);

TYPED_TEST(GsocketpoolTcp, ASlowConnectIsBounded) {  // A3 TcpConnection, C3-6: connect has no time-out
  this->server.be_deaf();
  typename TestFixture::Pool pool(this->connector, {.max_size = 4, .connect_timeout = 100ms, .connect_attempts = 1});
  const auto time = time_of<TypeParam>([&] {
    std::vector<typename TestFixture::Pool::Lease> leases;  // the backlog has room for one or two
    EXPECT_THROW(for (int i = 0; i < 4; ++i) leases.push_back(pool.acquire()), ConnectError);
  });
  EXPECT_LT(time, 10s);
  this->server.hear_again();
}

TYPED_TEST(GsocketpoolTcp, WhatIsSentIsSentWhole) {  // A3 TcpConnection, C3-6: send() may stop short
  typename TestFixture::Pool pool(this->connector);
  auto lease = pool.acquire();
  const std::string much(5'000'000, 'x');
  this->server.reply_with({.silent = true});
  lease->write_all(much);
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.bytes_received() == much.size(); }));
}

TYPED_TEST(GsocketpoolTcp, ACallThatTimedOutCostsItsConnection) {  // A3 RPCPoolClient; test call_socket_timeout
  typename TestFixture::Pool pool(this->connector);
  const auto call = [&](carpool::Duration timeout) {
    return pool.with_connection([&](auto& connection) {
      connection.write_all("call\n");
      return connection.read_until("\n", 100, TypeParam::now() + timeout);
    });
  };
  this->server.reply_with({.silent = true});
  EXPECT_THROW((void)call(20ms), std::system_error);
  this->server.reply_with({});
  EXPECT_EQ(call(10s), "call");
  EXPECT_TRUE(closed_soon(pool, CloseReason::discarded, 1));
}

// --- A3.1 ------------------------------------------------------------------------------------------------

TEST(Geventconnpool, ACallerWaitsForTheFirstConnection) {  // A3.1 get
  FakeServer server;
  server.other_connects(held());
  ThreadPool pool(server.connector(), {.max_size = 1});
  const std::jthread caller([&] { EXPECT_EQ(pool.acquire()->id(), 1u); });
  ASSERT_TRUE(eventually<ThreadBackend>([&] { return server.counts().connecting == 1 && pool.stats().waiting == 1; }));
  server.let_through();
}

/// Keeps a connection whose user threw, unless it is the connection that failed.
struct Discerning {
  struct Connection {
    int id;
  };
  std::shared_ptr<std::atomic<int>> last = std::make_shared<std::atomic<int>>(0);

  Connection connect(carpool::TimePoint) const { return {++*last}; }
  bool is_connected(const Connection&) const noexcept { return true; }
  carpool::Verdict handle_exception(Connection&, std::exception_ptr error) const {
    try {
      std::rethrow_exception(std::move(error));
    } catch (const std::system_error&) {
      return carpool::Verdict::close;
    } catch (...) {
      return carpool::Verdict::keep;
    }
  }
};

TYPED_TEST(Gsocketpool, SomeExceptionsCostTheConnectionAndOthersDoNot) {  // A3.1 exc_classes
  carpool::ConnectionPool<TypeParam, LifoStack, Discerning> pool({});
  EXPECT_THROW(pool.with_connection([](auto&) { throw std::logic_error("mine"); }), std::logic_error);
  EXPECT_EQ(pool.acquire()->id, 1);
  const auto reset = std::make_error_code(std::errc::connection_reset);
  EXPECT_THROW(pool.with_connection([&](auto&) { throw std::system_error(reset); }), std::system_error);
  EXPECT_EQ(pool.acquire()->id, 2);
}

TEST(Geventconnpool, IdleConnectionsAreKeptAliveAndThoseThatDoNotAnswerReplaced) {  // A3.1 keepalive
  FakeServer server;
  ThreadPool pool(server.connector(), {.max_size = 2, .min_idle = 2, .keepalive_time = 10ms});
  ASSERT_TRUE(eventually<ThreadBackend>([&] { return server.counts().pings >= 6; }));
  EXPECT_EQ(server.counts().opened, 2u);
  server.kill_all();
  EXPECT_TRUE(eventually<ThreadBackend>([&] { return server.counts().opened >= 4 && pool.stats().idle == 2; }));
}

TEST(Geventconnpool, AServerThatComesBackIsFoundAgain) {  // A3.1 _addOne, C3-9: a factory that throws loses its slot
  FakeServer server;
  server.next_connects({refuse("down"), refuse("down"), refuse("down"), refuse("down"), refuse("down")});
  ThreadPool pool(server.connector(),
                  {.max_size = 2, .min_idle = 2, .connect_attempts = 1, .connect_backoff = short_backoff});
  EXPECT_TRUE(eventually<ThreadBackend>([&] { return pool.stats().idle == 2; }));
  EXPECT_GE(pool.stats().connect_failures, 5u);
}

// --- C3 --------------------------------------------------------------------------------------------------

TYPED_TEST(Gsocketpool,
           ALimitHoldsWhileConnectsAreUnderWay) {  // C3-1: checked before a yielding open, counted after it
  this->server.other_connects(slow(2ms));
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 2});
  const auto call = [&] { pool.acquire()->use(); };
  std::vector<decltype(TypeParam::spawn(call))> callers;
  for (int i = 0; i < 10; ++i) callers.push_back(TypeParam::spawn(call));
  for (auto& caller : callers) caller.join();
  EXPECT_LE(this->server.counts().peak_size, 2u);
  EXPECT_EQ(this->server.counts().uses, 10u);
}

TYPED_TEST(Gsocketpool, NeitherExpiredNorDeadConnectionsAreLent) {  // C3-2
  const Verdicts verdicts;
  FakePool<TypeParam, FifoQueue, Verdicts> pool(this->server.connector(), {.max_size = 3}, verdicts);
  {
    const auto one = pool.acquire(), two = pool.acquire(), three = pool.acquire();
  }
  this->server.kill(1);
  verdicts.condemn(2);
  EXPECT_EQ(pool.acquire()->id(), 3u);
}

TEST(GsocketpoolBugs, WaitersAreServedInTheOrderInWhichTheyCame) {  // C3-3: recursion and polling
  FakeServer server;
  ThreadPool pool(server.connector(), {.max_size = 1, .handoff_after = 0ms});
  auto lent = pool.acquire();
  std::mutex mutex;
  std::vector<std::size_t> order;
  std::vector<std::jthread> waiters;
  for (std::size_t i = 0; i < 6; ++i) {
    waiters.emplace_back([&, i] {
      const auto lease = pool.acquire();
      const std::scoped_lock lock(mutex);
      order.push_back(i);
    });
    ASSERT_TRUE(eventually<ThreadBackend>([&] { return pool.stats().waiting == i + 1; }));
  }
  lent.release();
  waiters.clear();
  EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2, 3, 4, 5}));
}

TEST(GsocketpoolBugs, APoolThatIsUsedLastInFirstOutShrinksToWhatIsNeeded) {  // C3-5: FIFO keeps every connection warm
  FakeServer server;
  FakePool<ThreadBackend, LifoStack, carpool::IdleTimeout> pool(server.connector(), {.max_size = 4},
                                                                carpool::IdleTimeout(200ms));
  {
    const auto one = pool.acquire(), two = pool.acquire(), three = pool.acquire(), four = pool.acquire();
  }
  const auto warm = pool.acquire()->id();
  EXPECT_TRUE(eventually<ThreadBackend>([&] {
    pool.acquire()->use();
    return pool.stats().closed_for(CloseReason::idle) >= 3;
  }));
  EXPECT_EQ(pool.acquire()->id(), warm);
}

TYPED_TEST(Gsocketpool, ALifetimeThatIsNotSetNeverEnds) {  // C3-7: no lifetime meant always expired
  typename TestFixture::Pool pool(this->server.connector(), {.keepalive_time = carpool::forever});
  {
    const auto one = pool.acquire(), two = pool.acquire();
  }
  EXPECT_EQ(pool.reap(), 0u);
  EXPECT_EQ(pool.stats().idle, 2u);
  EXPECT_EQ(carpool::MaxLifetime(carpool::forever).due(carpool::Slot{}), carpool::never);
}

/// Writes down when each connection was born.
struct Registrar {
  std::shared_ptr<std::map<std::uint64_t, carpool::TimePoint>> births =
      std::make_shared<std::map<std::uint64_t, carpool::TimePoint>>();
  bool expired(const carpool::Slot& slot, carpool::TimePoint) const { return (*births)[slot.id] = slot.born, false; }
};

TEST(GsocketpoolBugs, ALifetimeCountsFromTheConnect) {  // C3-7: it was fixed when the client object was made
  FakeServer server;
  const Registrar eviction;
  FakePool<carpool::SingleBackend, LifoStack, Registrar> pool(server.connector(), {.max_size = 1}, eviction);
  pool.acquire().release();
  const auto between = carpool::SingleBackend::now();
  pool.acquire().discard();
  pool.acquire().release();
  EXPECT_LT(eviction.births->at(1), between);
  EXPECT_GT(eviction.births->at(2), between);
}

/// Equal to all the others.
struct Indistinct {
  struct Connection {
    int id;
    bool operator==(const Connection&) const { return true; }
  };
  std::shared_ptr<std::atomic<int>> last = std::make_shared<std::atomic<int>>(0);
  Connection connect(carpool::TimePoint) const { return {++*last}; }
  bool is_connected(const Connection&) const noexcept { return true; }
};

TYPED_TEST(Gsocketpool, ConnectionsThatAreEqualAreNotTheSame) {  // C3-8: `in` and `remove` go by equality
  carpool::ConnectionPool<TypeParam, LifoStack, Indistinct> pool({});
  auto one = pool.acquire();
  const auto two = pool.acquire();
  one.discard();
  EXPECT_EQ(two->id, 2);
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 1; }));
  EXPECT_EQ(pool.acquire()->id, 3);
}

TEST(GsocketpoolBugs, AFactoryThatThrowsLosesNoPlaceHoweverOften) {  // C3-9
  FakeServer server;
  server.other_connects(refuse("down"));
  ThreadPool pool(server.connector(), {.max_size = 2, .connect_attempts = 1, .connect_backoff = short_backoff});
  for (int i = 0; i < 50; ++i) EXPECT_THROW((void)pool.acquire(), ConnectError);
  server.other_connects(ok());
  EXPECT_TRUE(eventually<ThreadBackend>([&] { return pool.prewarm(2, 1s) == 2; }));
  const auto one = pool.acquire(), two = pool.acquire();
}

}  // namespace

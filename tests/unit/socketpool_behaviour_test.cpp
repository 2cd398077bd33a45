/// What Python's socketpool does and our design keeps, and what it does wrong and we do not.
//
// Row of socketpool                  Test here, or why there is none
// A1.1 ctor                          ThePoolOpensNothingWhenItIsMade
// A1.1 backend by name               none: the backend is a template parameter; compile_fail/ refuses wrong ones
// A1.1 max_size (of the idle ones)   NoMoreThanMaxIdleAreKept
// A1.1 timeout                       AcquireGivesUpWhenItsTimeIsOver (there it is ignored: C1-6)
// A1.1 retry_max, retry_delay        AConnectIsTriedAsOftenAsTold, ThereIsNoSleepAfterTheLastTry
// A1.1 max_lifetime                  AConnectionTooOldIsNotLent, ...NotTakenBack, ...IsReapedByItself
// A1.1 options of a call             none: what distinguishes calls is the target; see C1-7
// A1.1 get                           the rows of A1.2
// A1.1 errors                        TheLastCauseReachesTheCaller, AFullPoolSaysSoInTime
// A1.1 release_connection            AConnectionThatComesBackIsLentAgain, AnUnfitOneIsNotTakenBack
// A1.1 _reap_connection              ADeadConnectionIsClosedLikeAnyOther (C1-12)
// A1.1 connection()                  WithConnectionLendsOneForTheCallAndTakesItBack, WhateverIsThrown...
// A1.1 size                          TheIdleOnesAreCounted
// A1.1 release_all                   ClearClosesTheIdleOnesOnlyAndThePoolGoesOn
// A1.1 alive, num_connections        TheIdleOnesAreCounted: stats() counts the others beside them
// A1.1 murder_connections            ReapLooksAtEachIdleConnectionOnce
// A1.1 start_reaper, stop_reaper     none: the reaper lives as long as its pool; TheReaperEndsWithItsPool
// A1.1 thread, gevent reaper         TheReaperEndsWithItsPool, TheReaperLeavesAtOnce
// A1.1 queue                         TheLongestLivedGoesOutFirst
// A1.2 get                           TheFirstThatMatchesIsLentAndTheOthersStay, DeadIdleConnectionsAreSkippedAndClosed,
//                                    WhatIsReleasedMeanwhileIsTakenWhileAConnectFails, ANewConnectionThatIsDead...
// A1.3 Connector                     EveryMethodOfAConnectorIsAsked
// A1.3 TcpConnector                  LinesAndBytesGoBothWays, ConnectionsMadeTogetherDoNotExpireTogether
// A1.3 TcpConnector.matches          none: a TcpConnector is one endpoint; with targets: A1.2
// A1.3 release, __del__              AConnectionThatComesBackIsLentAgain: the lease's destructor
// A1.3 handle_exception              TheConnectorJudgesWhatWasThrown
// A1.3 UnixConnector                 conformance/unix_connector_test.cpp
// A1.3 released 0.5.3                none: ours keeps what its master has
// A1.3 util.is_connected             AConnectionThatThePeerEnded/Reset/SpokeOnIsNotLent, AFullSendBuffer... (C1-4)
// A1.4 test_backend_finding          none: see "backend by name"
// A1.4 test_size_on_isconnected_...  ANewConnectionThatIsDeadCountsAsAFailure
// A1.4 test_stop_reaper, test_del    TheReaperEndsWithItsPool
// A1.4 examples                      ManyWorkersDrainOneBarrelOfMessages
// C1-1 ... C1-21                     the tests that carry the number; C1-18 and C1-20 are of Python (old texts, old
//                                    interpreters) but for their units and their exit, C1-21 is of Hive
#include <carpool/evictions.hpp>
#include <carpool/lifetime_queue.hpp>
#include <carpool/tcp_connector.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
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
using carpool::FakeCounts;
using carpool::FakeServer;
using carpool::LifetimeQueue;
using carpool::LifoStack;
using carpool::MaxLifetime;
using carpool::SingleBackend;
using carpool::ThreadBackend;

using ThreadPool = FakePool<ThreadBackend>;
using ThreadTargetPool = FakeTargetPool<ThreadBackend>;

/// On threads and fibers.
template <class Backend>
struct Socketpool : testing::Test {
  using Pool = FakePool<Backend>;

  [[nodiscard]] bool open_soon(std::size_t wanted) {
    return eventually<Backend>([&] { return server.counts().open == wanted; });
  }

  FakeServer server;
};
TYPED_TEST_SUITE(Socketpool, IoBackends, BackendName);

// --- A1.1 ------------------------------------------------------------------------------------------------

TYPED_TEST(Socketpool, ThePoolOpensNothingWhenItIsMade) {  // A1.1 ctor
  const typename TestFixture::Pool pool(this->server.connector());
  EXPECT_EQ(this->server.counts().connects, 0u);
  EXPECT_EQ(pool.stats().size(), 0u);
  EXPECT_EQ(pool.options().max_size, 10u);
}

TYPED_TEST(Socketpool, NoMoreThanMaxIdleAreKept) {  // A1.1 max_size
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 5, .max_idle = 2});
  {
    std::vector<typename TestFixture::Pool::Lease> leases;
    for (int i = 0; i < 5; ++i) leases.push_back(pool.acquire());
    EXPECT_EQ(this->server.counts().open, 5u);
  }
  EXPECT_TRUE(closed_soon(pool, CloseReason::surplus, 3));
  EXPECT_EQ(pool.stats().idle, 2u);
  EXPECT_EQ(this->server.counts().open, 2u);
}

TYPED_TEST(Socketpool, AcquireGivesUpWhenItsTimeIsOver) {  // A1.1 timeout, C1-6
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1, .acquire_timeout = 20ms});
  const auto lease = pool.acquire();
  const auto time = time_of<TypeParam>([&] { EXPECT_THROW((void)pool.acquire(), AcquireTimeout); });
  EXPECT_LT(time, 5s);
}

TYPED_TEST(Socketpool, AConnectIsTriedAsOftenAsTold) {  // A1.1 retry_max, retry_delay
  this->server.other_connects(refuse("down"));
  typename TestFixture::Pool pool(this->server.connector(), {.connect_attempts = 4, .connect_backoff = short_backoff});
  const auto error = thrown<ConnectError>([&] { (void)pool.acquire(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->attempts(), 4u);
  EXPECT_EQ(this->server.counts().connects, 4u);
}

TEST(SocketpoolReaper, AConnectionTooOldIsNotLent) {  // A1.1 max_lifetime, looked at in get
  FakeServer server;
  const Verdicts verdicts;
  FakePool<SingleBackend, LifoStack, Verdicts> pool(server.connector(), {}, verdicts);
  const auto first = pool.acquire()->id();
  verdicts.condemn(1);
  EXPECT_NE(pool.acquire()->id(), first);
  EXPECT_EQ(server.counts().closed, 1u);
}

TEST(SocketpoolReaper, AConnectionTooOldIsNotTakenBack) {  // A1.1 max_lifetime, looked at in release_connection
  FakeServer server;
  const Verdicts verdicts;
  FakePool<SingleBackend, LifoStack, Verdicts> pool(server.connector(), {}, verdicts);
  auto lease = pool.acquire();
  verdicts.condemn_all();
  lease.release();
  EXPECT_EQ(server.counts().open, 0u);
  EXPECT_EQ(pool.stats().closed_for(CloseReason::expired), 1u);
}

TEST(SocketpoolReaper, AConnectionTooOldIsReapedByItself) {  // A1.1 max_lifetime, looked at by the reaper
  FakeServer server;
  FakePool<ThreadBackend, LifoStack, MaxLifetime> pool(server.connector(), {}, MaxLifetime(30ms));
  pool.acquire().release();
  EXPECT_TRUE(closed_soon(pool, CloseReason::expired, 1));
  EXPECT_TRUE(eventually<ThreadBackend>([&] { return server.counts().open == 0; }));
}

TYPED_TEST(Socketpool, TheLastCauseReachesTheCaller) {  // A1.1 errors
  this->server.next_connects({refuse("the first word"), refuse("the last word")});
  typename TestFixture::Pool pool(this->server.connector(), {.connect_attempts = 2, .connect_backoff = short_backoff});
  const auto error = thrown<ConnectError>([&] { (void)pool.acquire(); });
  ASSERT_TRUE(error);
  EXPECT_NE(std::string(error->what()).find("the last word"), std::string::npos);
  EXPECT_THROW(std::rethrow_exception(error->cause()), std::system_error);
}

TYPED_TEST(Socketpool, AFullPoolSaysSoInTime) {  // A1.1 errors: MaxConnectionsError, which is never raised there
  typename TestFixture::Pool pool(this->server.connector(), {.name = "barrel", .max_size = 1});
  const auto lease = pool.acquire();
  const auto error = thrown<AcquireTimeout>([&] { (void)pool.acquire_for(1ms); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->holders().size(), 1u);
  EXPECT_NE(std::string(error->what()).find("barrel"), std::string::npos);
}

TYPED_TEST(Socketpool, AConnectionThatComesBackIsLentAgain) {  // A1.1 release_connection, A1.3 release, C1-17
  typename TestFixture::Pool pool(this->server.connector());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(pool.acquire()->id(), 1u);
  EXPECT_EQ(this->server.counts().opened, 1u);
}

TYPED_TEST(Socketpool, AnUnfitOneIsNotTakenBack) {  // A1.1 release_connection
  typename TestFixture::Pool pool(this->server.connector());
  pool.acquire()->leave_a_reply_unread();
  EXPECT_TRUE(closed_soon(pool, CloseReason::dead, 1));
  EXPECT_EQ(pool.stats().idle, 0u);
  EXPECT_EQ(pool.acquire()->id(), 2u);
}

TYPED_TEST(Socketpool, WithConnectionLendsOneForTheCallAndTakesItBack) {  // A1.1 connection()
  typename TestFixture::Pool pool(this->server.connector());
  const auto in_use = pool.with_connection([&](auto& connection) {
    connection.use();
    return pool.stats().in_use;
  });
  EXPECT_EQ(in_use, 1u);
  EXPECT_EQ(pool.stats().idle, 1u);
}

TYPED_TEST(Socketpool, WhateverIsThrownTheConnectionLeavesItsBorrower) {  // A1.1 connection(): BaseException
  typename TestFixture::Pool pool(this->server.connector());
  EXPECT_THROW(pool.with_connection([](auto&) { throw 17; }), int);
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }));
  EXPECT_EQ(this->server.counts().open, 0u);
}

TYPED_TEST(Socketpool, TheIdleOnesAreCounted) {  // A1.1 size, alive, num_connections; socketpool issue 10
  const Verdicts verdicts;
  FakePool<TypeParam, LifoStack, Verdicts> pool(this->server.connector(), {}, verdicts);
  {
    const auto one = pool.acquire();
    const auto two = pool.acquire();
    EXPECT_EQ(pool.stats().idle, 0u);
    EXPECT_EQ(pool.stats().size(), 2u);
  }
  EXPECT_EQ(pool.stats().idle, 2u);
  verdicts.condemn(1);
  pool.reap();
  EXPECT_TRUE(this->open_soon(1));
  EXPECT_EQ(pool.stats().idle, 1u);
}

TYPED_TEST(Socketpool, ClearClosesTheIdleOnesOnlyAndThePoolGoesOn) {  // A1.1 release_all
  typename TestFixture::Pool pool(this->server.connector());
  auto lent = pool.acquire();
  {
    const auto another = pool.acquire();
  }
  EXPECT_EQ(pool.clear(), 1u);
  EXPECT_TRUE(this->open_soon(1));
  lent->use();
  lent.release();
  EXPECT_EQ(pool.stats().idle, 1u);
  EXPECT_EQ(pool.acquire()->id(), 1u);
}

/// Counts how often it was asked about each connection while it is on watch.
struct AskedOnce {
  std::shared_ptr<std::array<std::atomic<int>, 8>> asked = std::make_shared<std::array<std::atomic<int>, 8>>();
  bool expired(const carpool::Slot& slot, carpool::TimePoint) const {
    ++(*asked)[slot.id];
    return slot.id % 2 == 0;
  }
};

TEST(SocketpoolReaper, ReapLooksAtEachIdleConnectionOnce) {  // A1.1 murder_connections, C1-14
  FakeServer server;
  const AskedOnce eviction;
  FakePool<SingleBackend, LifetimeQueue, AskedOnce> pool(server.connector(), {.max_size = 5}, eviction);
  EXPECT_EQ(pool.prewarm(5, 5s), 5u);
  EXPECT_EQ(pool.reap(), 2u);  // 2 and 4, both behind a younger number
  for (std::size_t id = 1; id <= 5; ++id) EXPECT_EQ((*eviction.asked)[id], 1) << id;
  EXPECT_EQ(pool.stats().idle, 3u);
}

TYPED_TEST(Socketpool, TheLongestLivedGoesOutFirst) {  // A1.1 queue
  FakePool<TypeParam, LifetimeQueue> pool(this->server.connector());
  auto oldest = pool.acquire();
  auto middle = pool.acquire();
  auto youngest = pool.acquire();
  middle.release(), oldest.release(), youngest.release();
  const auto first = pool.acquire();
  const auto second = pool.acquire();
  EXPECT_EQ(first->id(), 1u);
  EXPECT_EQ(second->id(), 2u);
}

// --- A1.2 ------------------------------------------------------------------------------------------------

TYPED_TEST(Socketpool, TheFirstThatMatchesIsLentAndTheOthersStay) {  // A1.2 get
  FakeTargetPool<TypeParam, LifetimeQueue> pool(this->server.target_connector());
  const auto north = pool.acquire("north")->id();
  const auto south = pool.acquire("south")->id();
  EXPECT_EQ(pool.acquire("south")->id(), south);
  EXPECT_EQ(pool.acquire("north")->id(), north);
  EXPECT_EQ(pool.stats().idle, 2u);
}

TYPED_TEST(Socketpool, DeadIdleConnectionsAreSkippedAndClosed) {  // A1.2 get
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 3});
  {
    auto first = pool.acquire();  // not prewarmed: background workers that connect beside each other end in any order
    auto second = pool.acquire();
    auto third = pool.acquire();
    first.release(), second.release(), third.release();
  }
  this->server.kill(3), this->server.kill(2);
  EXPECT_EQ(pool.acquire()->id(), 1u);
  EXPECT_TRUE(this->open_soon(1));
  EXPECT_EQ(this->server.counts().connects, 3u);
}

TEST(SocketpoolGet, WhatIsReleasedMeanwhileIsTakenWhileAConnectFails) {  // A1.2 get: a fresh look after each failure
  FakeServer server;
  ThreadPool pool(server.connector(), {.max_size = 2, .connect_timeout = 60s});
  auto lent = pool.acquire();
  server.other_connects(held());
  {
    const std::jthread waiter([&] { EXPECT_EQ(pool.acquire()->id(), 1u); });
    ASSERT_TRUE(eventually<ThreadBackend>([&] { return server.counts().connecting == 1; }));
    lent.release();
  }
  server.let_through();
}

TYPED_TEST(Socketpool, ANewConnectionThatIsDeadCountsAsAFailure) {  // A1.2 get, A1.4 test_size_on_isconnected_failure
  this->server.other_connects(ok().dying_after_checks(0));
  typename TestFixture::Pool pool(this->server.connector(), {.connect_attempts = 3, .connect_backoff = short_backoff});
  const auto error = thrown<ConnectError>([&] { (void)pool.acquire(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->attempts(), 3u);
  EXPECT_EQ(pool.stats().size(), 0u);
  EXPECT_EQ(this->server.counts().open, 0u);  // also C1-12: new, never connected, and closed
}

// --- A1.3 ------------------------------------------------------------------------------------------------

TEST(SocketpoolConnector, EveryMethodOfAConnectorIsAsked) {  // A1.3 Connector
  FakeServer server;
  server.other_connects(ok().announcing(1h));
  server.judge_exceptions(carpool::Verdict::keep);
  ThreadTargetPool pool(server.target_connector());
  EXPECT_THROW(pool.with_connection("x", [](auto&) { throw std::runtime_error("mine"); }), std::runtime_error);
  EXPECT_EQ(pool.acquire("x")->id(), 1u);  // matches and handle_exception: kept
  EXPECT_GE(server.counts().checks, 2u);   // is_connected
  pool.close();                            // invalidate
  EXPECT_TRUE(eventually<ThreadBackend>([&] { return server.counts().invalidated == 1 && server.counts().open == 0; }));
}

TEST(SocketpoolConnector, ALifetimeThatTheConnectorKnowsIsKeptTo) {  // A1.3 Connector: get_lifetime
  FakeServer server;
  server.next_connects({ok().announcing(20ms)});
  ThreadPool pool(server.connector());
  pool.acquire().release();
  EXPECT_TRUE(closed_soon(pool, CloseReason::expired, 1));
  EXPECT_GT(pool.acquire()->id(), 1u);
}

TYPED_TEST(Socketpool, TheConnectorJudgesWhatWasThrown) {  // A1.3 handle_exception
  typename TestFixture::Pool pool(this->server.connector());
  const auto quarrel = [&] { pool.with_connection([](auto&) { throw std::logic_error("mine"); }); };
  this->server.judge_exceptions(carpool::Verdict::keep);
  EXPECT_THROW(quarrel(), std::logic_error);
  EXPECT_EQ(pool.acquire()->id(), 1u);
  this->server.judge_exceptions(carpool::Verdict::close);
  EXPECT_THROW(quarrel(), std::logic_error);
  EXPECT_EQ(pool.acquire()->id(), 2u);
}

/// Over real sockets, on threads and fibers.
template <class Backend>
struct SocketpoolTcp : testing::Test {
  using Pool = carpool::ConnectionPool<Backend, LifoStack, carpool::TcpConnector, carpool::NeverEvict>;

  /// One exchange, so that the server has accepted.
  int use(Pool& pool) {
    auto lease = pool.acquire();
    lease->write_all("hello\n");
    EXPECT_EQ(lease->read_until("\n"), "hello");
    return lease->native_handle();
  }
  /// The deed concerns the pool's idle connection. It comes some time after the peer has done it, to one connection
  /// after the other: when an elder and a younger one have seen it, it is there.
  template <class Deed>
  void ruin(Pool& pool, Deed deed) {
    Pool elder(connector), younger(connector);
    for (Pool* each : {&elder, &pool, &younger}) use(*each);
    const auto first = elder.acquire(), last = younger.acquire();
    deed();
    ASSERT_TRUE(eventually<Backend>([&] { return !first->is_connected() && !last->is_connected(); }));
  }
  [[nodiscard]] bool dead_is_found_out(Pool& pool) {
    return eventually<Backend>([&] {
      use(pool);
      return pool.stats().closed_for(CloseReason::dead) == 1;
    });
  }

  LoopbackServer server;
  carpool::TcpConnector connector{.host = "127.0.0.1", .port = server.port()};
};
TYPED_TEST_SUITE(SocketpoolTcp, IoBackends, BackendName);

TYPED_TEST(SocketpoolTcp, LinesAndBytesGoBothWays) {  // A1.3 TcpConnector API
  typename TestFixture::Pool pool(this->connector);
  auto lease = pool.acquire();
  lease->write_all("one\r\ntwo\r\nrest");
  EXPECT_EQ(lease->read_until("\r\n"), "one");
  EXPECT_EQ(lease->read_until("\r\n"), "two");
  EXPECT_EQ(lease->read_exactly(4), "rest");
}

TYPED_TEST(SocketpoolTcp, AConnectionThatThePeerEndedIsNotLent) {  // A1.3 is_connected L2, C1-4
  typename TestFixture::Pool pool(this->connector);
  this->ruin(pool, [this] { this->server.close_all(); });
  EXPECT_TRUE(this->dead_is_found_out(pool));
}

TYPED_TEST(SocketpoolTcp, AConnectionThatThePeerResetIsNotLent) {  // A1.3 is_connected L4, C1-4
  typename TestFixture::Pool pool(this->connector);
  this->ruin(pool, [this] { this->server.reset_all(); });
  EXPECT_TRUE(this->dead_is_found_out(pool));
}

TYPED_TEST(SocketpoolTcp, AConnectionThatThePeerSpokeOnIsNotLent) {  // A1.3 is_connected L8, C1-4
  typename TestFixture::Pool pool(this->connector);
  this->ruin(pool, [this] { this->server.send_all("unasked"); });
  EXPECT_TRUE(this->dead_is_found_out(pool));
}

TYPED_TEST(SocketpoolTcp, AFullSendBufferIsNoSignOfDeath) {  // A1.3 is_connected L5, C1-4
  typename TestFixture::Pool pool(this->connector);
  auto lease = pool.acquire();
  this->server.freeze();
  const std::string flood(1 << 24, 'x');
  EXPECT_THROW(lease->write_all(flood, TypeParam::now() + 50ms), std::system_error);
  EXPECT_TRUE(lease->is_connected());
  this->server.resume();
}

// --- A1.4 ------------------------------------------------------------------------------------------------

TYPED_TEST(SocketpoolTcp, ManyWorkersDrainOneBarrelOfMessages) {  // A1.4 examples: 4 threads, 20 messages, release_all
  typename TestFixture::Pool pool(this->connector, {.max_size = 4});
  std::atomic<int> left{100};
  const auto drain = [&] {
    while (left-- > 0) this->use(pool);
  };
  std::vector<decltype(TypeParam::spawn(drain))> workers;
  for (int i = 0; i < 50; ++i) workers.push_back(TypeParam::spawn(drain));
  for (auto& worker : workers) worker.join();
  EXPECT_LE(this->server.accepted(), 4u);
  EXPECT_GE(pool.clear(), 1u);
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.open() == 0; }));
}

TEST(SocketpoolReaper, TheReaperEndsWithItsPool) {  // A1.4 test_stop_reaper_thread, test_del; C1-11, issue 27
  FakeServer server;
  const std::size_t before = threads_now();
  for (int i = 0; i < 20; ++i) {
    ThreadPool pool(server.connector());
    pool.acquire()->use();
    EXPECT_GT(threads_now(), before);
  }
  EXPECT_TRUE(
      eventually<ThreadBackend>([&] { return threads_now() == before; }));  // a joined thread's entry may linger
  EXPECT_EQ(server.counts().open, 0u);
}

TYPED_TEST(Socketpool, TheReaperLeavesAtOnce) {  // A1.1 thread reaper (there: up to reap_delay), gevent reaper; C1-11
  auto pool = std::make_unique<typename TestFixture::Pool>(this->server.connector());
  pool->acquire()->use();
  EXPECT_LT(time_of<TypeParam>([&] { pool.reset(); }), 10s);  // it would have slept for two minutes
  EXPECT_EQ(this->server.counts().open, 0u);
}

// --- C1 --------------------------------------------------------------------------------------------------

TEST(SocketpoolBugs, AFailedAcquireForOneTargetDoesNotMultiplyTheConnectionsOfAnother) {  // C1-1
  FakeServer server;
  ThreadTargetPool pool(server.target_connector(), {.connect_attempts = 3, .connect_backoff = short_backoff});
  {
    const auto north = pool.acquire("north");
  }
  server.other_connects("south", refuse("down"));
  EXPECT_THROW((void)pool.acquire("south"), ConnectError);
  EXPECT_EQ(pool.stats().idle, 1u);
  const auto one = pool.acquire("north");
  const auto two = pool.acquire("north");
  EXPECT_NE(one->id(), two->id());
}

TYPED_TEST(Socketpool, ADoubleReleaseIsNothing) {  // C1-2
  using Lease = typename TestFixture::Pool::Lease;
  static_assert(!std::is_copy_constructible_v<Lease> && !std::is_copy_assignable_v<Lease>);
  typename TestFixture::Pool pool(this->server.connector());
  {
    auto lease = pool.acquire();
    lease.release();
    lease.release();
    lease.discard();
    EXPECT_FALSE(lease);
  }
  EXPECT_EQ(pool.stats().idle, 1u);
  const auto one = pool.acquire();
  const auto two = pool.acquire();
  EXPECT_NE(one->id(), two->id());
}

TYPED_TEST(Socketpool, AnExceptionOfTheBorrowerReachesItsCallerAndTheConnectionIsClosed) {  // C1-3
  typename TestFixture::Pool pool(this->server.connector());
  EXPECT_THROW(pool.with_connection([](auto&) { throw std::out_of_range("mine"); }), std::out_of_range);
  EXPECT_TRUE(closed_soon(pool, CloseReason::discarded, 1));
  EXPECT_EQ(this->server.counts().open, 0u);
}

TEST(SocketpoolBugs, FiftyCallersOpenNoMoreThanMaxSize) {  // C1-5
  FakeServer server;
  ThreadPool pool(server.connector(), {.max_size = 2});
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 50; ++i) callers.emplace_back([&] { pool.acquire()->use(100us); });
  }
  EXPECT_LE(server.counts().peak_size, 2u);
  EXPECT_EQ(server.counts().overlapping_uses, 0u);
}

TEST(SocketpoolBugs, AWaiterWakesOnARelease) {  // C1-6: there it sleeps for the whole retry_delay
  FakeServer server;
  ThreadPool pool(server.connector(), {.max_size = 1, .connect_backoff = {.initial = 60s, .max = 60s}});
  auto lent = pool.acquire();
  const std::jthread waiter([&] { EXPECT_LT(time_of<ThreadBackend>([&] { pool.acquire().release(); }), 20s); });
  ASSERT_TRUE(eventually<ThreadBackend>([&] { return pool.stats().waiting == 1; }));
  lent.release();
}

TYPED_TEST(Socketpool, ThereIsNoSleepAfterTheLastTry) {  // C1-6, A1.1 retry_delay
  this->server.other_connects(refuse("down"));
  typename TestFixture::Pool pool(this->server.connector(),
                                  {.connect_attempts = 1, .connect_backoff = {.initial = 20s, .max = 20s}});
  EXPECT_LT(time_of<TypeParam>([&] { EXPECT_THROW((void)pool.acquire(), ConnectError); }), 10s);
}

TYPED_TEST(Socketpool, IdleConnectionsAreLentWhateverTheConnectsDo) {  // C1-6: retry_max=0 never looks at them
  typename TestFixture::Pool pool(this->server.connector(),
                                  {.connect_attempts = 1, .connect_backoff = {.initial = 20s, .max = 20s}});
  auto lent = pool.acquire();
  this->server.other_connects(refuse("down"));
  EXPECT_THROW((void)pool.acquire(), ConnectError);
  lent.release();
  EXPECT_EQ(pool.acquire()->id(), 1u);
}

TYPED_TEST(Socketpool, WhatTheCallAsksForIsWhatItGets) {  // C1-7
  FakeTargetPool<TypeParam> pool(this->server.target_connector());
  EXPECT_EQ(pool.acquire("call")->target(), "call");
  EXPECT_EQ(pool.acquire_for("another call", 5s)->target(), "another call");
}

TYPED_TEST(Socketpool, AReleaseAfterTheEndClosesAndDoesNotThrow) {  // C1-8, C1-10
  typename TestFixture::Pool pool(this->server.connector());
  auto lent = pool.acquire();
  pool.close();
  pool.close();
  static_assert(noexcept(lent.release()));
  lent.release();
  EXPECT_TRUE(this->open_soon(0));
}

TEST(SocketpoolBugs, AnExceptionOfTheConnectorDoesNotEndTheReaper) {  // C1-9
  FakeServer server;
  ThreadPool pool(server.connector(), {.max_size = 2, .keepalive_time = 5ms});
  server.throw_from(carpool::FakeMethod::ping, 1);
  EXPECT_GE(pool.prewarm(2, 5s), 1u);  // the other may be out, being pinged
  EXPECT_TRUE(eventually<ThreadBackend>([&] { return server.counts().closed >= 1; }));
  EXPECT_GE(pool.prewarm(1, 5s), 1u);
  const std::size_t pings = server.counts().pings;
  EXPECT_TRUE(eventually<ThreadBackend>([&] { return server.counts().pings > pings + 2; }));
}

/// Throws when it is asked about one connection.
struct Choking {
  bool expired(const carpool::Slot& slot, carpool::TimePoint) const {
    if (slot.id == 1) throw std::runtime_error("choked");
    return slot.id == 2;
  }
};

TEST(SocketpoolBugs, AnExceptionOfTheEvictionClosesThatConnectionAndTheRoundGoesOn) {  // C1-9
  FakeServer server;
  FakePool<SingleBackend, carpool::LifoStack, Choking> pool(server.connector(), {.max_size = 3});
  EXPECT_EQ(pool.prewarm(3, 5s), 3u);
  EXPECT_EQ(pool.reap(), 2u);
  EXPECT_EQ(server.counts().open, 1u);
}

TYPED_TEST(Socketpool, AWaitingPoolThatEvictsNothingCanBeClosedLikeAnyOther) {  // C1-10
  typename TestFixture::Pool pool(this->server.connector(), {.keepalive_time = carpool::forever});
  EXPECT_NO_THROW(pool.close());
  EXPECT_THROW((void)pool.acquire(), carpool::PoolClosed);
}

TYPED_TEST(Socketpool, ADeadConnectionIsClosedLikeAnyOther) {  // C1-12, A1.1 _reap_connection
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 3});
  EXPECT_EQ(pool.prewarm(3, 5s), 3u);
  this->server.kill_all();
  EXPECT_EQ(pool.acquire()->id(), 4u);
  EXPECT_TRUE(this->open_soon(1));
  EXPECT_EQ(this->server.counts().closed, 3u);
  EXPECT_EQ(this->server.counts().goodbyes_to_dead, 0u);
}

/// Holds up whoever asks it on the thread that says so, until it is let go.
struct Pensive {
  static inline thread_local bool this_thread_ponders = false;
  std::shared_ptr<std::atomic<int>> stage = std::make_shared<std::atomic<int>>(0);  // 1: pondering, 2: may go on
  bool expired(const carpool::Slot&, carpool::TimePoint) const {
    if (!this_thread_ponders) return false;
    int before = 0;
    stage->compare_exchange_strong(before, 1);
    return eventually<ThreadBackend>([&] { return *stage == 2; }) ? false : (ADD_FAILURE() << "nobody came", false);
  }
};

TEST(SocketpoolBugs, WhileTheReaperPondersTheIdleConnectionsCanBeHad) {  // C1-13
  FakeServer server;
  const Pensive eviction;
  FakePool<ThreadBackend, carpool::LifoStack, Pensive> pool(server.connector(), {.max_size = 2}, eviction);
  EXPECT_EQ(pool.prewarm(2, 5s), 2u);
  const std::jthread reaper([&] {
    Pensive::this_thread_ponders = true;
    pool.reap();
  });
  ASSERT_TRUE(eventually<ThreadBackend>([&] { return *eviction.stage == 1; }));
  {
    const auto one = pool.acquire();
    const auto two = pool.acquire();
  }
  *eviction.stage = 2;
  EXPECT_EQ(server.counts().connects, 2u);
  EXPECT_LE(pool.stats().idle, 2u);
}

TEST(SocketpoolBugs, ConnectionsBornAtOneInstantAreLentInTheOrderOfTheirNumbers) {  // C1-15
  LifetimeQueue queue;
  std::array<carpool::Slot, 3> slots;
  for (std::uint64_t i = 0; i < 3; ++i) slots[i].id = i + 1;
  for (const std::size_t i : {2u, 0u, 1u}) queue.push(slots[i]);
  EXPECT_EQ(queue.pop(), &slots[0]);
  EXPECT_EQ(queue.pop(), &slots[1]);
  EXPECT_EQ(queue.pop(), &slots[2]);
}

TEST(SocketpoolBugs, ConnectionsMadeTogetherDoNotExpireTogetherNorBeforeTheirTime) {  // C1-16, A1.3 "jiggle"
  const carpool::Jittered<MaxLifetime> eviction(MaxLifetime(8s));
  carpool::Slot eager, lazy;
  eager.jitter = 0.999;
  EXPECT_LT(eviction.due(eager), eviction.due(lazy));
  EXPECT_GE(eviction.due(eager) - eager.born, 6s);  // a quarter at most, however short the life; there: 10 s
  EXPECT_EQ(eviction.due(lazy) - lazy.born, 8s);
}

TEST(SocketpoolBugs, ALengthOfTimeHasAUnit) {  // C1-18: documented in milliseconds, meant in seconds
  static_assert(!std::is_constructible_v<MaxLifetime, int>);
  static_assert(!std::is_convertible_v<double, carpool::Duration>);
  EXPECT_EQ(MaxLifetime(1min).length(), 60'000ms);
}

TEST(SocketpoolBugs, AConnectIsBoundedInTime) {  // C1-19
  FakeServer server;
  server.other_connects(hang());
  ThreadPool pool(server.connector(), {.connect_timeout = 20ms, .connect_attempts = 1});
  EXPECT_LT(time_of<ThreadBackend>([&] { EXPECT_THROW((void)pool.acquire(), ConnectError); }), 10s);
}

TEST(SocketpoolBugs, SixIsAsGoodAsFour) {  // C1-19: IPv4 only, and send() may stop short
  LoopbackServer server("::1");
  carpool::ConnectionPool<ThreadBackend, LifoStack, carpool::TcpConnector> pool({.host = "::1", .port = server.port()});
  auto lease = pool.acquire();
  const std::string much(3'000'000, 'x');
  std::jthread writer([&] { lease->write_all(much); });
  EXPECT_TRUE(eventually<ThreadBackend>([&] { return server.bytes_received() == much.size(); }));
}

/// A target with everything that makes two connections differ.
struct Account {
  std::string host, user;
  bool operator==(const Account&) const = default;
};
struct AccountConnector {
  using Target = Account;
  struct Connection {
    Account account;
  };
  Connection connect(const Account& account, carpool::TimePoint) const { return {account}; }
  bool is_connected(const Connection&) const noexcept { return true; }
  bool matches(const Connection& connection, const Account& account) const { return connection.account == account; }
};

TEST(SocketpoolBugs, AConnectionOfAnotherUserDoesNotMatch) {  // C1-19, C1-21: host and port are not all
  carpool::ConnectionPool<ThreadBackend, LifoStack, AccountConnector> pool({});
  {
    const auto hers = pool.acquire({"host", "ann"});
  }
  EXPECT_EQ(pool.acquire({"host", "bob"})->account.user, "bob");
  EXPECT_EQ(pool.stats().idle, 2u);
}

TEST(SocketpoolBugsDeathTest, APoolThatLivesToTheVeryEndOfTheProgramEndsWell) {  // C1-20, issues 31 and 32
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto program = [] {
    static FakeServer server;
    static ThreadPool pool(server.connector(), {.keepalive_time = 1ms});
    pool.prewarm(3, 5s);
    std::exit(0);
  };
  EXPECT_EXIT(program(), testing::ExitedWithCode(0), "");
}

}  // namespace

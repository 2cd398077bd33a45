/// What the connection pools of redis-py do and our design keeps, and what they do wrong and ours does not.
//
// Row of redis-py                    Test here, or why there is none (SP: in socketpool_behaviour_test.cpp)
// A2 ConnectionPool()                ABadSizeIsRefusedByName; SP ThePoolOpensNothingWhenItIsMade
// A2 state                           TheLastGivenBackGoesOutFirst
// A2 get_connection                  TwoAtOnceAreTwo
// A2 make_connection                 TheLimitIsKeptAndTold, AFailedConnectEatsNoPlace (C2-6)
// A2 release                         SP ADoubleReleaseIsNothing; what is not a lease cannot be given back
// A2 disconnect                      RetiredConnectionsInUseStayWithTheirUsers
// A2 lazy connect                    none: what our pool lends is connected
// A2 _checkpid, reset                integration/fork_test.cpp
// A2 Connection.connect, on_connect  AHandshakeThatFailsClosesTheConnection
// A2 _connect                        EveryAddressOfAHostIsTried
// A2 Connection.disconnect           NoDescriptorIsLeftBehind (C2-12)
// A2 send and read failure           AConnectionThatFailedWithinAnExchangeIsNotLentAgain
// A2 execute_command                 none: the pool repeats nobody's command; ACommandIsNotRepeated (C2-14)
// A2 can_read                        ADescriptorBeyondTheReachOfSelectIsLookedAtToo
// A2 BlockingConnectionPool          AcquireWaitsUntilItsTime, AcquireWaitsUntilARelease, ThePoolGrowsOnlyOnDemand
// A2 Blocking release                as release
// A2 SSL, Unix                       APoolOverAUnixSocket; TLS has its own connector
// A2 from_url, __repr__              none: a connector is an aggregate; its pool's name stands in every message
// A2 pipeline, single connection     ALeaseIsOneConnectionUntilItEnds
// A2 pubsub, Sentinel, credentials   none: matters of a protocol, not of the pool
// 3.4 real lock                      WhileAConnectIsInFlightNothingElseWaits, ConnectsGoOnSideBySide
// 3.2 healthy on checkout            SP DeadIdleConnectionsAreSkippedAndClosed and the three of is_connected
// 8.1 liveness primitive             ADescriptorBeyondTheReachOfSelect..., TheLookNeedsNoDescriptor,
// WordsAndThenTheEnd... 3.2 fork safety                    integration/fork_test.cpp 6.0 foreign and double release as
// release 8.1 max_connections                TheDefaultsAreFinite, TheLimitIsKeptAndTold 4.x retry, backoff, connect
// loop   TheWaitsBetweenTriesGrow, WrongCredentialsAreNotTriedAgain 3.3 health_check_interval
// ALongIdleConnectionIsAskedBeforeItIsLent 3.5 disconnect(inuse=False)        SP
// ClearClosesTheIdleOnesOnlyAndThePoolGoesOn 8.1 close, with pool               none: close() is final, and the
// destructor says it 5.0 from_pool                      none: a pool has one owner, like any object 7.x
// should_reconnect               RetiredConnectionsInUseStayWithTheirUsers 5.3 events WhoWatchesMayAskThePool; the set
// is fixed when the pool's type is 7.x get_connection_count           SP TheIdleOnesAreCounted 8.0 repr redaction none:
// no message of the pool prints a connector 4.5 cancellation                   AnAnswerNeverReachesTheNextUser (C2-3)
// C2-1 ... C2-18                     the tests that carry the number; C2-1 and C2-16 in integration/fork_test.cpp,
//                                    C2-2 is SP ADoubleReleaseIsNothing
#include <carpool/evictions.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/unix_connector.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

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
using carpool::FakeServer;
using carpool::LifoStack;
using carpool::ThreadBackend;

using ThreadPool = FakePool<ThreadBackend>;

template <class Backend>
struct RedisPy : testing::Test {
  using Pool = FakePool<Backend>;
  FakeServer server;
};
TYPED_TEST_SUITE(RedisPy, IoBackends, BackendName);

// --- A2: ConnectionPool ----------------------------------------------------------------------------------

TEST(RedisPyPool, ABadSizeIsRefusedByName) {  // A2 ConnectionPool(), C2-17: 0 is no "unlimited"
  FakeServer server;
  const auto error =
      thrown<std::invalid_argument>([&] { ThreadPool(server.connector(), {.name = "p", .max_size = 0}); });
  ASSERT_TRUE(error);
  EXPECT_STREQ(error->what(), "carpool 'p': max_size must be at least 1, not 0");
}

TYPED_TEST(RedisPy, TheLastGivenBackGoesOutFirst) {  // A2 state
  typename TestFixture::Pool pool(this->server.connector());
  auto one = pool.acquire();
  auto two = pool.acquire();
  auto three = pool.acquire();
  one.release(), three.release(), two.release();
  EXPECT_EQ(pool.acquire()->id(), 2u);
  const auto last = pool.acquire();
  EXPECT_EQ(pool.acquire()->id(), 3u);
}

TYPED_TEST(RedisPy, TwoAtOnceAreTwo) {  // A2 get_connection
  typename TestFixture::Pool pool(this->server.connector());
  const auto one = pool.acquire();
  const auto two = pool.acquire();
  EXPECT_NE(one->id(), two->id());
}

TYPED_TEST(RedisPy, TheLimitIsKeptAndTold) {  // A2 make_connection, 8.1 max_connections
  static_assert(!std::is_base_of_v<ConnectError, AcquireTimeout>, "a full pool says nothing against the server");
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 2});
  const auto one = pool.acquire();
  const auto two = pool.acquire();
  EXPECT_FALSE(pool.try_acquire());
  EXPECT_THROW((void)pool.acquire_for(0s), AcquireTimeout);
  EXPECT_EQ(this->server.counts().connects, 2u);
}

TYPED_TEST(RedisPy, RetiredConnectionsInUseStayWithTheirUsers) {  // A2 disconnect, 7.x should_reconnect, C2-11
  typename TestFixture::Pool pool(this->server.connector());
  auto lent = pool.acquire();
  {
    const auto idle = pool.acquire();
  }
  pool.retire_all();
  EXPECT_TRUE(closed_soon(pool, CloseReason::retired, 1));
  EXPECT_NO_THROW(lent->use());
  lent.release();
  EXPECT_TRUE(closed_soon(pool, CloseReason::retired, 2));
  EXPECT_EQ(pool.acquire()->id(), 3u);
}

/// Connects, and then fails in its handshake.
struct Shy {
  struct Connection {
    std::shared_ptr<int> socket;
  };
  std::shared_ptr<int> socket = std::make_shared<int>();

  Connection connect(carpool::TimePoint) const {
    const Connection half_made{socket};
    throw std::runtime_error("LOADING");
  }
  bool is_connected(const Connection&) const noexcept { return true; }
};

TYPED_TEST(RedisPy, AHandshakeThatFailsClosesTheConnection) {  // A2 Connection.connect; test_on_connect_error
  const Shy connector;
  carpool::ConnectionPool<TypeParam, LifoStack, Shy> pool(connector, {.connect_backoff = short_backoff});
  const auto error = thrown<ConnectError>([&] { (void)pool.acquire(); });
  ASSERT_TRUE(error);
  EXPECT_NE(std::string(error->what()).find("LOADING"), std::string::npos);
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }));
  EXPECT_EQ(connector.socket.use_count(), 2) << "ours and the pool's copy of the connector";
}

TYPED_TEST(RedisPy, ALeaseIsOneConnectionUntilItEnds) {  // A2 pipeline, 3.3 single connection client
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 2});
  const auto pinned = pool.acquire();
  for (int i = 0; i < 10; ++i) {
    pinned->use();
    EXPECT_EQ(pool.acquire()->id(), 2u);
  }
  EXPECT_EQ(pinned->id(), 1u);
  EXPECT_EQ(this->server.counts().overlapping_uses, 0u);
}

// --- A2: BlockingConnectionPool --------------------------------------------------------------------------

TEST(RedisPyBlocking, AcquireWaitsUntilItsTime) {  // test_connection_pool_blocks_until_timeout
  FakeServer server;
  ThreadPool pool(server.connector(), {.max_size = 1});
  const auto lent = pool.acquire();
  const auto time = time_of<ThreadBackend>([&] { EXPECT_THROW((void)pool.acquire_for(50ms), AcquireTimeout); });
  EXPECT_GE(time, 50ms);
}

TEST(RedisPyBlocking, AcquireWaitsUntilARelease) {  // the test that lacked its name (C-T1); also timeout=None
  FakeServer server;
  ThreadPool pool(server.connector(), {.max_size = 1});
  auto lent = pool.acquire();
  std::atomic<bool> released = false;
  const std::jthread waiter([&] {
    EXPECT_EQ(pool.acquire_for(carpool::forever)->id(), 1u);
    EXPECT_TRUE(released);
  });
  ASSERT_TRUE(eventually<ThreadBackend>([&] { return pool.stats().waiting == 1; }));
  released = true;
  lent.release();
}

TYPED_TEST(RedisPy, ThePoolGrowsOnlyOnDemand) {  // A2 BlockingConnectionPool: live handles before new ones
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 50});
  for (int i = 0; i < 100; ++i) pool.acquire()->use();
  {
    const auto one = pool.acquire(), two = pool.acquire();
  }
  for (int i = 0; i < 100; ++i) pool.acquire()->use();
  EXPECT_EQ(this->server.counts().opened, 2u);
}

// --- 3.x to today ----------------------------------------------------------------------------------------

TEST(RedisPyLock, WhileAConnectIsInFlightNothingElseWaits) {  // 3.4; test_lock_not_held_during_connection_establishment
  FakeServer server;
  server.next_connects({ok(), ok(), held()});
  ThreadPool pool(server.connector(), {.max_size = 3, .connect_timeout = 60s});
  EXPECT_EQ(pool.prewarm(2, 5s), 2u);
  auto one = pool.acquire();
  auto two = pool.acquire();
  const std::jthread waiter([&] { pool.acquire().release(); });
  ASSERT_TRUE(eventually<ThreadBackend>([&] { return server.counts().connecting == 1; }));
  const auto time = time_of<ThreadBackend>([&] {
    EXPECT_EQ(pool.stats().connecting, 1u);
    one.release();
    pool.acquire().release();
    pool.reap();
  });
  EXPECT_LT(time, 20s);
  server.let_through();
}

TEST(RedisPyLock, ConnectsGoOnSideBySide) {  // 3.4; test_concurrent_connection_acquisition_performance
  FakeServer server;
  server.other_connects(held());
  ThreadPool pool(server.connector(), {.max_size = 8, .max_connecting = 4});
  std::vector<std::jthread> callers;
  for (int i = 0; i < 8; ++i) callers.emplace_back([&] { pool.acquire()->use(); });
  EXPECT_TRUE(eventually<ThreadBackend>([&] { return server.counts().connecting == 4; }));
  server.let_through(100);
  callers.clear();
  EXPECT_EQ(server.counts().peak_connecting, 4u);
}

TEST(RedisPyDefaults, TheDefaultsAreFinite) {  // 8.1 max_connections, C2-13
  const carpool::PoolOptions options;
  EXPECT_EQ(options.max_size, 10u);
  for (const auto limit : {options.acquire_timeout, options.connect_timeout, options.close_timeout,
                           options.validation_timeout, carpool::TcpConnector().io_timeout}) {
    EXPECT_GT(limit, 0s);
    EXPECT_LE(limit, 1min);
  }
  EXPECT_TRUE(carpool::TcpConnector().keepalive);
}

/// Notes when it was called, and fails.
struct Diary {
  struct Connection {};
  std::shared_ptr<std::vector<carpool::TimePoint>> calls = std::make_shared<std::vector<carpool::TimePoint>>();

  Connection connect(carpool::TimePoint) const {
    calls->push_back(ThreadBackend::now());
    throw std::runtime_error("down");
  }
  bool is_connected(const Connection&) const noexcept { return true; }
};

TEST(RedisPyRetry, TheWaitsBetweenTriesGrow) {  // 4.x retry: equal jitter, min/2 + U(0, min/2)
  const Diary diary;
  carpool::ConnectionPool<ThreadBackend, LifoStack, Diary> pool(
      diary, {.max_connecting = 1, .connect_attempts = 4, .connect_backoff = {.initial = 20ms, .max = 40ms}});
  EXPECT_THROW((void)pool.acquire(), ConnectError);
  const auto& calls = *diary.calls;
  ASSERT_EQ(calls.size(), 4u);
  EXPECT_GE(calls[1] - calls[0], 10ms);
  EXPECT_GE(calls[2] - calls[1], 20ms);
  EXPECT_GE(calls[3] - calls[2], 20ms);
}

TYPED_TEST(RedisPy, WrongCredentialsAreNotTriedAgain) {  // 4.x retry: errors that are not listed propagate at once
  this->server.other_connects(refuse_credentials("WRONGPASS"));
  typename TestFixture::Pool pool(this->server.connector(), {.connect_attempts = 5, .connect_backoff = short_backoff});
  const auto error = thrown<ConnectError>([&] { (void)pool.acquire(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), carpool::PoolErrc::authentication_failed);
  EXPECT_EQ(error->attempts(), 1u);
  EXPECT_EQ(this->server.counts().connects, 1u);
}

TYPED_TEST(RedisPy, ALongIdleConnectionIsAskedBeforeItIsLent) {  // 3.3 health_check_interval
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1, .validation_bypass_window = 50ms});
  pool.acquire().release();
  pool.acquire().release();
  const std::size_t at_once = this->server.counts().pings;
  TypeParam::sleep_until(TypeParam::now() + 80ms);
  pool.acquire().release();
  EXPECT_GT(this->server.counts().pings, at_once);
  EXPECT_EQ(this->server.counts().opened, 1u);
}

/// Asks the pool whenever it is told something, which would never end if it were told under the pool's lock.
struct Inquisitive {
  struct Questions {
    std::function<void()> ask;
    std::atomic<int> asked = 0;
  };
  std::shared_ptr<Questions> questions = std::make_shared<Questions>();

  void acquired(std::uint64_t, carpool::Duration) noexcept { ask(); }
  void released(std::uint64_t, carpool::Duration) noexcept { ask(); }
  void connection_created(std::uint64_t) noexcept { ask(); }
  void connection_ready(std::uint64_t, carpool::Duration) noexcept { ask(); }
  void connection_closed(std::uint64_t, CloseReason) noexcept { ask(); }
  void ask() noexcept {
    if (questions->ask) questions->ask(), ++questions->asked;
  }
};

TYPED_TEST(RedisPy, WhoWatchesMayAskThePool) {  // 5.3 events, C2-5, C2-15: hooks under the lock
  const Inquisitive observer;
  FakePool<TypeParam, LifoStack, carpool::NeverEvict, Inquisitive> pool(this->server.connector(), {}, {}, observer);
  observer.questions->ask = [&] { (void)pool.stats(); };
  pool.acquire().discard();
  EXPECT_TRUE(eventually<TypeParam>([&] { return observer.questions->asked == 5; }));
}

// --- sockets ---------------------------------------------------------------------------------------------

template <class Backend>
struct RedisPyTcp : testing::Test {
  using Pool = carpool::ConnectionPool<Backend, LifoStack, carpool::TcpConnector, carpool::NeverEvict>;

  void echo(Pool& pool, const std::string& word) {
    auto lease = pool.acquire();
    lease->write_all(word + '\n');
    EXPECT_EQ(lease->read_until("\n"), word);
  }
  /// The deed concerns the pool's idle connection. It comes some time after the peer has done it, to one connection
  /// after the other: when an elder and a younger one have seen it, it is there.
  template <class Deed>
  void ruin(Pool& pool, Deed deed) {
    Pool elder(connector), younger(connector);
    for (Pool* each : {&elder, &pool, &younger}) echo(*each, "hello");
    const auto first = elder.acquire(), last = younger.acquire();
    deed();
    ASSERT_TRUE(eventually<Backend>([&] { return !first->is_connected() && !last->is_connected(); }));
  }

  LoopbackServer server;
  carpool::TcpConnector connector{.host = "127.0.0.1", .port = server.port()};
};
TYPED_TEST_SUITE(RedisPyTcp, IoBackends, BackendName);

TYPED_TEST(RedisPyTcp, EveryAddressOfAHostIsTried) {  // A2 _connect: localhost may begin with ::1, where nobody listens
  this->connector.host = "localhost";
  typename TestFixture::Pool pool(this->connector);
  this->echo(pool, "found");
}

TYPED_TEST(RedisPyTcp, NoDescriptorIsLeftBehind) {  // A2 Connection.disconnect, C2-12
  {
    typename TestFixture::Pool(this->connector).acquire().release();
  }  // the backend may keep one of its own
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.accepted() == 1 && this->server.open() == 0; }));
  const std::size_t before = open_descriptors();
  {
    typename TestFixture::Pool pool(this->connector, {.max_size = 3});
    const auto one = pool.acquire(), two = pool.acquire();
    this->echo(pool, "hello");
    this->server.reset_all();  // shutdown(2) would fail now
  }
  EXPECT_TRUE(
      eventually<TypeParam>([&] { return open_descriptors() <= before; }));  // the server may still have had one
}

TYPED_TEST(RedisPyTcp, AConnectionThatFailedWithinAnExchangeIsNotLentAgain) {  // A2 send and read failure
  typename TestFixture::Pool pool(this->connector);
  this->server.reply_with({.answer = "half an answer\n", .cut_after = 4});
  {
    auto lease = pool.acquire();
    lease->write_all("question\n");
    EXPECT_THROW((void)lease->read_until("\n"), std::system_error);
  }
  this->server.reply_with({});
  this->echo(pool, "whole");
  EXPECT_TRUE(closed_soon(pool, CloseReason::dead, 1));
}

TYPED_TEST(RedisPyTcp, AnAnswerNeverReachesTheNextUser) {  // 4.5 cancellation; C2-3
  typename TestFixture::Pool pool(this->connector, {.max_size = 1});
  this->server.reply_with({.delay = 30ms});
  {
    auto lease = pool.acquire();
    lease->write_all("my secret\n");
    EXPECT_THROW((void)lease->read_until("\n", 100, TypeParam::now() + 1ms), std::system_error);
  }
  {
    auto lease = pool.acquire();  // its user sees to it that nobody reads the answer
    lease->write_all("my other secret\n");
  }
  this->echo(pool, "question");
  EXPECT_TRUE(closed_soon(pool, CloseReason::dead, 2));
}

TYPED_TEST(RedisPyTcp, WordsAndThenTheEndAreBothFoundOut) {  // 8.1 liveness: data then FIN
  typename TestFixture::Pool pool(this->connector);
  this->ruin(pool, [this] { this->server.send_all("goodbye\n"), this->server.close_all(); });
  this->echo(pool, "hello again");
  EXPECT_TRUE(closed_soon(pool, CloseReason::dead, 1));
}

/// Takes descriptors until the next one has at least this number; gives them back.
class Descriptors {
 public:
  explicit Descriptors(int beyond) {
    for (int taken = -1; taken < beyond; taken = held_.back()) {
      held_.push_back(::dup(STDERR_FILENO));
      if (held_.back() < 0) break;
    }
  }
  Descriptors(const Descriptors&) = delete;
  Descriptors& operator=(const Descriptors&) = delete;
  ~Descriptors() {
    for (const int descriptor : held_) ::close(descriptor);
  }

 private:
  std::vector<int> held_;
};

/// Another limit of descriptors while it lives; false where the system forbids it.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t limit) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit now{limit, before_.rlim_max};
    holds_ = ::setrlimit(RLIMIT_NOFILE, &now) == 0;
  }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  [[nodiscard]] explicit operator bool() const noexcept { return holds_; }

 private:
  rlimit before_{};
  bool holds_ = false;
};

TYPED_TEST(RedisPyTcp, ADescriptorBeyondTheReachOfSelectIsLookedAtToo) {  // A2 can_read; 8.1 liveness; C2-18
  const DescriptorLimit plenty(2048);
  if (!plenty) GTEST_SKIP() << "this system allows too few descriptors";
  typename TestFixture::Pool pool(this->connector);
  const Descriptors many(1100);
  ASSERT_GT(pool.acquire()->native_handle(), 1024);
  this->ruin(pool, [this] { this->server.close_all(); });
  this->echo(pool, "hello again");
  EXPECT_TRUE(closed_soon(pool, CloseReason::dead, 1));
}

TYPED_TEST(RedisPyTcp, TheLookNeedsNoDescriptor) {  // 8.1 liveness: under EMFILE
  typename TestFixture::Pool pool(this->connector);
  this->echo(pool, "hello");
  auto lease = pool.acquire();
  const DescriptorLimit scarcity(256);
  const Descriptors all(1024);
  EXPECT_TRUE(lease->is_connected());
  lease.release();
  EXPECT_NO_THROW(this->echo(pool, "hello again"));
}

TYPED_TEST(RedisPyTcp, APoolOverAUnixSocket) {  // A2 UnixDomainSocketConnection
  const std::string path = "@carpool-redis-py-behaviour-" + std::to_string(::getpid());
  LoopbackServer unix_server(LoopbackServer::Address::unix_path(path));
  carpool::ConnectionPool<TypeParam, LifoStack, carpool::UnixConnector> pool({.path = path});
  for (int i = 0; i < 3; ++i) {
    auto lease = pool.acquire();
    lease->write_all("hello\n");
    EXPECT_EQ(lease->read_until("\n"), "hello");
  }
  EXPECT_EQ(unix_server.accepted(), 1u);
}

// --- C2 --------------------------------------------------------------------------------------------------

TEST(RedisPyBugs, AWaiterHoldsNothingThatTheReleaserNeeds) {  // C2-4: there the release takes 0.9 s
  FakeServer server;
  ThreadPool pool(server.connector(), {.max_size = 1});
  auto lent = pool.acquire();
  const std::jthread waiter([&] { EXPECT_NO_THROW(pool.acquire_for(60s).release()); });
  ASSERT_TRUE(eventually<ThreadBackend>([&] { return pool.stats().waiting == 1; }));
  EXPECT_LT(time_of<ThreadBackend>([&] { lent.release(); }), 20s);
}

/// A connection whose destructor asks the pool.
struct Clingy {
  struct Connection {
    std::shared_ptr<std::function<void()>> farewell;
    explicit Connection(std::shared_ptr<std::function<void()>> f) : farewell(std::move(f)) {}
    Connection(Connection&&) noexcept = default;
    Connection& operator=(Connection&&) noexcept = default;
    ~Connection() {
      if (farewell && *farewell) (*farewell)();
    }
  };
  std::shared_ptr<std::function<void()>> farewell = std::make_shared<std::function<void()>>();
  Connection connect(carpool::TimePoint) const { return Connection(farewell); }
  bool is_connected(const Connection&) const noexcept { return true; }
};

TYPED_TEST(RedisPy, ADestructorOfAConnectionMayUseThePool) {  // C2-5
  const Clingy connector;
  carpool::ConnectionPool<TypeParam, LifoStack, Clingy> pool(connector);
  std::atomic<int> farewells = 0;
  *connector.farewell = [&] { (void)pool.stats(), ++farewells; };
  pool.acquire().discard();
  {
    const auto lent = pool.acquire();
  }
  pool.clear();
  EXPECT_TRUE(eventually<TypeParam>([&] { return farewells == 2 && pool.stats().size() == 0; }));
  *connector.farewell = nullptr;
}

TYPED_TEST(RedisPy, AFailedConnectEatsNoPlace) {  // C2-6, A2 make_connection
  typename TestFixture::Pool pool(this->server.connector(),
                                  {.max_size = 1, .connect_attempts = 1, .connect_backoff = short_backoff});
  this->server.other_connects(refuse("down"));
  for (int i = 0; i < 20; ++i) EXPECT_THROW((void)pool.acquire(), ConnectError);  // BreakerOpen is one too
  this->server.other_connects(ok());
  EXPECT_TRUE(eventually<TypeParam>([&] {
    std::error_code error;
    return bool(pool.acquire(error));
  }));
  EXPECT_EQ(pool.stats().size(), 1u);
}

TEST(RedisPyBugs, CallersThatComeTogetherDoNotExceedTheLimit) {  // C2-7
  FakeServer server;
  server.other_connects(slow(1ms));
  ThreadPool pool(server.connector(), {.max_size = 5, .max_connecting = 5});
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 20; ++i)
      callers.emplace_back([&] {
        for (int n = 0; n < 20; ++n) pool.acquire().discard();
      });
  }
  EXPECT_LE(server.counts().peak_size, 5u);
  EXPECT_TRUE(eventually<ThreadBackend>([&] { return pool.stats().size() == 0; }));
}

TYPED_TEST(RedisPy, EveryEndOfALeaseFreesExactlyOnePlace) {  // C2-8
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 2});
  const auto other = pool.acquire();
  for (int i = 0; i < 20; ++i) {
    {
      const auto mine = pool.acquire().detach();
    }
    pool.acquire().discard();
    pool.acquire()->die();
    EXPECT_THROW(pool.with_connection([](auto&) { throw 1; }), int);
  }
  EXPECT_LE(this->server.counts().peak_open, 2u);
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 1; }));
  const auto last = pool.acquire();
  EXPECT_FALSE(pool.try_acquire());
}

TYPED_TEST(RedisPy, ALeaseGivenBackOnTheWayOutDoesNotHideTheError) {  // C2-9: KeyError in `finally`
  typename TestFixture::Pool pool(this->server.connector());
  auto lease = pool.acquire();
  const auto with_finally = [&] {
    try {
      throw std::out_of_range("the cause");
    } catch (...) {
      lease.release();
      lease.release();
      throw;
    }
  };
  EXPECT_THROW(with_finally(), std::out_of_range);
  EXPECT_EQ(pool.stats().in_use, 0u);
}

TEST(RedisPyBugs, APoolShrinksWhenItIsNotWanted) {  // C2-10
  FakeServer server;
  FakePool<ThreadBackend, LifoStack, carpool::IdleTimeout> pool(server.connector(), {.max_size = 3},
                                                                carpool::IdleTimeout(30ms));
  {
    const auto one = pool.acquire(), two = pool.acquire(), three = pool.acquire();
  }
  EXPECT_TRUE(closed_soon(pool, CloseReason::idle, 3));
  EXPECT_TRUE(eventually<ThreadBackend>([&] { return server.counts().open == 0; }));
}

TYPED_TEST(RedisPy, ACommandIsNotRepeated) {  // C2-14, A2 execute_command
  typename TestFixture::Pool pool(this->server.connector());
  int calls = 0;
  const auto command = [&](auto& connection) {
    ++calls;
    connection.die();
    connection.use();  // throws
  };
  EXPECT_THROW(pool.with_connection(command), std::system_error);
  EXPECT_EQ(calls, 1);
}

/// Its reset lasts until it is let go.
struct Pedantic {
  struct Connection {};
  struct Gate {
    std::atomic<bool> inside = false, open = false;
  };
  std::shared_ptr<Gate> gate = std::make_shared<Gate>();

  Connection connect(carpool::TimePoint) const { return {}; }
  bool is_connected(const Connection&) const noexcept { return true; }
  bool reset(Connection&, carpool::TimePoint) const {
    gate->inside = true;
    return eventually<ThreadBackend>([&] { return gate->open.load(); });
  }
};

TEST(RedisPyBugs, AHookThatTakesItsTimeHoldsUpNobody) {  // C2-15: network I/O under the pool's lock
  const Pedantic connector;
  carpool::ConnectionPool<ThreadBackend, LifoStack, Pedantic> pool(connector, {.max_size = 2});
  pool.acquire().release();  // its reset goes on beside us
  ASSERT_TRUE(eventually<ThreadBackend>([&] { return connector.gate->inside.load(); }));
  EXPECT_LT(time_of<ThreadBackend>([&] { pool.acquire().release(); }), 8s);
  connector.gate->open = true;
}

}  // namespace

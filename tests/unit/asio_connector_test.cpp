// needs: asio
// Connections that live on an executor of Boost.Asio's: deadlines, cancellation, the end of pools, contexts and frames.
#include <carpool/asio_acquire.hpp>
#include <carpool/asio_connector.hpp>
#include <carpool/asio_stream.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/recognised.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "asio_sleep.hpp"
#include "contains.hpp"
#include "eventually.hpp"
#include "io_backends.hpp"
#include "loopback_server.hpp"
#include "running_context.hpp"
#include "thrown.hpp"
#include "time_of.hpp"

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): a test

namespace {

namespace asio = boost::asio;
using carpool::AsioConnector;
using carpool::AsioTcp;

/// How often a protocol's coroutines began and ended.
struct Counts {
  std::atomic<int> begun{0}, ended{0}, pings{0}, resets{0}, goodbyes{0};
};
struct Presence {
  Counts& counts;
  explicit Presence(Counts& all) : counts(all) { ++counts.begun; }
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;
  ~Presence() { ++counts.ended; }
};
asio::awaitable<std::string> echo(AsioTcp::Connection& connection, std::string line) {
  co_await connection.write_all(asio::buffer(line));
  co_return co_await connection.read_until("\n");
}

template <class B>
class AsioConnectors : public testing::Test {
 public:
  using Backend = B;
  template <class Protocol>
  using Pool = carpool::ConnectionPool<B, carpool::LifoStack, AsioConnector<Protocol>>;
};
TYPED_TEST_SUITE(AsioConnectors, IoBackends, BackendName);

TYPED_TEST(AsioConnectors, ExchangeOnTheExecutor) {
  LoopbackServer server;
  RunningContext running;
  typename TestFixture::template Pool<AsioTcp> pool(
      AsioConnector<AsioTcp>(running.executor(), {.host = "localhost", .port = server.port()}), {.max_size = 1});
  for (int i = 0; i < 3; ++i) {
    const auto visit = [&]() -> asio::awaitable<std::string> {
      auto lease = co_await carpool::co_acquire(pool);
      co_return co_await echo(*lease, "hello\n");
    };
    EXPECT_EQ(running.await(visit()), "hello");
  }
  EXPECT_EQ(pool.stats().created, 1U);
  EXPECT_EQ(pool.stats().idle, 1U);
}

TYPED_TEST(AsioConnectors, LetAThreadHaveTheConnection) {
  LoopbackServer server;
  RunningContext running;
  typename TestFixture::template Pool<AsioTcp> pool(
      AsioConnector<AsioTcp>(running.executor(), {.host = "127.0.0.1", .port = server.port()}));
  auto lease = pool.acquire();
  EXPECT_EQ(running.await(echo(*lease, "hello\n")), "hello");
}

TYPED_TEST(AsioConnectors, SayWhyAConnectWasRefused) {
  LoopbackServer server;
  server.stop();
  RunningContext running;
  typename TestFixture::template Pool<AsioTcp> pool(
      AsioConnector<AsioTcp>(running.executor(), {.host = "127.0.0.1", .port = server.port()}),
      {.connect_attempts = 1});
  try {
    (void)pool.acquire();
    ADD_FAILURE() << "nobody listens";
  } catch (const carpool::ConnectError& error) {
    EXPECT_TRUE(contains(error.what(), "refused")) << error.what();
  }
}

/// Its connect never ends by itself.
struct Hanging {
  using Connection = AsioTcp::Connection;
  std::shared_ptr<Counts> counts = std::make_shared<Counts>();

  asio::awaitable<Connection> connect(asio::any_io_executor where) const {
    const Presence presence(*counts);
    co_await asio_sleep(1h);
    co_return Connection(asio::ip::tcp::socket(where));
  }
};

TYPED_TEST(AsioConnectors, CancelAConnectAtItsDeadline) {
  RunningContext running;
  const Hanging protocol;
  typename TestFixture::template Pool<Hanging> pool(AsioConnector<Hanging>(running.executor(), protocol),
                                                    {.connect_timeout = 50ms, .connect_attempts = 1});
  try {
    (void)pool.acquire_for(10s);
    ADD_FAILURE() << "it hangs";
  } catch (const carpool::ConnectError& error) {
    EXPECT_TRUE(contains(error.what(), "AsioConnector: connect: Connection timed out")) << error.what();
  }
  EXPECT_EQ(protocol.counts->begun, 1);
  EXPECT_TRUE(eventually<TypeParam>([&] { return protocol.counts->ended == 1; })) << "nothing is left behind";
}

// A connect that comes too late is closed.
TYPED_TEST(AsioConnectors, CancelAConnectToADeafServer) {
  LoopbackServer server;
  server.be_deaf();
  RunningContext running;
  typename TestFixture::template Pool<AsioTcp> pool(
      AsioConnector<AsioTcp>(running.executor(), {.host = "127.0.0.1", .port = server.port()}),
      {.max_size = 4, .connect_timeout = 200ms, .connect_attempts = 1});
  const auto took = time_of<TypeParam>([&] { (void)pool.prewarm(4, 10s); });  // those for whom the backlog has room
  EXPECT_LT(took, 5s);
  EXPECT_LT(pool.stats().idle, 4U);
}

// The thread that would run the cancelled coroutines is the one that waits in the destructor.
TYPED_TEST(AsioConnectors, HoldUpNoPoolThatTheirOnlyThreadDestroys) {
  asio::io_context context;
  const Hanging protocol;
  auto pool = std::make_unique<typename TestFixture::template Pool<Hanging>>(
      AsioConnector<Hanging>(context.get_executor(), protocol),
      carpool::PoolOptions{.max_size = 3, .connect_timeout = 10s});
  carpool::Duration took{};
  const auto leave = [&]() -> asio::awaitable<void> {
    try {
      (void)co_await carpool::async_acquire_for(*pool, 20ms, asio::use_awaitable);
    } catch (const carpool::AcquireTimeout&) {
      took = time_of<TypeParam>([&] { pool.reset(); });
    }
  };
  asio::co_spawn(context, leave(), asio::detached);
  EXPECT_LT(time_of<TypeParam>([&] { context.run(); }), 2s) << "the coroutines end, so the context does";
  EXPECT_EQ(pool, nullptr);
  EXPECT_LT(took, 200ms);
  EXPECT_GE(protocol.counts->begun, 1);
  EXPECT_EQ(protocol.counts->begun, protocol.counts->ended);
}

// Nobody runs the coroutines any more.
TYPED_TEST(AsioConnectors, EndWithAContextThatIsStopped) {
  const Hanging protocol;
  {
    asio::io_context context;
    const auto guard = asio::make_work_guard(context);
    typename TestFixture::template Pool<Hanging> pool(AsioConnector<Hanging>(context.get_executor(), protocol),
                                                      {.max_size = 3, .connect_timeout = 10s});
    static_cast<void>(pool.try_acquire());
    while (protocol.counts->begun == 0) context.run_for(1ms);
  }
  EXPECT_EQ(protocol.counts->begun, protocol.counts->ended);
}

/// All that a protocol may have, over an echo server.
struct Polite {
  using Connection = AsioTcp::Connection;
  AsioTcp tcp;
  std::shared_ptr<Counts> counts = std::make_shared<Counts>();
  std::shared_ptr<std::atomic<bool>> hangs = std::make_shared<std::atomic<bool>>(false);

  asio::awaitable<Connection> connect(asio::any_io_executor where) const { return tcp.connect(where); }
  asio::awaitable<bool> ping(Connection& connection) const {
    const Presence presence(*counts);
    ++counts->pings;
    if (hangs->exchange(false)) co_await asio_sleep(1h);
    co_return co_await echo(connection, "ping\n") == "ping";
  }
  asio::awaitable<bool> reset(Connection& connection) const {
    ++counts->resets;
    co_return co_await echo(connection, "reset\n") == "reset";
  }
  asio::awaitable<void> invalidate(Connection& connection) const {
    const Presence presence(*counts);
    ++counts->goodbyes;
    if (*hangs) co_await asio_sleep(1h);
    (void)co_await echo(connection, "bye\n");
  }
};
constexpr carpool::RecognisedMembers recognised = carpool::recognised<AsioConnector<Polite>, carpool::ThreadBackend>();
static_assert(recognised.ping && recognised.reset && recognised.invalidate && recognised.interrupt);
static_assert(recognised.reusable && recognised.in_step && !recognised.target && !recognised.describe);
constexpr carpool::RecognisedMembers of_tcp = carpool::recognised<AsioConnector<AsioTcp>, carpool::ThreadBackend>();
static_assert(!of_tcp.ping && !of_tcp.reset && !of_tcp.invalidate && of_tcp.describe && of_tcp.interrupt);

TYPED_TEST(AsioConnectors, PingResetAndSayGoodbyeByCoroutines) {
  LoopbackServer server;
  RunningContext running;
  const Polite protocol{.tcp = {.host = "127.0.0.1", .port = server.port()}};
  typename TestFixture::template Pool<Polite> pool(AsioConnector<Polite>(running.executor(), protocol),
                                                   {.max_size = 1, .validation_bypass_window = 0ms});
  const auto visit = [&]() -> asio::awaitable<std::string> {
    auto lease = co_await carpool::co_acquire(pool);
    co_return co_await echo(*lease, "hello\n");
  };
  EXPECT_EQ(running.await(visit()), "hello");
  EXPECT_TRUE(eventually<TypeParam>([&] { return protocol.counts->resets == 1; }));
  EXPECT_EQ(running.await(visit()), "hello");
  EXPECT_GE(protocol.counts->pings, 1);
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().idle == 1; }));
  EXPECT_EQ(pool.stats().created, 1U);
  EXPECT_EQ(protocol.counts->goodbyes, 0);
  EXPECT_EQ(pool.drain(10s), 0U);
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }));
  EXPECT_EQ(protocol.counts->goodbyes, 1);
  EXPECT_TRUE(eventually<TypeParam>([&] { return server.open() == 0; }));
}

// The worker waits no longer than validation_timeout for the coroutine, which has the connection; both end soon.
TYPED_TEST(AsioConnectors, CloseWhatHangsInAPing) {
  LoopbackServer server;
  RunningContext running;
  const Polite protocol{.tcp = {.host = "127.0.0.1", .port = server.port()}};
  typename TestFixture::template Pool<Polite> pool(
      AsioConnector<Polite>(running.executor(), protocol),
      {.max_size = 1, .validation_bypass_window = 0ms, .validation_timeout = 50ms});
  pool.acquire().release();
  *protocol.hangs = true;
  const auto visit = [&]() -> asio::awaitable<std::string> {
    auto lease = co_await carpool::co_acquire(pool);
    co_return co_await echo(*lease, "hello\n");
  };
  EXPECT_EQ(running.await(visit()), "hello");
  EXPECT_GE(pool.stats().created, 2U);
  EXPECT_TRUE(eventually<TypeParam>([&] { return protocol.counts->begun == protocol.counts->ended; }));
  EXPECT_TRUE(eventually<TypeParam>([&] { return server.open() == 1; }));
}

/// Connections of no state, which never see that they are empty.
struct Careless {
  struct Connection {};
  std::shared_ptr<Counts> counts = std::make_shared<Counts>();

  static asio::awaitable<Connection> open() { co_return Connection(); }
  asio::awaitable<Connection> connect(const asio::any_io_executor& /*where*/) const { return open(); }
  asio::awaitable<bool> ping(Connection& /*connection*/) const {
    const Presence presence(*counts);
    co_await asio_sleep(1h);
    co_return true;
  }
  bool is_connected(const Connection& /*connection*/) const noexcept { return true; }
};

TYPED_TEST(AsioConnectors, KnowThatACoroutineHasTheConnection) {
  RunningContext running;
  const AsioConnector<Careless> connector(running.executor());
  auto connection = connector.template connect<TypeParam>(TypeParam::now() + 10s);
  EXPECT_TRUE(connector.is_connected(connection));
  EXPECT_EQ(code_thrown_by([&] { (void)connector.ping(connection, TypeParam::now() + 20ms); }), std::errc::timed_out);
  EXPECT_FALSE(connector.is_connected(connection));
  EXPECT_TRUE(eventually<TypeParam>([&] { return connector.counts->ended == 1; }));
}

TYPED_TEST(AsioConnectors, SayNoGoodbyesThatTheirOnlyThreadWouldWaitFor) {
  LoopbackServer server;
  asio::io_context context;
  const Polite protocol{.tcp = {.host = "127.0.0.1", .port = server.port()}};
  *protocol.hangs = true;
  const auto leave = [&]() -> asio::awaitable<void> {
    typename TestFixture::template Pool<Polite> pool(AsioConnector<Polite>(context.get_executor(), protocol),
                                                     {.close_timeout = 10s});
    auto lease = co_await carpool::co_acquire(pool);
    lease.release();
    pool.close();
    co_await asio_sleep(10ms);  // the goodbye has begun
    EXPECT_EQ(protocol.counts->goodbyes, 1);
  };
  asio::co_spawn(context, leave(), asio::detached);
  EXPECT_LT(time_of<TypeParam>([&] { context.run(); }), 2s);
  EXPECT_TRUE(eventually<TypeParam>([&] { return server.open() == 0; }));
}

/// One pool for many ports.
struct ByPort {
  struct Connection : AsioTcp::Connection {
    std::uint16_t port;
  };
  using Target = std::uint16_t;

  static asio::awaitable<Connection> connect_to(asio::any_io_executor where, std::uint16_t port) {
    auto stream = co_await AsioTcp::Connection::connect(where, "127.0.0.1", port);
    co_return Connection{std::move(stream), port};
  }
  asio::awaitable<Connection> connect(const Target& port, asio::any_io_executor where) const {
    return connect_to(std::move(where), port);
  }
  bool matches(const Connection& connection, const Target& port) const { return connection.port == port; }
  std::string describe(const Target& port) const { return "port " + std::to_string(port); }
};
constexpr carpool::RecognisedMembers by_port = carpool::recognised<AsioConnector<ByPort>, carpool::ThreadBackend>();
static_assert(by_port.target && by_port.describe && by_port.reusable);

TYPED_TEST(AsioConnectors, HaveTargets) {
  LoopbackServer first, second;
  RunningContext running;
  typename TestFixture::template Pool<ByPort> pool(AsioConnector<ByPort>(running.executor()), {.max_size = 4});
  const auto visit = [&](std::uint16_t port) -> asio::awaitable<void> {
    for (int i = 0; i < 3; ++i) {
      auto lease = co_await carpool::co_acquire(pool, port);
      EXPECT_EQ(lease->port, port);
      EXPECT_EQ(co_await echo(*lease, "hello\n"), "hello");
    }
  };
  running.await(visit(first.port()));
  running.await(visit(second.port()));
  EXPECT_EQ(first.accepted(), 1U);
  EXPECT_EQ(second.accepted(), 1U);
}

TYPED_TEST(AsioConnectors, ServeTwoHundredCoroutines) {
  LoopbackServer server;
  asio::io_context context;
  typename TestFixture::template Pool<AsioTcp> pool(
      AsioConnector<AsioTcp>(context.get_executor(), {.host = "127.0.0.1", .port = server.port()}), {.max_size = 4});
  int answered = 0;
  const auto visit = [&](int number) -> asio::awaitable<void> {
    for (int i = 0; i < 10; ++i) {
      auto lease = co_await carpool::co_acquire(pool);
      const std::string word = std::to_string(number) + ' ' + std::to_string(i);
      answered += co_await echo(*lease, word + '\n') == word ? 1 : 0;
    }
  };
  for (int i = 0; i < 200; ++i) asio::co_spawn(context, visit(i), asio::detached);
  context.run();
  EXPECT_EQ(answered, 2000);
  EXPECT_LE(server.accepted(), 4U);
  EXPECT_EQ(pool.stats().in_use, 0U);
}

// --- law 10 ------------------------------------------------------------------------------------------------

/// A wait without an end, and the context that it ends with: the frame that waits is destroyed then.
struct Never {
  asio::io_context context;
  asio::steady_timer timer{context, 1h};
};

// No exception is in flight.
TYPED_TEST(AsioConnectors, CloseWhatAFrameLeftInTheMiddleOfAnExchange) {
  LoopbackServer server;
  asio::io_context context;
  const auto guard = asio::make_work_guard(context);
  auto never = std::make_unique<Never>();
  typename TestFixture::template Pool<AsioTcp> pool(
      AsioConnector<AsioTcp>(context.get_executor(), {.host = "127.0.0.1", .port = server.port()}));
  const auto visit = [&](bool whole) -> asio::awaitable<void> {
    auto lease = co_await carpool::co_acquire(pool);
    co_await lease->write_all(asio::buffer("a\n", 2));
    if (whole) (void)co_await lease->read_until("\n");
    co_await never->timer.async_wait(asio::use_awaitable);
  };
  for (const bool whole : {false, true}) {
    asio::co_spawn(context, visit(whole), asio::detached);
    while (pool.stats().in_use == 0 || server.bytes_received() < (whole ? 4U : 2U)) context.run_for(1ms);
    context.run_for(20ms);
    never = std::make_unique<Never>();
    while (pool.stats().in_use > 0) context.run_for(1ms);
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == (whole ? 1U : 0U); })) << whole;
  }
}

// The coroutine swallows the error, as one does that asks for error codes.
TYPED_TEST(AsioConnectors, CloseWhatACancelledReadLeft) {
  using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace)
  LoopbackServer server;
  server.reply_with({.silent = true});
  RunningContext running;
  typename TestFixture::template Pool<AsioTcp> pool(
      AsioConnector<AsioTcp>(running.executor(), {.host = "127.0.0.1", .port = server.port()}));
  const auto visit = [&]() -> asio::awaitable<std::size_t> {
    auto lease = co_await carpool::co_acquire(pool);
    lease->expect_no_reply();
    const auto which = co_await (lease->read_until("\n") || asio_sleep(20ms));
    EXPECT_FALSE(lease->reusable());
    co_return which.index();
  };
  EXPECT_EQ(running.await(visit()), 1U);
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }));
  EXPECT_TRUE(eventually<TypeParam>([&] { return server.open() == 0; }));
}

// The pool first, then the context with the frame and the connection.
TYPED_TEST(AsioConnectors, EndWithTheContextWhereALeaseOutlivesItsPool) {
  LoopbackServer server;
  server.reply_with({.silent = true});
  {
    asio::io_context context;
    {
      typename TestFixture::template Pool<AsioTcp> pool(
          AsioConnector<AsioTcp>(context.get_executor(), {.host = "127.0.0.1", .port = server.port()}));
      const auto visit = [&]() -> asio::awaitable<void> {
        auto lease = co_await carpool::co_acquire(pool);
        (void)co_await echo(*lease, "no answer\n");
      };
      asio::co_spawn(context, visit(), asio::detached);
      const auto guard = asio::make_work_guard(context);
      while (server.bytes_received() == 0) context.run_for(1ms);
    }
    EXPECT_EQ(server.open(), 1U);
  }
  EXPECT_TRUE(eventually<TypeParam>([&] { return server.open() == 0; }));
}

// An unread word, an unanswered one, the peer's end.
TYPED_TEST(AsioConnectors, KeepNothingThatIsOutOfStep) {
  LoopbackServer server;
  RunningContext running;
  typename TestFixture::template Pool<AsioTcp> pool(
      AsioConnector<AsioTcp>(running.executor(), {.host = "127.0.0.1", .port = server.port()}), {.max_size = 1});
  const auto two_lines = [&]() -> asio::awaitable<void> {
    auto lease = co_await carpool::co_acquire(pool);
    EXPECT_EQ(co_await echo(*lease, "a\nb\n"), "a");
    EXPECT_FALSE(lease->is_connected());
  };
  running.await(two_lines());
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }));
  pool.acquire().release();
  EXPECT_EQ(pool.stats().idle, 1U);
  server.send_all("unasked");
  EXPECT_TRUE(eventually<TypeParam>([&] { return !pool.try_acquire(); }));
  pool.acquire().release();
  server.close_all();
  EXPECT_TRUE(eventually<TypeParam>([&] { return !pool.try_acquire(); }));
}

// The pool's destructor interrupts its own copy of the connector.
TYPED_TEST(AsioConnectors, AreNotInterruptedWithTheirCopies) {
  LoopbackServer server;
  RunningContext running;
  const AsioConnector<AsioTcp> connector(running.executor(), {.host = "127.0.0.1", .port = server.port()});
  typename TestFixture::template Pool<AsioTcp> second(connector);
  {
    typename TestFixture::template Pool<AsioTcp> first(connector);
  }
  EXPECT_NO_THROW(second.acquire().release());
  connector.interrupt();
  EXPECT_EQ(code_thrown_by([&] { (void)connector.template connect<TypeParam>(TypeParam::now() + 10s); }),
            std::errc::operation_canceled);
}

}  // namespace

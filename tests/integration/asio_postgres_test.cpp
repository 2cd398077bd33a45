// needs: asio_postgres thread_backend fiber_backend
// sanitizers: not thread
/// Connections to PostgreSQL that coroutines of Boost.Asio's await, in pools: values and refusals, coroutines that end
/// in the middle of a command, servers that hang, are killed and come back.
#include <carpool/asio_acquire.hpp>
#include <carpool/asio_connector.hpp>
#include <carpool/asio_postgres.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/recognised.hpp>
#include <carpool/thread_backend.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "asio_sleep.hpp"
#include "contains.hpp"
#include "eventually.hpp"
#include "loopback_server.hpp"
#include "postgres_fixture.hpp"
#include "running_context.hpp"
#include "time_of.hpp"

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): a test

namespace {

namespace asio = boost::asio;
using carpool::AsioPostgres;
using Connector = carpool::AsioConnector<AsioPostgres>;

constexpr carpool::RecognisedMembers recognised = carpool::recognised<Connector, carpool::ThreadBackend>();
static_assert(recognised.ping && recognised.reset && recognised.dirty && recognised.reusable && recognised.in_step);
static_assert(recognised.handle_exception && recognised.abandon && recognised.validate && recognised.describe);

template <class B>
class AsioPostgresPools : public testing::Test {
 protected:
  using Pool = carpool::ConnectionPool<B, carpool::LifoStack, Connector>;

  void SetUp() override { CARPOOL_SKIP_WITHOUT("postgres"); }

  static RealServer& server() { return RealServer::shared("postgres"); }
  static Connector to(RunningContext& running, carpool::PostgresConnector where) {
    return Connector(running.executor(), AsioPostgres{std::move(where)});
  }
  static Connector to(RunningContext& running) { return to(running, postgres_at(server().port())); }
  /// How many sessions the server has besides the one that asks.
  static int sessions(const std::string& application) {
    auto asking = postgres_at(server().port()).template connect<B>(B::now() + 20s);
    return asking.query("SELECT count(*) FROM pg_stat_activity WHERE application_name = $1", {application})
        .template get<int>(0, 0);
  }
};
using Backends = testing::Types<carpool::ThreadBackend, carpool::FiberBackend>;
TYPED_TEST_SUITE(AsioPostgresPools, Backends);

TYPED_TEST(AsioPostgresPools, GiveValuesAndNulls) {
  RunningContext running;
  typename TestFixture::Pool pool(this->to(running), {.max_size = 1});
  const auto visit = [&]() -> asio::awaitable<void> {
    auto lease = co_await carpool::co_acquire(pool);
    const auto row =
        co_await lease->query("SELECT $1::int + 1, $2::text, $3::text, $4::bool", {41, "O'Neill", std::nullopt, true});
    EXPECT_EQ(row.template get<int>(0, 0), 42);
    EXPECT_EQ(row.template get<std::string>(0, 1), "O'Neill");
    EXPECT_EQ(row.template get<std::optional<std::string>>(0, 2), std::nullopt);
    EXPECT_TRUE(row.template get<bool>(0, 3));
    std::vector<carpool::SqlValue> values = {7};
    const auto seven = co_await lease->query("SELECT $1::int", values);
    EXPECT_EQ(seven.template get<int>(0, 0), 7);
    const auto last = co_await lease->query("SELECT 1; SELECT 2");
    EXPECT_EQ(last.template get<int>(0, 0), 2);
    co_await lease->execute("CREATE TEMPORARY TABLE notes (note text)");
    EXPECT_EQ(co_await lease->execute("INSERT INTO notes VALUES ($1), ($2)", {"a", "b"}), 2U);
  };
  for (int i = 0; i < 2; ++i) {
    running.await(visit());
    const auto forget = [&]() -> asio::awaitable<void> {
      auto lease = co_await carpool::co_acquire(pool);
      co_await lease->execute("DROP TABLE notes");
    };
    running.await(forget());
  }
  EXPECT_EQ(pool.stats().created, 1U);
}

// More than the sockets and libpq's buffers hold at a time, both ways, with TLS and without.
TYPED_TEST(AsioPostgresPools, CarryLongTextsBothWays) {
  RunningContext running;
  const std::string text(20'000'000, 'x');
  for (const std::string tls : {"disable", "require"}) {
    auto where = postgres_at(this->server().port());
    where.options = {{"sslmode", tls}};
    typename TestFixture::Pool pool(this->to(running, where), {.max_size = 1});
    const auto visit = [&]() -> asio::awaitable<void> {
      auto lease = co_await carpool::co_acquire(pool);
      EXPECT_EQ(lease->encrypted(), tls == "require");
      const auto back = co_await lease->query("SELECT $1::text || 'y'", {text});
      EXPECT_EQ(back.template get<std::string>(0, 0).size(), text.size() + 1);
      const auto next = co_await lease->query("SELECT 1");
      EXPECT_EQ(next.template get<int>(0, 0), 1);
    };
    running.await(visit());
    EXPECT_EQ(pool.stats().created, 1U);
  }
}

TYPED_TEST(AsioPostgresPools, KeepWhatTheServerHasOnlyRefused) {
  RunningContext running;
  typename TestFixture::Pool pool(this->to(running), {.max_size = 1});
  const auto fail = [&]() -> asio::awaitable<void> {
    auto lease = co_await carpool::co_acquire(pool);
    co_await lease->query("SELECT 1 / $1::int", {0});
  };
  const auto ask = [&]() -> asio::awaitable<int> {
    auto lease = co_await carpool::co_acquire(pool);
    const auto row = co_await lease->query("SELECT 1");
    co_return row.template get<int>(0, 0);
  };
  EXPECT_EQ(thrown_by<carpool::PostgresError>([&] { running.await(fail()); }).code(), "22012");
  EXPECT_EQ(running.await(ask()), 1);
  EXPECT_EQ(pool.stats().created, 1U);
}

// By the background worker, before the next lease.
TYPED_TEST(AsioPostgresPools, RollBackWhatALeaseLeftOpen) {
  RunningContext running;
  auto where = postgres_at(this->server().port());
  for (const auto policy : {carpool::PostgresReset::rollback_if_needed, carpool::PostgresReset::discard_all}) {
    where.reset_policy = policy;
    typename TestFixture::Pool pool(this->to(running, where), {.max_size = 1, .validation_bypass_window = 0ms});
    const auto leave = [&]() -> asio::awaitable<void> {
      auto lease = co_await carpool::co_acquire(pool);
      co_await lease->query("BEGIN; SET timezone = 'Asia/Tokyo'; CREATE TABLE left_open (note text)");
      EXPECT_TRUE(lease->in_transaction());
    };
    const auto look = [&]() -> asio::awaitable<bool> {
      auto lease = co_await carpool::co_acquire(pool);
      EXPECT_FALSE(lease->in_transaction());
      const auto row = co_await lease->query("SELECT to_regclass('left_open') IS NULL");
      co_return row.template get<bool>(0, 0);
    };
    running.await(leave());
    EXPECT_TRUE(running.await(look()));
    EXPECT_EQ(pool.stats().created, 1U);
  }
}

TYPED_TEST(AsioPostgresPools, CloseWhatComesBackWithinATransactionWhereNothingIsReset) {
  RunningContext running;
  typename TestFixture::Pool pool(
      this->to(running, carpool::PostgresConnector::behind_pgbouncer(postgres_at(this->server().port()))),
      {.max_size = 1});
  const auto leave = [&]() -> asio::awaitable<void> {
    auto lease = co_await carpool::co_acquire(pool);
    co_await lease->query("BEGIN");
  };
  running.await(leave());
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }));
}

// --- law 10 ------------------------------------------------------------------------------------------------

// No exception is in flight: the context ends, and its frames with it.
TYPED_TEST(AsioPostgresPools, CloseWhatADestroyedFrameLeftInTheMiddleOfAQuery) {
  RunningContext running;
  auto where = postgres_at(this->server().port());
  where.options = {{"application_name", "destroyed frame"}};
  typename TestFixture::Pool pool(this->to(running, where), {.max_size = 1});
  {
    asio::io_context context;
    const auto visit = [&]() -> asio::awaitable<void> {
      auto lease = co_await carpool::co_acquire(pool);
      co_await lease->query("SELECT pg_sleep(0.2)");
      ADD_FAILURE() << "it slept enough";
    };
    asio::co_spawn(context, visit(), asio::detached);
    const auto guard = asio::make_work_guard(context);
    while (pool.stats().in_use == 0) context.run_for(1ms);
    context.run_for(20ms);
  }
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }));
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->sessions("destroyed frame") == 0; }));
}

// The coroutine swallows the error.
TYPED_TEST(AsioPostgresPools, CloseWhatACancelledQueryLeft) {
  using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace)
  RunningContext running;
  typename TestFixture::Pool pool(this->to(running), {.max_size = 1});
  const auto visit = [&]() -> asio::awaitable<std::size_t> {
    auto lease = co_await carpool::co_acquire(pool);
    EXPECT_TRUE(lease->reusable());
    const auto which = co_await (lease->query("SELECT pg_sleep(0.2)") || asio_sleep(20ms));
    EXPECT_FALSE(lease->reusable());
    EXPECT_FALSE(lease->is_connected());
    bool refused = false;
    try {
      co_await lease->query("SELECT 1");
    } catch (const std::system_error& error) {
      refused = error.code() == std::errc::not_connected;
    }
    EXPECT_TRUE(refused);
    co_return which.index();
  };
  EXPECT_EQ(running.await(visit()), 1U);
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }));
}

TYPED_TEST(AsioPostgresPools, CancelAConnectAtItsDeadline) {
  LoopbackServer silent;
  silent.reply_with({.silent = true});
  RunningContext running;
  typename TestFixture::Pool pool(this->to(running, postgres_at(silent.port())),
                                  {.connect_timeout = 100ms, .connect_attempts = 1});
  try {
    (void)pool.acquire_for(10s);
    ADD_FAILURE() << "it says nothing";
  } catch (const carpool::ConnectError& error) {
    EXPECT_TRUE(contains(error.what(), "timed out")) << error.what();
  }
  EXPECT_TRUE(eventually<TypeParam>([&] { return silent.open() == 0; })) << "libpq's socket is closed";
}

// The server listens at one of localhost's addresses, and in a folder.
TYPED_TEST(AsioPostgresPools, TryEachAddressOfAHost) {
  RunningContext running;
  auto where = postgres_at(this->server().port());
  for (const std::string& host : {std::string("localhost"), this->server().unix_path()}) {
    where.host = host;
    typename TestFixture::Pool pool(this->to(running, where), {.connect_attempts = 1});
    EXPECT_NO_THROW(pool.acquire().release()) << host;
  }
  where.host = "no-such-host.invalid";
  typename TestFixture::Pool pool(this->to(running, where), {.connect_attempts = 1});
  const auto error = thrown_by<carpool::ConnectError>([&] { (void)pool.acquire_for(10s); });
  EXPECT_TRUE(contains(error.what(), "no-such-host.invalid:")) << error.what();
}

TYPED_TEST(AsioPostgresPools, SayWhyAConnectFailed) {
  RunningContext running;
  auto where = postgres_at(this->server().port());
  where.password = "wrong";
  const auto cause = [&](const carpool::PostgresConnector& connector) {
    typename TestFixture::Pool pool(this->to(running, connector), {.connect_attempts = 1});
    return std::string(thrown_by<carpool::ConnectError>([&] { (void)pool.acquire_for(10s); }).what());
  };
  EXPECT_TRUE(contains(cause(where), "28P01")) << cause(where);
  where = postgres_at(this->server().port());
  where.database = "none such";
  EXPECT_TRUE(contains(cause(where), "3D000")) << cause(where);
  LoopbackServer gone;
  gone.stop();
  EXPECT_TRUE(contains(cause(postgres_at(gone.port())), "refused"));
}

// --- many, and an end --------------------------------------------------------------------------------------

TYPED_TEST(AsioPostgresPools, ServeAHundredCoroutinesWithFourConnections) {
  asio::io_context context;
  typename TestFixture::Pool pool(Connector(context.get_executor(), AsioPostgres{postgres_at(this->server().port())}),
                                  {.max_size = 4});
  int answered = 0;
  const auto visit = [&](int number) -> asio::awaitable<void> {
    for (int i = 0; i < 5; ++i) {
      auto lease = co_await carpool::co_acquire(pool);
      const auto row = co_await lease->query("SELECT $1::int * 10 + $2::int", {number, i});
      answered += row.template get<int>(0, 0) == number * 10 + i ? 1 : 0;
    }
  };
  for (int i = 0; i < 100; ++i) asio::co_spawn(context, visit(i), asio::detached);
  context.run();
  EXPECT_EQ(answered, 500);
  EXPECT_LE(pool.stats().created, 4U);
  EXPECT_EQ(pool.stats().in_use, 0U);
}

// The coroutines move from thread to thread, and their texts are longer than what a socket takes at a time.
TYPED_TEST(AsioPostgresPools, ServeAContextWithSeveralThreads) {
  asio::io_context context;
  for (const std::string tls : {"disable", "require"}) {
    auto where = postgres_at(this->server().port());
    where.options = {{"sslmode", tls}};
    typename TestFixture::Pool pool(Connector(context.get_executor(), AsioPostgres{where}), {.max_size = 3});
    std::atomic<int> answered = 0;
    const auto visit = [&](int number) -> asio::awaitable<void> {
      for (int i = 0; i < 5; ++i) {
        const std::string text(static_cast<std::size_t>(300'000 * (i % 2) + number), 'x');
        auto lease = co_await carpool::co_acquire(pool);
        const auto row = co_await lease->query("SELECT $1::text", {text});
        answered += row.template get<std::string>(0, 0) == text ? 1 : 0;
      }
    };
    for (int i = 0; i < 20; ++i) asio::co_spawn(context, visit(i), asio::detached);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back([&] { context.run(); });
    for (std::thread& thread : threads) thread.join();
    context.restart();
    EXPECT_EQ(answered, 100) << tls;
    EXPECT_LE(pool.stats().created, 3U);
  }
}

TYPED_TEST(AsioPostgresPools, SurviveAServerThatIsKilled) {
  RealServer mortal("postgres");
  RunningContext running;
  typename TestFixture::Pool pool(
      this->to(running, postgres_at(mortal.port())),
      {.max_size = 2, .connect_attempts = 1, .connect_backoff = {.initial = 1ms, .max = 20ms}});
  const auto ask = [&](std::string sql) -> asio::awaitable<int> {
    auto lease = co_await carpool::co_acquire(pool);
    const auto row = co_await lease->query(std::move(sql));
    co_return row.template get<int>(0, 0);
  };
  EXPECT_EQ(running.await(ask("SELECT 1")), 1);
  const std::string endless = "SELECT 1 FROM pg_sleep(60)";
  std::thread killer([&] {
    auto asking = postgres_at(mortal.port()).template connect<TypeParam>(TypeParam::now() + 20s);
    const auto begun = [&] {
      const auto row =
          asking.query("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = $1", {endless});
      return row.template get<int>(0, 0) == 1;
    };
    EXPECT_TRUE(eventually<TypeParam>(begun));
    mortal.kill();
  });
  EXPECT_THROW(running.await(ask(endless)), std::system_error);
  killer.join();
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().in_use == 0; }));
  mortal.start();
  EXPECT_TRUE(eventually<TypeParam>([&] {
    try {
      return running.await(ask("SELECT 1")) == 1;
    } catch (const carpool::PoolError&) {
      return false;
    }
  }));
}

}  // namespace

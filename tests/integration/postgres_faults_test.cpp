// needs: postgres_connector
/// Pools of connections to a PostgreSQL server that is killed, frozen, restarted, slow, or cut off: the right error, no
/// reply to the wrong caller, and service as soon as the server is back.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/postgres_connector.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <gtest/gtest.h>

#include "chaos_proxy.hpp"
#include "eventually.hpp"
#include "io_backends.hpp"
#include "postgres_fixture.hpp"
#include "process.hpp"
#include "thrown.hpp"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

template <class Backend>
class PostgresFaults : public PostgresFixture<Backend> {
 protected:
  using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::PostgresConnector>;

  /// Which nobody else of this program uses.
  static RealServer& mortal_server() {
    static RealServer server("postgres");
    return server;
  }

  static carpool::PostgresConnector plain(std::uint16_t port) {
    auto connector = postgres_at(port);
    connector.options = {{"sslmode", "disable"}};
    return connector;
  }

  /// Throws std::logic_error where the answer is another question's.
  static void ask(carpool::PostgresConnection<Backend>& connection, const std::string& nonce,
                  carpool::Duration timeout = seconds(20)) {
    const auto answer = connection.query("SELECT $1::text", {nonce}, Backend::now() + timeout);
    if (answer.template get<std::string>(0, 0) != nonce) throw std::domain_error("another's answer");
  }

  static carpool::PoolOptions brisk(std::size_t size) {
    return {.max_size = size,
            .acquire_timeout = seconds(20),
            .connect_attempts = 1,
            .connect_backoff = {.initial = milliseconds(1), .max = milliseconds(20)}};
  }

  static bool works(Pool& pool) {
    try {
      pool.with_connection([](auto& connection) { ask(connection, "well?", seconds(1)); });
    } catch (const std::domain_error&) {
      ADD_FAILURE() << "another's answer";
    } catch (const std::exception&) {
      return false;
    }
    return true;
  }
  /// The pool serves again, if not at the first try.
  static bool serves(Pool& pool) {
    return eventually<Backend>([&pool] { return works(pool); });
  }

  /// Breaks the connections a few times, while others work.
  static void wreak_havoc(ChaosProxy& proxy) {
    for (int i = 0; i < 5 && Backend::concurrent; ++i) {
      Backend::sleep_until(PostgresFaults::in(milliseconds(30)));
      i % 2 == 0 ? proxy.reset_all() : proxy.close_all();
    }
  }

  /// Whether the answer was the right one. Some answers come after their caller has given up.
  static bool asked(Pool& pool, const std::string& nonce, bool impatient) {
    return pool.with_connection([&](auto& connection) {
      const auto answer = connection.query("SELECT $1::text, pg_sleep($2)", {nonce, impatient ? 0.02 : 0.0},
                                           PostgresFaults::in(impatient ? milliseconds(10) : milliseconds(5000)));
      return answer.template get<std::string>(0, 0) == nonce;
    });
  }
};
TYPED_TEST_SUITE(PostgresFaults, IoBackends, BackendName);

TYPED_TEST(PostgresFaults, AStreamThatIsCutAtAnyByteIsAnErrorAndNeverAnAnswer) {
  ChaosProxy proxy(this->server().port());
  const auto connector = this->plain(proxy.port());
  const auto converse = [&] {
    auto connection = this->connect(connector);
    this->ask(connection, "whole");
  };
  converse();
  const std::size_t length = proxy.answered();
  ASSERT_TRUE(eventually<TypeParam>([&] { return proxy.open() == 0; }));  // its descriptors are ours
  const std::size_t descriptors = open_descriptors();
  for (std::size_t cut = 0; cut < length; ++cut) {
    proxy.cut_after(cut);
    EXPECT_THROW(converse(), std::system_error) << "after byte " << cut << " of " << length;
  }
  proxy.cut_after(std::nullopt);
  converse();
  EXPECT_TRUE(eventually<TypeParam>([&] { return proxy.open() == 0; }));
  EXPECT_EQ(open_descriptors(), descriptors);
}

TYPED_TEST(PostgresFaults, AServerThatSendsByteByByteIsUnderstood) {
  ChaosProxy proxy(this->server().port());
  proxy.trickle(true);
  auto connection = this->connect(postgres_at(proxy.port()));
  for (int i = 0; i < 3; ++i) this->ask(connection, std::to_string(i));
}

TYPED_TEST(PostgresFaults, ASilentServerCostsNoMoreThanTheDeadline) {
  ChaosProxy proxy(this->server().port());
  auto connection = this->connect(postgres_at(proxy.port()));
  proxy.hold(true);
  const carpool::TimePoint deadline = this->in(milliseconds(100));
  EXPECT_EQ(thrown_by<std::system_error>([&] { connection.query("SELECT 1", {}, deadline); }).code(),
            std::errc::timed_out);
  const auto connector = postgres_at(proxy.port());
  const carpool::TimePoint next = this->in(milliseconds(100));
  EXPECT_EQ(thrown_by<std::system_error>([&] { (void)connector.template connect<TypeParam>(next); }).code(),
            std::errc::timed_out);
  EXPECT_LT(TypeParam::now(), next + seconds(5));
}

TYPED_TEST(PostgresFaults, AFrozenServerIsLeftInTimeAndServesWhenItIsThawed) {
  RealServer& server = this->mortal_server();
  typename TestFixture::Pool pool(postgres_at(server.port()), this->brisk(2));
  ASSERT_TRUE(this->serves(pool));
  server.freeze();
  const auto ask = [&] {
    pool.with_connection([this](auto& connection) { this->ask(connection, "1", milliseconds(100)); });
  };
  EXPECT_EQ(thrown_by<std::system_error>(ask).code(), std::errc::timed_out);
  server.thaw();
  EXPECT_TRUE(this->serves(pool));
}

TYPED_TEST(PostgresFaults, AKilledServerServesAgainWhenItIsRestarted) {
  RealServer& server = this->mortal_server();
  typename TestFixture::Pool pool(postgres_at(server.port()), this->brisk(2));
  ASSERT_TRUE(this->serves(pool));
  {
    auto held = pool.acquire();
    server.kill();
    EXPECT_THROW(this->ask(*held, "1"), std::exception);
  }
  EXPECT_THROW((void)pool.acquire_for(seconds(5)), carpool::PoolError);
  server.start();
  EXPECT_TRUE(this->serves(pool));
}

TYPED_TEST(PostgresFaults, OneThatTheServerClosedWhileIdleIsNeverHandedOut) {
  ChaosProxy proxy(this->server().port());
  typename TestFixture::Pool pool(postgres_at(proxy.port()), this->brisk(3));
  EXPECT_EQ(pool.prewarm(3, seconds(20)), 3U);
  for (int i = 0; i < 3; ++i) {
    i == 1 ? proxy.reset_all() : proxy.close_all();
    EXPECT_TRUE(eventually<TypeParam>([&] { return proxy.open() == 0; }));
    TypeParam::sleep_until(this->in(milliseconds(20)));  // the end is on its way
    auto lease = pool.acquire();
    this->ask(*lease, std::to_string(i));
  }
}

TYPED_TEST(PostgresFaults, AnUnfinishedTransactionIsNobodyElses) {
  typename TestFixture::Pool pool(this->connector(), this->brisk(1));
  int process = 0;
  {
    auto lease = pool.acquire();
    process = lease->process_id();
    auto transaction = lease->begin();
    lease->query("SELECT 1");
  }
  auto lease = pool.acquire();
  EXPECT_EQ(lease->process_id(), process);
  EXPECT_FALSE(lease->in_transaction());
}

TYPED_TEST(PostgresFaults, NoReplyReachesTheWrongCallerWhateverHappens) {
  ChaosProxy proxy(this->server().port());
  typename TestFixture::Pool pool(postgres_at(proxy.port()), this->brisk(4));
  typename TypeParam::template Atomic<int> wrong = 0, right = 0;
  const auto work = [&](int worker) {
    const carpool::TimePoint end = this->soon_enough();
    for (int i = 0; i < 40 && TypeParam::now() < end; ++i) {
      try {
        const bool mine = this->asked(pool, std::to_string(worker) + '/' + std::to_string(i), i % 5 == 0);
        (mine ? right : wrong).fetch_add(1);
      } catch (const std::exception&) {
        i -= i % 5 == 0 ? 0 : 1;  // who was patient asks again
        TypeParam::sleep_until(this->in(milliseconds(1)));
      }
    }
  };
  auto havoc = TypeParam::spawn([&] { this->wreak_havoc(proxy); });
  std::vector<decltype(TypeParam::spawn([&] { work(0); }))> workers;
  for (int i = 0; i < 8; ++i) workers.push_back(TypeParam::spawn([&work, i] { work(i); }));
  for (auto& worker : workers) worker.join();
  havoc.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_GE(right.load(), 8 * 32);
  EXPECT_TRUE(this->serves(pool));
}

}  // namespace

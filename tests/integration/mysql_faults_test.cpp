// needs: mysql_connector
/// A MySQL server that is killed, frozen, slow or cut off: the right error, no answer for the wrong caller, nothing
/// leaked, and a pool that works again as soon as the server does.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "chaos_proxy.hpp"
#include "eventually.hpp"
#include "held_by.hpp"
#include "mysql_fixture.hpp"
#include "process.hpp"
#include "thrown.hpp"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

template <class B>
class MysqlFaults : public MysqlFixture<B> {
 protected:
  using Base = MysqlFixture<B>;

  void SetUp() override {
    Base::SetUp();
    if (!testing::Test::IsSkipped()) proxy_.emplace(this->server_->port());
  }

  carpool::MysqlConnector through_proxy() const { return this->connector(proxy_->port()); }

  /// A question whose answer nobody else gets.
  void exchange(typename Base::Connection& connection, std::optional<carpool::TimePoint> deadline = {}) {
    const std::int64_t nonce = ++nonces_;
    const auto result = connection.prepared("select ?, repeat('x', 300)", {nonce}, deadline);
    ASSERT_EQ(result.one().template get<std::int64_t>(0), nonce) << "the answer to somebody else's question";
  }

  /// Retries until an exchange through the pool succeeds.
  template <class Pool>
  bool works_again(Pool& pool) {
    return eventually<B>([&] {
      try {
        auto lease = pool.acquire();
        exchange(*lease);
        return true;
      } catch (const std::runtime_error&) {
        return false;
      }
    });
  }

  std::optional<ChaosProxy> proxy_;
  std::atomic<std::int64_t> nonces_ = 0;
};
TYPED_TEST_SUITE(MysqlFaults, IoBackends, BackendName);

TYPED_TEST(MysqlFaults, AServerThatFallsSilentIsGivenUpAtTheDeadline) {
  auto connection = this->connect(this->through_proxy());
  this->exchange(connection);
  this->proxy_->hold(true);
  const auto before = TypeParam::now();
  const auto error = thrown_by<std::system_error>([&] { this->exchange(connection, this->in(milliseconds(100))); });
  EXPECT_EQ(error.code(), std::errc::timed_out) << error.what();
  EXPECT_NE(std::string(error.what()).find("execute at 127.0.0.1:"), std::string::npos) << error.what();
  EXPECT_GE(TypeParam::now() - before, milliseconds(100));
  EXPECT_FALSE(connection.reusable());
  EXPECT_EQ(thrown_by<std::system_error>([&] { this->exchange(connection); }).code(), std::errc::not_connected);
}

TYPED_TEST(MysqlFaults, AConnectToASilentServerIsGivenUpAtTheDeadline) {
  this->proxy_->hold(true);
  const auto connector = this->through_proxy();
  const auto error =
      thrown_by<std::system_error>([&] { (void)connector.template connect<TypeParam>(this->in(milliseconds(100))); });
  EXPECT_EQ(error.code(), std::errc::timed_out) << error.what();
}

TYPED_TEST(MysqlFaults, AnEncryptedConnectToASilentServerIsGivenUpAtTheDeadline) {
  auto connector = this->through_proxy();
  connector.tls = carpool::MysqlTls{.ca_file = this->server_->file("ca.pem")};
  for (const std::size_t heard : {std::size_t{0}, std::size_t{10}}) {  // before the greeting, and in the handshake
    if (heard > 0) this->proxy_->hold(false);
    this->proxy_->delay(heard > 0 ? milliseconds(400) : milliseconds(0));
    if (heard == 0) this->proxy_->hold(true);
    const auto error =
        thrown_by<std::system_error>([&] { (void)connector.template connect<TypeParam>(this->in(milliseconds(600))); });
    EXPECT_EQ(error.code(), std::errc::timed_out) << error.what();
  }
}

TYPED_TEST(MysqlFaults, ARefusedConnectIsToldAtOnce) {
  this->proxy_->refuse(true);
  const auto error = thrown_by<std::system_error>([&] { (void)this->connect(this->through_proxy()); });
  EXPECT_EQ(error.code(), std::errc::connection_refused) << error.what();
}

TYPED_TEST(MysqlFaults, ASlowServerIsWaitedForByteByByte) {
  for (const bool encrypted : {false, true}) {
    this->proxy_->trickle(true);
    auto connector = this->through_proxy();
    if (encrypted) connector.tls = carpool::MysqlTls{.ca_file = this->server_->file("ca.pem")};
    auto connection = this->connect(connector);
    this->exchange(connection);
    EXPECT_TRUE(connection.reusable());
  }
}

TYPED_TEST(MysqlFaults, AConversationThatIsCutAtAnyByteIsAnErrorAndNoAnswer) {
  const std::size_t before = [&] {
    auto connection = this->connect(this->through_proxy());
    this->exchange(connection);
    return this->proxy_->answered();
  }();
  ASSERT_GT(before, 300U);
  for (std::size_t cut = 1; cut < before; cut += cut < 120 ? 1 : 7) {
    this->proxy_->cut_after(cut);
    EXPECT_THROW(
        {
          auto connection = this->connect(this->through_proxy());
          this->exchange(connection);
        },
        std::system_error)
        << "cut after " << cut << " bytes";
  }
  this->proxy_->cut_after(std::nullopt);
  auto connection = this->connect(this->through_proxy());
  this->exchange(connection);
}

TYPED_TEST(MysqlFaults, APeerThatIsGoneIsNoticedBeforeTheNextUse) {
  const auto connector = this->through_proxy();
  typename TestFixture::Pool pool(connector, {.max_size = 2});
  for (const bool reset : {false, true}) {
    const auto elder = this->connect(connector);  // the kernel ends them one by one, in an order of its own
    (void)pool.prewarm(2, seconds(20));
    const auto younger = this->connect(connector);
    if (reset) this->proxy_->reset_all();
    if (!reset) this->proxy_->close_all();
    ASSERT_TRUE(
        eventually<TypeParam>([&] { return !connector.is_connected(elder) && !connector.is_connected(younger); }));
    for (int i = 0; i < 4; ++i) this->exchange(held_by(pool.acquire()));
  }
}

TYPED_TEST(MysqlFaults, AServersWaitTimeoutIsSurvived) {
  auto connector = this->connector();
  connector.session_setup = {"set session wait_timeout = 1"};
  typename TestFixture::Pool pool(connector, {.max_size = 1});
  const auto first = pool.with_connection([](auto& connection) { return connection.id(); });
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().idle == 1; }));  // it has been reset: its time runs first
  auto kept = this->connect(connector);
  EXPECT_TRUE(connector.is_connected(kept));
  EXPECT_TRUE(eventually<TypeParam>([&] { return !connector.is_connected(kept); }));
  auto lease = pool.acquire();
  this->exchange(*lease);
  EXPECT_NE(lease->id(), first);
}

TYPED_TEST(MysqlFaults, ASessionKilledByItsServerIsReplaced) {
  typename TestFixture::Pool pool(this->connector(), {.max_size = 1});
  const auto victim = pool.with_connection([](auto& connection) { return connection.id(); });
  auto admin = this->connect();
  admin.query("kill " + std::to_string(victim));
  const std::string gone = "select count(*) from information_schema.processlist where id = " + std::to_string(victim);
  ASSERT_TRUE(eventually<TypeParam>([&] { return this->ask(admin, gone) == "0"; }));
  EXPECT_TRUE(this->works_again(pool));
}

TYPED_TEST(MysqlFaults, ALateAnswerReachesNobody) {
  typename TestFixture::Pool pool(this->through_proxy(), {.max_size = 1});
  this->exchange(held_by(pool.acquire()));
  this->proxy_->delay(milliseconds(150));
  const auto error =
      thrown_by<std::system_error>([&] { this->exchange(held_by(pool.acquire()), this->in(milliseconds(20))); });
  EXPECT_EQ(error.code(), std::errc::timed_out) << error.what();
  this->proxy_->delay(milliseconds(0));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(this->works_again(pool));
}

TYPED_TEST(MysqlFaults, AKilledAndRestartedServerServesThePoolAgain) {
  RealServer own("mariadb");
  auto connector = this->connector(own.port());
  typename TestFixture::Pool pool(connector,
                                  {.max_size = 2,
                                   .connect_attempts = 1,
                                   .connect_backoff = {.initial = milliseconds(10), .max = milliseconds(50)}});
  {
    auto lease = pool.acquire();
    this->exchange(*lease);
    own.freeze();
    EXPECT_EQ(thrown_by<std::system_error>([&] { this->exchange(*lease, this->in(milliseconds(100))); }).code(),
              std::errc::timed_out);
    own.thaw();
  }
  EXPECT_TRUE(this->works_again(pool));
  auto lease = pool.acquire();
  own.kill();
  const auto error = thrown_by<std::system_error>([&] { this->exchange(*lease); });
  EXPECT_EQ(error.code(), std::errc::connection_reset) << error.what();
  lease.release();
  EXPECT_THROW((void)pool.acquire_for(seconds(5)), carpool::PoolError);
  own.start();
  EXPECT_TRUE(this->works_again(pool));
}

TYPED_TEST(MysqlFaults, ManyCallersOverFewConnectionsEachGetTheirOwnAnswer) {
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller on this backend";
  typename TestFixture::Pool pool(this->connector(), {.max_size = 5, .max_connecting = 5});
  std::vector<typename TypeParam::Task> callers;
  for (int i = 0; i < 40; ++i) {
    callers.push_back(TypeParam::spawn([this, &pool] {
      for (int turn = 0; turn < 25; ++turn) this->exchange(held_by(pool.acquire()));
    }));
  }
  for (auto& caller : callers) caller.join();
  EXPECT_LE(pool.stats().idle, 5U);
}

TYPED_TEST(MysqlFaults, NothingIsLeakedByFailures) {
  const auto fail = [this](std::size_t cut) {
    this->proxy_->cut_after(cut);
    try {
      auto connection = this->connect(this->through_proxy());
      this->exchange(connection);
    } catch (const std::system_error&) {
      return;
    }
    ADD_FAILURE() << "no failure after " << cut;
  };
  const auto all_closed = [this] { return this->proxy_->open() == 0; };
  fail(60);
  ASSERT_TRUE(eventually<TypeParam>(all_closed));
  const std::size_t before = open_descriptors();
  for (std::size_t cut = 5; cut < 400; cut += 20) fail(cut);
  EXPECT_TRUE(eventually<TypeParam>(all_closed));
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace

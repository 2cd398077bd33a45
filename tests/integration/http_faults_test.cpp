// needs: http_connector
/// An HTTP server that is killed, frozen, slow or cut off: the right error, no answer for the wrong caller, nothing
/// leaked, and a pool that works again as soon as the server does.
#include <chrono>
#include <csignal>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

#include "chaos_proxy.hpp"
#include "eventually.hpp"
#include "held_by.hpp"
#include "http_fixture.hpp"
#include "process.hpp"
#include "thrown.hpp"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

template <class B>
class HttpFaults : public HttpFixture<B> {
 protected:
  using Base = HttpFixture<B>;

  void SetUp() override {
    Base::SetUp();
    if (testing::Test::IsSkipped()) return;
    plain_.emplace(this->server_->port());
    secret_.emplace(this->server_->tls_port());
  }

  ChaosProxy& proxy(bool encrypted) { return encrypted ? *secret_ : *plain_; }
  carpool::HttpConnector through_proxy(bool encrypted) {
    const std::uint16_t port = proxy(encrypted).port();
    return encrypted ? this->encrypted(port) : this->connector(port);
  }

  template <class Pool>
  bool works_again(Pool& pool) {
    carpool::HttpClient client(pool);
    return eventually<B>([&] {
      try {
        this->exchange(client);
        return true;
      } catch (const std::runtime_error&) {
        return false;
      }
    });
  }

  std::optional<ChaosProxy> plain_, secret_;
};
TYPED_TEST_SUITE(HttpFaults, IoBackends, BackendName);

TYPED_TEST(HttpFaults, AServerThatFallsSilentIsGivenUpAtTheDeadline) {
  for (const bool encrypted : {false, true}) {
    auto connection = this->connect(this->through_proxy(encrypted));
    this->exchange(connection);
    this->proxy(encrypted).hold(true);
    const auto error = thrown_by<std::system_error>([&] { this->exchange(connection, this->in(milliseconds(100))); });
    EXPECT_EQ(error.code(), std::errc::timed_out) << error.what();
    EXPECT_FALSE(connection.reusable());
    EXPECT_EQ(thrown_by<std::system_error>([&] { this->exchange(connection); }).code(), std::errc::not_connected);
  }
}

TYPED_TEST(HttpFaults, AHandshakeThatFallsSilentIsGivenUpAtTheDeadline) {
  auto connection = this->connect(this->through_proxy(true));
  this->proxy(true).hold(true);
  const auto error = thrown_by<std::system_error>([&] { this->exchange(connection, this->in(milliseconds(100))); });
  EXPECT_EQ(error.code(), std::errc::timed_out) << error.what();
}

TYPED_TEST(HttpFaults, ASlowServerIsWaitedForByteByByte) {
  for (const bool encrypted : {false, true}) {
    this->proxy(encrypted).trickle(true);
    auto connection = this->connect(this->through_proxy(encrypted));
    this->exchange(connection);
    EXPECT_TRUE(connection.reusable());
  }
}

TYPED_TEST(HttpFaults, AConversationThatIsCutAtAnyByteIsAnErrorAndNoAnswer) {
  const auto old = std::signal(SIGPIPE, SIG_DFL);
  for (const bool encrypted : {false, true}) {
    std::size_t whole = 0;
    {
      auto connection = this->connect(this->through_proxy(encrypted));
      this->exchange(connection);
      whole = this->proxy(encrypted).answered() - (encrypted ? 30 : 0);  // no two signatures have the same length
    }
    for (std::size_t cut = 1; cut < whole; cut += encrypted && cut > 40 ? 11 : 1) {
      this->proxy(encrypted).cut_after(cut);
      auto connection = this->connect(this->through_proxy(encrypted));
      EXPECT_THROW(this->exchange(connection), std::system_error) << "cut after " << cut << " of " << whole << " bytes";
      EXPECT_FALSE(connection.reusable());
    }
    this->proxy(encrypted).cut_after(std::nullopt);
    auto connection = this->connect(this->through_proxy(encrypted));
    this->exchange(connection);
  }
  std::signal(SIGPIPE, old);
}

TYPED_TEST(HttpFaults, APeerThatIsGoneIsNoticedBeforeTheNextUse) {
  for (const bool encrypted : {false, true}) {
    const auto connector = this->through_proxy(encrypted);
    typename TestFixture::Pool pool(connector, {.max_size = 2});
    for (const bool reset : {false, true}) {
      auto elder = this->connect(connector);  // the kernel ends them one by one, in an order of its own
      this->exchange(elder);
      (void)pool.prewarm(2, seconds(20));
      this->exchange(held_by(pool.acquire()));
      auto younger = this->connect(connector);
      this->exchange(younger);
      if (reset) this->proxy(encrypted).reset_all();
      if (!reset) this->proxy(encrypted).close_all();
      ASSERT_TRUE(eventually<TypeParam>([&] { return !elder.is_connected() && !younger.is_connected(); }));
      for (int i = 0; i < 4; ++i) this->exchange(held_by(pool.acquire()));
    }
  }
}

TYPED_TEST(HttpFaults, ALateAnswerReachesNobody) {
  typename TestFixture::Pool pool(this->through_proxy(false), {.max_size = 1});
  this->exchange(held_by(pool.acquire()));
  this->proxy(false).delay(milliseconds(150));
  const auto error =
      thrown_by<std::system_error>([&] { this->exchange(held_by(pool.acquire()), this->in(milliseconds(20))); });
  EXPECT_EQ(error.code(), std::errc::timed_out) << error.what();
  this->proxy(false).delay(milliseconds(0));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(this->works_again(pool));
}

TYPED_TEST(HttpFaults, AKilledAndRestartedServerServesThePoolAgain) {
  RealServer own("nginx");
  typename TestFixture::Pool pool(this->connector(own.port()),
                                  {.max_size = 2,
                                   .connect_attempts = 1,
                                   .connect_backoff = {.initial = milliseconds(10), .max = milliseconds(50)}});
  {
    auto lease = pool.acquire();
    this->exchange(*lease);
    own.freeze();
    const auto error = thrown_by<std::system_error>([&] { this->exchange(*lease, this->in(milliseconds(100))); });
    EXPECT_EQ(error.code(), std::errc::timed_out);
    own.thaw();
  }
  EXPECT_TRUE(this->works_again(pool));
  auto lease = pool.acquire();
  own.kill();
  EXPECT_EQ(thrown_by<std::system_error>([&] { this->exchange(*lease); }).code(), std::errc::connection_reset);
  lease.release();
  EXPECT_THROW((void)pool.acquire_for(seconds(5)), carpool::PoolError);
  own.start();
  EXPECT_TRUE(this->works_again(pool));
}

TYPED_TEST(HttpFaults, NothingIsLeakedByFailures) {
  const auto fail = [this](bool encrypted, std::size_t cut) {
    this->proxy(encrypted).cut_after(cut);
    auto connection = this->connect(this->through_proxy(encrypted));
    EXPECT_THROW(this->exchange(connection), std::system_error);
  };
  const auto all_closed = [this] { return this->proxy(false).open() + this->proxy(true).open() == 0; };
  fail(false, 10);
  fail(true, 10);
  ASSERT_TRUE(eventually<TypeParam>(all_closed));
  const std::size_t before = open_descriptors();
  for (std::size_t cut = 5; cut < 100; cut += 10) fail(false, cut), fail(true, 10 * cut);
  EXPECT_TRUE(eventually<TypeParam>(all_closed));
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace

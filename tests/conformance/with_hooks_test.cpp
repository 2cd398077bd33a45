/// WithHooks on every backend: who is called when, with what, and what a veto does.
#include <carpool/connection_pool.hpp>
#include <carpool/endpoints_connector.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/fifo_queue.hpp>
#include <carpool/recognised.hpp>
#include <carpool/with_hooks.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "awaiting_pool.hpp"
#include "eventually.hpp"
#include "io_backends.hpp"
#include "thrown.hpp"

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using carpool::CloseReason;
using carpool::TimePoint;

/// What a test makes the hooks answer, and what they were asked. Shared by their copies.
struct Book {
  std::mutex mutex;
  std::vector<std::string> asked;
  std::uint64_t refused = 0;  ///< the id that before_acquire and after_release refuse
  bool throws = false;        ///< instead of a false
  carpool::Duration longest{};

  bool note(const char* what, std::uint64_t id, carpool::Duration left) {
    const std::scoped_lock lock(mutex);
    asked.push_back(what + (' ' + std::to_string(id)));
    longest = std::max(longest, left);
    if (id == refused && throws) throw std::runtime_error("no");
    return id != refused;
  }
  [[nodiscard]] std::vector<std::string> taken() {
    const std::scoped_lock lock(mutex);
    return std::exchange(asked, {});
  }
};

template <class B>
struct Acquiring {
  std::shared_ptr<Book> book = std::make_shared<Book>();
  template <class Connection>
  void on_connect(Connection& connection, TimePoint deadline) const {
    book->note("connect", connection.id(), deadline - B::now());
  }
  template <class Connection>
  bool before_acquire(Connection& connection, TimePoint deadline) const {
    return book->note("acquire", connection.id(), deadline - B::now());
  }
  template <class Connection>
  void on_close(Connection& connection, TimePoint deadline) const {
    book->note("close", connection.id(), deadline - B::now());
  }
};

template <class B>
struct Releasing {
  std::shared_ptr<Book> book = std::make_shared<Book>();
  bool after_release(carpool::FakeConnection<B>& connection, TimePoint deadline) const {
    return book->note("release", connection.id(), deadline - B::now());
  }
};

template <class Backend>
class Hooks : public testing::Test {
 protected:
  template <template <class> class H>
  using Hooked = carpool::WithHooks<carpool::FakeConnector, H<Backend>>;
  template <template <class> class H>
  using Pool = PoolOf<Backend, carpool::FifoQueue, Hooked<H>>;
  using Asked = std::vector<std::string>;

  carpool::FakeServer server;
};
TYPED_TEST_SUITE(Hooks, AllIoBackends, BackendName);

TYPED_TEST(Hooks, EachIsCalledInItsMoment) {
  using Connector = typename TestFixture::template Hooked<Acquiring>;
  const Acquiring<TypeParam> hooks;
  {
    typename TestFixture::template Pool<Acquiring> pool(Connector(this->server.connector(), hooks), {.max_size = 1});
    pool.acquire()->use();
    pool.acquire()->use();
  }
  EXPECT_EQ(hooks.book->taken(), (typename TestFixture::Asked{"connect 1", "acquire 1", "acquire 1", "close 1"}));
  EXPECT_EQ(this->server.counts().invalidated, 1U) << "the connector's own goodbye";
  EXPECT_LE(hooks.book->longest, 10s) << "connect_timeout";
  EXPECT_GT(hooks.book->longest, 0s);
}

TYPED_TEST(Hooks, AVetoBeforeAnAcquireCostsThatConnectionAlone) {
  using Connector = typename TestFixture::template Hooked<Acquiring>;
  for (const bool throws : {false, true}) {
    const Acquiring<TypeParam> hooks;
    hooks.book->throws = throws;
    typename TestFixture::template Pool<Acquiring> pool(Connector(this->server.connector(), hooks), {.max_size = 3});
    ASSERT_EQ(pool.prewarm(3, 10s), 3U);
    const std::uint64_t first = this->server.counts().connects - 2;
    hooks.book->refused = first;
    for (int i = 0; i < 6; ++i) EXPECT_NE(pool.acquire()->id(), first);
    // Where a worker has asked, the waiter finds it dead.
    const auto closed = [&] {
      const carpool::PoolStats stats = pool.stats();
      return stats.closed_for(CloseReason::discarded) + stats.closed_for(CloseReason::dead) == 1;
    };
    EXPECT_TRUE(eventually<TypeParam>(closed, pool));
    EXPECT_EQ(this->server.counts().open, this->server.counts().connects - this->server.counts().closed);
  }
}

TYPED_TEST(Hooks, ACallerWithLittleTimeIsServedByAWorkersQuestion) {
  using Connector = typename TestFixture::template Hooked<Acquiring>;
  const Acquiring<TypeParam> hooks;
  typename TestFixture::template Pool<Acquiring> pool(Connector(this->server.connector(), hooks), {.max_size = 1});
  ASSERT_EQ(pool.prewarm(1, 10s), 1U);
  EXPECT_TRUE(pool.acquire_for(2s)) << "less than validation_timeout";
  const auto served = [&] { return pool.try_acquire().has_value(); };
  EXPECT_TRUE(eventually<TypeParam>(served, pool));
  EXPECT_LE(hooks.book->longest, 10s);
}

TYPED_TEST(Hooks, ARefusedConnectIsAConnectError) {
  struct Refusing {
    void on_connect(carpool::FakeConnection<TypeParam>&, TimePoint) const {
      throw carpool::ConnectRefused("not this one");
    }
  };
  using Connector = carpool::WithHooks<carpool::FakeConnector, Refusing>;
  PoolOf<TypeParam, carpool::FifoQueue, Connector> pool(Connector(this->server.connector()), {.max_size = 1});
  EXPECT_THROW((void)pool.acquire(), carpool::ConnectError);
  EXPECT_EQ(this->server.counts().open, 0U);
}

TYPED_TEST(Hooks, AfterEachReleaseComesTheHookBehindTheReset) {
  using Connector = typename TestFixture::template Hooked<Releasing>;
  const Releasing<TypeParam> hooks;
  typename TestFixture::template Pool<Releasing> pool(Connector(this->server.connector(), hooks), {.max_size = 1});
  pool.acquire()->use();
  pool.acquire()->get_dirty();
  (void)pool.acquire();
  EXPECT_EQ(this->server.counts().resets, 1U) << "where it was dirty";
  const auto asked = [&, all = typename TestFixture::Asked()]() mutable {
    for (std::string& one : hooks.book->taken()) all.push_back(std::move(one));
    return all == typename TestFixture::Asked(3, "release 1");
  };
  EXPECT_TRUE(eventually<TypeParam>(asked, pool));
  hooks.book->refused = 1;
  pool.acquire()->use();
  EXPECT_EQ(pool.acquire()->id(), 2U);
  EXPECT_EQ(pool.stats().closed_for(CloseReason::reset_failed), 1U);
}

/// What the connector and its connection can do stays.
TYPED_TEST(Hooks, TheConnectorsOwnMembersAreThere) {
  using Connector = typename TestFixture::template Hooked<Acquiring>;
  constexpr auto plain = carpool::recognised<carpool::FakeConnector, TypeParam>();
  constexpr auto hooked = carpool::recognised<Connector, TypeParam>();
  static_assert(hooked.before_acquire && !plain.before_acquire);
  static_assert(hooked.ping == plain.ping && hooked.reset == plain.reset && hooked.dirty == plain.dirty);
  static_assert(hooked.reusable == plain.reusable && hooked.lifetime == plain.lifetime);
  static_assert(hooked.handle_exception == plain.handle_exception && hooked.abandon == plain.abandon);
  using Several = carpool::EndpointsConnector<Connector>;
  const Acquiring<TypeParam> hooks;
  PoolOf<TypeParam, carpool::FifoQueue, Several> pool(Several({Connector(this->server.connector(), hooks)}),
                                                      {.max_size = 1});
  pool.acquire()->use();
  EXPECT_EQ(hooks.book->taken(), (typename TestFixture::Asked{"connect 1", "acquire 1"}));
}

TYPED_TEST(Hooks, TargetsReachTheConnector) {
  using Connector = carpool::WithHooks<carpool::FakeTargetConnector, Acquiring<TypeParam>>;
  const Acquiring<TypeParam> hooks;
  PoolOf<TypeParam, carpool::FifoQueue, Connector> pool(Connector(this->server.target_connector(), hooks));
  EXPECT_EQ(pool.acquire("a")->target(), "a");
  EXPECT_EQ(pool.acquire("b")->target(), "b");
  EXPECT_EQ(hooks.book->taken(), (typename TestFixture::Asked{"connect 1", "acquire 1", "connect 2", "acquire 2"}));
}

/// Nothing can be derived from it to look at its names.
struct Final final {
  [[nodiscard]] bool before_acquire(auto& /*connection*/, TimePoint) const { return true; }
};
using WithFinal = carpool::WithHooks<carpool::FakeConnector, Final>;
static_assert(carpool::recognised<WithFinal, carpool::ThreadBackend>().before_acquire);

TEST(WithHooks, TakesHooksThatAreFinal) {
  const carpool::FakeServer server;
  carpool::ConnectionPool<carpool::ThreadBackend, carpool::FifoQueue, WithFinal> pool(WithFinal(server.connector()));
  EXPECT_TRUE(pool.acquire());
}

}  // namespace

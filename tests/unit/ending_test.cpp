/// A drain and a close that no worker sleeps for: what ends them, and that they are told once.
#include <carpool/awaitable.hpp>
#include <carpool/ending.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "detached_coroutine.hpp"
#include "eventually.hpp"
#include "io_backends.hpp"
#include "queue_executor.hpp"

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): a test

namespace {

using carpool::EndKind;
using carpool::TimePoint;

template <class Backend>
using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::FakeConnector>;

template <class Backend>
class End : public Pool<Backend>::Ending {
 public:
  using Base = typename Pool<Backend>::Ending;

  End(Pool<Backend>& pool, EndKind kind, TimePoint deadline = carpool::never)
      : Base(pool, kind, deadline, [](Base& self) noexcept { ++static_cast<End&>(self).resumed; }) {}

  [[nodiscard]] bool comes() {
    return eventually<Backend>([&] { return resumed > 0; });
  }

  std::atomic<int> resumed{0};
};

template <class Backend>
class Ending : public testing::Test {
 protected:
  carpool::FakeServer server;
};

TYPED_TEST_SUITE(Ending, IoBackends, BackendName);

TYPED_TEST(Ending, OfAPoolWithoutConnectionsIsOverAtOnce) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  for (const EndKind kind : {EndKind::drain, EndKind::close}) {
    End<TypeParam> end(pool, kind);
    EXPECT_TRUE(end.begin());
    EXPECT_EQ(end.result().left, 0U);
    EXPECT_EQ(end.resumed, 0);
  }
}

TYPED_TEST(Ending, ADrainEndsWhenTheLastLeaseIsBack) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 3});
  auto first = pool.acquire();
  auto second = pool.acquire();
  End<TypeParam> end(pool, EndKind::drain);
  ASSERT_FALSE(end.begin());
  EXPECT_THROW(static_cast<void>(pool.acquire()), carpool::PoolClosed);
  first.release();
  EXPECT_EQ(end.resumed, 0) << "one is out still";
  second.release();
  EXPECT_EQ(end.resumed, 1) << "by who gave the last one back";
  const carpool::Ended ended = end.result();
  EXPECT_EQ(ended.left, 0U);
  EXPECT_FALSE(ended.called_off);
}

TYPED_TEST(Ending, ACloseEndsWhenTheLastConnectionIsClosed) {
  this->server.next_connects({carpool::fake::ok().slow_to_part(30ms)});
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2});
  pool.acquire().release();
  End<TypeParam> end(pool, EndKind::close);
  ASSERT_FALSE(end.begin()) << "its goodbye takes a while";
  ASSERT_TRUE(end.comes());
  EXPECT_EQ(end.result().left, 0U);
  EXPECT_EQ(this->server.counts().open, 0U);
  EXPECT_EQ(pool.stats().size(), 0U);
}

TYPED_TEST(Ending, EndsAtItsDeadline) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2});
  auto lease = pool.acquire();
  const TimePoint deadline = TypeParam::now() + 30ms;
  End<TypeParam> end(pool, EndKind::drain, deadline);
  End<TypeParam> patient(pool, EndKind::close);
  ASSERT_FALSE(patient.begin());
  ASSERT_FALSE(end.begin());
  ASSERT_TRUE(end.comes());
  EXPECT_GE(TypeParam::now(), deadline);
  EXPECT_LT(TypeParam::now(), deadline + 5s);
  EXPECT_EQ(end.result().left, 1U);
  EXPECT_EQ(patient.resumed, 0);
  lease.release();
  ASSERT_TRUE(patient.comes());
  EXPECT_EQ(patient.result().left, 0U);
}

TYPED_TEST(Ending, OfTimeThatIsOverOnlyBegins) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2});
  auto lease = pool.acquire();
  End<TypeParam> end(pool, EndKind::drain, TimePoint::min());
  ASSERT_TRUE(end.begin());
  EXPECT_EQ(end.result().left, 1U);
  EXPECT_TRUE(pool.stats().closed);
}

TYPED_TEST(Ending, TwoAtATimeAreBothTold) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2});
  auto lease = pool.acquire();
  End<TypeParam> one(pool, EndKind::drain);
  End<TypeParam> other(pool, EndKind::drain);
  ASSERT_FALSE(one.begin());
  ASSERT_FALSE(other.begin());
  lease.release();
  EXPECT_EQ(one.resumed, 1);
  EXPECT_EQ(other.resumed, 1);
  EXPECT_EQ(one.result().left + other.result().left, 0U);
}

TYPED_TEST(Ending, IsCalledOff) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2});
  auto lease = pool.acquire();
  End<TypeParam> end(pool, EndKind::drain);
  End<TypeParam> other(pool, EndKind::drain);
  ASSERT_FALSE(end.begin());
  ASSERT_FALSE(other.begin());
  end.call_off();
  end.call_off();
  EXPECT_EQ(end.resumed, 1);
  EXPECT_EQ(other.resumed, 0);
  const carpool::Ended ended = end.result();
  EXPECT_TRUE(ended.called_off);
  EXPECT_EQ(ended.left, 1U);
  EXPECT_TRUE(other.withdraw());
  lease.release();
  EXPECT_EQ(other.resumed, 0) << "it was withdrawn";
}

TYPED_TEST(Ending, CalledOffBeforeItBeginsOnlyBegins) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2});
  auto lease = pool.acquire();
  End<TypeParam> end(pool, EndKind::close);
  end.call_off();
  ASSERT_TRUE(end.begin());
  EXPECT_TRUE(end.result().called_off);
  EXPECT_TRUE(pool.stats().closed);
}

TYPED_TEST(Ending, EndsWithItsPool) {
  auto pool = std::make_unique<Pool<TypeParam>>(this->server.connector(), carpool::PoolOptions{.max_size = 2});
  auto lease = pool->acquire();
  pool->acquire().release();
  std::optional<End<TypeParam>> end(std::in_place, *pool, EndKind::close);
  ASSERT_FALSE(end->begin());
  pool.reset();
  ASSERT_TRUE(end->comes());
  EXPECT_EQ(end->result().left, 1U) << "the lease is out still";
  lease.release();
  EXPECT_EQ(this->server.counts().open, 0U);
}

// It keeps the pool's core alive until its end is heard of.
TYPED_TEST(Ending, MayBeHeardOfAfterEverythingElse) {
  auto pool = std::make_unique<Pool<TypeParam>>(this->server.connector(), carpool::PoolOptions{.max_size = 2});
  auto lease = pool->acquire();
  std::optional<End<TypeParam>> end(std::in_place, *pool, EndKind::drain);
  ASSERT_FALSE(end->begin());
  lease.release();
  pool.reset();
  EXPECT_EQ(end->resumed, 1);
  end->call_off();
  end.reset();
}

// --- coroutines --------------------------------------------------------------------------------------------

template <class Backend>
DetachedCoroutine end_it(Pool<Backend>& pool, QueueExecutor& executor, std::atomic<int>& steps) {
  EXPECT_EQ(co_await carpool::drain_on(pool, executor, 5ms), 1U);
  ++steps;
  EXPECT_EQ(co_await carpool::drain_on(pool, executor, 1h), 0U);
  ++steps;
  EXPECT_EQ(co_await carpool::close_on(pool, executor, 1h), 0U);
  ++steps;
}

TYPED_TEST(Ending, IsAwaitedByCoroutinesOnAnyExecutor) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2});
  auto lease = pool.acquire();
  QueueExecutor executor;
  std::atomic<int> steps{0};
  end_it<TypeParam>(pool, executor, steps);
  EXPECT_TRUE(eventually<TypeParam>([&] { return executor.run(), steps == 1; }));
  lease.release();
  EXPECT_TRUE(eventually<TypeParam>([&] { return executor.run(), steps == 3; }));
}

}  // namespace

/// An acquire that no worker sleeps for: the same laws, without a thread.
#include <carpool/acquiring.hpp>
#include <carpool/awaitable.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "detached_coroutine.hpp"
#include "eventually.hpp"
#include "io_backends.hpp"
#include "queue_executor.hpp"
#include "thrown.hpp"

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): a test

namespace {

using carpool::Duration;
using carpool::FakeServer;
using carpool::SourceLocation;
using carpool::TimePoint;

template <class Backend>
using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::FakeConnector>;

/// A caller without a worker: what it was resumed for waits until the test looks.
template <class Backend>
class Caller : public Pool<Backend>::Acquiring {
 public:
  using Base = typename Pool<Backend>::Acquiring;

  explicit Caller(Pool<Backend>& pool, std::optional<TimePoint> deadline = {})
      : Base(pool, {}, deadline, SourceLocation::current(),
             [](Base& self) noexcept { ++static_cast<Caller&>(self).resumed; }) {}

  /// Waits for a resume, and looks. False: it was not over within five seconds.
  [[nodiscard]] bool finish() {
    for (int looked = 0; eventually<Backend>([&] { return resumed > looked; });) {
      ++looked;
      if (this->proceed()) return true;
    }
    return false;
  }

  std::atomic<int> resumed{0};
};

template <class Backend>
class Acquiring : public testing::Test {
 protected:
  FakeServer server;
};

TYPED_TEST_SUITE(Acquiring, IoBackends, BackendName);

TYPED_TEST(Acquiring, BeginsWithAConnectInTheBackground) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  Caller<TypeParam> caller(pool);
  EXPECT_FALSE(caller.ready());
  ASSERT_TRUE(caller.begin() || caller.finish());
  auto lease = caller.lease();
  EXPECT_TRUE(lease);
  lease.release();
  Caller<TypeParam> next(pool);
  EXPECT_TRUE(next.ready());
  EXPECT_TRUE(next.lease());
}

TYPED_TEST(Acquiring, IsResumedByARelease) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  auto lease = pool.acquire();
  Caller<TypeParam> caller(pool);
  ASSERT_FALSE(caller.begin());
  EXPECT_EQ(pool.stats().waiting, 1U);
  EXPECT_EQ(caller.resumed, 0);
  lease.release();
  EXPECT_EQ(caller.resumed, 1);
  ASSERT_TRUE(caller.proceed());
  EXPECT_TRUE(caller.lease());
}

// Threads, fibers and these stand in one wait queue.
TYPED_TEST(Acquiring, KeepsTheOrderOfAllWhoWait) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1, .handoff_after = 0ms});
  auto held = pool.acquire();
  std::vector<int> order;
  Caller<TypeParam> first(pool);
  ASSERT_FALSE(first.begin());
  auto sleeper = TypeParam::spawn([&] {
    auto lease = pool.acquire();
    order.push_back(2);
  });
  ASSERT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 2; }));
  Caller<TypeParam> third(pool);
  ASSERT_FALSE(third.begin());
  held.release();
  ASSERT_TRUE(first.finish());
  order.push_back(1);
  {
    const auto lease = first.lease();
  }
  sleeper.join();
  ASSERT_TRUE(third.finish());
  order.push_back(3);
  EXPECT_TRUE(third.lease());
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

TYPED_TEST(Acquiring, EndsAtItsDeadline) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  auto lease = pool.acquire();
  const TimePoint deadline = TypeParam::now() + 50ms;
  Caller<TypeParam> patient(pool);
  ASSERT_FALSE(patient.begin());
  Caller<TypeParam> caller(pool, deadline);
  ASSERT_FALSE(caller.begin());
  ASSERT_TRUE(caller.finish());
  EXPECT_GE(TypeParam::now(), deadline);
  EXPECT_LT(TypeParam::now(), deadline + 5s);
  EXPECT_THROW(static_cast<void>(caller.lease()), carpool::AcquireTimeout);
  EXPECT_EQ(pool.stats().waiting, 1U);
  EXPECT_EQ(pool.stats().timeouts, 1U);
  patient.call_off();
  ASSERT_TRUE(patient.finish());
  EXPECT_THROW(static_cast<void>(patient.lease()), carpool::AcquireCancelled);
}

TYPED_TEST(Acquiring, OfTimeThatIsOverTakesOnlyWhatIsReady) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  {
    auto lease = pool.acquire();
    Caller<TypeParam> late(pool, TimePoint::min());
    ASSERT_TRUE(late.begin());
    EXPECT_THROW(static_cast<void>(late.lease()), carpool::AcquireTimeout);
  }
  Caller<TypeParam> caller(pool, TimePoint::min());
  ASSERT_TRUE(caller.begin());
  EXPECT_TRUE(caller.lease());
}

TYPED_TEST(Acquiring, CalledOffPassesOnWhatItWasGiven) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1, .handoff_after = 0ms});
  auto lease = pool.acquire();
  Caller<TypeParam> first(pool);
  Caller<TypeParam> second(pool);
  ASSERT_FALSE(first.begin());
  ASSERT_FALSE(second.begin());
  first.call_off();
  lease.release();  // the first was told to look, and will not take it
  ASSERT_TRUE(first.finish());
  try {
    const auto won = first.lease();  // legal: it was granted the connection before it looked
    EXPECT_TRUE(won);
  } catch (const carpool::AcquireCancelled&) {
  }
  ASSERT_TRUE(second.finish());
  EXPECT_TRUE(second.lease());
  EXPECT_EQ(pool.stats().in_use, 0U);
}

TYPED_TEST(Acquiring, CalledOffBeforeItBeginsEndsAtOnce) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  Caller<TypeParam> caller(pool);
  caller.call_off();
  ASSERT_TRUE(caller.begin());
  EXPECT_THROW(static_cast<void>(caller.lease()), carpool::AcquireCancelled);
}

TYPED_TEST(Acquiring, EndsWithItsPool) {
  auto pool = std::make_unique<Pool<TypeParam>>(this->server.connector(), carpool::PoolOptions{.max_size = 1});
  auto lease = pool->acquire();
  Caller<TypeParam> caller(*pool);
  ASSERT_FALSE(caller.begin());
  pool.reset();
  ASSERT_TRUE(caller.finish());
  EXPECT_THROW(static_cast<void>(caller.lease()), carpool::PoolClosed);
}

TYPED_TEST(Acquiring, ThatIsOverAndNotAskedForItsLeaseGivesItBack) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  {
    Caller<TypeParam> caller(pool, TypeParam::now() + 10s);
    ASSERT_TRUE(caller.begin() || caller.finish());
  }
  EXPECT_EQ(pool.stats().in_use, 0U);
}

// Nobody has used the connection: an exception that passes by says nothing about it.
TYPED_TEST(Acquiring, ThatIsOverAndEndsByAnExceptionKeepsItsConnection) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  try {
    Caller<TypeParam> caller(pool, TypeParam::now() + 10s);
    ASSERT_TRUE(caller.begin() || caller.finish());
    throw std::runtime_error("its owner's");
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(pool.stats().idle, 1U);
  EXPECT_EQ(pool.stats().size(), 1U);
}

// --- coroutines --------------------------------------------------------------------------------------------

template <class Backend>
DetachedCoroutine use_one(Pool<Backend>& pool, QueueExecutor& executor, std::atomic<int>& done) {
  try {
    auto lease = co_await carpool::acquire_on(pool, executor);
    EXPECT_TRUE(lease);
  } catch (const carpool::PoolError& error) {
    ADD_FAILURE() << error.what();
  }
  ++done;
}

TYPED_TEST(Acquiring, ServesCoroutinesOnAnyExecutor) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2});
  QueueExecutor executor;
  std::atomic<int> done{0};
  for (int i = 0; i < 1'000; ++i) use_one<TypeParam>(pool, executor, done);
  EXPECT_TRUE(eventually<TypeParam>([&] { return executor.run(), done == 1'000; }));
  EXPECT_EQ(pool.stats().in_use, 0U);
  EXPECT_LE(pool.stats().size(), 2U);
}

}  // namespace

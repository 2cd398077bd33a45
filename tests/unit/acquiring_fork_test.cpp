// sanitizers: not thread
/// Law 13 for those whom no worker sleeps for: a child resumes nobody of its parent's, and may destroy them.
#include <carpool/acquiring.hpp>
#include <carpool/ending.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

#include "eventually.hpp"
#include "io_backends.hpp"
#include "process.hpp"

namespace {

using carpool::SourceLocation;

template <class Backend>
class AcquiringFork : public testing::Test {
 public:
  using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::FakeConnector>;

  struct Caller : Pool::Acquiring {
    explicit Caller(Pool& pool)
        : Pool::Acquiring(pool, {}, carpool::never, SourceLocation::current(),
                          [](typename Pool::Acquiring& self) noexcept { ++static_cast<Caller&>(self).resumed; }) {}
    std::atomic<int> resumed{0};
  };
  struct End : Pool::Ending {
    explicit End(Pool& pool)
        : Pool::Ending(pool, carpool::EndKind::close, carpool::never,
                       [](typename Pool::Ending& self) noexcept { ++static_cast<End&>(self).resumed; }) {}
    std::atomic<int> resumed{0};
  };

 protected:
  /// In a child that an alarm ends where it hangs.
  template <class Work>
  [[nodiscard]] static int in_child(Work work) {
    return run_in_forked_child([&] {
      ::alarm(20);
      return work() ? 0 : 1;
    });
  }

  carpool::FakeServer server;
};

TYPED_TEST_SUITE(AcquiringFork, IoBackends, BackendName);

// The parent's lock is held by another thread at many a fork.
TYPED_TEST(AcquiringFork, TheChildDestroysTheParentsWaitersUnresumed) {
  auto pool =
      std::make_unique<typename TestFixture::Pool>(this->server.connector(), carpool::PoolOptions{.max_size = 1});
  auto lease = pool->acquire();
  std::optional<typename TestFixture::Caller> caller(std::in_place, *pool);
  ASSERT_FALSE(caller->begin());
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) static_cast<void>(pool->stats());
  });
  for (int i = 0; i < 50; ++i) {
    const int how = this->in_child([&] {
      lease.release();  // the connection is let go of, and served to nobody
      caller->call_off();
      const bool unresumed = caller->resumed == 0 && caller->withdraw();
      caller.reset();
      pool->close();  // the child's own
      pool.reset();
      return unresumed;
    });
    ASSERT_EQ(how, 0);
  }
  stop = true;
  busy.join();
  lease.release();
  ASSERT_TRUE(eventually<TypeParam>([&] { return caller->resumed == 1; }));
  ASSERT_TRUE(caller->proceed());
  EXPECT_TRUE(caller->lease());
}

TYPED_TEST(AcquiringFork, TheChildLetsGoOfWhatTheParentsWaiterWasGranted) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1, .handoff_after = {}});
  auto lease = pool.acquire();
  std::optional<typename TestFixture::Caller> caller(std::in_place, pool);
  ASSERT_FALSE(caller->begin());
  lease.release();
  ASSERT_EQ(caller->resumed, 1);
  const int how = this->in_child([&] {
    caller.reset();
    return this->server.counts().abandoned == 1 && this->server.counts().invalidated == 0;
  });
  EXPECT_EQ(how, 0);
  ASSERT_TRUE(caller->proceed());
  EXPECT_TRUE(caller->lease());
}

TYPED_TEST(AcquiringFork, TheChildsLookEndsWhatTheParentBegan) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1});
  auto lease = pool.acquire();
  std::optional<typename TestFixture::Caller> caller(std::in_place, pool);
  ASSERT_FALSE(caller->begin());
  const int how = this->in_child([&] {
    if (!caller->proceed()) return false;
    try {
      static_cast<void>(caller->lease());
    } catch (const carpool::AcquireCancelled&) {
      return static_cast<bool>(pool.acquire());  // of the child's own
    }
    return false;
  });
  EXPECT_EQ(how, 0);
  EXPECT_TRUE(caller->withdraw());
}

TYPED_TEST(AcquiringFork, TheChildDestroysTheParentsEndUntold) {
  typename TestFixture::Pool pool(this->server.connector(), {.max_size = 1});
  auto lease = pool.acquire();
  std::optional<typename TestFixture::End> end(std::in_place, pool);
  ASSERT_FALSE(end->begin());
  const int how = this->in_child([&] {
    lease.release();
    end->call_off();
    const bool untold = end->resumed == 0 && end->withdraw();
    end.reset();
    return untold && pool.acquire();
  });
  EXPECT_EQ(how, 0);
  lease.release();
  ASSERT_TRUE(eventually<TypeParam>([&] { return end->resumed == 1; }));
  EXPECT_EQ(end->result().left, 0U);
}

}  // namespace

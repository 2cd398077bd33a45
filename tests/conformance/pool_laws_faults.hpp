/// Laws of scarcity and forks: no allocation on the fast path, none that may not fail, and a child that keeps its hands
/// off.
#pragma once

#include "pool_laws_fixture.hpp"

#include "allocation_faults.hpp"
#include "sanitizer.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <sys/wait.h>
#include <unistd.h>

// Law 11, and design: acquire and release of a ready connection allocate nothing.
TYPED_TEST_P(PoolLaws, AcquireAndReleaseOfAReadyConnectionAllocateNothing) {
  Pool<TypeParam> pool(this->server.connector());
  EXPECT_EQ(pool.prewarm(2, 10s), 2U);
  static_cast<void>(pool.acquire());
  const std::size_t before = allocation_faults::made_here;
  {
    const auto first = pool.acquire();
    const auto second = pool.acquire_for(1s);
    auto third = pool.try_acquire();
    auto moved = std::move(third);
  }
  EXPECT_EQ(allocation_faults::made_here - before, 0U);
}

// Law 11: whatever comes back in whatever state, giving it back allocates nothing.
TYPED_TEST_P(PoolLawsAmongWorkers, GivingBackAllocatesNothingWhateverComesBack) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 6});
  std::vector<typename Pool<TypeParam>::Lease> leases;
  for (int i = 0; i < 6; ++i) leases.push_back(pool.acquire());
  Workers<TypeParam> workers;
  workers.start([&] { EXPECT_TRUE(pool.acquire_for(10s)); });
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 1; }));
  leases[0]->leave_a_reply_unread();
  leases[1]->get_dirty();
  leases[3]->die();
  pool.resize(4);
  const std::size_t before = allocation_faults::made_here;
  for (auto& lease : leases) &lease == &leases[2] ? lease.discard() : lease.release();
  EXPECT_EQ(allocation_faults::made_here - before, 0U);
  workers.join();
}

// Law 5: the n-th allocation fails, wherever that is. Nothing is lost but what was being done.
TYPED_TEST_P(PoolLaws, EveryPlaceIsGivenBackWhereverMemoryRunsOut) {
  long n = 0;
  for (bool failed = true; failed;) {
    Pool<TypeParam> pool(this->server.connector(),
                         {.max_size = 2, .acquire_timeout = 60ms, .connect_backoff = {1ms, 1ms}});
    pool.acquire().discard();
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }, pool));
    this->server.next_connects({refuse("once")});
    allocation_faults::fail_after(++n);
    try {
      auto first = pool.acquire();
      auto second = pool.acquire();
      second->get_dirty();
      second.release();
      first.discard();
      pool.prewarm(2, 10ms);
      pool.reap();
      static_cast<void>(pool.try_acquire());
      pool.retire_all();
      pool.resize(3);
      pool.drain(1ms);
    } catch (const std::bad_alloc&) {      // the caller's own
    } catch (const carpool::PoolError&) {  // somebody else's
    }
    failed = allocation_faults::has_failed();
    EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().in_use + pool.stats().waiting == 0; }, pool));
    if (!pool.stats().closed) {
      EXPECT_TRUE(pool.acquire_for(10s)) << "after the failure of allocation " << n;
      EXPECT_EQ(pool.prewarm(2, 10s), 2U) << "after the failure of allocation " << n;
    }
    ASSERT_LT(n, 500);
  }
  EXPECT_GT(n, 1);  // libc++ keeps longer texts without an allocation
  EXPECT_LE(this->server.counts().peak_size, 3U);
}

// Law 5: a pool that cannot be made leaves nothing behind.
TYPED_TEST_P(PoolLaws, APoolThatCannotBeMadeLeavesNothingBehind) {
  {
    Pool<TypeParam> first(this->server.connector());
  }  // what the backend makes once for a thread is there
  for (long n = 1;; ++n) {
    allocation_faults::fail_after(n);
    bool made = false;
    try {
      Pool<TypeParam> pool(this->server.connector());
      made = true;
    } catch (const std::bad_alloc&) {     // as it should be
    } catch (const std::system_error&) {  // no thread to be had
    }
    if (!allocation_faults::has_failed()) break;
    EXPECT_FALSE(made && TypeParam::concurrent && n == 1);
    ASSERT_LT(n, 200);
  }
  EXPECT_EQ(this->server.counts().connects, 0U);
}

namespace pool_laws {

/// Runs the check in a forked child, which leaves without destructors. The check says what is wrong, or nothing.
template <class Check>
[[nodiscard]] bool holds_in_child(Check check) {
  const pid_t child = fork();
  if (child == 0) {
    const char* const complaint = check();
    if (complaint != nullptr) std::fprintf(stderr, "in the child: %s\n", complaint);
    _exit(complaint == nullptr ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  int status = -1;
  while (waitpid(child, &status, 0) == -1 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

}  // namespace pool_laws

// Law 13; C67: the child opens its own, says nothing on what it has inherited, and keeps none of it.
TYPED_TEST_P(PoolLaws, AForkedChildLeavesItsParentsConnectionsAlone) {
#if CARPOOL_THREAD_SANITIZER
  GTEST_SKIP() << "ThreadSanitizer forbids threads in a child";
#endif
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 4});
  EXPECT_EQ(pool.prewarm(3, 10s), 3U);
  auto lease = pool.acquire();
  EXPECT_TRUE(holds_in_child([&]() -> const char* {
    auto own = pool.acquire_for(10s);
    if (own->id() != 4) return "the first acquire opens its own";
    if (this->server.counts().abandoned != 2) return "the idle ones are abandoned";
    if (pool.stats().size() != 1) return "only its own is counted";
    lease.release();
    if (this->server.counts().abandoned != 3) return "an inherited lease is abandoned, too";
    own.release();
    if (pool.stats().idle != 1) return "its own is pooled";
    if (this->server.counts().invalidated != 0) return "nothing was said";
    pool.close();
    return nullptr;
  }));
  EXPECT_EQ(pool.stats().idle, 2U);
  lease->use();
  const auto mine = lease->id();
  lease.release();
  EXPECT_EQ(pool.acquire()->id(), mine) << "the last that was given back";
  EXPECT_EQ(this->server.counts().opened, 3U);
}

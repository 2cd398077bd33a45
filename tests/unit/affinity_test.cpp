// What AffineBag promises, seen through a pool: a worker gets back the connection that it used last.
#include <carpool/affine_bag.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/thread_backend.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

namespace {

using carpool::ThreadBackend;
using Pool = carpool::ConnectionPool<ThreadBackend, carpool::AffineBag, carpool::FakeConnector>;

TEST(Affinity, EachWorkerGetsBackTheConnectionThatItUsedLast) {
  carpool::FakeServer server;
  Pool pool(server.connector(), {.max_size = 2});
  std::latch both_hold(2);
  std::latch both_gave_back(2);
  std::atomic<int> faithful{0};
  const auto work = [&] {
    const void* mine = nullptr;
    {
      auto lease = pool.acquire();
      mine = &*lease;
      both_hold.arrive_and_wait();  // so that each has its own
    }
    both_gave_back.arrive_and_wait();
    for (int i = 0; i < 100; ++i) {
      auto lease = pool.acquire();
      if (&*lease == mine) ++faithful;
    }
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_EQ(faithful, 200);
}

}  // namespace

// needs: thread_backend
#include <carpool/posix/asymmetric_mutex.hpp>
#include <carpool/thread_backend.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using carpool::AsymmetricMutex;
using carpool::ThreadBackend;

void keep_busy(carpool::Duration length) {
  for (const carpool::TimePoint end = ThreadBackend::now() + length; ThreadBackend::now() < end;) {
  }
}

/// Up to a few hundred nanoseconds.
void turn_idly(std::uint64_t turns) {
  for (; turns > 0; --turns) std::atomic_signal_fence(std::memory_order_seq_cst);
}

/// Looks without a pause for some microseconds, so that the other side is met in step, then leaves it the processor.
template <class Condition>
void await(Condition condition) {
  for (int looks = 0; !condition(); ++looks) {
    if (looks > 2'000) std::this_thread::yield();
  }
}

// The owner unlocks about when the other goes to sleep, which is at once on a mutex without spinning, and does not come
// back before the other has had its turn: a wake-up that is lost is not made up for by the next unlock.
TEST(AsymmetricMutex, AnOwnerWhoDoesNotComeBackWakesTheSleeper) {
  carpool::BasicAsymmetricMutex<0> mutex;
  std::atomic<int> started{0};  // a round may begin: written by the owner; -1: no more rounds
  std::atomic<int> served{0};   // the other has had the mutex in that round: written by the other
  auto other = ThreadBackend::spawn([&] {
    for (int round = 1;; ++round) {
      await([&] { return started.load() >= round || started.load() < 0; });
      if (started.load() < 0) return;
      const std::lock_guard lock(mutex);
      served.store(round);
    }
  });
  bool lost = false;
  const carpool::TimePoint end = ThreadBackend::now() + 2s;
  for (int round = 1; round <= 20'000 && !lost && ThreadBackend::now() < end; ++round) {
    mutex.lock();
    started.store(round);
    turn_idly(ThreadBackend::random() % 1'024);
    mutex.unlock();
    const carpool::TimePoint give_up = ThreadBackend::now() + 5s;
    await([&] { return served.load() >= round || ThreadBackend::now() > give_up; });
    lost = served.load() < round;
  }
  EXPECT_FALSE(lost) << "a sleeper was left behind by an unlock";
  started.store(-1);
  for (int i = 0; i < 2; ++i) mutex.lock(), mutex.unlock();  // lets one left behind go on, so that the test ends
}

TEST(AsymmetricMutex, ServesEverybodyWhoSleepsOnIt) {
  AsymmetricMutex mutex;
  int served = 0;  // guarded by mutex
  {
    std::vector<ThreadBackend::Task> crowd;
    const std::lock_guard lock(mutex);
    for (int i = 0; i < 20; ++i) {
      crowd.push_back(ThreadBackend::spawn([&] {
        const std::lock_guard mine(mutex);
        keep_busy(50us);  // longer than anybody spins
        ++served;
      }));
    }
    keep_busy(5ms);
  }
  const std::lock_guard lock(mutex);
  EXPECT_EQ(served, 20);
}

TEST(AsymmetricMutex, LeavesErrnoAlone) {
  AsymmetricMutex mutex;
  mutex.lock();
  auto sleeper = ThreadBackend::spawn([&] {
    errno = EDOM;
    const std::lock_guard lock(mutex);
    EXPECT_EQ(errno, EDOM) << "a lease is often given back between a call that failed and the look at errno";
  });
  keep_busy(2ms);
  errno = ERANGE;
  mutex.unlock();
  EXPECT_EQ(errno, ERANGE);
  sleeper.join();
}

TEST(FutexParkingSlot, LeavesErrnoAlone) {
  ThreadBackend::ParkingSlot slot;
  errno = EDOM;
  EXPECT_FALSE(slot.park_until(ThreadBackend::now() + 1ms));
  {
    const auto wakeup = slot.unpark();
  }
  EXPECT_TRUE(slot.park_until(carpool::never));
  EXPECT_EQ(errno, EDOM);
}

}  // namespace

// needs: fiber_backend
// Tokens between fibers of one thread and of several, and threads that end while they are woken.
#include <carpool/fiber_backend.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <boost/fiber/context.hpp>
#include <boost/fiber/fiber.hpp>
#include <boost/fiber/operations.hpp>

#include "fiber_situations.hpp"

namespace {

using namespace std::chrono_literals;
using carpool::never;
using Slot = Fibers::ParkingSlot;

TEST(FiberParking, TwoHundredThousandTokensBetweenTwoThreadsArrive) {
  constexpr int tokens = 100'000;  // there, and as many back
  Slot there;
  Slot back;
  const std::jthread other([&] {
    for (int i = 0; i < tokens && there.park_until(Fibers::now() + 20s); ++i) unpark_now(back);
  });
  for (int i = 0; i < tokens; ++i) {
    unpark_now(there);
    ASSERT_TRUE(back.park_until(Fibers::now() + 20s)) << "token " << i << " was lost";
  }
}

/// Some hundred nanoseconds after the thread was last awake is when it goes to sleep: tokens come at each of them.
TEST(FiberParking, ATokenThatComesWhileTheThreadFallsAsleepArrives) {
  constexpr int tokens = 60'000;
  Slot slot;
  std::atomic<int> awaited{-1};
  const std::jthread unparker([&] {
    for (int i = 0; i < tokens; ++i) {
      while (awaited.load(std::memory_order_acquire) < i) {
      }
      for (int pause = i % 512; pause > 0; --pause) awaited.load(std::memory_order_relaxed);
      unpark_now(slot);
    }
  });
  for (int i = 0; i < tokens; ++i) {
    awaited.store(i, std::memory_order_release);
    const auto deadline = Fibers::now() + 10s;  // which would end the sleep, and so deliver the token after all
    if (slot.park_until(deadline) && Fibers::now() < deadline) continue;
    ADD_FAILURE() << "nobody was told of token " << i;
    break;
  }
  awaited.store(tokens);  // lets the unparker run to its end
}

TEST(FiberParking, ManyFibersOfOneThreadAreWokenByManyThreadsAtOnce) {
  constexpr std::size_t sleepers = 200;
  constexpr int rounds = 200;
  std::vector<Slot> slots(sleepers);
  std::atomic<int> woken{0};
  std::atomic<int> round{0};
  const auto wake_every_second = [&](std::size_t first) {
    for (int done = 0; done < rounds; ++done) {
      while (round.load() < done) std::this_thread::yield();
      for (std::size_t i = first; i < sleepers; i += 2) unpark_now(slots[i]);
    }
  };
  std::thread even(wake_every_second, 0);
  std::thread odd(wake_every_second, 1);
  std::vector<Fibers::Task> fibers;
  for (Slot& slot : slots) {
    fibers.push_back(Fibers::spawn([&] {
      for (int i = 0; i < rounds; ++i) {
        EXPECT_TRUE(slot.park_until(Fibers::now() + 20s));
        if (++woken % static_cast<int>(sleepers) == 0) ++round;
      }
    }));
  }
  for (auto& fiber : fibers) fiber.join();
  even.join();
  odd.join();
  EXPECT_EQ(woken, rounds * static_cast<int>(sleepers));
}

/// Each thread has fibers; a token goes round through all of them, from thread to thread.
TEST(FiberParking, ATokenGoesRoundThroughTheFibersOfSeveralThreads) {
  constexpr std::size_t threads = 4;
  constexpr std::size_t fibers_each = 8;
  constexpr int rounds = 500;
  std::deque<Slot> slots(threads * fibers_each);
  const auto pass_on = [&](std::size_t self) {
    // Neighbours in the ring are on different threads.
    for (int i = 0; i < rounds; ++i) {
      EXPECT_TRUE(slots[self].park_until(Fibers::now() + 20s));
      unpark_now(slots[(self + 1) % slots.size()]);
    }
  };
  std::vector<std::thread> running;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    running.emplace_back([&, thread] {
      std::vector<Fibers::Task> fibers;
      for (std::size_t i = 0; i < fibers_each; ++i) {
        fibers.push_back(Fibers::spawn([&, self = i * threads + thread] { pass_on(self); }));
      }
    });
  }
  unpark_now(slots[0]);
  for (std::thread& thread : running) thread.join();
  EXPECT_TRUE(slots[0].park_until(Fibers::now() + 1s)) << "the token is not back";
}

TEST(FiberParking, TenThousandFibersAreParkedAndUnparked) {
  constexpr std::size_t count = 10'000;
  std::vector<Slot> slots(count);
  std::size_t woken = 0;
  std::vector<Fibers::Task> fibers;
  fibers.reserve(count);
  for (Slot& slot : slots) fibers.push_back(Fibers::spawn([&] { woken += slot.park_until(never); }));
  boost::this_fiber::yield();  // all park
  EXPECT_EQ(woken, 0u);
  for (std::size_t i = 0; i < count; i += 2) unpark_now(slots[i]);
  std::thread([&] {
    for (std::size_t i = 1; i < count; i += 2) unpark_now(slots[i]);
  }).join();
  fibers.clear();
  EXPECT_EQ(woken, count);
}

/// What would go wrong if the waker touched the woken thread's scheduler, or its slot, after the thread could go on.
TEST(FiberParking, AThreadMayEndAsSoonAsItIsWoken) {
  for (int i = 0; i < 3000; ++i) {
    auto slot = std::make_unique<Slot>();
    std::thread ends([slot = slot.get(), i] {
      if (i % 2 == 0) {
        EXPECT_TRUE(slot->park_until(never));
      } else {
        Fibers::spawn([slot] { EXPECT_TRUE(slot->park_until(never)); }).join();
      }
    });
    if (i % 3 == 0) std::this_thread::yield();
    unpark_now(*slot);
    ends.join();
  }
}

TEST(FiberParking, AWakeupMayOutliveTheThreadThatItWoke) {
  Fibers::Wakeup late;
  auto slot = std::make_unique<Slot>();
  std::atomic<bool> woken{false};
  std::thread ends([&, slot = slot.get()] {
    auto sleeper = Fibers::spawn([&woken, slot] { woken = slot->park_until(never); });
    // Nobody rings until this thread has ended; its own timers make it look.
    while (!woken) Fibers::sleep_until(Fibers::now() + 1ms);
  });
  Fibers::sleep_until(Fibers::now() + 5ms);
  late = slot->unpark();
  ends.join();
  slot.reset();
  late = {};
}

/// A waiter that leaves by its deadline destroys its slot at once; the pool's lock keeps the slot alive in unpark().
TEST(FiberParking, ASlotMayGoAsSoonAsItsWaiterHasLeft) {
  struct Meeting {
    Fibers::Mutex mutex;
    Slot* waiting = nullptr;  // under mutex
    bool over = false;        // under mutex
  } meeting;
  std::thread waker([&] {
    for (bool over = false; !over;) {
      Fibers::Wakeup wakeup;
      const std::lock_guard lock(meeting.mutex);
      if (meeting.waiting != nullptr) wakeup = meeting.waiting->unpark();
      over = meeting.over;
    }
  });
  int tokens = 0;
  for (int i = 0; i < 20'000 || tokens == 0; ++i) {
    const auto slot = std::make_unique<Slot>();
    {
      const std::lock_guard lock(meeting.mutex);
      meeting.waiting = slot.get();
    }
    tokens += slot->park_until(Fibers::now() + std::chrono::microseconds(i % 8));
    const std::lock_guard lock(meeting.mutex);
    meeting.waiting = nullptr;
  }
  {
    const std::lock_guard lock(meeting.mutex);
    meeting.over = true;
  }
  waker.join();
}

/// As above without the lock: true means that the unparker is done with the slot.
TEST(FiberParking, ASlotMayGoAsSoonAsItsTokenWasTaken) {
  std::atomic<Slot*> waiting{nullptr};
  std::atomic<bool> over{false};
  std::thread waker([&] {
    while (!over) {
      if (Slot* const slot = waiting.exchange(nullptr)) unpark_now(*slot);
    }
  });
  for (int i = 0; i < 5000; ++i) {
    const auto slot = std::make_unique<Slot>();
    waiting = slot.get();
    if (slot->park_until(Fibers::now() + std::chrono::microseconds(i % 16))) continue;
    // The deadline came first. If the waker has the slot in hand already, its token is still to come.
    if (waiting.exchange(nullptr) == nullptr) {
      EXPECT_TRUE(slot->park_until(Fibers::now() + 20s));
    }
  }
  over = true;
  waker.join();
}

TEST(FiberParking, ParkingLeavesErrnoAlone) {
  Slot slot;
  errno = ENOTTY;
  EXPECT_FALSE(slot.park_until(Fibers::now() + 1ms));
  EXPECT_EQ(errno, ENOTTY);
  std::thread other([&] { unpark_now(slot); });
  EXPECT_TRUE(slot.park_until(never));
  EXPECT_EQ(errno, ENOTTY);
  other.join();
}

/// Boost runs it before the scheduler has heard of it.
TEST(FiberParking, AFiberThatIsDispatchedMayParkAtOnce) {
  Fibers::install();
  for (const bool token : {true, false}) {
    Slot slot;
    bool got = !token;
    boost::fibers::fiber dispatched(boost::fibers::launch::dispatch, [&] {
      got = slot.park_until(token ? Fibers::now() + 20s : Fibers::now() + 1ms);
      EXPECT_FALSE(Slot().park_until(Fibers::now() + 1ms)) << "and again";
    });
    if (token) unpark_now(slot);
    dispatched.join();
    EXPECT_EQ(got, token);
  }
}

TEST(FiberParking, AFiberThatIsDispatchedMayWaitAsBoostDoes) {
  Fibers::install();
  int turns = 0;
  boost::fibers::fiber dispatched(boost::fibers::launch::dispatch, [&] {
    boost::fibers::fiber inner(boost::fibers::launch::dispatch, [&] {
      boost::this_fiber::yield();
      ++turns;
    });
    inner.join();  // suspends by Boost's means before the scheduler has heard of it
    ++turns;
  });
  dispatched.join();
  EXPECT_EQ(turns, 2);
}

/// As an adaptor does that finds, after it has told somebody of its waker, that there is nothing to wait for.
TEST(FiberParking, AWakerOfBoostsThatWasNotWaitedForWakesNobodyWhoParksLater) {
  Fibers::install();
  boost::fibers::waker unused;
  bool early = false;
  const auto deadline = Fibers::now() + 50ms;
  auto parked = Fibers::spawn([&] {
    unused = boost::fibers::context::active()->create_waker();
    Slot slot;
    EXPECT_FALSE(slot.park_until(deadline));
    early = Fibers::now() < deadline;
  });
  boost::this_fiber::yield();
  EXPECT_FALSE(unused.wake());
  parked.join();
  EXPECT_FALSE(early);
}

}  // namespace

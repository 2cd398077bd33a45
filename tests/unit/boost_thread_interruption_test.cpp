// needs: boost_thread_backend
#include <carpool/boost_thread_backend.hpp>

#include <chrono>
#include <mutex>

#include <gtest/gtest.h>
#include <boost/thread/thread.hpp>

namespace {

using namespace std::chrono_literals;
using Backend = carpool::BoostThreadBackend;

/// Whether the call ends by boost::thread_interrupted.
template <class Call>
bool is_interrupted(Call call) {
  try {
    call();
    return false;
  } catch (const boost::thread_interrupted&) {
    return true;
  }
}

TEST(BoostThreadInterruption, EndsAParkWithoutDeadline) {
  Backend::ParkingSlot slot;
  bool interrupted = false;
  boost::thread waiter([&] { interrupted = is_interrupted([&] { slot.park_until(carpool::never); }); });
  waiter.interrupt();
  waiter.join();
  EXPECT_TRUE(interrupted);
}

TEST(BoostThreadInterruption, EndsAParkWithADeadline) {
  Backend::ParkingSlot slot;
  bool interrupted = false;
  boost::thread waiter([&] { interrupted = is_interrupted([&] { slot.park_until(Backend::now() + 1h); }); });
  Backend::sleep_until(Backend::now() + 2ms);  // so that it sleeps already, most likely
  waiter.interrupt();
  waiter.join();
  EXPECT_TRUE(interrupted);
}

TEST(BoostThreadInterruption, EndsASleep) {
  bool interrupted = false;
  boost::thread sleeper([&] { interrupted = is_interrupted([] { Backend::sleep_until(carpool::never); }); });
  sleeper.interrupt();
  sleeper.join();
  EXPECT_TRUE(interrupted);
}

TEST(BoostThreadInterruption, DoesNotKeepAWaiterFromTheTokenThatIsThere) {
  Backend::ParkingSlot slot;
  slot.unpark();
  bool took_token = false;
  bool interrupted_later = false;
  boost::thread waiter([&] {
    while (!boost::this_thread::interruption_requested()) boost::this_thread::yield();
    took_token = slot.park_until(carpool::never);
    interrupted_later = is_interrupted([&] { slot.park_until(carpool::never); });
  });
  waiter.interrupt();
  waiter.join();
  EXPECT_TRUE(took_token);
  EXPECT_TRUE(interrupted_later) << "the interruption is not lost either";
}

// The token and the interruption come at the same time: whichever the waiter notices, the other is still there.
TEST(BoostThreadInterruption, LosesNoToken) {
  int interruptions = 0;
  for (int round = 0; round < 500; ++round) {
    Backend::ParkingSlot slot;
    bool interrupted = false;
    bool token = false;
    bool second_token = true;
    boost::thread waiter([&] {
      interrupted = is_interrupted([&] { token = slot.park_until(carpool::never); });
      const boost::this_thread::disable_interruption from_now_on;
      if (interrupted) token = slot.park_until(carpool::never);
      second_token = slot.park_until(Backend::now());
    });
    auto unparker = Backend::spawn([&] { slot.unpark(); });
    waiter.interrupt();
    waiter.join();
    unparker.join();
    ASSERT_TRUE(token);
    ASSERT_FALSE(second_token);
    interruptions += interrupted;
  }
  EXPECT_GT(interruptions, 0);
}

TEST(BoostThreadInterruption, DoesNotFireInMutexUnparkOrJoin) {
  Backend::Mutex mutex;
  Backend::ParkingSlot slot;
  bool finished = false;
  bool task_finished = false;
  mutex.lock();
  boost::thread worker([&] {
    EXPECT_FALSE(is_interrupted([&] {
      {
        const std::lock_guard lock(mutex);
      }
      slot.unpark();
      auto task = Backend::spawn([&] {
        Backend::sleep_until(Backend::now() + 5ms);
        task_finished = true;
      });
      task.join();
    }));
    EXPECT_TRUE(boost::this_thread::interruption_requested()) << "it waits for the next interruption point";
    finished = true;
  });
  worker.interrupt();
  mutex.unlock();
  worker.join();
  EXPECT_TRUE(finished);
  EXPECT_TRUE(task_finished);
}

TEST(BoostThreadInterruption, DoesNotReachBackgroundTasks) {
  Backend::ParkingSlot slot;
  bool finished = false;
  auto helper = Backend::spawn_background([&] {
    while (!boost::this_thread::interruption_requested()) boost::this_thread::yield();
    finished = !slot.park_until(Backend::now() + 1ms);
  });
  helper.interrupt();
  helper.join();
  EXPECT_TRUE(finished);
}

TEST(BoostThreadInterruption, EndsATaskQuietly) {
  Backend::ParkingSlot slot;
  bool finished = false;
  auto task = Backend::spawn([&] {
    slot.park_until(carpool::never);
    finished = true;
  });
  task.interrupt();
  task.join();
  EXPECT_FALSE(finished);
}

}  // namespace

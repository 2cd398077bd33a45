// needs: fiber_backend
// A reactor remembers which descriptors it registered; their numbers come to mean other files behind its back.
#include <carpool/fiber_backend.hpp>

#include <array>
#include <chrono>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/fiber/operations.hpp>

#include "fiber_situations.hpp"
#include "processor_time.hpp"

namespace {

using namespace std::chrono_literals;
using carpool::never;

constexpr unsigned readable = POLLIN;

/// Runs on a thread of its own and waits for its end.
template <class Work>
void elsewhere(Work work) {
  std::thread(work).join();
}

/// Whether a wait says so by an event, not by a last look at the deadline.
bool comes_soon(int fd, unsigned event) {
  const auto begin = Fibers::now();
  return Fibers::wait(fd, event, begin + 2s) == event && Fibers::now() - begin < 1s;
}

/// Makes the number mean the near end of other sockets, as a library does that closes one socket and opens the next.
void reopen_as(int number, const TwoSockets& other) {
  ::close(number);
  ASSERT_EQ(::fcntl(other.near(), F_DUPFD_CLOEXEC, number), number) << "somebody else took the number";
}

TEST(FiberDescriptors, ANumberThatAnotherThreadClosedAndReopenedIsWaitedForAnew) {
  TwoSockets first;
  const int number = first.near();
  first.send_to_near();
  ASSERT_EQ(Fibers::wait(number, POLLIN, never), readable);  // from here on it is registered
  TwoSockets second;
  elsewhere([&] {
    Fibers::forget(number);
    reopen_as(number, second);
  });
  second.send_to_near();
  EXPECT_TRUE(comes_soon(number, POLLIN));
}

TEST(FiberDescriptors, ALibraryMayExchangeTheSocketWhileItConnects) {
  TwoSockets refused;
  const int number = refused.near();
  ASSERT_EQ(Fibers::wait(number, POLLOUT, never), unsigned{POLLOUT});
  for (int attempt = 0; attempt < 3; ++attempt) {
    TwoSockets next;
    reopen_as(number, next);
    Fibers::forget(number);  // only now does the connector see that something happened
    EXPECT_TRUE(comes_soon(number, POLLOUT));
    next.send_to_near();
    EXPECT_TRUE(comes_soon(number, POLLIN));
  }
}

TEST(FiberDescriptors, AnExchangeThatNobodyAnnouncedIsNoticedWhereOtherEventsAreAskedFor) {
  TwoSockets first;
  const int number = first.near();
  ASSERT_EQ(Fibers::wait(number, POLLOUT, never), unsigned{POLLOUT});
  TwoSockets second;
  reopen_as(number, second);
  second.send_to_near();
  EXPECT_TRUE(comes_soon(number, POLLIN));
}

TEST(FiberDescriptors, ADescriptorMovesBetweenThreads) {
  TwoSockets sockets;
  for (int round = 0; round < 20; ++round) {
    const auto use = [&] {
      sockets.send_to_near();
      EXPECT_TRUE(comes_soon(sockets.near(), POLLIN));
      EXPECT_TRUE(comes_soon(sockets.near(), POLLOUT));
      sockets.receive_near();
    };
    Fibers::spawn_background(use).join();
    elsewhere(use);
    use();
  }
}

TEST(FiberDescriptors, ForgettingADescriptorWakesWhoWaitsForIt) {
  TwoSockets sockets;
  auto waiting = Fibers::spawn([&] { EXPECT_EQ(Fibers::wait(sockets.near(), POLLIN, never), unsigned{POLLNVAL}); });
  boost::this_fiber::yield();
  sockets.close_near();
}

TEST(FiberDescriptors, ForgettingWhatIsNoDescriptorIsAllowed) {
  Fibers::forget(-1);
  Fibers::forget(1'000'000);
  elsewhere([] { Fibers::forget(5); });  // a thread that has no reactor
}

TEST(FiberDescriptors, AnotherDescriptorThatSharesTheCounterIsNotDisturbed) {
  TwoSockets sockets;
  auto waiting = Fibers::spawn([&] { EXPECT_EQ(Fibers::wait(sockets.near(), POLLIN, never), readable); });
  boost::this_fiber::yield();
  Fibers::forget(sockets.near() + 16384);
  boost::this_fiber::yield();
  sockets.send_to_near();
  waiting.join();
  sockets.receive_near();
  sockets.send_to_near();
  EXPECT_TRUE(comes_soon(sockets.near(), POLLIN));
}

/// epoll keeps what a forked process has inherited, also after its close here, and reports it under the old number.
TEST(FiberDescriptors, AClosedDescriptorThatAChildInheritedDoesNotKeepTheThreadAwake) {
  TwoSockets sockets;
  TwoSockets alive;
  ASSERT_EQ(Fibers::wait(sockets.near(), POLLIN, Fibers::now() + 1ms), 0u);  // registered
  std::array<int, 2> until_closed{};
  ASSERT_EQ(::pipe2(until_closed.data(), O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char byte = 0;
    ::close(until_closed[1]);
    const ssize_t end = ::read(until_closed[0], &byte, 1);  // holds its copies until the parent says so
    ::_exit(static_cast<int>(end));
  }
  ::close(until_closed[0]);
  elsewhere([&] { sockets.close_near(); });  // a thread whose reactor cannot take it out of this one's
  sockets.send_to_near();                    // the child's copy is readable from now on
  unsigned came = 0;
  auto waiting = Fibers::spawn([&] { came = Fibers::wait(alive.near(), POLLIN, Fibers::now() + 2s); });
  const auto before = time_on_processor();
  Fibers::sleep_until(Fibers::now() + 200ms);
  EXPECT_LT(time_on_processor() - before, 50ms);
  alive.send_to_near();
  waiting.join();
  EXPECT_EQ(came, readable) << "what was still registered was lost";
  ::close(until_closed[1]);
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(FiberIdleHint, AQuietConnectionHasNone) {
  TwoSockets sockets;
  EXPECT_FALSE(Fibers::idle_hint(sockets.near()));
  ASSERT_EQ(Fibers::wait(sockets.near(), POLLOUT, never), unsigned{POLLOUT});  // as after a connect
  Fibers::sleep_until(Fibers::now() + 5ms);                                    // the reactor sees that it is writable
  EXPECT_FALSE(Fibers::idle_hint(sockets.near()));
  EXPECT_FALSE(Fibers::idle_hint(-1));
  EXPECT_FALSE(Fibers::idle_hint(1'000'000));
}

TEST(FiberIdleHint, ACloseOfTheOtherSideIsNoticedWithoutASystemCallForTheConnection) {
  TwoSockets sockets;
  ASSERT_EQ(Fibers::wait(sockets.near(), POLLOUT, never), unsigned{POLLOUT});
  Fibers::sleep_until(Fibers::now() + 5ms);
  ASSERT_FALSE(Fibers::idle_hint(sockets.near()));
  sockets.close_far();
  Fibers::sleep_until(Fibers::now() + 5ms);
  EXPECT_TRUE(Fibers::idle_hint(sockets.near()));
}

TEST(FiberIdleHint, UnaskedBytesAreNoticedUntilTheyAreRead) {
  TwoSockets sockets;
  ASSERT_EQ(Fibers::wait(sockets.near(), POLLIN, Fibers::now() + 1ms), 0u);
  sockets.send_to_near();
  Fibers::sleep_until(Fibers::now() + 5ms);
  EXPECT_TRUE(Fibers::idle_hint(sockets.near()));
  sockets.receive_near();
  EXPECT_FALSE(Fibers::idle_hint(sockets.near())) << "they were read without a wait";
  sockets.send_to_near();
  EXPECT_TRUE(comes_soon(sockets.near(), POLLIN)) << "it is still watched";
}

TEST(FiberIdleHint, AWaitOrAForgetTakesItBack) {
  TwoSockets sockets;
  ASSERT_EQ(Fibers::wait(sockets.near(), POLLIN, Fibers::now() + 1ms), 0u);
  sockets.send_to_near();
  Fibers::sleep_until(Fibers::now() + 5ms);
  ASSERT_TRUE(Fibers::idle_hint(sockets.near()));
  EXPECT_EQ(Fibers::wait(sockets.near(), POLLIN, never), readable);
  EXPECT_FALSE(Fibers::idle_hint(sockets.near()));
  Fibers::sleep_until(Fibers::now() + 5ms);
  ASSERT_TRUE(Fibers::idle_hint(sockets.near()));
  elsewhere([&] { Fibers::forget(sockets.near()); });
  EXPECT_FALSE(Fibers::idle_hint(sockets.near()));
}

TEST(FiberIdleHint, AnIdleConnectionThatIsReadableDoesNotKeepTheThreadAwake) {
  TwoSockets sockets;
  ASSERT_EQ(Fibers::wait(sockets.near(), POLLIN, Fibers::now() + 1ms), 0u);
  sockets.send_to_near();
  const auto before = time_on_processor();
  Fibers::sleep_until(Fibers::now() + 100ms);
  EXPECT_LT(time_on_processor() - before, 20ms);
}

}  // namespace

// needs: fiber_backend
// Waiting for descriptors: events, deadlines, fairness, and what it may cost.
#include <carpool/fiber_backend.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>
#include <boost/fiber/operations.hpp>

#include "fiber_situations.hpp"
#include "process.hpp"
#include "processor_time.hpp"

namespace {

using namespace std::chrono_literals;
using carpool::never;

TEST(FiberWaiting, WhatWasLeftUnreadIsReportedAgain) {
  TwoSockets sockets;
  sockets.send_to_near(3);
  for (int left = 3; left > 0; --left) {
    EXPECT_EQ(Fibers::wait(sockets.near(), POLLIN, Fibers::now() + 1s), unsigned{POLLIN}) << left << " bytes are left";
    sockets.receive_near();
  }
  EXPECT_EQ(Fibers::wait(sockets.near(), POLLIN, Fibers::now() + 1ms), 0u);
}

TEST(FiberWaiting, OneFiberReadsWhileAnotherWritesToTheSameDescriptor) {
  TwoSockets sockets;
  sockets.fill_near();
  unsigned read = 0;
  auto reader = Fibers::spawn([&] { read = Fibers::wait(sockets.near(), POLLIN, Fibers::now() + 5s); });
  auto writer = Fibers::spawn([&] {
    EXPECT_EQ(Fibers::wait(sockets.near(), POLLOUT, Fibers::now() + 5s), unsigned{POLLOUT});
    EXPECT_EQ(read, 0u) << "the reader was woken by the writer's event";
    sockets.send_to_near();
  });
  boost::this_fiber::yield();
  sockets.drain_far();
  writer.join();
  reader.join();
  EXPECT_EQ(read, unsigned{POLLIN});
}

TEST(FiberWaiting, AReaderWhoseWriterHasLeftDoesNotSpin) {
  TwoSockets sockets;
  auto reader =
      Fibers::spawn([&] { EXPECT_EQ(Fibers::wait(sockets.near(), POLLIN, Fibers::now() + 5s), unsigned{POLLIN}); });
  // Both directions are registered from here on, and near stays writable.
  auto writer = Fibers::spawn([&] { EXPECT_EQ(Fibers::wait(sockets.near(), POLLOUT, never), unsigned{POLLOUT}); });
  writer.join();
  const auto before = time_on_processor();
  Fibers::sleep_until(Fibers::now() + 100ms);
  EXPECT_LT(time_on_processor() - before, 20ms);
  sockets.send_to_near();
  reader.join();
}

TEST(FiberWaiting, ASecondReaderOfOneDescriptorIsRefused) {
  TwoSockets sockets;
  auto reader = Fibers::spawn([&] { EXPECT_EQ(Fibers::wait(sockets.near(), POLLIN, never), unsigned{POLLIN}); });
  boost::this_fiber::yield();
  EXPECT_THROW((void)Fibers::wait(sockets.near(), POLLIN, never), std::logic_error);
  EXPECT_THROW((void)Fibers::wait(sockets.near(), POLLIN | POLLOUT, never), std::logic_error);
  sockets.send_to_near();
  reader.join();
}

TEST(FiberWaiting, ADescriptorThatIsNoneIsSaidToBeInvalid) {
  EXPECT_EQ(Fibers::wait(-1, POLLIN, Fibers::now() + 1s), unsigned{POLLNVAL});
  EXPECT_EQ(Fibers::wait(1'000'000, POLLIN, Fibers::now() + 1s), unsigned{POLLNVAL});
}

TEST(FiberWaiting, ARegularFileIsAlwaysReady) {
  const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(file, 0);
  EXPECT_EQ(Fibers::wait(file, POLLIN, never), unsigned{POLLIN});
  Fibers::forget(file);
  ::close(file);
}

TEST(FiberWaiting, AnErrorOrAHangUpWakesWhoeverWaits) {
  TwoSockets sockets;
  sockets.fill_near();
  unsigned read = 0;
  unsigned wrote = 0;
  auto reader = Fibers::spawn([&] { read = Fibers::wait(sockets.near(), POLLIN, never); });
  auto writer = Fibers::spawn([&] { wrote = Fibers::wait(sockets.near(), POLLOUT, never); });
  boost::this_fiber::yield();
  sockets.close_far();
  reader.join();
  writer.join();
  EXPECT_NE(read & POLLHUP, 0u);
  EXPECT_NE(wrote & POLLHUP, 0u);
}

TEST(FiberWaiting, WhoAsksForNothingIsWokenByAHangUpAlone) {
  TwoSockets sockets;
  sockets.send_to_near();
  EXPECT_EQ(Fibers::wait(sockets.near(), 0, Fibers::now() + 1ms), 0u);
  sockets.close_far();
  EXPECT_EQ(Fibers::wait(sockets.near(), 0, Fibers::now() + 2s), unsigned{POLLHUP});
}

TEST(FiberWaiting, AFiberThatOnlyYieldsDoesNotKeepOthersFromTheirEvents) {
  TwoSockets sockets;
  bool done = false;
  std::size_t yields = 0;
  std::size_t most = 0;
  auto busy = Fibers::spawn([&] {
    while (!done) {
      boost::this_fiber::yield();
      ++yields;
    }
  });
  for (int message = 0; message < 300; ++message) {
    sockets.send_to_near();
    const std::size_t before = yields;
    ASSERT_EQ(Fibers::wait(sockets.near(), POLLIN, Fibers::now() + 5s), unsigned{POLLIN});
    most = std::max(most, yields - before);
    sockets.receive_near();
  }
  done = true;
  busy.join();
  EXPECT_LT(most, 200u);
}

TEST(FiberWaiting, AFiberThatOnlyYieldsDoesNotKeepOthersFromTheirDeadlinesAndTokens) {
  bool done = false;
  auto busy = Fibers::spawn([&] {
    while (!done) boost::this_fiber::yield();
  });
  const auto deadline = Fibers::now() + 10ms;
  Fibers::sleep_until(deadline);
  EXPECT_LT(Fibers::now() - deadline, 100ms);
  for (int i = 0; i < 30; ++i) {
    Gate gate;
    std::thread other([&] { gate.open(); });
    gate.pass();
    other.join();
  }
  done = true;
}

TEST(FiberWaiting, DeadlinesAreKeptWhileEventsComeAllTheTime) {
  TwoSockets sockets;
  TwoSockets silent;
  bool done = false;
  auto flood = Fibers::spawn([&] {
    while (!done) {
      sockets.send_to_near();
      EXPECT_EQ(Fibers::wait(sockets.near(), POLLIN, never), unsigned{POLLIN});
      sockets.receive_near();
    }
  });
  carpool::Duration smallest = carpool::forever;  // one try of many finds the machine quiet enough
  for (int attempt = 0; attempt < 40; ++attempt) {
    const auto deadline = Fibers::now() + 1ms;
    EXPECT_EQ(Fibers::wait(silent.near(), POLLIN, deadline), 0u);
    EXPECT_GE(Fibers::now(), deadline);
    smallest = std::min(smallest, Fibers::now() - deadline);
  }
  done = true;
  EXPECT_LT(smallest, 1ms);
}

TEST(FiberWaiting, AnIdleThreadUsesNoProcessor) {
  TwoSockets sockets;
  auto waiting = Fibers::spawn([&] { EXPECT_EQ(Fibers::wait(sockets.near(), POLLIN, never), unsigned{POLLIN}); });
  const auto before = time_on_processor();
  Fibers::sleep_until(Fibers::now() + 200ms);
  EXPECT_LT(time_on_processor() - before, 10ms);
  sockets.send_to_near();
}

TEST(FiberWaiting, AnEventThatRacesWithTheDeadlineIsReportedNowOrNextTime) {
  TwoSockets sockets;
  std::size_t received = 0;
  constexpr std::size_t messages = 2000;
  std::thread sender([&] {
    for (std::size_t i = 0; i < messages; ++i) {
      sockets.send_to_near();
      EXPECT_EQ(Fibers::wait(sockets.far(), POLLIN, never), unsigned{POLLIN});
      sockets.receive_far();
    }
  });
  auto pause = 0us;
  while (received < messages) {
    pause = pause == 40us ? 0us : pause + 1us;
    if (Fibers::wait(sockets.near(), POLLIN, Fibers::now() + pause) == 0) continue;
    sockets.receive_near();
    ++received;
    sockets.send_to_far();
  }
  sender.join();
  EXPECT_EQ(received, messages);
}

TEST(FiberWaiting, SignalsDisturbNeitherEventsNorDeadlines) {
  TwoSockets sockets;
  const AlarmStorm storm;
  const auto deadline = Fibers::now() + 50ms;
  EXPECT_EQ(Fibers::wait(sockets.near(), POLLIN, deadline), 0u);
  EXPECT_GE(Fibers::now(), deadline);
  auto sender = Fibers::spawn([&] {
    Fibers::sleep_until(Fibers::now() + 20ms);
    sockets.send_to_near();
  });
  EXPECT_EQ(Fibers::wait(sockets.near(), POLLIN, never), unsigned{POLLIN});
}

}  // namespace

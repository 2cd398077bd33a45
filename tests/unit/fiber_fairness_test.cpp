// needs: fiber_backend
// Operations that never have to wait: no fiber may keep its thread from the others by them.
#include <carpool/budget.hpp>
#include <carpool/fiber_backend.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <boost/fiber/operations.hpp>

#include "fiber_situations.hpp"

namespace {

using namespace std::chrono_literals;
using carpool::never;
using Socket = Fibers::Socket;

/// Two sockets connected with each other: what is written to one is there to be read from the other at once.
class Echo {
 public:
  Echo() {
    std::array<int, 2> ends{-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    near_ = Socket(ends[0], {});
    far_ = Socket(ends[1], {});
  }
  void write() { EXPECT_EQ(far_.write_some(std::as_bytes(std::span("x", 1)), never), 1u); }
  void read() {
    std::byte byte{};
    EXPECT_EQ(near_.read_some({&byte, 1}, never), 1u);
  }

 private:
  Socket near_;
  Socket far_;
};

/// Who did something, one after the other.
using Log = std::vector<int>;

[[nodiscard]] std::size_t longest_run(const Log& log) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    run = i > 0 && log[i] == log[i - 1] ? run + 1 : 1;
    longest = std::max(longest, run);
  }
  return longest;
}

/// Three fibers do it, together so many times.
template <class Operation>
[[nodiscard]] Log three_at_once(Operation operation, std::size_t times = 3000) {
  Log log;
  std::vector<Fibers::Task> fibers;
  for (int name = 0; name < 3; ++name) {
    fibers.push_back(Fibers::spawn([&, name] {
      for (Echo echo; log.size() < times;) {
        operation(echo);
        log.push_back(name);
      }
    }));
  }
  fibers.clear();
  return log;
}

TEST(FiberFairness, NoFiberDoesMoreThanItsTurnsOperationsWhileOthersCouldGoOn) {
  const Log log = three_at_once([](Echo& echo) {
    echo.write();
    echo.read();
  });
  EXPECT_EQ(longest_run(log), 1u) << "a turn is one request and its answer";
  for (const int name : {0, 1, 2}) EXPECT_NEAR(static_cast<double>(std::count(log.begin(), log.end(), name)), 1000, 2);
}

TEST(FiberFairness, WritesAloneAreATurnToo) {
  const Log log = three_at_once([](Echo& echo) { echo.write(); }, 150);  // fewer than the kernel takes unread
  EXPECT_LE(longest_run(log), carpool::budget_of_exchange);
}

TEST(FiberFairness, ALibrarysWholeExchangeIsATurn) {
  const auto exchange = [](Echo&) { carpool::consume_budget<Fibers>(carpool::budget_of_exchange); };
  EXPECT_EQ(longest_run(three_at_once(exchange)), 1u);
}

TEST(FiberFairness, ARegularFileAndADeadlineThatHasPassedAreOperationsToo) {
  EXPECT_LE(longest_run(three_at_once([](Echo&) { (void)Fibers::wait(-1, POLLIN, never); })),
            carpool::budget_of_exchange);
  EXPECT_LE(longest_run(three_at_once([](Echo&) { Fibers::sleep_until(carpool::TimePoint::min()); })),
            carpool::budget_of_exchange);
}

/// Works without a pause until told to end; false: nobody did within a million requests.
[[nodiscard]] bool works_until(const bool& told) {
  Echo echo;
  for (int requests = 0; !told; ++requests) {
    if (requests == 1'000'000) return false;
    echo.write();
    echo.read();
  }
  return true;
}

TEST(FiberFairness, ADeadlineIsKeptBesideAFiberThatNeverHasToWait) {
  bool slept = false;
  auto sleeper = Fibers::spawn([&] {
    Fibers::sleep_until(Fibers::now() + 1us);
    slept = true;
  });
  EXPECT_TRUE(works_until(slept));
}

TEST(FiberFairness, ATokenOfAnotherThreadComesBesideAFiberThatNeverHasToWait) {
  bool came = false;
  Gate gate;
  auto waiter = Fibers::spawn([&] {
    gate.pass();
    came = true;
  });
  boost::this_fiber::yield();
  std::thread([&] { gate.open(); }).join();
  EXPECT_TRUE(works_until(came));
}

TEST(FiberFairness, WhoseEventHasComeGoesOnBesideOneFiberThatNeverHasToWait) {
  TwoSockets sockets;
  std::size_t requests = 0;
  std::size_t answers = 0;
  auto waiter = Fibers::spawn([&] {
    for (; answers < 100; ++answers) {
      sockets.send_to_near();
      EXPECT_EQ(Fibers::wait(sockets.near(), POLLIN, never), unsigned{POLLIN});
      sockets.receive_near();
    }
  });
  for (Echo echo; answers < 100 && requests < 100'000; ++requests) {
    echo.write();
    echo.read();
  }
  EXPECT_EQ(answers, 100u);
  EXPECT_LE(requests, 400u) << "the one who waits had its answer all the time";
}

TEST(FiberFairness, InsideACatchBlockNobodyElseGetsATurn) {
  std::size_t others = 0;
  bool done = false;
  auto other = Fibers::spawn([&] {
    while (!done) {
      ++others;
      boost::this_fiber::yield();
    }
  });
  boost::this_fiber::yield();
  Echo echo;
  try {
    throw std::runtime_error("handled while it works");
  } catch (const std::runtime_error&) {
    const std::size_t before = others;
    for (int i = 0; i < 100; ++i) echo.write(), echo.read();
    EXPECT_EQ(others, before);
  }
  const std::size_t before = others;
  for (int i = 0; i < 100; ++i) echo.write(), echo.read();
  EXPECT_GE(others, before + 90);
  done = true;
}

}  // namespace

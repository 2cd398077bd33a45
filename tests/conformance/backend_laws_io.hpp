/// Laws of a backend's wait(fd, ...), forget(fd) and run_blocking(f), for backends that have them.
#pragma once

#include "backend_conformance_fixture.hpp"
#include "process.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/// Two stream sockets that are connected with each other, not blocking.
template <class Backend>
class SocketPair {
 public:
  SocketPair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends_.data()), 0); }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;
  ~SocketPair() {
    close_end(0);
    close_end(1);
  }

  [[nodiscard]] int near() const { return ends_[0]; }
  void send_from_far() { EXPECT_EQ(write(ends_[1], "x", 1), 1); }
  void receive_near() {
    char byte;
    EXPECT_EQ(read(ends_[0], &byte, 1), 1);
  }
  void close_far() { close_end(1); }

 private:
  void close_end(std::size_t end) {
    if (ends_[end] < 0) return;
    Backend::forget(ends_[end]);
    close(std::exchange(ends_[end], -1));
  }

  std::array<int, 2> ends_{-1, -1};
};

TYPED_TEST_P(BackendConformance, WaitReportsWhatIsReadableAndWritable) {
  if constexpr (carpool::IoBackendPolicy<TypeParam>) {
    SocketPair<TypeParam> pair;
    EXPECT_EQ(TypeParam::wait(pair.near(), POLLOUT, carpool::never), unsigned{POLLOUT});
    EXPECT_EQ(TypeParam::wait(pair.near(), POLLIN | POLLOUT, carpool::never), unsigned{POLLOUT});
    pair.send_from_far();
    EXPECT_EQ(TypeParam::wait(pair.near(), POLLIN, carpool::never), unsigned{POLLIN});
    EXPECT_EQ(TypeParam::wait(pair.near(), POLLIN | POLLOUT, carpool::never), unsigned{POLLIN | POLLOUT});
    pair.receive_near();
    EXPECT_EQ(TypeParam::wait(pair.near(), POLLIN, TypeParam::now() + 1ms), 0u) << "an event that is over";
  }
}

TYPED_TEST_P(BackendConformance, WaitEndsAtItsDeadlineAndNotBefore) {
  if constexpr (carpool::IoBackendPolicy<TypeParam>) {
    const SocketPair<TypeParam> pair;
    const auto wait = [&](carpool::TimePoint deadline) {
      EXPECT_EQ(TypeParam::wait(pair.near(), POLLIN, deadline), 0u);
    };
    EXPECT_LT(smallest_lateness<TypeParam>(wait), 50ms);
  }
}

TYPED_TEST_P(BackendConformance, WaitWithADeadlineInThePastLooksOnce) {
  if constexpr (carpool::IoBackendPolicy<TypeParam>) {
    SocketPair<TypeParam> pair;
    for (const carpool::TimePoint past : {carpool::TimePoint::min(), carpool::TimePoint{}, TypeParam::now()}) {
      EXPECT_EQ(TypeParam::wait(pair.near(), POLLIN, past), 0u);
      EXPECT_EQ(TypeParam::wait(pair.near(), POLLOUT, past), unsigned{POLLOUT});
    }
  }
}

TYPED_TEST_P(BackendConformance, WaitReportsWhatComesLater) {
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller";
  if constexpr (carpool::IoBackendPolicy<TypeParam>) {
    SocketPair<TypeParam> pair;
    for (const carpool::TimePoint deadline : {carpool::never, carpool::never - 1ns, TypeParam::now() + 1h}) {
      auto sender = TypeParam::spawn([&] {
        TypeParam::sleep_until(TypeParam::now() + 2ms);
        pair.send_from_far();
      });
      EXPECT_EQ(TypeParam::wait(pair.near(), POLLIN, deadline), unsigned{POLLIN});
      pair.receive_near();
      sender.join();
    }
  }
}

TYPED_TEST_P(BackendConformance, WaitReportsHangUp) {
  if constexpr (carpool::IoBackendPolicy<TypeParam>) {
    SocketPair<TypeParam> pair;
    pair.close_far();
    EXPECT_TRUE(TypeParam::wait(pair.near(), POLLIN, carpool::never) & (POLLHUP | POLLIN));
    EXPECT_TRUE(TypeParam::wait(pair.near(), POLLRDHUP, carpool::never) & (POLLHUP | POLLRDHUP));
  }
}

TYPED_TEST_P(BackendConformance, WaitReportsHangUpThatComesLater) {
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller";
  if constexpr (carpool::IoBackendPolicy<TypeParam>) {
    SocketPair<TypeParam> pair;
    auto peer = TypeParam::spawn([&] {
      TypeParam::sleep_until(TypeParam::now() + 2ms);
      pair.close_far();
    });
    EXPECT_TRUE(TypeParam::wait(pair.near(), POLLIN | POLLRDHUP, carpool::never) & (POLLHUP | POLLRDHUP));
    peer.join();
  }
}

TYPED_TEST_P(BackendConformance, WaitReportsADescriptorThatIsNone) {
  if constexpr (carpool::IoBackendPolicy<TypeParam>) {
    int channel[2];
    ASSERT_EQ(pipe2(channel, O_CLOEXEC), 0);
    close(channel[0]);
    close(channel[1]);
    EXPECT_EQ(TypeParam::wait(channel[0], POLLIN, carpool::never), unsigned{POLLNVAL});
    EXPECT_EQ(TypeParam::wait(-1, POLLIN, carpool::never), unsigned{POLLNVAL}) << "what a library has after a failure";
  }
}

TYPED_TEST_P(BackendConformance, SignalsNeitherEndNorProlongAWait) {
  if constexpr (is_simulated<TypeParam>) GTEST_SKIP() << "no real time passes in which a signal could come";
  if constexpr (carpool::IoBackendPolicy<TypeParam>) {
    const AlarmStorm storm;
    const int alarms_before = AlarmStorm::alarms();
    const SocketPair<TypeParam> pair;
    const auto wait = [&](carpool::TimePoint deadline) {
      EXPECT_EQ(TypeParam::wait(pair.near(), POLLIN, deadline), 0u);
    };
    EXPECT_LT(smallest_lateness<TypeParam>(wait), 50ms);
    const auto sleep = [](carpool::TimePoint deadline) { TypeParam::sleep_until(deadline); };
    EXPECT_LT(smallest_lateness<TypeParam>(sleep), 50ms);
    EXPECT_GT(AlarmStorm::alarms(), alarms_before);
  }
}

TYPED_TEST_P(BackendConformance, ADescriptorNumberMayBeUsedAgainAfterForget) {
  if constexpr (carpool::IoBackendPolicy<TypeParam>) {
    int first_number = -1;
    for (int round = 0; round < 5; ++round) {
      SocketPair<TypeParam> pair;
      if (round == 0) first_number = pair.near();
      ASSERT_EQ(pair.near(), first_number) << "the kernel gives out the lowest free number";
      EXPECT_EQ(TypeParam::wait(pair.near(), POLLIN, TypeParam::now() + 1ms), 0u);
      pair.send_from_far();
      EXPECT_EQ(TypeParam::wait(pair.near(), POLLIN, carpool::never), unsigned{POLLIN});
    }
  }
}

TYPED_TEST_P(BackendConformance, ManyTasksWaitForManyDescriptors) {
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller";
  if constexpr (carpool::IoBackendPolicy<TypeParam>) {
    constexpr std::size_t tasks = 50;
    std::vector<SocketPair<TypeParam>> pairs(tasks);
    std::vector<unsigned> events(tasks, 0);
    {
      std::vector<decltype(TypeParam::spawn(std::declval<void (*)()>()))> waiters;
      for (std::size_t i = 0; i < tasks; ++i) {
        waiters.push_back(TypeParam::spawn([&, i] {
          events[i] = TypeParam::wait(pairs[i].near(), POLLIN, carpool::never);
          if (i > 0) pairs[i - 1].send_from_far();  // a chain: each wakes the one before it
        }));
      }
      pairs[tasks - 1].send_from_far();
    }
    EXPECT_EQ(events, std::vector<unsigned>(tasks, POLLIN));
  }
}

TYPED_TEST_P(BackendConformance, AQuietDescriptorHasNoIdleHint) {
  if constexpr (requires { TypeParam::idle_hint(0); }) {
    const SocketPair<TypeParam> pair;
    static_assert(noexcept(TypeParam::idle_hint(0)));
    EXPECT_FALSE(TypeParam::idle_hint(pair.near()));
    EXPECT_EQ(TypeParam::wait(pair.near(), POLLIN, TypeParam::now() + 1ms), 0u);
    EXPECT_FALSE(TypeParam::idle_hint(pair.near()));
  }
}

TYPED_TEST_P(BackendConformance, RunBlockingReturnsValues) {
  if constexpr (carpool::IoBackendPolicy<TypeParam>) {
    EXPECT_EQ(TypeParam::run_blocking([] { return 42; }), 42);
    EXPECT_EQ(*TypeParam::run_blocking([] { return std::make_unique<int>(7); }), 7);
    int runs = 0;
    TypeParam::run_blocking([&runs, by = std::make_unique<int>(2)] { runs += *by; });
    EXPECT_EQ(runs, 2);
  }
}

TYPED_TEST_P(BackendConformance, RunBlockingRethrows) {
  if constexpr (carpool::IoBackendPolicy<TypeParam>) {
    const auto fail = []() -> int { throw std::out_of_range("from the call"); };
    EXPECT_THROW(TypeParam::run_blocking(fail), std::out_of_range);
    EXPECT_THROW(TypeParam::run_blocking([] { throw std::out_of_range("from the call"); }), std::out_of_range);
  }
}

TYPED_TEST_P(BackendConformance, RunBlockingHoldsUpNobodyElse) {
  if constexpr (is_simulated<TypeParam>) GTEST_SKIP() << "a call that blocks the only thread holds up everybody";
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller";
  if constexpr (carpool::IoBackendPolicy<TypeParam>) {
    int channel[2];
    ASSERT_EQ(pipe2(channel, O_CLOEXEC), 0);
    auto other = TypeParam::spawn([&] {
      TypeParam::sleep_until(TypeParam::now() + 2ms);  // so that the call blocks first, most likely
      EXPECT_EQ(write(channel[1], "x", 1), 1);
    });
    char byte = 0;
    EXPECT_EQ(TypeParam::run_blocking([&] { return read(channel[0], &byte, 1); }), 1) << "reads what the other writes";
    EXPECT_EQ(byte, 'x');
    other.join();
    close(channel[0]);
    close(channel[1]);
  }
}

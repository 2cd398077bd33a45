/// What the tests of the fiber backend share: two sockets, a thread's use of the processor, a word that is passed on.
#pragma once

#include <carpool/fiber_backend.hpp>
#include <carpool/time.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <utility>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

using Fibers = carpool::FiberBackend;

/// Two sockets that are connected with each other, not blocking; of their number the reactors are told.
class TwoSockets {
 public:
  TwoSockets() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends_.data()), 0); }
  TwoSockets(const TwoSockets&) = delete;
  TwoSockets& operator=(const TwoSockets&) = delete;
  ~TwoSockets() {
    close_end(0);
    close_end(1);
  }

  [[nodiscard]] int near() const { return ends_[0]; }
  [[nodiscard]] int far() const { return ends_[1]; }
  void send_to_near(std::size_t bytes = 1) { send(far(), bytes); }
  void send_to_far(std::size_t bytes = 1) { send(near(), bytes); }
  void receive_near() { receive(near()); }
  void receive_far() { receive(far()); }
  void close_near() { close_end(0); }
  void close_far() { close_end(1); }

  /// Until nothing more can be written to near.
  void fill_near() {
    constexpr std::array<char, 4096> bytes{};
    while (::write(near(), bytes.data(), bytes.size()) > 0) {
    }
  }
  void drain_far() {
    std::array<char, 4096> bytes;
    while (::read(far(), bytes.data(), bytes.size()) > 0) {
    }
  }

 private:
  static void send(int end, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(::write(end, "x", 1), 1);
  }
  static void receive(int end) {
    char byte = 0;
    EXPECT_EQ(::read(end, &byte, 1), 1);
  }
  void close_end(std::size_t end) {
    if (ends_[end] < 0) return;
    Fibers::forget(ends_[end]);
    ::close(std::exchange(ends_[end], -1));
  }

  std::array<int, 2> ends_{-1, -1};
};

/// Leaves a token and wakes at once.
inline void unpark_now(Fibers::ParkingSlot& slot) { const auto wakeup = slot.unpark(); }

/// A place for one who waits and others who may come earlier or later; passed once.
class Gate {
 public:
  void open() { unpark_now(slot_); }
  void pass() { slot_.park_until(carpool::never); }

 private:
  Fibers::ParkingSlot slot_;
};

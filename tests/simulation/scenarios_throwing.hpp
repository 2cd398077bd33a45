/// Scenarios in which any call of the connector fails: none ever strands a slot.
#pragma once

#include "scenarios_beginnings.hpp"

/// C22, B8, law 5: every call of the connector may fail, at any time.
template <class B>
void everything_may_fail() {
  SimulatedHost<B> server;
  bool fails = true;
  server.fails = [&](ServerCall call, int) {
    if (!fails || call == ServerCall::is_connected || call == ServerCall::reusable) return false;
    return B::random() % 3 == 0;
  };
  Scene<B, SimulatedFullConnector> scene(
      {.max_size = 2, .connect_attempts = 2, .connect_backoff = {1ms, 1ms}, .validation_bypass_window = 0ms}, {},
      &server);
  for (int i = 0; i < 2; ++i) {
    scene.worker([&, i] {
      try {
        auto lease = scene.pool().acquire_for(5ms);
        lease->dirty = i == 0;
        lease.release();
        scene.use(0s, 5ms);
      } catch (const carpool::PoolError&) {
        advance_time<B>(1ms);
      } catch (const std::runtime_error&) {  // a ping's own
      }
    });
  }
  scene.join();
  const auto end = unsearched<B>();
  fails = false;
  advance_time<B>(10ms);
  law<B>(!scene.try_use(0s), "law 5: a slot was lost");
  scene.expect_calm();
}

/// C20, C22, C24, law 5: a single call of the connector fails, the n-th of its kind. It costs at most a connection.
template <class B>
void one_call_fails(ServerCall which, int nth) {
  SimulatedHost<B> server;
  server.fails = [=](ServerCall call, int n) { return call == which && n == nth; };
  Scene<B, SimulatedFullConnector> scene(
      {.max_size = 1, .connect_attempts = 2, .connect_backoff = {1ms, 1ms}, .validation_bypass_window = 0ms}, {},
      &server);
  const auto use_twice = [&] {
    try {
      scene.acquire(10s)->dirty = true;
      advance_time<B>(1ms);
      scene.use(0s);
    } catch (const carpool::PoolError&) {
      law<B>(false, "law 5: one failure has cost more than a connection");
    } catch (const std::runtime_error&) {  // a ping's own
    }
  };
  scene.worker(use_twice);
  scene.worker(use_twice);
  scene.worker([&] {
    advance_time<B>(1ms);
    (void)scene.pool().clear();
  });
  scene.join();
  const auto end = unsearched<B>();
  use_twice();
  scene.expect_calm();
}

/// Scenarios of failed connects and dead connections: all who wait are told, and the pool comes back.
#pragma once

#include "scenarios_beginnings.hpp"

/// Fails the first n connects.
[[nodiscard]] inline auto first_connects_fail(int n) {
  return [n](ServerCall call, int nth) { return call == ServerCall::connect && nth <= n; };
}

/// C07, C09, C20, C23; law 5: a connect that throws gives its slot back, and the next one is made.
template <class B>
void a_connect_fails_once() {
  SimulatedHost<B> server;
  server.fails = first_connects_fail(1);
  Scene<B> scene({.max_size = 1, .connect_attempts = 2, .connect_backoff = {1ms, 1ms}}, {}, &server);
  for (int i = 0; i < 2; ++i) scene.worker([&] { law<B>(!scene.try_use(0s), "one failed try hurts nobody"); });
  scene.join();
  scene.expect_calm();
}

/// C10, C55: whoever waits gets the connect's error, nobody the time-out; then the server is back and all is well.
template <class B>
void connects_fail_for_all_who_wait() {
  SimulatedHost<B> server;
  server.fails = first_connects_fail(1);
  Scene<B> scene({.max_size = 2, .connect_attempts = 1, .connect_backoff = {1ms, 1ms}}, {}, &server);
  for (int i = 0; i < 3; ++i) {
    scene.worker([&] {
      const auto error = scene.try_use(0s);
      const bool told =
          !error || error == carpool::PoolErrc::connect_failed || error == carpool::PoolErrc::breaker_open;
      law<B>(told, "law 15: not told why");
    });
  }
  scene.join();
  const auto end = unsearched<B>();
  scene.await([&] { return !scene.try_use(0s); }, "law 15: the server is back");
  scene.expect_calm();
}

/// C07, C10, B22: one connect fails while another hangs. Nobody waits for that one: all are told at once.
template <class B>
void a_failure_is_told_beside_a_hung_connect() {
  SimulatedHost<B> server;
  server.first_connect_takes = 1ms;
  server.connect_takes = hang_time<B>;
  std::atomic<int> told = 0;
  server.fails = [&](ServerCall call, int nth) {
    if constexpr (!requires { requires B::simulated; }) {  // no time is so long that a machine does not stop for it
      const bool hangs = call == ServerCall::connect && nth == 2;
      for (const auto end = B::now() + 5s; hangs && told < 2 && B::now() < end;) advance_time<B>(1ms);
    }
    return first_connects_fail(1)(call, nth);
  };
  Scene<B> scene({.max_size = 2, .max_connecting = 2, .connect_attempts = 1, .connect_backoff = {10s, 10s}}, {},
                 &server);
  {
    const auto start = unsearched<B>();
    for (int i = 0; i < 2; ++i) {
      scene.worker([&] {
        law<B>(scene.try_use(0s).has_value(), "law 15: somebody waits for a connect that hangs, and is not told");
        ++told;
      });
    }
    advance_time<B>(500us);
  }
  scene.join();
  scene.expect_calm();
}

/// The connect fails at the moment at which its waiters leave.
template <class B>
void a_connect_fails_while_waiters_leave() {
  SimulatedHost<B> server;
  server.connect_takes = 1ms;
  server.fails = first_connects_fail(1);
  Scene<B> scene({.max_size = 1, .connect_attempts = 1, .connect_backoff = {1ms, 1ms}}, {}, &server);
  {
    const auto start = unsearched<B>();
    scene.worker([&] { (void)scene.try_use(0s, 1ms); });
    scene.worker([&] { (void)scene.try_use(0s, 2ms); });
    advance_time<B>(500us);
  }
  scene.join();
  const auto end = unsearched<B>();
  scene.await([&] { return !scene.try_use(0s); }, "the server is back");
  scene.expect_calm();
}

/// C05, C06: what comes back is dead, and somebody waits: a new one is opened for it.
template <class B>
void broken_on_return_with_a_waiter() {
  Scene<B, SimulatedFullConnector> scene({.max_size = 1});
  auto first = taken_before<B>(scene);
  {
    const auto start = unsearched<B>();
    scene.worker([&] { law<B>(!scene.try_use(0s), "law 3: nobody connects in its stead"); });
    advance_time<B>(1ms);
  }
  first->dead = true;
  first.release();
  scene.join();
  scene.expect_calm();
}

/// C16, B8: each connection is dead when it comes back, under load: the pool refills to what is asked for every time.
template <class B>
void every_connection_dies() {
  SimulatedHost<B> server;
  server.connect_takes = 1ms;
  Scene<B, SimulatedFullConnector> scene({.max_size = 2}, {}, &server);
  for (int i = 0; i < 3; ++i) {
    scene.worker([&] {
      for (int round = 0; round < 2; ++round) {
        auto lease = scene.acquire(10s);
        let_others<B>();
        lease->dead = true;
      }
    });
  }
  scene.join();
  const auto end = unsearched<B>();
  law<B>(!scene.try_use(0s), "law 3: the pool has drained to nothing");
  scene.expect_calm();
}

/// C43, law 15: one probe at a time while it is down; then 1, 2, 4 ... at once. What is wanted, the scene looks after.
template <class B>
void breaker_and_ramp() {
  SimulatedHost<B> server;
  server.connect_takes = 1ms;
  std::atomic<bool> known_to_be_down = false;
  server.fails = [&](ServerCall call, int nth) {
    if (call != ServerCall::connect) return false;
    law<B>(!known_to_be_down || server.connecting == 1, "law 15: more than one probe at a time");
    known_to_be_down = known_to_be_down && nth <= 3;
    law<B>(nth <= 4 || nth > 6 || server.connecting <= 2, "law 15: a server that has just come back is trampled");
    return nth <= 3;
  };
  Scene<B> scene({.max_size = 3, .max_connecting = 3, .connect_attempts = 1, .connect_backoff = {1ms, 2ms}}, {},
                 &server);
  std::optional<carpool::Simulation::Invariant> when_it_is_known;
  if constexpr (requires { requires B::simulated; }) {
    when_it_is_known.emplace(carpool::Simulation::Invariant::When::at_rest, [&] {
      known_to_be_down = server.calls[static_cast<std::size_t>(ServerCall::connect)] <= 3 && server.connecting == 0 &&
                         server.connects > 0;
    });
  }
  for (int i = 0; i < 3; ++i) {
    scene.worker([&] {
      for (int round = 0; round < 12 && scene.try_use(1ms); ++round) advance_time<B>(1ms);
    });
  }
  scene.join();
  law<B>(server.open > 0, "law 15: nobody came back after the outage");
  scene.expect_calm();
}

/// Law 15: the trouble of one endpoint hurts no other.
template <class B>
void a_target_is_down() {
  using TargetScene = Scene<B, SimulatedTargetConnector>;
  SimulatedHost<B> server;
  server.connect_takes = 1ms;
  server.down = "a";
  TargetScene scene({.max_size = 1, .connect_attempts = 1, .connect_backoff = {1ms, 1ms}}, {}, &server);
  for (const char* target : {"a", "b", "b"}) {
    scene.worker([&scene, target] {
      bool refused = false;
      try {
        TargetScene::hold(scene.pool().acquire_for(target, 10s), 0s);
      } catch (const carpool::ConnectError&) {
        refused = true;
      }
      law<B>(refused == (*target == 'a'), "law 15: the wrong endpoint's error");
    });
  }
  scene.join();
  scene.expect_calm();
}

/// prewarm against failing connects ends, and leaves no idle target behind.
template <class B>
void prewarm_fails() {
  SimulatedHost<B> server;
  server.fails = first_connects_fail(1);
  Scene<B> scene({.max_size = 2, .connect_attempts = 1, .connect_backoff = {1ms, 1ms}}, {}, &server);
  scene.worker([&] { (void)scene.pool().prewarm(1, 5ms); });
  scene.worker([&] { (void)scene.try_use(0s, 2ms); });
  scene.join();
  scene.expect_calm();
}

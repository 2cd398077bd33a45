/// Scenarios of a single endpoint's troubles: what is old, what hangs, and what is said of it.
#pragma once

#include "scenarios_beginnings.hpp"

/// A connect of before retire_all hangs, and fails when it ends. It is nobody's supply, and nobody's error.
template <class B>
void retired_while_a_connect_hangs(std::size_t max_connecting) {
  SimulatedHost<B> server;
  server.first_connect_takes = hang_time<B>;
  server.fails = [](ServerCall call, int nth) { return call == ServerCall::connect && nth == 1; };
  Scene<B> scene(
      {.max_size = 2, .max_connecting = max_connecting, .connect_attempts = 1, .connect_backoff = {10s, 10s}}, {},
      &server);
  const auto is_served = [&] {
    const carpool::TimePoint came = B::now();
    law<B>(!scene.try_use(0s), "law 9: an old connect's failure is told");
    law<B>(B::now() < came + hang_time<B>, "law 9: somebody has waited for an old connect");
  };
  {
    const auto start = unsearched<B>();
    scene.worker(is_served);
    scene.await([&] { return server.connecting == 1; }, "nobody connects");
  }
  scene.worker([&] { scene.pool().retire_all(); });
  scene.join();
  is_served();
  scene.await([&] { return server.connecting == 0; }, "it hangs for ever");
  {
    const typename Scene<B>::Lease one = scene.pool().acquire();
    is_served();  // by a new one: no breaker is open
  }
  scene.expect_calm();
}

/// Three are used at the same time, so that all are due at once again, and are pinged one after the other. One that is
/// forgotten is looked at again when another is due by itself: keepalive_time after that one's ping, which is too late.
template <class B, class S>
void each_is_pinged_in_its_turn(S& scene) {
  const auto end = unsearched<B>();
  const auto& pings = scene.server().calls[static_cast<std::size_t>(ServerCall::ping)];
  scene.server().ping_takes = 0s;
  advance_time<B>(hang_time<B> + 1s);  // those that take long are over
  std::vector<typename S::Lease> out;
  for (int i = 0; i < 3; ++i) out.push_back(scene.pool().acquire());
  scene.server().ping_takes = hang_time<B>;
  const int before = pings;
  out.clear();
  advance_time<B>(10s + 3 * hang_time<B> + 3s);
  law<B>(pings >= before + 3, "law 12: one whose turn was later is forgotten");
}

/// Law 12: all are due for a ping at once, and pings take long. Idle ones are left to be taken, and none is opened
/// beside them.
template <class B>
void many_are_due_at_once() {
  SimulatedHost<B> server;
  Scene<B, SimulatedFullConnector> scene({.max_size = 4, .validation_bypass_window = 1min, .keepalive_time = 10s}, {},
                                         &server);
  {
    const auto start = unsearched<B>();
    (void)scene.pool().prewarm(3, 5s);
  }
  server.ping_takes = hang_time<B>;
  scene.worker([&] {
    advance_time<B>(10s);
    for (int i = 0; i < 2; ++i) {
      const carpool::TimePoint came = B::now();
      law<B>(!scene.try_use(0s), "law 12: pings have taken all");
      law<B>(B::now() < came + hang_time<B>, "law 12: somebody has waited for a ping");
    }
  });
  scene.worker([&] {
    advance_time<B>(10s);
    (void)scene.pool().reap();
  });
  scene.join();
  law<B>(server.connects == 3, "law 12: a connection was opened because others are pinged");
  each_is_pinged_in_its_turn<B>(scene);
}

/// The attempts of a series fail. Who has no time for all of them is told why nothing has come of them yet.
template <class B>
void timed_out_while_a_series_fails() {
  SimulatedHost<B> server;
  server.fails = [](ServerCall call, int) { return call == ServerCall::connect; };
  Scene<B> scene({.max_size = 1, .connect_attempts = 3, .connect_backoff = {8s, 8s}}, {}, &server);
  for (int i = 0; i < 2; ++i) {
    scene.worker([&, i] {
      advance_time<B>(1ms * i);
      try {
        scene.use(0s, 3s);
        law<B>(false, "nobody can connect");
      } catch (const carpool::PoolError& error) {
        law<B>(std::string(error.what()).find("refused") != std::string::npos, "law 15: not told of the last error");
      }
    });
  }
  scene.join();
  scene.expect_calm();
}

/// max_waiters = 0: nobody waits, and the pool is of use all the same.
template <class B>
void nobody_may_wait() {
  Scene<B> scene({.max_size = 1, .max_waiters = 0});
  const auto served = [&] {
    const carpool::TimePoint came = B::now();
    const auto error = scene.try_use(0s);
    law<B>(!error || error == carpool::PoolErrc::queue_full, "neither served nor told at once");
    law<B>(error != carpool::PoolErrc::queue_full || B::now() < came + 4s, "somebody has waited");
    return !error;
  };
  for (int i = 0; i < 2; ++i) scene.worker([&] { (void)served(); });
  scene.join();
  scene.await(served, "law 9: what may not be waited for is never opened");
  scene.expect_calm();
}

/// validation_bypass_window = 0 means every time, also within a tick of the coarse clock.
template <class B>
void pinged_every_time() {
  SimulatedHost<B> server;
  Scene<B, SimulatedFullConnector> scene({.max_size = 1, .validation_bypass_window = 0ms}, {}, &server);
  used_before<B>(scene);
  for (int i = 0; i < 2; ++i) scene.worker([&] { scene.use(0s, 30s); });
  scene.join();
  law<B>(server.calls[static_cast<std::size_t>(ServerCall::ping)] >= 2, "law 10: handed out without a ping");
  scene.expect_calm();
}

/// Goodbyes that hang have one deadline together. Returns how long the destructor took.
template <class B>
[[nodiscard]] carpool::Duration destroyed_while_goodbyes_hang() {
  SimulatedHost<B> server;
  server.hung = {{"", ServerCall::invalidate}};
  Scene<B, SimulatedFullConnector> scene({.max_size = 6, .close_timeout = 1s, .max_connecting = 6}, {}, &server);
  {
    const auto start = unsearched<B>();
    (void)scene.pool().prewarm(6, 5s);
  }
  const carpool::TimePoint begun = B::now();
  scene.end_pool();
  if constexpr (requires { requires B::simulated; }) {
    law<B>(server.goodbye_deadlines.size() <= 1, "law 16: goodbyes have more time than one deadline leaves them");
  }
  return B::now() - begun;
}

/// An exception of a connector's that looks where it ends.
template <class B>
class Noisy : public std::runtime_error {
 public:
  Noisy() : std::runtime_error("down") {}
  Noisy(const Noisy&) = default;
  Noisy& operator=(const Noisy&) = delete;
  ~Noisy() override { law<B>(!under_lock<B>(), "law 6: an exception of the user's ends under the pool's lock"); }
};
template <class B>
struct NoisyConnector : SimulatedConnector<B> {
  using typename SimulatedConnector<B>::Connection;
  [[nodiscard]] Connection connect(carpool::TimePoint deadline) const {
    if (this->server->fails_now(ServerCall::connect)) throw Noisy<B>();
    return this->open("", deadline);
  }
};

/// Law 6: whoever drops the last reference to what a connect threw does not hold the lock.
template <class B>
void exceptions_end_outside_the_lock() {
  SimulatedHost<B> server;
  server.fails = [](ServerCall call, int nth) { return call == ServerCall::connect && nth <= 3; };
  Scene<B, NoisyConnector> scene({.max_size = 1, .connect_attempts = 2, .connect_backoff = {1ms, 1ms}}, {}, &server);
  for (int i = 0; i < 2; ++i) {
    scene.worker([&] {
      for (int round = 0; round < 5 && scene.try_use(0s); ++round) advance_time<B>(2ms);
    });
  }
  scene.join();
  scene.expect_calm();
}

/// The same where an endpoint is forgotten that is down for long.
template <class B>
struct NoisyTargetConnector : SimulatedTargetConnector<B> {
  using typename SimulatedTargetConnector<B>::Connection;
  [[nodiscard]] Connection connect(const std::string& target, carpool::TimePoint deadline) const {
    if (target == this->server->down) throw Noisy<B>();
    return this->open(target, deadline);
  }
};
template <class B>
void a_dead_target_is_forgotten_outside_the_lock() {
  SimulatedHost<B> server;
  server.down = "dead";
  Scene<B, NoisyTargetConnector> scene({.max_size = 2, .connect_attempts = 1, .connect_backoff = {1ms, 1ms}}, {},
                                       &server);
  for (const char* target : {"dead", "good"}) {
    scene.worker([&scene, target] {
      try {
        Scene<B, NoisyTargetConnector>::hold(scene.pool().acquire_for(target, 10s), 0s);
      } catch (const carpool::PoolError&) {
      }
      advance_time<B>(20s);
    });
  }
  scene.join();
  scene.expect_calm();
  const auto end = unsearched<B>();
  if constexpr (requires { requires B::simulated; }) {
    law<B>(scene.endpoints_known() == 1, "law 12: a target that is down is remembered for ever");
  }
}

/// Wake-ups cost time: those of many are not carried out under the lock.
template <class B>
void many_are_told_at_once() {
  Scene<B> scene({.max_size = 1});
  typename Scene<B>::Lease held = taken_before<B>(scene);
  {
    const auto start = unsearched<B>();
    for (std::size_t i = 1; i <= 6; ++i) {
      scene.worker([&] { (void)scene.try_use(0s); });
      scene.await([&] { return scene.pool().stats().waiting == i; }, "nobody joins the line");
    }
    if constexpr (requires { requires B::simulated; }) carpool::Simulation::forbid_rousing_under_a_mutex();
  }
  scene.pool().close();
  held.release();
  scene.join();
}

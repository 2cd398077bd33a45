/// Scenarios of connects: they belong to the pool, fail for everybody who waits, and never strand a place.
#pragma once

#include "simulation_scene.hpp"

/// Fails the first n connects.
[[nodiscard]] inline auto first_connects_fail(int n) {
  return [n](ServerCall call, int nth) { return call == ServerCall::connect && nth <= n; };
}

/// C07, C09, C20, C23; law 5: a connect that throws gives its place back, and the next one is made.
template <class B>
void a_connect_fails_once() {
  MadeUpServer<B> server;
  server.fails = first_connects_fail(1);
  Scene<B> scene({.max_size = 1, .connect_attempts = 2, .connect_backoff = {1ms, 1ms}}, {}, &server);
  for (int i = 0; i < 2; ++i) scene.worker([&] { law<B>(!scene.try_use(0s), "one failed try hurts nobody"); });
  scene.join();
  scene.expect_calm();
}

/// C10, C55: whoever waits gets the connect's error, nobody the time-out; then the server is back and all is well.
template <class B>
void connects_fail_for_all_who_wait() {
  MadeUpServer<B> server;
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
  scene.await([&] { return !scene.try_use(0s); }, "law 15: the server is back");
  scene.expect_calm();
}

/// B15, C28, B18: the connect takes longer than its asker's patience. It lands in the pool all the same.
template <class B>
void a_connect_outlives_its_asker() {
  MadeUpServer<B> server;
  server.connect_takes = 2ms;
  Scene<B> scene({.max_size = 1}, {}, &server);
  scene.worker([&] { (void)scene.try_use(0s, 1ms); });
  scene.worker([&] { law<B>(!scene.try_use(0s, 5s), "the connect was for everybody"); });
  scene.join();
  law<B>(server.connects == 1, "law 9: a caller that gave up has aborted the connect");
  scene.expect_calm();
}

/// The connect fails at the moment at which its waiters leave.
template <class B>
void a_connect_fails_while_waiters_leave() {
  MadeUpServer<B> server;
  server.connect_takes = 1ms;
  server.fails = first_connects_fail(1);
  Scene<B> scene({.max_size = 1, .connect_attempts = 1, .connect_backoff = {1ms, 1ms}}, {}, &server);
  scene.worker([&] { (void)scene.try_use(0s, 1ms); });
  scene.worker([&] { (void)scene.try_use(0s, 2ms); });
  scene.join();
  scene.await([&] { return !scene.try_use(0s); }, "the server is back");
  scene.expect_calm();
}

/// C15, law 9: while a connect hangs, one comes back: the waiter takes that.
template <class B>
void a_release_beats_a_hung_connect() {
  MadeUpServer<B> server;
  Scene<B> scene({.max_size = 2, .connect_timeout = 5s, .max_connecting = 1}, {}, &server);
  typename Scene<B>::Lease first = scene.pool().acquire();
  server.connect_takes = 5s;  // longer than any task is slow
  scene.worker([&] {
    const carpool::TimePoint start = B::now();
    law<B>(!scene.try_use(0s), "served by the release");
    if constexpr (requires { requires B::simulated; }) {
      law<B>(B::now() < start + 5s, "law 9: a waiter takes whichever comes first");
    }
  });
  pass<B>(1ms);
  first.release();
  scene.join();
  pass<B>(6s);
  scene.expect_calm();
}

/// C05, C06: what comes back is dead, and somebody waits: a new one is opened for it.
template <class B>
void broken_on_return_with_a_waiter() {
  Scene<B, MadeUpFullConnector> scene({.max_size = 1});
  auto first = scene.pool().acquire();
  scene.worker([&] { law<B>(!scene.try_use(0s), "law 3: nobody connects in its stead"); });
  pass<B>(1ms);
  first->dead = true;
  first.release();
  scene.join();
  scene.expect_calm();
}

/// C43, law 15: one probe at a time while it is down; then 1, 2, 4 ... at once.
template <class B>
void breaker_and_ramp() {
  MadeUpServer<B> server;
  server.connect_takes = 1ms;
  server.fails = first_connects_fail(3);
  Scene<B> scene({.max_size = 3, .max_connecting = 3, .connect_attempts = 1, .connect_backoff = {1ms, 2ms}}, {},
                 &server);
  for (int i = 0; i < 3; ++i) {
    scene.worker([&] {
      for (int round = 0; round < 12 && scene.try_use(1ms); ++round) pass<B>(1ms);
    });
  }
  scene.join();
  law<B>(server.open > 0, "law 15: nobody came back after the outage");
  scene.expect_calm();
}

/// Two endpoints, one place: the idle connection of one makes room for the other's waiter.
template <class B>
void targets_make_room() {
  using TargetScene = Scene<B, MadeUpTargetConnector>;
  TargetScene scene({.max_size = 1});
  scene.may_rest_beside_idle();
  for (const char* target : {"a", "b"}) {
    scene.worker([&scene, target] {
      auto lease = scene.pool().acquire_for(target, 10s);
      law<B>(lease->target() == target, "a lease for another endpoint");
      TargetScene::hold(std::move(lease), 0s);
    });
  }
  scene.join();
  scene.expect_calm();
}

/// C48: max_connecting is for all endpoints together.
template <class B>
void targets_share_the_connects() {
  using TargetScene = Scene<B, MadeUpTargetConnector>;
  MadeUpServer<B> server;
  server.connect_takes = 1ms;
  TargetScene scene({.max_size = 2, .max_connecting = 1}, {}, &server);
  scene.may_rest_beside_idle();
  for (const char* target : {"a", "b"}) {
    scene.worker([&scene, target] { TargetScene::hold(scene.pool().acquire_for(target, 10s), 0s); });
  }
  scene.join();
  law<B>(server.most_connecting == 1, "law 9: more connects than max_connecting");
  scene.expect_calm();
}

/// prewarm beside callers: none of them waits in vain, and no more than max_size.
template <class B>
void prewarm_beside_callers() {
  MadeUpServer<B> server;
  server.connect_takes = 1ms;
  Scene<B> scene({.max_size = 2}, {}, &server);
  scene.worker([&] {
    const carpool::TimePoint start = B::now();
    (void)scene.pool().prewarm(2, 5s);
    law<B>(B::now() < start + 5s, "nobody told prewarm that all are idle");
  });
  scene.worker([&] { law<B>(!scene.try_use(1ms), "served beside a prewarm"); });
  scene.join();
  scene.expect_calm();
}

/// prewarm against failing connects ends, and leaves no wish behind.
template <class B>
void prewarm_fails() {
  MadeUpServer<B> server;
  server.fails = first_connects_fail(1);
  Scene<B> scene({.max_size = 2, .connect_attempts = 1, .connect_backoff = {1ms, 1ms}}, {}, &server);
  scene.worker([&] { (void)scene.pool().prewarm(1, 5ms); });
  scene.worker([&] { (void)scene.try_use(0s, 2ms); });
  scene.join();
  scene.expect_calm();
}

/// Two at once: neither ends the other's wish, and none is left behind.
template <class B>
void two_prewarms() {
  MadeUpServer<B> server;
  server.connect_takes = 1ms;
  Scene<B> scene({.max_size = 3, .max_connecting = 1}, {}, &server);
  scene.worker([&] { law<B>(scene.pool().prewarm(1, 5s) >= 1, "one is not brought up"); });
  scene.worker([&] { law<B>(scene.pool().prewarm(2, 5s) >= 2, "another's end has ended a prewarm"); });
  scene.join();
  constexpr carpool::Duration long_enough = requires { requires B::simulated; }
  ? 5s : 20ms;
  pass<B>(long_enough);
  const int before = server.connects;
  (void)scene.pool().clear();
  pass<B>(long_enough);
  law<B>(server.connects == before, "a wish for idle connections is left behind");
}

/// min_idle is brought up while callers come and go.
template <class B>
void idle_ones_are_kept_ready() {
  Scene<B> scene({.max_size = 2, .min_idle = 1});
  scene.worker([&] { scene.use(1ms); });
  scene.worker([&] { scene.use(0s); });
  scene.join();
  scene.await([&] { return scene.pool().stats().idle >= 1; }, "min_idle is not kept");
}

/// C22, B8, law 5: every call of the connector may fail, at any time.
template <class B>
void everything_may_fail() {
  MadeUpServer<B> server;
  bool fails = true;
  server.fails = [&](ServerCall call, int) {
    if (!fails || call == ServerCall::is_connected || call == ServerCall::reusable) return false;
    return B::random() % 3 == 0;
  };
  Scene<B, MadeUpFullConnector> scene(
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
        pass<B>(1ms);
      } catch (const std::runtime_error&) {  // a ping's own
      }
    });
  }
  scene.join();
  fails = false;
  pass<B>(10ms);
  law<B>(!scene.try_use(0s), "law 5: a place was lost");
  scene.expect_calm();
}

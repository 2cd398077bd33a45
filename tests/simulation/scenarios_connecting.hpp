/// Scenarios of connects: they belong to the pool, are shared by endpoints, and may come early, late or never.
#pragma once

#include "scenarios_beginnings.hpp"

/// C30, C31, C32, B3, B17, B19: the connect lands at the instant at which those who wait for it leave. It has one

/// owner, or none and is idle.
template <class B>
void a_connect_lands_at_the_deadline() {
  SimulatedHost<B> server;
  server.connect_takes = 2ms;
  Scene<B> scene({.max_size = 1}, {}, &server);
  {
    const auto start = unsearched<B>();
    for (int i = 0; i < 2; ++i) scene.worker([&] { (void)scene.try_use(0s, 2ms); });
    advance_time<B>(1ms);
  }
  scene.join();
  law<B>(server.connects <= 1, "law 9: a caller that gave up has aborted the connect");
  scene.expect_calm();
}

/// B15, C28, B18: the connect takes longer than its asker's timeout. It lands in the pool all the same.
template <class B>
void a_connect_outlives_its_asker() {
  SimulatedHost<B> server;
  server.connect_takes = 2ms;
  Scene<B> scene({.max_size = 1}, {}, &server);
  {
    const auto start = unsearched<B>();
    scene.worker([&] { (void)scene.try_use(0s, 1ms); });
    scene.worker([&] { law<B>(!scene.try_use(0s, 5s), "the connect was for everybody"); });
    advance_time<B>(500us);
  }
  scene.join();
  law<B>(server.connects == 1, "law 9: a caller that gave up has aborted the connect");
  scene.expect_calm();
}

/// C15, law 9: while a connect hangs, one comes back: the waiter takes that.
template <class B>
void a_release_beats_a_hung_connect() {
  SimulatedHost<B> server;
  server.first_connect_takes = 0s;
  server.connect_takes = hang_time<B>;
  Scene<B> scene({.max_size = 2, .max_connecting = 1}, {}, &server);
  typename Scene<B>::Lease first = taken_before<B>(scene);
  {
    const auto start = unsearched<B>();
    scene.worker([&] {
      const carpool::TimePoint came = B::now();
      law<B>(!scene.try_use(0s), "served by the release");
      if constexpr (requires { requires B::simulated; }) {
        law<B>(B::now() < came + hang_time<B>, "law 9: a waiter takes whichever comes first");
      }
    });
  }
  advance_time<B>(1ms);
  first.release();
  scene.join();
  scene.expect_calm();
}

/// Two endpoints, one slot: the idle connection of one makes room for the other's waiter.
template <class B>
void targets_make_room() {
  using TargetScene = Scene<B, SimulatedTargetConnector>;
  TargetScene scene({.max_size = 1});
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

/// max_connecting is for each endpoint: a connect to one does not wait for that to another.
template <class B>
void targets_connect_beside_each_other() {
  using TargetScene = Scene<B, SimulatedTargetConnector>;
  SimulatedHost<B> server;
  server.connect_takes = 1ms;
  TargetScene scene({.max_size = 2, .max_connecting = 1}, {}, &server);
  for (const char* target : {"a", "b"}) {
    scene.worker([&scene, target] { TargetScene::hold(scene.pool().acquire_for(target, 10s), 0s); });
  }
  scene.join();
  law<B>(server.most_connecting <= 2, "law 9: more connects than max_connecting for each endpoint");
  scene.expect_calm();
}

/// prewarm beside callers: none of them waits in vain, and no more than max_size.
template <class B>
void prewarm_beside_callers() {
  SimulatedHost<B> server;
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

/// Two at once: neither ends the other's idle target, and none is left behind.
template <class B>
void two_prewarms() {
  SimulatedHost<B> server;
  server.connect_takes = 1ms;
  Scene<B> scene({.max_size = 3, .max_connecting = 1}, {}, &server);
  scene.worker([&] { law<B>(scene.pool().prewarm(1, 5s) >= 1, "one is not brought up"); });
  scene.worker([&] { law<B>(scene.pool().prewarm(2, 5s) >= 2, "another's end has ended a prewarm"); });
  scene.join();
  const auto end = unsearched<B>();
  constexpr carpool::Duration long_enough = requires { requires B::simulated; } ? 5s : 20ms;
  advance_time<B>(long_enough);
  const int before = server.connects;
  (void)scene.pool().clear();
  advance_time<B>(long_enough);
  law<B>(server.connects == before, "an idle target is left behind");
}

/// min_idle is brought up while callers come and go.
template <class B>
void idle_ones_are_kept_ready() {
  Scene<B> scene({.max_size = 2, .min_idle = 1});
  scene.worker([&] { scene.use(1ms); });
  scene.worker([&] { scene.use(0s); });
  scene.join();
  const auto end = unsearched<B>();
  scene.await([&] { return scene.pool().stats().idle >= 1; }, "min_idle is not kept");
}

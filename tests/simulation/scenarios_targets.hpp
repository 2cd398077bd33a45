/// Scenarios of one pool for many endpoints: what one of them does badly is no other's trouble. What may not wait for
/// what, the scene looks after; here is that it hurts.
#pragma once

#include "scenarios_beginnings.hpp"

template <class B>
using TargetScene = Scene<B, SimulatedTargetConnector>;
template <class B>
using WholeTargetScene = Scene<B, SimulatedFullTargetConnector>;

/// Served before anything that hangs has ended.
template <class B, class S>
void served_at_once(S& scene, const std::string& target) {
  const carpool::TimePoint came = B::now();
  S::hold(scene.pool().acquire_for(target, 10s), 0s);
  law<B>(B::now() < came + hang_time<B>, "law 9: an endpoint has waited for another's trouble");
}
/// Whatever becomes of it.
template <class B, class S>
void tries(S& scene, const std::string& target, carpool::Duration timeout) {
  try {
    S::hold(scene.pool().acquire_for(target, timeout), 0s);
  } catch (const carpool::PoolError&) {
    let_others<B>();
  }
}

/// Each target has max_connecting of its own.
template <class B>
void a_connect_that_hangs_beside_another_target() {
  SimulatedHost<B> server;
  server.hung = {{"dead", ServerCall::connect}};
  TargetScene<B> scene({.max_size = 2, .max_connecting = 1, .connect_attempts = 1}, {}, &server);
  scene.worker([&] { tries<B>(scene, "dead", 1ms); });
  scene.worker([&] { served_at_once<B>(scene, "good"); });
  scene.join();
  scene.expect_calm();
}

/// A series that rests between its attempts has no connect in flight.
template <class B>
void a_series_that_rests_beside_another_target() {
  SimulatedHost<B> server;
  server.down = "dead";
  TargetScene<B> scene(
      {.max_size = 2, .max_connecting = 1, .connect_attempts = 2, .connect_backoff = {hang_time<B>, hang_time<B>}}, {},
      &server);
  scene.worker([&] { tries<B>(scene, "dead", 1ms); });
  scene.worker([&] { served_at_once<B>(scene, "good"); });
  scene.join();
  scene.expect_calm();
}

/// Their breakers are open, and probes hang.
template <class B>
void probes_of_dead_targets_beside_another() {
  SimulatedHost<B> server;
  server.hung = {{"dead", ServerCall::connect}, {"gone", ServerCall::connect}};
  TargetScene<B> scene({.max_size = 4,
                        .connect_timeout = hang_time<B>,
                        .max_connecting = 2,
                        .connect_attempts = 1,
                        .connect_backoff = {1ms, 1min}},
                       {}, &server);
  {
    const auto start = unsearched<B>();
    for (const char* target : {"dead", "gone"}) tries<B>(scene, target, 10s);
    advance_time<B>(2ms);
    for (const char* target : {"dead", "gone"}) scene.worker([&scene, target] { tries<B>(scene, target, 10s); });
    scene.await([&] { return server.connecting == 2; }, "nobody probes");
  }
  scene.worker([&] { tries<B>(scene, "dead", 1ms); });
  scene.worker([&] { served_at_once<B>(scene, "good"); });
  scene.join();
  scene.expect_calm();
}

/// Connects to endpoints in trouble do not hold all slots.
template <class B>
void probes_leave_places_to_others() {
  SimulatedHost<B> server;
  server.hung = {{"dead", ServerCall::connect}, {"gone", ServerCall::connect}};
  TargetScene<B> scene({.max_size = 2,
                        .connect_timeout = hang_time<B>,
                        .max_connecting = 2,
                        .connect_attempts = 1,
                        .connect_backoff = {1ms, 1min}},
                       {}, &server);
  {
    const auto start = unsearched<B>();
    for (const char* target : {"dead", "gone"}) tries<B>(scene, target, 10s);
    advance_time<B>(2ms);
    for (const char* target : {"dead", "gone"}) scene.worker([&scene, target] { tries<B>(scene, target, 10s); });
    advance_time<B>(1ms);
  }
  scene.worker([&] { served_at_once<B>(scene, "good"); });
  scene.join();
  scene.expect_calm();
}

/// More connections to "sick" than resets of one endpoint run at once, and one to "good"; all are out, in this order.
template <class B, class S>
[[nodiscard]] std::vector<typename S::Lease> five_sick_and_a_good_one(S& scene) {
  std::vector<typename S::Lease> out;
  for (int i = 0; i < 5; ++i) out.push_back(scene.pool().acquire("sick"));
  out.push_back(scene.pool().acquire("good"));
  return out;
}

/// Resets of one hang; the other's connection is to be reset as well. There is a slot for one more to "sick": without
/// it, the caller for "sick" may have the slot of the good one while nobody wants that, and a slot is not to be had
/// from resets that have begun.
template <class B>
void resets_that_hang_beside_another_target() {
  SimulatedHost<B> server;
  server.hung = {{"sick", ServerCall::reset}};
  WholeTargetScene<B> scene({.max_size = 7}, {}, &server);
  {
    const auto start = unsearched<B>();
    auto out = five_sick_and_a_good_one<B>(scene);
    for (auto& lease : out) lease->dirty = true;
  }
  scene.worker([&] { tries<B>(scene, "sick", 1ms); });
  scene.worker([&] { served_at_once<B>(scene, "good"); });
  scene.join();
  scene.expect_calm();
}

/// Goodbyes of one hang; the other's connection is to be closed as well, and its slot is wanted.
template <class B>
void goodbyes_that_hang_beside_another_target() {
  SimulatedHost<B> server;
  server.hung = {{"sick", ServerCall::invalidate}};
  WholeTargetScene<B> scene({.max_size = 6, .close_timeout = hang_time<B>}, {}, &server);
  {
    const auto start = unsearched<B>();
    {
      auto out = five_sick_and_a_good_one<B>(scene);
    }
  }
  scene.worker([&] { (void)scene.pool().clear(); });
  scene.worker([&] { served_at_once<B>(scene, "good"); });
  scene.join();
  scene.expect_calm();
}

/// Two want another target, and the goodbyes of what is idle take long: these run beside each other.
template <class B>
void room_is_made_for_all_at_once() {
  SimulatedHost<B> server;
  server.hung = {{"a", ServerCall::invalidate}};
  WholeTargetScene<B> scene({.max_size = 2, .close_timeout = hang_time<B>}, {}, &server);
  {
    const auto start = unsearched<B>();
    std::vector<typename WholeTargetScene<B>::Lease> out;
    for (int i = 0; i < 2; ++i) out.push_back(scene.pool().acquire("a"));
  }
  for (int i = 0; i < 2; ++i) {
    scene.worker([&] { WholeTargetScene<B>::hold(scene.pool().acquire_for("b", 30s), 0s); });
  }
  scene.join();
  scene.expect_calm();
}

/// Two wait for a target that has no connection, nor will have one: what the pool remembers of it goes with the first.
template <class B>
void closed_while_two_wait_for_a_target() {
  TargetScene<B> scene({.max_size = 1});
  typename TargetScene<B>::Lease held;
  {
    const auto start = unsearched<B>();
    held = scene.pool().acquire("a");
    for (std::size_t i = 1; i <= 2; ++i) {
      scene.worker([&] {
        try {
          static_cast<void>(scene.pool().acquire_for("b", 10s));
          law<B>(false, "law 1: there is no slot");
        } catch (const carpool::PoolClosed&) {
          let_others<B>();
        }
      });
      scene.await([&] { return scene.pool().stats().waiting == i; }, "nobody joins the line");
    }
  }
  scene.pool().close();
  scene.join();
  held.release();
}

/// What try_acquire asks for is for now: a target whose connect may not start is not remembered.
template <class B>
void a_request_that_cannot_be_granted_is_forgotten() {
  TargetScene<B> scene({.max_size = 2, .max_idle = 0});
  for (const char* target : {"one", "two"}) {
    scene.worker([&scene, target] { law<B>(!scene.pool().try_acquire(target), "there is none"); });
  }
  scene.join();
  scene.expect_calm();
  const auto end = unsearched<B>();
  advance_time<B>(1min);
  if constexpr (requires { requires B::simulated; }) {
    law<B>(scene.endpoints_known() == 0, "law 12: a target that came once is remembered");
  }
}

/// The same where there is room when it is asked for, and none when it could be granted.
template <class B>
void a_request_that_comes_too_late_is_forgotten() {
  SimulatedHost<B> server;
  server.connect_takes = 1ms;
  TargetScene<B> scene({.max_size = 2, .max_idle = 1}, {}, &server);
  for (const char* target : {"one", "two"}) {
    scene.worker([&scene, target] { (void)scene.pool().try_acquire(target); });
  }
  scene.join();
  const auto end = unsearched<B>();
  for (int i = 0; i < 2; ++i) {  // one that is granted late as well
    advance_time<B>(20s);
    (void)scene.pool().clear();
  }
  advance_time<B>(1min);
  law<B>(scene.server().connects == 1, "law 12: a request is granted when no caller remembers it");
  scene.expect_calm();
  if constexpr (requires { requires B::simulated; }) {
    law<B>(scene.endpoints_known() == 0, "law 12: a target that came once is remembered");
  }
}

/// A waiter is handed a dead connection, and the connect that it waits for fails before it has looked again: what the
/// pool has forgotten of its target by then does not come back for it.
template <class B>
void a_rejection_beside_a_failed_connect() {
  SimulatedHost<B> server;
  TargetScene<B> scene({.max_size = 2, .connect_attempts = 1, .connect_backoff = {1ms, 1ms}, .handoff_after = 0ms}, {},
                       &server);
  std::atomic<bool> given_back = false;
  typename TargetScene<B>::Lease held;
  {
    const auto start = unsearched<B>();
    held = scene.pool().acquire("one");
    server.down = "one";
    server.connect_takes = 2ms;
    server.fails = [&](ServerCall call, int) { return call == ServerCall::is_connected && given_back; };
    scene.worker([&] { tries<B>(scene, "one", 10s); });
    advance_time<B>(100us);  // it waits by then, unless it is slow
  }
  held.release();
  given_back = true;
  scene.join();
  scene.expect_calm();
  const auto end = unsearched<B>();
  (void)scene.pool().clear();  // where the connect failed first, the connection is idle still
  advance_time<B>(1min);
  if constexpr (requires { requires B::simulated; }) {
    law<B>(scene.endpoints_known() == 0, "law 12: a target that is down is remembered for ever");
  }
}

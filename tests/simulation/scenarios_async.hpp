/// Scenarios of callers that no worker sleeps for: called off, late, not taken, or overtaken by their pool's end.
#pragma once

#include "scenarios_beginnings.hpp"
#include "sleeping_acquire.hpp"

template <class B>
using AsyncCaller = SleepingAcquire<B, typename Scene<B>::Pool>;

/// Uses the connection if it gets one, and says why not.
template <class B>
std::optional<carpool::PoolErrc> end_of(AsyncCaller<B>& caller) {
  try {
    Scene<B>::hold(caller.lease(), 0s);
  } catch (const carpool::PoolError& error) {
    return static_cast<carpool::PoolErrc>(error.code().value());
  }
  return std::nullopt;
}

/// Somebody calls a caller off at the moment when it is given a connection, or told to look for one: another that waits
/// behind it must get it (boostorg/mysql#509).
template <class B>
void called_off_at_the_hand_over(carpool::Duration handoff_after) {
  Scene<B> scene({.max_size = 1, .handoff_after = handoff_after});
  typename Scene<B>::Lease first = taken_before<B>(scene);
  std::optional<AsyncCaller<B>> caller;
  {
    const auto start = unsearched<B>();
    caller.emplace(scene.pool(), std::monostate(), B::now() + 10s);
    law<B>(!caller->begin(), "law 1: there is no second connection");
    scene.worker([&] { law<B>(!scene.try_use(0s, 10s), "law 7: who was called off took the connection with it"); });
    advance_time<B>(1ms);
  }
  scene.worker([&] { caller->call_off(); });
  scene.worker([&] { first.release(); });
  caller->finish();
  const auto why = end_of<B>(*caller);
  law<B>(!why || *why == carpool::PoolErrc::interrupted, "it was called off, or served before");
  scene.join();
  caller.reset();
  scene.expect_calm();
}

/// Nothing happens but that: it ends at once, and not when its time is over.
template <class B>
void called_off_alone() {
  Scene<B> scene({.max_size = 1});
  typename Scene<B>::Lease held = taken_before<B>(scene);
  std::optional<AsyncCaller<B>> caller;
  {
    const auto start = unsearched<B>();
    caller.emplace(scene.pool(), std::monostate(), B::now() + 1h);
    law<B>(!caller->begin(), "law 1: there is no second connection");
  }
  const carpool::TimePoint start = B::now();
  scene.worker([&] { caller->call_off(); });
  caller->finish();
  law<B>(B::now() < start + 1min, "law 7: who was called off goes on waiting");
  law<B>(end_of<B>(*caller) == carpool::PoolErrc::interrupted, "it was called off");
  scene.join();
  caller.reset();
  held.release();
  scene.expect_calm();
}

/// While it begins, before it waits or after: it is resumed only if it waits.
template <class B>
void called_off_at_its_beginning() {
  Scene<B> scene({.max_size = 1});
  typename Scene<B>::Lease held = taken_before<B>(scene);
  std::optional<AsyncCaller<B>> caller(std::in_place, scene.pool(), std::monostate(), B::now() + 1h);
  scene.worker([&] { caller->call_off(); });
  if (!caller->begin()) caller->finish();
  scene.join();
  law<B>(caller->told_once_for_each_look(), "a caller was resumed that did not wait");
  law<B>(end_of<B>(*caller) == carpool::PoolErrc::interrupted, "it was called off");
  caller.reset();
  held.release();
  scene.expect_calm();
}

/// Law 6: who resumes it does not hold the lock, which the continuation takes here.
template <class B>
void resumed_without_the_lock() {
  Scene<B> scene({.max_size = 1, .handoff_after = 0ms});
  typename Scene<B>::Lease first = taken_before<B>(scene);
  AsyncCaller<B> caller(scene.pool(), std::monostate(), B::now() + 10s);
  caller.when_resumed = [&] { static_cast<void>(scene.pool().stats()); };
  scene.worker([&] { first.release(); });
  if (!caller.begin()) caller.finish();
  law<B>(!end_of<B>(caller), "law 3: a connection is idle beside a waiter");
  scene.join();
  scene.expect_calm();
}

/// While a background worker pings a connection for it. The connection goes back when the ping has ended, and nobody
/// watches the caller's deadline any more.
template <class B>
void called_off_beside_its_ping() {
  using Pinged = Scene<B, SimulatedFullConnector>;
  SimulatedHost<B> server;
  server.ping_takes = 1ms;
  Pinged scene({.max_size = 1, .validation_bypass_window = 0ms, .validation_timeout = 5s}, {}, &server);
  used_before<B>(scene, 1ms);
  std::optional<SleepingAcquire<B, typename Pinged::Pool>> caller;
  caller.emplace(scene.pool(), std::monostate(), B::now() + 10ms);
  scene.worker([&] { caller->call_off(); });
  if (!caller->begin()) caller->finish();
  scene.join();
  try {
    caller->lease().release();
  } catch (const carpool::AcquireTimeout&) {  // where it is slow
  } catch (const carpool::AcquireCancelled&) {
  }
  advance_time<B>(20ms);
  law<B>(caller->told_once_for_each_look(), "a caller was resumed that did not wait");
  caller.reset();
  scene.expect_calm();
  law<B>(server.connects == 1, "law 9: giving up has cost a good connection");
}

/// Its deadline, which the reaper watches, is the moment of the hand-over.
template <class B>
void late_at_the_hand_over(carpool::Duration handoff_after) {
  Scene<B> scene({.max_size = 1, .handoff_after = handoff_after});
  typename Scene<B>::Lease first = taken_before<B>(scene);
  std::optional<AsyncCaller<B>> caller;
  bool over = false;
  {
    const auto start = unsearched<B>();
    caller.emplace(scene.pool(), std::monostate(), B::now() + 2ms);
    over = caller->begin();  // where it is slow
    scene.worker([&] { law<B>(!scene.try_use(0s, 10s), "a waiter that left took the connection with it"); });
    advance_time<B>(1ms);
  }
  scene.worker([&] {
    advance_time<B>(1ms);
    first.release();
  });
  if (!over) caller->finish();
  const auto why = end_of<B>(*caller);
  law<B>(!why || *why == carpool::PoolErrc::acquire_timeout, "it was late, or served before");
  caller.reset();
  scene.join();
  scene.expect_calm();
}

/// Of two that wait, the one that came last has less time: it is not kept waiting for the other's deadline.
template <class B>
void each_has_its_own_deadline() {
  Scene<B> scene({.max_size = 1});
  typename Scene<B>::Lease first = taken_before<B>(scene);
  {
    const auto start = unsearched<B>();
    scene.worker([&] {
      AsyncCaller<B> patient(scene.pool(), std::monostate(), B::now() + 1h);
      if (!patient.begin()) patient.finish();
      law<B>(!end_of<B>(patient), "law 3: a connection is idle beside a waiter");
    });
    advance_time<B>(1ms);
  }
  const carpool::TimePoint soon = B::now() + 2ms;
  {
    AsyncCaller<B> hasty(scene.pool(), std::monostate(), soon);
    if (!hasty.begin()) hasty.finish();
    law<B>(B::now() < soon + 1min, "law 4: a deadline is missed");
    law<B>(end_of<B>(hasty) == carpool::PoolErrc::acquire_timeout, "it was late");
  }
  first.release();
  scene.join();
  scene.expect_calm();
}

/// It is over, and nobody takes the lease: it goes back, or to the next.
template <class B>
void not_taken() {
  Scene<B> scene({.max_size = 1, .handoff_after = 0ms});
  typename Scene<B>::Lease first = taken_before<B>(scene);
  std::optional<AsyncCaller<B>> caller;
  {
    const auto start = unsearched<B>();
    caller.emplace(scene.pool(), std::monostate(), B::now() + 10s);
    law<B>(!caller->begin(), "law 1: there is no second connection");
    scene.worker([&] { law<B>(!scene.try_use(0s, 10s), "law 7: who was destroyed took the connection with it"); });
    advance_time<B>(1ms);
  }
  scene.worker([&] { first.release(); });
  caller->finish();
  caller.reset();
  scene.join();
  scene.expect_calm();
}

/// Who must go takes itself out of the wait queue, unless it has just been told to look.
template <class B>
void withdrawn_at_the_hand_over(carpool::Duration handoff_after) {
  Scene<B> scene({.max_size = 1, .handoff_after = handoff_after});
  typename Scene<B>::Lease first = taken_before<B>(scene);
  std::optional<AsyncCaller<B>> caller;
  {
    const auto start = unsearched<B>();
    caller.emplace(scene.pool(), std::monostate(), B::now() + 10s);
    law<B>(!caller->begin(), "law 1: there is no second connection");
    scene.worker([&] { law<B>(!scene.try_use(0s, 10s), "law 7: who was destroyed took the connection with it"); });
    advance_time<B>(1ms);
  }
  scene.worker([&] { first.release(); });
  if (!caller->withdraw()) caller->finish();
  caller.reset();
  scene.join();
  scene.expect_calm();
}

/// The pool is destroyed while two wait; one of them is called off meanwhile.
template <class B>
void destroyed_under_them() {
  Scene<B> scene({.max_size = 1});
  typename Scene<B>::Lease first = taken_before<B>(scene);
  AsyncCaller<B> one(scene.pool(), std::monostate(), B::now() + 10s);
  AsyncCaller<B> two(scene.pool(), std::monostate(), B::now() + 10s);
  {
    const auto start = unsearched<B>();
    law<B>(!one.begin(), "law 1: there is no second connection");
    scene.worker([&] {
      if (!two.begin()) two.finish();
    });
    advance_time<B>(1ms);
  }
  scene.worker([&] { two.call_off(); });
  scene.worker([&] { scene.end_pool(); });
  one.finish();
  law<B>(end_of<B>(one) == carpool::PoolErrc::pool_closed, "law 7: the pool's end is told to all");
  scene.join();
  law<B>(end_of<B>(two).has_value(), "the pool is closed");
  first.release();
}

/// Three that share one connection, on a worker each, and one that sleeps.
template <class B>
void in_turn(carpool::Duration handoff_after) {
  Scene<B> scene({.max_size = 1, .handoff_after = handoff_after});
  for (int i = 0; i < 2; ++i) {
    scene.worker([&] {
      AsyncCaller<B> caller(scene.pool(), std::monostate(), B::now() + 10s);
      if (!caller.begin()) caller.finish();
      law<B>(!end_of<B>(caller), "everybody gets a connection within ten seconds");
    });
  }
  scene.worker([&] { law<B>(!scene.try_use(0s), "everybody gets a connection within ten seconds"); });
  scene.join();
  scene.expect_calm();
}

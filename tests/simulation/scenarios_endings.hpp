/// Scenarios of a pool's end and of what it is told as a whole: close, destruction, drain, retire, resize, suspend.
#pragma once

#include "scenarios_beginnings.hpp"

[[nodiscard]] inline bool served_or_closed(std::optional<carpool::PoolErrc> error) {
  return !error || error == carpool::PoolErrc::pool_closed;
}

/// C14, B11: close while some hold, some wait and a connect is in flight. Everybody is told at once.
template <class B>
void close_against_everything() {
  SimulatedHost<B> server;
  server.connect_takes = 1ms;
  Scene<B> scene({.max_size = 1}, {}, &server);
  for (int i = 0; i < 2; ++i) {
    scene.worker([&] { law<B>(served_or_closed(scene.try_use(1ms)), "law 16: neither served nor told"); });
  }
  scene.worker([&] { scene.pool().close(); });
  scene.join();
  const auto end = unsearched<B>();
  law<B>(scene.try_use(0s) == carpool::PoolErrc::pool_closed, "law 16: open after close");
  scene.expect_calm();
}

/// C13, B13, B14: close at the instant at which a waiter's time is over and a lease comes back.
template <class B>
void close_meets_a_deadline() {
  Scene<B> scene({.max_size = 1});
  {
    const auto start = unsearched<B>();
    scene.worker([&] { law<B>(served_or_closed(scene.try_use(1ms)), "law 16: neither served nor told"); });
    scene.worker([&] {
      const auto error = scene.try_use(0s, 1ms);
      law<B>(served_or_closed(error) || error == carpool::PoolErrc::acquire_timeout, "law 16: neither served nor told");
    });
    scene.worker([&] {
      advance_time<B>(1ms);
      scene.pool().close();
    });
    advance_time<B>(500us);
  }
  scene.join();
  scene.expect_calm();
}

/// Two closers at once.
template <class B, bool callers_first = false>
void closed_twice() {
  Scene<B> scene({.max_size = 1});
  used_before<B>(scene);
  maybe_callers_first<B, callers_first>();
  for (int i = 0; i < 2; ++i) scene.worker([&] { scene.pool().close(); });
  scene.worker([&] { (void)scene.try_use(0s); });
  scene.join();
  scene.expect_calm();
}

/// C62, law 16: destroyed while callers wait inside acquire.
template <class B>
void destroyed_with_waiters() {
  Scene<B> scene({.max_size = 1});
  typename Scene<B>::Lease held = taken_before<B>(scene);
  {
    const auto start = unsearched<B>();
    for (int i = 0; i < 2; ++i) {
      scene.worker([&] { law<B>(scene.try_use(0s) == carpool::PoolErrc::pool_closed, "law 16: not told"); });
    }
    scene.await([&] { return scene.pool().stats().waiting == 2; }, "nobody waits");
  }
  scene.end_pool();
  held.release();
}

/// Law 16: what a waiter was given is dead, and the pool goes before it is back in line.
template <class B>
void destroyed_beside_a_rejection(carpool::Duration handoff_after) {
  SimulatedHost<B> server;
  std::atomic<bool> dies = false;
  server.fails = [&](ServerCall call, int) { return call == ServerCall::is_connected && dies.exchange(false); };
  Scene<B> scene({.max_size = 1, .handoff_after = handoff_after}, {}, &server);
  std::optional<typename Scene<B>::Lease> held;
  {
    const auto start = unsearched<B>();
    held = scene.pool().acquire();
    scene.worker([&] { (void)scene.try_use(0s); });
    scene.await([&] { return scene.pool().stats().waiting == 1; }, "nobody waits");
  }
  held->release();
  dies = true;
  scene.end_pool();
}

/// C62, law 16: leases that outlive the pool, given back while it is being destroyed.
template <class B>
void leases_outlive_the_pool() {
  Scene<B> scene({.max_size = 2});
  typename Scene<B>::Lease first = taken_before<B>(scene);
  typename Scene<B>::Lease second = taken_before<B>(scene);
  scene.worker([&, lease = std::move(first)]() mutable { Scene<B>::hold(std::move(lease), 0s); });
  scene.worker([&, lease = std::move(second)]() mutable { lease.discard(); });
  scene.end_pool();
  scene.join();
}

/// Destroyed at once, before its reaper has done its first round.
template <class B>
void destroyed_at_once() {
  SimulatedHost<B> server;
  {
    SimulatedConnector<B> connector{&server};
    carpool::ConnectionPool<B, carpool::LifoStack, SimulatedConnector<B>> pool(connector,
                                                                               {.max_size = 2, .min_idle = 1});
    if (auto lease = pool.try_acquire()) lease->discard();
  }
  law<B>(server.open == 0, "law 5: a connection has been forgotten");
}

/// C70: no new leases, those out are waited for; who waits is told.
template <class B>
void drain_against_releases() {
  Scene<B> scene({.max_size = 1});
  std::size_t out = 1;
  scene.worker([&] { (void)scene.try_use(1ms); });
  scene.worker([&] { (void)scene.try_use(0s); });
  scene.worker([&] {
    const carpool::TimePoint start = B::now();
    out = scene.pool().drain(5s);
    law<B>(B::now() < start + 5s, "nobody told drain that the last one is back");
  });
  scene.join();
  const auto end = unsearched<B>();
  law<B>(out == 0, "drain says that somebody is out");
  law<B>(scene.try_use(0s) == carpool::PoolErrc::pool_closed, "drain is final");
  scene.expect_calm();
}

/// Whoever is still out at drain's deadline is counted, and its connection closed on return.
template <class B>
void drain_gives_up() {
  Scene<B> scene({.max_size = 1});
  typename Scene<B>::Lease held = taken_before<B>(scene);
  scene.worker([&] { law<B>(scene.pool().drain(1ms) == 1, "drain has not counted the straggler"); });
  scene.join();
  held.release();
  scene.await([&] { return scene.server().open == 0; }, "a straggler's connection stays open");
}

/// law: after retire_all no connection that was there before is handed out.
template <class B, bool callers_first = false>
void retire_all_against_callers() {
  Scene<B> scene({.max_size = 1});
  used_before<B>(scene);
  maybe_callers_first<B, callers_first>();
  scene.worker([&] { scene.use(0s); });
  scene.worker([&] { scene.pool().retire_all(); });
  scene.worker([&] { scene.use(0s); });
  scene.join();
  const auto end = unsearched<B>();
  scene.use(0s);
  law<B>(scene.server().connects >= 2, "an old generation was handed out");
  scene.expect_calm();
}

/// A connect begun before retire_all belongs to the old generation; who waits gets a new one.
template <class B>
void retire_all_against_a_connect() {
  SimulatedHost<B> server;
  server.connect_takes = 1ms;
  Scene<B> scene({.max_size = 1}, {}, &server);
  {
    const auto start = unsearched<B>();  // they begin to race when they are waited for
    scene.worker([&] { law<B>(!scene.try_use(0s), "law 3: nobody connects anew"); });
    scene.worker([&] { scene.pool().retire_all(); });
  }
  scene.join();
  scene.expect_calm();
}

/// law: a connection that is out or idle when retire_all(d) is called is gone after d, though nobody asks.
template <class B>
void retired_over_a_time() {
  SimulatedHost<B> server;
  server.connect_takes = 1ms;
  Scene<B> scene({.max_size = 2}, {}, &server);
  {
    const auto start = unsearched<B>();
    auto first = scene.pool().acquire();
    auto second = scene.pool().acquire();
    second.release();
    scene.worker([&, lease = std::move(first)]() mutable { Scene<B>::hold(std::move(lease), 1ms); });
    scene.worker([&] { scene.pool().retire_all(4ms); });
  }
  scene.join();
  const auto end = unsearched<B>();
  advance_time<B>(6ms);
  scene.await([&] { return server.open == 0; }, "what was retired over a time is still there");
  scene.expect_calm();
}

/// The same beside callers that never let it be idle for long.
template <class B>
void retired_over_a_time_in_use() {
  Scene<B> scene({.max_size = 1});
  used_before<B>(scene);
  scene.worker([&] { scene.pool().retire_all(2ms); });
  for (int i = 0; i < 2; ++i) {
    scene.worker([&] {
      scene.use(1ms);
      scene.use(0s);
    });
  }
  scene.join();
  const auto end = unsearched<B>();
  advance_time<B>(4ms);
  scene.use(0s);
  law<B>(scene.server().connects >= 2, "an old generation was handed out after its time");
  scene.expect_calm();
}

/// C27, law 1: smaller while all are out, then larger while somebody waits.
template <class B>
void resized_under_callers() {
  Scene<B> scene({.max_size = 2});
  for (int i = 0; i < 2; ++i)
    scene.worker([&] { law<B>(!scene.try_use(1ms), "law 3: resize has left a waiter behind"); });
  scene.worker([&] {
    scene.resize(1);
    scene.resize(2);
  });
  scene.join();
  scene.expect_calm();
}

/// Law 1: what is given back beyond a max_size that has shrunk meanwhile, or beyond max_idle, goes.
template <class B>
void shrunk_while_all_are_out() {
  Scene<B> scene({.max_size = 3, .max_idle = 2});
  for (int i = 0; i < 3; ++i) scene.worker([&] { scene.use(1ms); });
  scene.worker([&] { scene.resize(1); });
  scene.join();
  const auto end = unsearched<B>();
  scene.await([&] { return scene.pool().stats().size() <= 1; }, "law 1: more are kept than max_size");
  scene.expect_calm();
}

/// B7: a waiter behind a pool of one gets its turn when there is room for two.
template <class B>
void enlarged_for_a_waiter() {
  Scene<B> scene({.max_size = 1});
  typename Scene<B>::Lease held = taken_before<B>(scene);
  scene.worker([&] { law<B>(!scene.try_use(0s), "law 3: there was room"); });
  scene.worker([&] { scene.resize(2); });
  scene.join();
}

/// While suspended nobody gets a lease; after resume everybody does.
template <class B, bool callers_first = false>
void suspended_and_resumed() {
  Scene<B> scene({.max_size = 1});
  maybe_callers_first<B, callers_first>();
  scene.worker([&] { law<B>(!scene.try_use(0s), "law 3: resume has woken nobody"); });
  scene.worker([&] { law<B>(!scene.try_use(1ms), "law 3: resume has woken nobody"); });
  scene.worker([&] {
    scene.pool().suspend();
    advance_time<B>(1ms);
    scene.pool().resume();
  });
  scene.join();
  scene.expect_calm();
}

/// clear beside callers closes idle ones only.
template <class B, bool callers_first = false>
void cleared_beside_callers() {
  Scene<B> scene({.max_size = 1});
  maybe_callers_first<B, callers_first>();
  scene.worker([&] { scene.use(1ms); });
  scene.worker([&] { scene.use(0s); });
  scene.worker([&] {
    (void)scene.pool().clear();
    (void)scene.pool().clear();
  });
  scene.join();
  scene.expect_calm();
}

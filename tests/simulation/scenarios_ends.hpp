/// Scenarios of drains and closes that no worker sleeps for.
#pragma once

#include "scenarios_beginnings.hpp"
#include "sleeping_end.hpp"

template <class B, class S = Scene<B>>
using AsyncEnd = SleepingEnd<B, typename S::Pool>;
template <class B>
using SceneWithGoodbyes = Scene<B, SimulatedFullConnector>;

/// Two wait for the last lease.
template <class B>
void drained_by_two() {
  SimulatedHost<B> server;
  server.goodbye_takes = 8s;  // which no drain waits for
  SceneWithGoodbyes<B> scene({.max_size = 1, .close_timeout = 10s}, {}, &server);
  typename SceneWithGoodbyes<B>::Lease held = taken_before<B>(scene);
  const carpool::TimePoint start = B::now();
  scene.worker([&] { scene.hold(std::move(held), 1ms); });
  for (int i = 0; i < 2; ++i) {
    scene.worker([&] {
      AsyncEnd<B, SceneWithGoodbyes<B>> drain(scene.pool(), carpool::EndKind::drain, start + 9s);
      const carpool::Ended ended = drain.end();
      law<B>(B::now() < start + 5s, "nobody told a drain that the last one is back");
      law<B>(ended.left == 0 && !ended.called_off, "a drain says that somebody is out");
    });
  }
  scene.join();
  const auto end = unsearched<B>();
  law<B>(scene.try_use(0s) == carpool::PoolErrc::pool_closed, "drain is final");
  scene.expect_calm();
}

/// The last lease comes back at a drain's deadline, which the reaper watches.
template <class B>
void drained_at_its_deadline() {
  Scene<B> scene({.max_size = 1});
  typename Scene<B>::Lease held = taken_before<B>(scene);
  const carpool::TimePoint deadline = B::now() + 2ms;
  AsyncEnd<B> late(scene.pool(), carpool::EndKind::drain, deadline);
  const bool over = late.begin();
  scene.worker([&] {
    advance_time<B>(2ms);
    held.release();
  });
  if (!over) late.wait();
  law<B>(B::now() < deadline + 1min, "law 4: a drain's deadline is missed");
  const carpool::Ended ended = late.result();
  law<B>(ended.left == 0 || B::now() >= deadline, "it gave up too early");
  scene.join();
  scene.await([&] { return scene.server().open == 0; }, "a straggler's connection stays open");
}

/// The last lease comes back after it: each drain has its own deadline, which the reaper watches.
template <class B>
void drained_in_vain() {
  Scene<B> scene({.max_size = 1});
  typename Scene<B>::Lease held = taken_before<B>(scene);
  for (const auto timeout : {4ms, 2ms}) {
    scene.worker([&, deadline = B::now() + timeout] {
      const carpool::Ended ended = AsyncEnd<B>(scene.pool(), carpool::EndKind::drain, deadline).end();
      law<B>(B::now() >= deadline && B::now() < deadline + 5s, "law 4: a drain's deadline is missed");
      law<B>(ended.left == 1 && !ended.called_off, "a drain has not counted the straggler");
    });
  }
  scene.join();
  held.release();
  scene.await([&] { return scene.server().open == 0; }, "a straggler's connection stays open");
}

/// It waits for goodbyes too.
template <class B>
void closed_to_the_last() {
  SimulatedHost<B> server;
  server.goodbye_takes = 1ms;
  SceneWithGoodbyes<B> scene({.max_size = 2}, {}, &server);
  typename SceneWithGoodbyes<B>::Lease held = taken_before<B>(scene);
  used_before<B>(scene);
  scene.worker([&] { held.release(); });
  const carpool::TimePoint start = B::now();
  AsyncEnd<B, SceneWithGoodbyes<B>> close(scene.pool(), carpool::EndKind::close, start + 5s);
  const carpool::Ended ended = close.end();
  law<B>(B::now() < start + 5s, "nobody told a close that the last connection is gone");
  law<B>(ended.left == 0 && scene.server().open == 0, "law 5: a connection is open after the close");
  scene.join();
}

/// Somebody calls it off, or it withdraws, at the moment when the last lease comes back. Another waits on.
template <class B>
void called_off_at_the_last(bool withdraws) {
  Scene<B> scene({.max_size = 1});
  typename Scene<B>::Lease held = taken_before<B>(scene);
  std::optional<AsyncEnd<B>> end(std::in_place, scene.pool(), carpool::EndKind::drain, carpool::never);
  AsyncEnd<B> other(scene.pool(), carpool::EndKind::drain, carpool::never);
  law<B>(!end->begin() && !other.begin(), "a lease is out");
  if (!withdraws) scene.worker([&] { end->call_off(); });
  scene.worker([&] { held.release(); });
  const bool withdrawn = withdraws && end->withdraw();
  if (!withdrawn) end->wait();
  const carpool::Ended ended = end->result();
  law<B>(withdraws || ended.left == 0 || ended.called_off, "it was called off, or the last lease is back");
  other.wait();
  law<B>(other.result().left == 0, "a drain says that somebody is out");
  scene.join();
  law<B>(end->told() == (withdrawn ? 0 : 1), "an end is told once, and none that was withdrawn");
  end.reset();
}

/// The pool is destroyed while somebody waits for its end, and a lease is out, which comes back then or later.
template <class B>
void destroyed_under_an_end(bool comes_back) {
  Scene<B> scene({.max_size = 1});
  typename Scene<B>::Lease held = taken_before<B>(scene);
  std::optional<AsyncEnd<B>> end(std::in_place, scene.pool(), carpool::EndKind::close, carpool::never);
  law<B>(!end->begin(), "a lease is out");
  scene.worker([&] { scene.end_pool(); });
  if (comes_back) scene.worker([&] { held.release(); });
  end->wait();
  const std::size_t left = end->result().left;
  law<B>(comes_back ? left <= 1 : left == 1, "there was one connection");
  if (!comes_back) held.release();
  end.reset();
  scene.join();
}

/// Scenarios of entries: a worker takes and gives back without the lock, and somebody else wants the truth meanwhile.
#pragma once

#include <carpool/affine_bag.hpp>

#include <optional>

#include "scenarios_beginnings.hpp"

template <class B, class Queue>
using CacheScene = Scene<B, SimulatedConnector, carpool::NeverEvict, Queue>;

/// The calling worker comes again and again: then its connection rests in its own entry, whatever the pool did before.
template <class S>
void settle_down(S& scene) {
  for (int i = 0; i < 4; ++i) scene.use(0s);
}

/// What these scenarios begin with, and are not about.
template <class B, class S>
void begin_settled(S& scene) {
  const auto start = unsearched<B>();
  settle_down(scene);
}

/// The same, and the connection is out again.
template <class B, class S>
[[nodiscard]] typename S::Lease begin_cached(S& scene) {
  const auto start = unsearched<B>();
  settle_down(scene);
  return scene.pool().acquire();
}

/// Its owner and a newcomer reach for what rests in an entry.
template <class B, class Queue>
void a_newcomer_wants_what_rests() {
  CacheScene<B, Queue> scene({.max_size = 1});
  begin_settled<B>(scene);
  scene.worker([&] { law<B>(!scene.try_use(0s), "nobody holds it for long"); });
  scene.use(0s);
  scene.use(0s);
  scene.join();
  law<B>(scene.server().connects == 1, "law 1: a second connection beside one that rests");
  scene.expect_calm();
}

/// A connection is put into an entry while somebody gets in line for it: it must not sleep beside it.
template <class B, class Queue>
void a_newcomer_waits_while_one_comes_back() {
  CacheScene<B, Queue> scene({.max_size = 1});
  typename CacheScene<B, Queue>::Lease lease = begin_cached<B>(scene);
  for (int i = 0; i < 2; ++i) {
    scene.worker([&] { law<B>(!scene.try_use(0s, 5s), "law 3: asleep beside a connection that rests"); });
  }
  lease.release();
  scene.join();
  scene.expect_calm();
}

/// try_acquire finds what rests with somebody else.
template <class B, class Queue>
void what_rests_is_there_for_all() {
  CacheScene<B, Queue> scene({.max_size = 1});
  begin_settled<B>(scene);
  scene.worker([&] { law<B>(scene.pool().try_acquire().has_value(), "law 3: idle, and not to be had"); });
  scene.join();
  scene.expect_calm();
}

/// Two workers with entries of their own, a third one without, two connections.
template <class B>
void two_entries_and_a_newcomer() {
  CacheScene<B, carpool::AffineBag> scene({.max_size = 2});
  bool settled = false;
  scene.worker([&] {
    settle_down(scene);
    settled = true;
    for (int i = 0; i < 2; ++i) scene.use(0s);
  });
  {
    const auto start = unsearched<B>();
    scene.await([&] { return settled; }, "nobody settles down");
  }
  settle_down(scene);
  scene.worker([&] { law<B>(!scene.try_use(0s), "nobody holds one for long"); });
  scene.use(0s);
  scene.join();
  scene.expect_calm();
}

/// Whatever the pool is told as a whole while the only connection goes into, or out of, its entry.
template <class B, class Queue, class Tell, class Check>
void told_while_one_comes_and_goes(Tell tell, Check check) {
  CacheScene<B, Queue> scene({.max_size = 2});
  begin_settled<B>(scene);
  scene.worker([&] { tell(scene); });
  for (int i = 0; i < 2; ++i) (void)scene.try_use(0s, 1s);
  scene.join();
  const auto end = unsearched<B>();
  check(scene);
}

template <class B, class Queue>
void closed_while_one_comes_and_goes() {
  told_while_one_comes_and_goes<B, Queue>(
      [](auto& scene) { scene.pool().close(); },
      [](auto& scene) { scene.await([&] { return scene.server().open == 0; }, "law 16: open in a closed pool"); });
}
/// What was open then is closed in the end, wherever it was.
template <class B, class Queue>
void retired_while_one_comes_and_goes() {
  const auto retired = [](auto& scene) {
    const auto by_reason = scene.pool().stats().closed_by_reason;
    return by_reason[static_cast<std::size_t>(carpool::CloseReason::retired)] == 1;
  };
  told_while_one_comes_and_goes<B, Queue>(
      [](auto& scene) { scene.pool().retire_all(); },
      [&](auto& scene) { scene.await([&] { return retired(scene); }, "one of an old generation is kept"); });
}
template <class B, class Queue>
void shrunk_while_two_come_and_go() {
  CacheScene<B, Queue> scene({.max_size = 2});
  typename CacheScene<B, Queue>::Lease first;
  typename CacheScene<B, Queue>::Lease second;
  {
    const auto start = unsearched<B>();
    settle_down(scene);
    first = scene.pool().acquire();
    second = scene.pool().acquire();
  }
  scene.worker([&] { scene.resize(1); });
  second.release();
  first.release();
  scene.join();
  const auto end = unsearched<B>();
  scene.await([&] { return scene.server().open <= 1; }, "law 1: more than max_size stay");
}
template <class B, class Queue>
void suspended_while_one_comes_and_goes() {
  CacheScene<B, Queue> scene({.max_size = 1});
  begin_settled<B>(scene);
  bool suspended = false;
  scene.worker([&] {
    scene.pool().suspend();
    suspended = true;
  });
  for (int i = 0; i < 3; ++i) {
    const bool already = suspended;
    const auto lease = scene.pool().try_acquire();
    law<B>(!already || !lease, "a suspended pool gives a lease");
    let_others<B>();
  }
  scene.join();
  const auto end = unsearched<B>();
  scene.pool().resume();
  scene.expect_calm();
}

/// Law 16: given back into its entry while another worker destroys the pool.
template <class B, class Queue>
void destroyed_while_one_comes_back() {
  CacheScene<B, Queue> scene({.max_size = 1});
  typename CacheScene<B, Queue>::Lease lease = begin_cached<B>(scene);
  scene.worker([&] { scene.end_pool(); });
  lease.release();
  scene.join();
}

/// A lease is given back by another worker than it was given to, which has an entry, too.
template <class B>
void given_back_by_another() {
  CacheScene<B, carpool::AffineBag> scene({.max_size = 2});
  std::optional<typename CacheScene<B, carpool::AffineBag>::Lease> on_its_way = begin_cached<B>(scene);
  scene.worker([&] {
    settle_down(scene);
    on_its_way.reset();
    scene.use(0s);
  });
  scene.use(0s);
  scene.join();
  scene.expect_calm();
}

/// What rests in an entry is for one target; its owner and another worker want that one and the other one.
template <class B, class Queue>
void two_targets_at_an_entry(std::size_t max_size) {
  using TargetScene = Scene<B, SimulatedTargetConnector, carpool::NeverEvict, Queue>;
  TargetScene scene({.max_size = max_size});
  const auto use = [&](const char* target) {
    auto lease = scene.pool().acquire_for(target, 10s);
    law<B>(lease->target() == target, "a lease for another endpoint");
    TargetScene::hold(std::move(lease), 0s);
  };
  {
    const auto start = unsearched<B>();
    for (int i = 0; i < 4; ++i) use("a");
  }
  scene.worker([&] { use("b"); });
  for (const char* target : {"b", "a"}) use(target);
  scene.join();
  const carpool::PoolStats stats = scene.pool().stats();
  law<B>(stats.acquired == 7, "a look into an entry counts as a lease");
  law<B>(stats.closed_for(carpool::CloseReason::discarded) == 0, "one target's connection is tried for another");
  scene.expect_calm();
}
template <class B, class Queue>
void two_targets_share_an_entry() {
  two_targets_at_an_entry<B, Queue>(3);
}
template <class B, class Queue>
void two_targets_share_a_slot() {
  two_targets_at_an_entry<B, Queue>(1);
}

/// The reaper sees what rests in an entry, also where somebody uses it at the very moment when it is due.
template <class B, class Queue>
void what_rests_too_long_is_evicted() {
  Scene<B, SimulatedConnector, carpool::IdleTimeout, Queue> scene({.max_size = 1}, carpool::IdleTimeout(20ms));
  begin_settled<B>(scene);
  scene.await([&] { return scene.server().open == 0; }, "law 12: idle for too long in an entry");
}

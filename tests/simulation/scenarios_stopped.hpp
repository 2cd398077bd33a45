/// Scenarios in which a worker is stopped for long at the worst moment: the search chooses who, and where. Nobody who
/// runs is held up by it.
#pragma once

#include "scenarios_beginnings.hpp"

/// Law 3: the first in line was told to look and does not run. Others find more idle connections than it was told of.
template <class B>
void the_first_in_line_does_not_run() {
  Scene<B> scene({.max_size = 2});
  typename Scene<B>::Lease first = taken_before<B>(scene);
  typename Scene<B>::Lease second = taken_before<B>(scene);
  {
    const auto start = unsearched<B>();
    scene.worker([&] { scene.use(0s); });
    scene.await([&] { return scene.pool().stats().waiting == 1; }, "nobody joins the line");
  }
  first.release();
  second.release();
  {
    const auto start = unsearched<B>();
    advance_time<B>(3ms);  // whoever is in line still is overdue
  }
  scene.worker([&] { law<B>(!scene.try_use(0s, 1s), "law 3: a connection was there for each"); });
  scene.join();
  scene.expect_calm();
}

/// Law 3: what the second in line was given is dead. Back behind a first that was told and does not run, it sleeps only
/// where there is none for it.
template <class B>
void the_second_comes_back_behind_it() {
  SimulatedHost<B> server;
  std::atomic<bool> dies = false;
  server.fails = [&](ServerCall call, int) {
    const bool dead = call == ServerCall::is_connected && dies.exchange(false);
    if (dead) advance_time<B>(3ms);  // the first is overdue then
    return dead;
  };
  Scene<B> scene({.max_size = 3}, {}, &server);
  std::vector<typename Scene<B>::Lease> out;
  {
    const auto start = unsearched<B>();
    for (int i = 0; i < 3; ++i) out.push_back(scene.pool().acquire());
    for (std::size_t i = 1; i <= 2; ++i) {
      scene.worker([&] { scene.use(0s, 20s); });
      scene.await([&] { return scene.pool().stats().waiting == i; }, "nobody joins the line");
    }
  }
  for (auto& lease : out) lease.release();
  dies = true;
  scene.join();
  scene.expect_calm();
}

/// Law 16: who closes is stopped half-way. Those in line are told at once, or not at all yet.
template <class B>
void who_closes_does_not_run() {
  Scene<B> scene({.max_size = 1});
  typename Scene<B>::Lease held = taken_before<B>(scene);
  {
    const auto start = unsearched<B>();
    scene.worker([&] { law<B>(scene.try_use(0s) == carpool::PoolErrc::pool_closed, "law 16: not told"); });
    scene.await([&] { return scene.pool().stats().waiting == 1; }, "nobody waits");
  }
  scene.worker([&] { scene.pool().close(); });
  scene.join();
  held.release();
}

/// Scenarios of callers in line: whose turn it is.
#pragma once

#include "scenarios_beginnings.hpp"

/// C02: those whose time is over are no hand-over's target.
template <class B>
void expired_waiters_are_passed_over() {
  Scene<B> scene({.max_size = 1, .handoff_after = 0ms});
  typename Scene<B>::Lease first = taken_before<B>(scene);
  {
    const auto start = unsearched<B>();
    for (int i = 0; i < 2; ++i) scene.worker([&] { (void)scene.try_use(0s, 1ms); });
    scene.worker([&] { law<B>(!scene.try_use(0s, 10s), "a live waiter was passed over"); });
    advance_time<B>(500us);
  }
  advance_time<B>(500us);
  first.release();
  scene.join();
  scene.expect_calm();
}

/// C33, B9, law 8 with handoff_after 0: strictly in the order in which they joined the line.
template <class B>
void first_come_first_served() {
  Scene<B> scene({.max_size = 1, .handoff_after = 0ms});
  typename Scene<B>::Lease first = taken_before<B>(scene);
  std::vector<int> joined;
  std::vector<int> served;
  {
    const auto start = unsearched<B>();
    for (int i = 0; i < 3; ++i) {
      scene.worker([&, i] {
        typename Scene<B>::Lease lease = scene.pool().acquire();
        served.push_back(i);  // one at a time: there is one connection
        lease.release();
      });
      const std::size_t waiting = joined.size();
      scene.await([&] { return scene.pool().stats().waiting > waiting; }, "nobody joins the line");
      joined.push_back(i);
    }
  }
  first.release();
  scene.join();
  law<B>(served == joined, "law 8: somebody overtook");
}

/// B9, C38: robbed by a running caller again and again, a waiter is served at the latest when it is overdue.
template <class B>
void robbed_waiters_keep_their_turn() {
  Scene<B> scene({.max_size = 1, .handoff_after = 2ms});
  {
    const auto start = unsearched<B>();
    scene.worker([&] {
      for (int i = 0; i < 5; ++i) scene.use(1ms);
    });
    scene.worker([&] { law<B>(!scene.try_use(0s), "law 8: overtaken without bound"); });
    advance_time<B>(500us);
  }
  scene.join();
  scene.expect_calm();
}

/// Law 8: who asks when somebody has been in line for handoff_after is served after that one, also if that one was told
/// to look long ago and is slow.
template <class B>
void the_overdue_are_not_overtaken() {
  Scene<B> scene({.max_size = 1, .handoff_after = 2ms});
  typename Scene<B>::Lease first = taken_before<B>(scene);
  bool served = false;
  scene.worker([&] {
    typename Scene<B>::Lease lease = scene.pool().acquire();
    served = true;
    lease.release();
  });
  scene.await([&] { return scene.pool().stats().waiting == 1; }, "nobody joins the line");
  const carpool::TimePoint overdue_at = B::now() + 2ms;
  scene.worker([&] {
    advance_time<B>(3ms);
    const bool overdue = B::now() >= overdue_at;
    typename Scene<B>::Lease lease = scene.pool().acquire();
    law<B>(served || !overdue, "law 8: overtaken when overdue");
    lease.release();
  });
  first.release();
  scene.join();
  scene.expect_calm();
}

/// Law 8: who came earlier, and was so slow on its way to the line that it stands behind another, is not overdue before
/// that one.
template <class B>
void slow_on_the_way_to_the_line() {
  Scene<B> scene({.max_size = 2, .handoff_after = 2ms});
  typename Scene<B>::Lease first = taken_before<B>(scene);
  typename Scene<B>::Lease second = taken_before<B>(scene);
  scene.worker([&] { law<B>(!scene.try_use(0s), "nobody holds it for long"); });
  scene.worker([&] {
    advance_time<B>(2ms);
    law<B>(!scene.try_use(0s), "nobody holds it for long");
  });
  advance_time<B>(3ms);
  first.release();
  second.release();
  scene.join();
  scene.expect_calm();
}

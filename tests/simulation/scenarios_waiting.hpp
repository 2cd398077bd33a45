/// Scenarios of callers in line: none of them may be forgotten, overtaken or given a connection that it does not take.
#pragma once

#include "scenarios_beginnings.hpp"
#include "scenarios_turns.hpp"

/// C01, C04, C08; B1: between looking for a connection and standing in line, one comes back.
template <class B, bool callers_first = false>
void release_races_with_acquire() {
  Scene<B> scene({.max_size = 1});
  maybe_callers_first<B, callers_first>();
  for (int i = 0; i < 2; ++i) scene.worker([&] { scene.use(0s); });
  scene.join();
  scene.expect_calm();
}

template <class B>
void three_share_two() {
  Scene<B> scene({.max_size = 2});
  for (int i = 0; i < 3; ++i) {
    scene.worker([&] { law<B>(!scene.try_use(1ms), "everybody gets a connection within ten seconds"); });
  }
  scene.join();
  scene.expect_calm();
}

/// C12, C32, B1, B3, B19: a waiter's deadline is the moment of the hand-over. Who waits behind it must get the
/// connection.
template <class B>
void deadline_meets_hand_over(carpool::Duration handoff_after) {
  Scene<B> scene({.max_size = 1, .handoff_after = handoff_after});
  typename Scene<B>::Lease first = taken_before<B>(scene);
  {
    const auto start = unsearched<B>();
    scene.worker([&] { (void)scene.try_use(0s, 2ms); });
    scene.worker([&] { law<B>(!scene.try_use(0s, 10s), "a waiter that left took the connection with it"); });
    advance_time<B>(1ms);
  }
  advance_time<B>(1ms);
  first.release();
  scene.join();
  scene.expect_calm();
}

/// A waiter's time is over when it is granted a connection, so that its token is left; the connection is dead, and back
/// in line it is granted another. It may be gone with that one before whoever granted it has done with it.
template <class B>
void a_token_is_left() {
  typename B::ParkingSlot rejection;
  SimulatedHost<B> server;
  std::atomic<bool> dies = false;
  server.fails = [&](ServerCall call, int) {
    const bool dead = call == ServerCall::is_connected && dies.exchange(false);
    if (dead) [[maybe_unused]]
      const auto roused = rejection.unpark();
    return dead;
  };
  Scene<B> scene({.max_size = 2, .handoff_after = 0ms}, {}, &server);
  std::optional<typename Scene<B>::Lease> first;
  std::optional<typename Scene<B>::Lease> second;
  {
    const auto start = unsearched<B>();
    first = scene.pool().acquire();
    second = scene.pool().acquire();
    others_come_last<B>();
    scene.worker([&] { (void)scene.try_use(0s, 500us); });
    scene.worker([&] {
      rejection.park_until(B::now() + 2ms);
      second->release();
    });
    advance_time<B>(500us);
  }
  first->release();
  dies = true;
  scene.join();
  scene.expect_calm();
}

/// C42, B12: everybody needs two. Nobody hangs for longer than its timeout, and afterwards all is well.
template <class B, bool callers_first = false>
void nested_acquires_end() {
  Scene<B> scene({.max_size = 2});
  maybe_callers_first<B, callers_first>();
  for (int i = 0; i < 2; ++i) {
    scene.worker([&] {
      typename Scene<B>::Lease outer = scene.pool().acquire();
      outer->take();
      (void)scene.try_use(0s, 5ms);
      outer->give();
    });
  }
  scene.join();
  scene.expect_calm();
}

/// try_acquire never waits, and takes nothing from those who do.
template <class B, bool callers_first = false>
void try_acquire_beside_waiters() {
  Scene<B> scene({.max_size = 1, .handoff_after = 0ms});
  maybe_callers_first<B, callers_first>();
  scene.worker([&] { scene.use(1ms); });
  scene.worker([&] { scene.use(0ms); });
  scene.worker([&] {
    for (int i = 0; i < 2; ++i) {
      if (auto lease = scene.pool().try_acquire()) Scene<B>::hold(std::move(*lease), 0s);
    }
  });
  scene.join();
  scene.expect_calm();
}

/// C25, C26: discarded, detached and returned, in any order: every slot comes back.
template <class B>
void slots_are_not_lost() {
  Scene<B> scene({.max_size = 2});
  scene.worker([&] { scene.pool().acquire().discard(); });
  scene.worker([&] {
    typename Scene<B>::Lease lease = scene.pool().acquire();
    ++scene.server().detached;
    {
      const auto mine = lease.detach();
    }
    --scene.server().detached;
  });
  scene.worker([&] { scene.use(0s); });
  scene.join();
  scene.expect_calm();
  const auto end = unsearched<B>();
  typename Scene<B>::Lease first = scene.pool().acquire();
  typename Scene<B>::Lease second = scene.pool().acquire();
}

/// max_waiters: one waits, who comes then is told at once, and nobody is counted twice.
template <class B, bool callers_first = false>
void no_more_waiters_than_allowed() {
  Scene<B> scene({.max_size = 1, .max_waiters = 1});
  maybe_callers_first<B, callers_first>();
  for (int i = 0; i < 3; ++i) {
    scene.worker([&] {
      const auto error = scene.try_use(1ms);
      law<B>(!error || error == carpool::PoolErrc::queue_full, "neither served nor told that the line is full");
    });
  }
  scene.join();
  scene.expect_calm();
}

/// B4: whoever gives a connection back and comes again at once finds it, whatever the pool's own work is doing.
template <class B>
void what_is_given_back_is_there_at_once() {
  Scene<B> scene({.max_size = 1});
  scene.worker([&] {
    scene.use(0s);
    law<B>(scene.pool().try_acquire().has_value(), "what was given back is not there yet");
  });
  scene.worker([&] { (void)scene.pool().reap(); });
  scene.join();
  scene.expect_calm();
}

/// C17, C18, law 10: an exception over a lease may have left anything unread. Nobody else gets that connection, and who
/// waits gets another.
template <class B>
void an_exception_costs_its_connection() {
  Scene<B> scene({.max_size = 1});
  for (int i = 0; i < 3; ++i) {
    scene.worker([&, i] {
      try {
        typename Scene<B>::Lease lease = scene.acquire(10s);
        law<B>(!lease->dirty, "law 10: somebody else's unread answer");
        lease->dirty = true;
        let_others<B>();
        if (i < 2) throw std::length_error("in the middle of a question");
        lease->dirty = false;
      } catch (const std::length_error&) {
        advance_time<B>(1us);
      }
    });
  }
  scene.join();
  law<B>(scene.server().connects >= 2, "law 10: a doubtful connection is kept");
  scene.expect_calm();
}

/// Scenarios of the pool's own work beside its callers: reaping, pings, resets, goodbyes.
#pragma once

#include "scenarios_beginnings.hpp"

template <class B>
using UsedOnce = Scene<B, SimulatedConnector, carpool::MaxUses>;

/// C16, law 12: what expires is closed while somebody wants it.
template <class B>
void reaper_against_callers() {
  Scene<B, SimulatedConnector, carpool::IdleTimeout> scene({.max_size = 1}, carpool::IdleTimeout{1ms});
  used_before<B>(scene);
  scene.worker([&] {
    advance_time<B>(1ms);
    law<B>(!scene.try_use(0s), "law 3: the reaper has left nothing");
  });
  scene.worker([&] {
    advance_time<B>(1ms);
    (void)scene.pool().reap();
  });
  scene.worker([&] { law<B>(!scene.try_use(0s), "law 3: the reaper has left nothing"); });
  scene.join();
  scene.expect_calm();
}

/// Each lease wears its connection out; who waits gets a new one each time.
template <class B>
void worn_out_on_return() {
  UsedOnce<B> scene({.max_size = 1}, carpool::MaxUses{1});
  for (int i = 0; i < 3; ++i) scene.worker([&] { law<B>(!scene.try_use(0s), "law 3: nobody connects anew"); });
  scene.join();
  scene.expect_calm();
}

/// B5, C19: what comes back dirty is reset by a background worker, slowly. Capacity comes back, whether it succeeds or
/// not.
template <class B>
void reset_on_return(bool succeeds) {
  SimulatedHost<B> server;
  server.ping_takes = 1ms;
  server.fails = [succeeds](ServerCall call, int nth) { return call == ServerCall::reset && !succeeds && nth == 1; };
  Scene<B, SimulatedFullConnector> scene({.max_size = 1}, {}, &server);
  for (int i = 0; i < 2; ++i) {
    scene.worker([&] {
      auto lease = scene.pool().acquire();
      law<B>(!lease->dirty, "law 10: somebody else's dirt");
      lease->dirty = true;
    });
  }
  scene.join();
  scene.expect_calm();
}

/// C51: stale connections are pinged before use; the first dead answer condemns the others.
template <class B>
void pinged_before_use(bool alive) {
  SimulatedHost<B> server;
  server.ping_takes = 1ms;
  Scene<B, SimulatedFullConnector> scene({.max_size = 2, .validation_bypass_window = 0ms}, {}, &server);
  server.fails = [alive](ServerCall call, int nth) { return call == ServerCall::ping && !alive && nth <= 2; };
  {
    const auto start = unsearched<B>();
    (void)scene.pool().prewarm(2, 5s);
    advance_time<B>(2ms);
  }
  for (int i = 0; i < 2; ++i) {
    scene.worker([&] {
      try {
        scene.use(0s, 5s);
      } catch (const std::runtime_error& error) {  // a ping's own throw passes through
        law<B>(std::string(error.what()) == "no answer", "law 4: nobody got what was there");
      }
    });
  }
  scene.join();
  scene.expect_calm();
}

/// Law 4 and 9: who has less time than a ping may take leaves it to a background worker; its giving up costs no
/// connection.
template <class B>
void impatient_callers_of_stale_ones() {
  SimulatedHost<B> server;
  server.ping_takes = 2ms;
  Scene<B, SimulatedFullConnector> scene({.max_size = 1, .validation_bypass_window = 0ms, .validation_timeout = 5s}, {},
                                         &server);
  used_before<B>(scene, 1ms);
  scene.worker([&] { (void)scene.try_use(0s, 1ms); });
  scene.worker([&] { (void)scene.try_use(0s, 4ms); });
  scene.join();
  scene.expect_calm();
  law<B>(server.connects == 1, "law 9: giving up has cost a good connection");
}

/// Law 4: they are stale again as soon as they have been pinged, and callers have less time than a ping may take. An
/// answer that a caller has waited for must be good enough for it.
template <class B>
void always_stale_for_the_impatient() {
  SimulatedHost<B> server;
  server.ping_takes = 1ms;
  Scene<B, SimulatedFullConnector> scene({.max_size = 1, .validation_bypass_window = 0ms, .validation_timeout = 30s},
                                         {}, &server);
  used_before<B>(scene, 5ms);
  for (int i = 0; i < 2; ++i) {  // with time enough to be slow, or stopped, and less than a ping may take
    scene.worker([&] { law<B>(!scene.try_use(0s, 20s), "law 4: pinged again and again until its time was over"); });
  }
  scene.join();
  scene.expect_calm();
}

/// C68, C40: slow goodbyes hold up neither callers nor the next connect beyond max_size.
template <class B>
void slow_goodbyes() {
  SimulatedHost<B> server;
  server.goodbye_takes = 5ms;
  Scene<B, SimulatedFullConnector> scene({.max_size = 2, .max_idle = 1}, {}, &server);
  for (int i = 0; i < 2; ++i) {
    scene.worker([&] {
      scene.use(1ms);
      law<B>(!scene.try_use(0s), "law 3: a goodbye holds everybody up");
    });
  }
  scene.worker([&] { (void)scene.pool().clear(); });
  scene.join();
  scene.expect_calm();
}

/// The reaper pings what is idle while it is wanted.
template <class B>
void keepalive_beside_callers() {
  SimulatedHost<B> server;
  server.ping_takes = 1ms;
  Scene<B, SimulatedFullConnector> scene({.max_size = 1, .keepalive_time = 2ms}, {}, &server);
  used_before<B>(scene);
  {
    const auto start = unsearched<B>();
    for (const carpool::Duration time : {2ms, 3ms}) {
      scene.worker([&scene, time] {
        advance_time<B>(time);
        law<B>(!scene.try_use(0s), "law 3: a keepalive has kept the connection");
      });
    }
    advance_time<B>(1ms);
  }
  scene.join();
}

/// B21: the reaper has done its round, and later there is something new for it: it comes again by itself.
template <class B>
void the_reaper_comes_again() {
  Scene<B, SimulatedConnector, carpool::IdleTimeout> scene({.max_size = 2}, carpool::IdleTimeout{2ms});
  {
    const auto start = unsearched<B>();
    scene.worker([&] { scene.use(0s); });
    scene.worker([&] {
      advance_time<B>(3ms);
      scene.use(1ms);
    });
    advance_time<B>(1ms);
  }
  scene.join();
  const auto end = unsearched<B>();
  scene.await([&] { return scene.server().open == 0; }, "law 12: the reaper came once, and never again");
  scene.expect_calm();
}

/// C11, C29: many give up while connects are slow and goodbyes slower. What is being closed still counts.
template <class B>
void callers_give_up_beside_slow_goodbyes() {
  SimulatedHost<B> server;
  server.connect_takes = 2ms;
  server.goodbye_takes = 5ms;
  Scene<B, SimulatedFullConnector> scene({.max_size = 1}, {}, &server);
  for (int i = 0; i < 2; ++i) {
    scene.worker([&] {
      (void)scene.try_use(0s, 1ms);
      (void)scene.try_use(0s, 2ms);
    });
  }
  scene.worker([&] {
    advance_time<B>(2ms);
    scene.pool().retire_all();
  });
  scene.join();
  const auto end = unsearched<B>();
  law<B>(server.most_open <= 1, "law 1: what is being closed was not counted");
  law<B>(!scene.try_use(0s), "law 3: giving up has cost the slot");
  scene.expect_calm();
}

/// A server that pauses: pings and connects that end late say nothing against it. No caller is turned away, and nothing
/// is closed.
template <class B>
void paused_server(bool has_one) {
  SimulatedHost<B> server;
  server.ping_takes = server.connect_takes = 1ms;
  Scene<B, SimulatedFullConnector> scene({.max_size = 1,
                                          .connect_attempts = 1,
                                          .connect_backoff = {10s, 10s},
                                          .validation_bypass_window = 0ms,
                                          .validation_timeout = 30s},
                                         {}, &server);
  if (has_one) used_before<B>(scene, 2ms);
  server.pauses_left = 2;
  for (const carpool::Duration timeout : {60s, 20s}) {  // it pings by itself, or leaves that to a background worker
    scene.worker([&, timeout] { law<B>(!scene.try_use(0s, timeout), "a pause has cost a caller its connection"); });
  }
  scene.join();
  law<B>(!has_one || server.connects == 1, "a pause has cost a connection");
  scene.expect_calm();
}

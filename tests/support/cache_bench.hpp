/// One entry, one or two connections, and nothing of a pool around them: small enough to be explored to the end.
#pragma once

#include <carpool/detail/cache/worker_cache.hpp>
#include <carpool/simulation_backend.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "simulated_plain.hpp"

/// A connection is idle, or rests in the entry, or is held by the entry's owner: never two of these, never none.
class CacheBench {
  using B = carpool::SimulationBackend;
  struct Types {
    using Backend = B;
    using Connection = int;
    using Observer = carpool::NoObserver;
    static constexpr carpool::WorkerCaching worker_caching = carpool::WorkerCaching::per_worker;
  };
  using WorkerCache = carpool::detail::WorkerCache<Types>;
  using PoolSlot = carpool::detail::PoolSlot<Types>;

 public:
  explicit CacheBench(std::size_t connections = 1) : entry_((cache_->open_for(B::worker()), *cache_->of(B::worker()))) {
    for (std::size_t i = 0; i < connections; ++i) {
      connections_.emplace_back(nobody_).slot.epoch = cache_->epoch_for(B::worker());
    }
  }

  // --- by who changes the pool as a whole ----------------------------------------------------------------

  void close() {
    mutex_.lock();
    if (cache_->epoch() != 0) cache_->close([&](PoolSlot& slot) { put_idle(connection_of(slot)); });
    mutex_.unlock();
  }
  void open() {
    mutex_.lock();
    if (cache_->epoch() == 0) cache_->open_for_all();
    mutex_.unlock();
  }
  /// What it all stands in goes, as a pool does when it is destroyed; but not before the last lease is back.
  void end() {
    close();
    constexpr carpool::Duration longest = std::chrono::milliseconds(1);
    for (carpool::Duration pause = std::chrono::microseconds(20); busy(); pause = std::min(2 * pause, longest)) {
      B::sleep_until(carpool::after(B::now(), pause));
    }
    mutex_.lock();
    if (std::all_of(connections_.begin(), connections_.end(), [](const auto& each) { return each.idle; })) {
      cache_.reset();
    }
    mutex_.unlock();
  }

  // --- by the entry's owner, who holds the connections at first -------------------------------------------

  void take() {
    const auto attempt = entry_.take();
    const bool mine = attempt.slot != nullptr && (attempt.certain || settle(attempt));
    if (mine) hold(connection_of(*attempt.slot));
    if (!mine) take_idle();
  }
  /// One that it holds.
  void give() {
    for (Connection& each : connections_) {
      if (each.held) return give(each);
    }
  }

  void expect_all() {
    close();
    for (const Connection& each : connections_) {
      carpool::Simulation::check(each.held != each.idle, "law 2: a connection in two hands, or in none");
    }
  }

 private:
  struct Connection {
    explicit Connection(carpool::detail::SlotOwner& nobody) : slot(nobody) {}
    PoolSlot slot;
    SimulatedPlain state;  // written by whoever has it
    bool idle = false;
    bool held = true;
  };

  [[nodiscard]] bool settle(const carpool::detail::WorkerCacheEntry<Types>::CacheAttempt& attempt) {
    mutex_.lock();
    const bool mine = entry_.settle(attempt);
    mutex_.unlock();
    return mine;
  }
  void take_idle() {
    mutex_.lock();
    for (Connection& each : connections_) {
      if (!each.idle) continue;
      each.idle = false;
      each.slot.epoch = cache_->epoch_for(B::worker());
      hold(each);
      break;
    }
    mutex_.unlock();
  }
  void give(Connection& connection) {
    connection.held = false;
    connection.state.write();
    const auto attempt = entry_.put(connection.slot);
    const bool mine = attempt.slot == nullptr || (!attempt.certain && settle(attempt));
    if (!mine) return;
    mutex_.lock();
    put_idle(connection);
    mutex_.unlock();
  }
  void hold(Connection& connection) { one_has_it(connection).held = true; }
  void put_idle(Connection& connection) { one_has_it(connection).idle = true; }
  static Connection& one_has_it(Connection& connection) {
    carpool::Simulation::check(!connection.held && !connection.idle, "law 2: a connection in two hands");
    connection.state.write();
    return connection;
  }
  [[nodiscard]] bool busy() {
    mutex_.lock();
    const bool busy = cache_->busy();
    mutex_.unlock();
    return busy;
  }
  [[nodiscard]] Connection& connection_of(const PoolSlot& slot) {
    std::size_t i = 0;
    while (&connections_[i].slot != &slot) ++i;
    return connections_[i];
  }

  carpool::detail::SlotOwner nobody_;
  B::Mutex mutex_;
  std::optional<WorkerCache> cache_{std::in_place};
  std::deque<Connection> connections_;
  carpool::detail::WorkerCacheEntry<Types>& entry_;
};

inline void an_entry_opens_and_closes_beside_its_owner() {
  CacheBench bench;
  auto other = carpool::SimulationBackend::spawn([&] {
    bench.close();
    bench.open();
    bench.close();
  });
  for (int i = 0; i < 2; ++i) {
    bench.give();
    bench.take();
  }
  other.join();
  bench.expect_all();
}

/// Its owner gives back one after the other, and the entry is closed meanwhile.
inline void an_entry_closes_while_two_come_back() {
  CacheBench bench(2);
  auto other = carpool::SimulationBackend::spawn([&] { bench.close(); });
  bench.give();
  bench.give();
  other.join();
  bench.expect_all();
}

/// Its owner gives back, and is not seen any more.
inline void an_entry_goes_when_its_owner_has_gone() {
  CacheBench bench;
  auto other = carpool::SimulationBackend::spawn([&] { bench.end(); });
  bench.give();
  other.join();
}

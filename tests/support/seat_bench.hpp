/// One seat, one or two connections, and nothing of a pool around them: small enough to be explored to the end.
#pragma once

#include <carpool/detail/seats.hpp>
#include <carpool/simulation_backend.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "simulated_plain.hpp"

/// A connection is idle, or rests in the seat, or is held by the seat's owner: never two of these, never none.
class SeatBench {
  using B = carpool::SimulationBackend;
  struct Types {
    using Backend = B;
    using Connection = int;
    static constexpr carpool::Seating seating = carpool::Seating::each_worker;
  };
  using Seats = carpool::detail::Seats<Types>;
  using PoolSlot = carpool::detail::PoolSlot<Types>;

 public:
  explicit SeatBench(std::size_t connections = 1) : seat_((seats_->open_for(B::worker()), *seats_->of(B::worker()))) {
    for (std::size_t i = 0; i < connections; ++i) {
      connections_.emplace_back(nobody_).slot.permit = seats_->permit_for(B::worker());
    }
  }

  // --- by who changes the pool as a whole ----------------------------------------------------------------

  void close() {
    mutex_.lock();
    if (seats_->permit() != 0) seats_->close([&](PoolSlot& slot) { put_idle(connection_of(slot)); });
    mutex_.unlock();
  }
  void open() {
    mutex_.lock();
    if (seats_->permit() == 0) seats_->open_for_all();
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
      seats_.reset();
    }
    mutex_.unlock();
  }

  // --- by the seat's owner, who holds the connections at first -------------------------------------------

  void take() {
    const auto grip = seat_.take();
    const bool mine = grip.slot != nullptr && (grip.certain || settle(grip));
    if (mine) hold(connection_of(*grip.slot));
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
    explicit Connection(std::byte* nobody) : slot(reinterpret_cast<carpool::detail::PoolCore<Types>&>(*nobody)) {}
    PoolSlot slot;
    SimulatedPlain state;  // written by whoever has it
    bool idle = false;
    bool held = true;
  };

  [[nodiscard]] bool settle(const carpool::detail::Seat<Types>::Grip& grip) {
    mutex_.lock();
    const bool mine = seat_.settle(grip);
    mutex_.unlock();
    return mine;
  }
  void take_idle() {
    mutex_.lock();
    for (Connection& each : connections_) {
      if (!each.idle) continue;
      each.idle = false;
      each.slot.permit = seats_->permit_for(B::worker());
      hold(each);
      break;
    }
    mutex_.unlock();
  }
  void give(Connection& connection) {
    connection.held = false;
    connection.state.write();
    const auto grip = seat_.put(connection.slot);
    const bool mine = grip.slot == nullptr || (!grip.certain && settle(grip));
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
    const bool busy = seats_->busy();
    mutex_.unlock();
    return busy;
  }
  [[nodiscard]] Connection& connection_of(const PoolSlot& slot) {
    std::size_t i = 0;
    while (&connections_[i].slot != &slot) ++i;
    return connections_[i];
  }

  alignas(64) std::byte nobody_[64] = {};  // stands for the core that a slot belongs to; nobody looks at it
  B::Mutex mutex_;
  std::optional<Seats> seats_{std::in_place};
  std::deque<Connection> connections_;
  carpool::detail::Seat<Types>& seat_;
};

inline void a_seat_opens_and_closes_beside_its_owner() {
  SeatBench bench;
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

/// Its owner gives back one after the other, and the seat is closed meanwhile.
inline void a_seat_closes_while_two_come_back() {
  SeatBench bench(2);
  auto other = carpool::SimulationBackend::spawn([&] { bench.close(); });
  bench.give();
  bench.give();
  other.join();
  bench.expect_all();
}

/// Its owner gives back, and is not seen any more.
inline void a_seat_goes_when_its_owner_has_gone() {
  SeatBench bench;
  auto other = carpool::SimulationBackend::spawn([&] { bench.end(); });
  bench.give();
  other.join();
}

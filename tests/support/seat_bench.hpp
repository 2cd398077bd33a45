/// One seat, one connection, and nothing of a pool around them: small enough to be explored to the end.
#pragma once

#include <carpool/detail/seats.hpp>
#include <carpool/simulation_backend.hpp>

#include <cstddef>

/// The connection is idle, or rests in the seat, or is held by the seat's owner: never two of these, never none.
class SeatBench {
  using B = carpool::SimulationBackend;
  struct Types {
    using Backend = B;
    using Connection = int;
    static constexpr carpool::Seating seating = carpool::Seating::each_worker;
  };
  using Seats = carpool::detail::Seats<Types>;
  using Place = carpool::detail::Place<Types>;

 public:
  SeatBench() : seat_((seats_.open_for(B::worker()), *seats_.of(B::worker()))) {
    place_.permit = seats_.permit_for(B::worker());
  }

  // --- by who changes the pool as a whole ----------------------------------------------------------------

  void close() {
    mutex_.lock();
    if (seats_.permit() != 0) seats_.close([&](Place&) { put_idle(); });
    mutex_.unlock();
  }
  void open() {
    mutex_.lock();
    if (seats_.permit() == 0) seats_.open_for_all();
    mutex_.unlock();
  }

  // --- by the seat's owner, who holds the connection at first --------------------------------------------

  void take() {
    const auto grip = seat_.take();
    const bool mine = grip.place != nullptr && (grip.certain || settle(grip));
    if (mine) hold();
    if (!mine) take_idle();
  }
  void give() {
    if (!held_) return;
    held_ = false;
    const auto grip = seat_.put(place_);
    const bool mine = grip.place == nullptr || (!grip.certain && settle(grip));
    if (mine) give_idle();
  }

  void expect_one() {
    close();
    carpool::Simulation::check(held_ != idle_, "law 2: a connection in two places, or in none");
  }

 private:
  [[nodiscard]] bool settle(const carpool::detail::Seat<Types>::Grip& grip) {
    mutex_.lock();
    const bool mine = seat_.settle(grip);
    mutex_.unlock();
    return mine;
  }
  void take_idle() {
    mutex_.lock();
    const bool found = idle_;
    idle_ = false;
    if (found) place_.permit = seats_.permit_for(B::worker());
    if (found) hold();
    mutex_.unlock();
  }
  void give_idle() {
    mutex_.lock();
    put_idle();
    mutex_.unlock();
  }
  void hold() {
    carpool::Simulation::check(!held_ && !idle_, "law 2: a connection in two places");
    held_ = true;
  }
  void put_idle() {
    carpool::Simulation::check(!held_ && !idle_, "law 2: a connection in two places");
    idle_ = true;
  }

  alignas(64) std::byte nobody_[64] = {};  // stands for the core that a place belongs to; nobody looks at it
  B::Mutex mutex_;
  Seats seats_;
  Place place_{reinterpret_cast<carpool::detail::PoolCore<Types>&>(nobody_)};
  carpool::detail::Seat<Types>& seat_;
  bool idle_ = false;
  bool held_ = true;
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
  bench.expect_one();
}

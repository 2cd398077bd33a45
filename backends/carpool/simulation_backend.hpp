/// Every worker is a task of a Simulation: one OS thread, a clock of its own, and a schedule that can be chosen.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/posix/fork_generation.hpp>
#include <carpool/posix/plain_atomic.hpp>
#include <carpool/posix/poll_wait.hpp>
#include <carpool/simulation/atomic.hpp>
#include <carpool/simulation/network.hpp>
#include <carpool/simulation/primitives.hpp>
#include <carpool/simulation/search.hpp>
#include <carpool/simulation/socket.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <poll.h>

namespace carpool::inline v0_1 {

/// The same pool code as on every other backend, inside simulate(): each operation on what workers share is a point
/// where another worker may come in between. Nothing else of the process takes part: no thread, no signal, no real
/// time.
struct SimulationBackend {
  static constexpr bool concurrent = true;
  static constexpr bool simulated = true;  ///< for tests that run on other backends too

  template <class T>
  using Atomic = SimulationAtomic<T>;
  /// Nothing depends on such a value: to let others come in between at each access would only multiply the schedules.
  template <class T>
  using Relaxed = detail::PlainAtomic<T>;
  using Mutex = SimulationMutex;
  using ParkingSlot = SimulationParkingSlot;
  using Wakeup = SimulationWakeup;
  using Task = SimulationTask;
  using Socket = SimulationSocket;

  /// A compiler's barrier: delayed stores stay delayed.
  static void light_barrier(SourceLocation site = SourceLocation::current()) noexcept {
    Simulation& run = Simulation::current();
    run.before(detail::SimulatedOperation::barrier, site);
    if (!run.weakens(detail::SimulatedOperation::barrier, site, "light")) run.barriers().light(run.self().view);
  }
  /// Everybody's stores become visible, as by membarrier(2).
  static void heavy_barrier(SourceLocation site = SourceLocation::current()) noexcept {
    Simulation& run = Simulation::current();
    run.before(detail::SimulatedOperation::barrier, site);
    if (run.weakens(detail::SimulatedOperation::barrier, site, "heavy")) return;
    run.flush_everybody();
    run.barriers().heavy(run.self().view);
  }

  [[nodiscard]] static TimePoint now() noexcept { return Simulation::current().now(); }
  [[nodiscard]] static TimePoint coarse_now() noexcept { return std::chrono::floor<std::chrono::milliseconds>(now()); }
  static void sleep_until(TimePoint deadline, SourceLocation site = SourceLocation::current()) {
    Simulation& run = Simulation::current();
    run.before(detail::SimulatedOperation::sleep, site);
    while (run.now() < deadline) run.block(nullptr, deadline);
  }

  template <class F>
  [[nodiscard]] static Task spawn(F&& work, SourceLocation site = SourceLocation::current()) {
    return begin(Simulation::current().spawn(body_of(std::forward<F>(work))), site);
  }
  template <class F>
  [[nodiscard]] static Task spawn_background(F&& work, SourceLocation site = SourceLocation::current()) {
    detail::SimulatedTask& task = Simulation::current().spawn(body_of(std::forward<F>(work)));
    task.background = true;
    return begin(task, site);
  }

  [[nodiscard]] static WorkerId worker() noexcept { return worker_of(Simulation::current().self().id); }
  /// Ids start at 1: 0 is no worker.
  [[nodiscard]] static WorkerId worker_of(std::uint32_t task) noexcept { return WorkerId{task} + 1; }
  /// By the run's seed and the task, so that another schedule draws the same numbers; and other ones after a fork.
  [[nodiscard]] static std::uint64_t random(SourceLocation site = SourceLocation::current()) noexcept {
    Simulation& run = Simulation::current();
    run.before(detail::SimulatedOperation::random, site);
    const std::uint64_t drawn = run.self().chance.draw();
    return drawn ^ (detail::fork_generation() * 0x9E3779B97F4A7C15U);
  }
  /// Of a simulated socket, or of a real descriptor: that is looked at once a simulated millisecond.
  [[nodiscard]] static unsigned wait(int fd, unsigned events, TimePoint deadline) {
    const unsigned wanted = events | POLLERR | POLLHUP | POLLNVAL;
    for (Simulation& run = Simulation::current();;) {
      run.before(detail::SimulatedOperation::network, SourceLocation::current());
      const auto& sockets = SimulatedNetwork::current().descriptors_;
      const auto own = sockets.find(fd);
      const unsigned came =
          own == sockets.end() ? detail::poll_wait(fd, events, TimePoint::min()) : own->second->events() & wanted;
      if (came != 0 || run.now() >= deadline) return came;
      if (own == sockets.end()) {
        run.block(nullptr, std::min(deadline, after(run.now(), std::chrono::milliseconds(1))));
      } else {
        own->second->await_change(deadline);
      }
    }
  }
  static void forget(int) noexcept {}
  /// Always false: nothing is known, so is_connected looks.
  [[nodiscard]] static bool idle_hint(int) noexcept { return false; }
  /// Everybody waits for the call, in no simulated time.
  template <class F>
  static decltype(auto) run_blocking(F&& call) {
    return std::invoke(std::forward<F>(call));
  }

  [[nodiscard]] static std::uint64_t fork_generation() noexcept { return detail::fork_generation(); }

 private:
  template <class F>
  [[nodiscard]] static std::unique_ptr<detail::SimulatedBody> body_of(F&& work) {
    return std::make_unique<detail::SimulatedBodyOf<std::decay_t<F>>>(std::forward<F>(work));
  }
  [[nodiscard]] static Task begin(detail::SimulatedTask& task, const SourceLocation& site) {
    Simulation& run = Simulation::current();
    run.self().flush();
    run.after(detail::SimulatedOperation::spawn, site);
    return Task(task);
  }
};

}  // namespace carpool::inline v0_1

static_assert(carpool::IoBackendPolicy<carpool::SimulationBackend>);

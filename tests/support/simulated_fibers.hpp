/// Simulated threads with one fiber each, for what else stands on Boost.Fiber.
#pragma once

#include <carpool/fiber/inbox.hpp>
#include <carpool/simulation_backend.hpp>

#include <atomic>
#include <cstdint>
#include <map>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "simulated_platform.hpp"

/// Sets its fiber going: on the fiber's own thread alone.
struct SimulatedWaker {
  bool* ready = nullptr;
  void wake() const noexcept { *ready = true; }
};

/// An edge that comes while nobody listens is kept. Nobody learns anything else by it.
class SimulatedBell {
 public:
  void ring(SimulatedPlatform::Site site = SimulatedPlatform::Site::current()) noexcept {
    carpool::Simulation& run = carpool::Simulation::current();
    run.before(carpool::detail::SimulatedOperation::rouse, site);
    ++rings_;
    run.wake_all_that_wait_for(this);
  }
  [[nodiscard]] SimulatedBell* descriptor() const noexcept { return const_cast<SimulatedBell*>(this); }
  void await(carpool::TimePoint deadline, SimulatedPlatform::Site site = SimulatedPlatform::Site::current()) {
    carpool::Simulation& run = carpool::Simulation::current();
    run.before(carpool::detail::SimulatedOperation::park, site);
    if (heard_ == rings_) run.block(this, deadline);
    heard_ = rings_;
  }

 private:
  std::uint64_t rings_ = 0;
  std::uint64_t heard_ = 0;
};

class SimulatedReactor;

/// boost::intrusive_ref_counter, seen by the simulation.
template <class T>
class SimulatedCounted {
 public:
  friend void intrusive_ptr_add_ref(const SimulatedCounted* counted) noexcept {
    static_cast<void>(counted->references_.fetch_add(1, std::memory_order_relaxed));
  }
  friend void intrusive_ptr_release(const SimulatedCounted* counted) noexcept {
    if (counted->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete static_cast<const T*>(counted);
  }

 private:
  mutable carpool::SimulationAtomic<std::uint32_t> references_{0};
};

struct SimulatedFibers : SimulatedPlatform {
  template <class T>
  using Counted = SimulatedCounted<T>;
  using Waker = SimulatedWaker;
  using Bell = SimulatedBell;
  using Reactor = SimulatedReactor;
};

/// While one lives, its task is a thread with a scheduler, whose only fiber it is. Sleeps as
/// FiberReactor::suspend_until does, after whose lines it is written.
class SimulatedReactor {
 public:
  using Inbox = carpool::detail::BasicFiberInbox<SimulatedFibers>;

  SimulatedReactor() : task_(here()) { all()[task_] = this; }
  SimulatedReactor(const SimulatedReactor&) = delete;
  SimulatedReactor& operator=(const SimulatedReactor&) = delete;
  ~SimulatedReactor() { all().erase(task_); }

  [[nodiscard]] static SimulatedReactor* here_if_possible() {
    const auto found = all().find(here());
    return found == all().end() ? nullptr : found->second;
  }
  [[nodiscard]] bool is_here() const { return alive().task_ == here(); }
  [[nodiscard]] const boost::intrusive_ptr<Inbox>& inbox() const { return alive().inbox_; }
  [[nodiscard]] SimulatedWaker waker() noexcept { return {&ready_}; }

  void sleep(SimulatedWaker, carpool::TimePoint deadline) {
    while (!ready_ && carpool::SimulationBackend::now() < deadline) {
      if (inbox_->doze()) {
        inbox_->bell()->await(deadline);
        inbox_->rise();
      }
      inbox_->deliver();
    }
    ready_ = false;
  }

 private:
  using All = std::map<std::uint32_t, SimulatedReactor*>;

  [[nodiscard]] static All& all() { return carpool::Simulation::current().belonging<All>(); }
  [[nodiscard]] static std::uint32_t here() { return carpool::Simulation::current().self().id; }
  [[nodiscard]] const SimulatedReactor& alive() const {
    life_.check(carpool::Simulation::current(), "reactor");
    return *this;
  }

  const std::uint32_t task_;
  bool ready_ = false;
  boost::intrusive_ptr<Inbox> inbox_{new Inbox};
  carpool::detail::SimulatedLife life_;
};

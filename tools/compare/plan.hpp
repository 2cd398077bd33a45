/// What one run is to do, and who does it on each backend.
#pragma once

#include "combination.hpp"
#include "control.hpp"
#include "endpoint.hpp"
#include "sample.hpp"
#include "workload.hpp"

namespace carpool::compare {

/// One combination under one workload against one server.
struct Plan {
  Combination combination;
  Workload workload;
  Endpoint endpoint;
  bool watched = false;  ///< in the registry of the process, unless it is on SingleBackend
};

/// Each makes the pool, runs the workers until the control says stop (a spike: until all are served) and returns what
/// they saw. In a thread of their own, because the fiber backend takes the thread that it is used from. Each stands in
/// a source of its own, because it compiles twelve pools.
[[nodiscard]] HostReport run_on_single(const Plan& plan, Control& control);
[[nodiscard]] HostReport run_on_thread(const Plan& plan, Control& control);
[[nodiscard]] HostReport run_on_boost_thread(const Plan& plan, Control& control);
[[nodiscard]] HostReport run_on_fiber(const Plan& plan, Control& control);

/// The one for the plan's backend.
[[nodiscard]] inline HostReport run_on_host(const Plan& plan, Control& control) {
  switch (plan.combination.backend) {
    case BackendKind::single: return run_on_single(plan, control);
    case BackendKind::thread: return run_on_thread(plan, control);
    case BackendKind::boost_thread: return run_on_boost_thread(plan, control);
    case BackendKind::fiber: break;
  }
  return run_on_fiber(plan, control);
}

}  // namespace carpool::compare

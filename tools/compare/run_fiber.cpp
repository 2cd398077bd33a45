/// The twelve pools of FiberBackend.
#include "host.hpp"

#include <carpool/fiber_backend.hpp>

namespace carpool::compare {

HostReport run_on_fiber(const Plan& plan, Control& control) { return run_on<FiberBackend>(plan, control); }

}  // namespace carpool::compare

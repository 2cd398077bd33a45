/// The twelve pools of SingleBackend.
#include "host.hpp"

#include <carpool/single_backend.hpp>

namespace carpool::compare {

HostReport run_on_single(const Plan& plan, Control& control) { return run_on<SingleBackend>(plan, control); }

}  // namespace carpool::compare

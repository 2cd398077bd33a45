/// The twelve pools of BoostThreadBackend.
#include "host.hpp"

#include <carpool/boost_thread_backend.hpp>

namespace carpool::compare {

HostReport run_on_boost_thread(const Plan& plan, Control& control) { return run_on<BoostThreadBackend>(plan, control); }

}  // namespace carpool::compare

/// The twelve pools of ThreadBackend.
#include "host.hpp"

#include <carpool/thread_backend.hpp>

namespace carpool::compare {

HostReport run_on_thread(const Plan& plan, Control& control) { return run_on<ThreadBackend>(plan, control); }

}  // namespace carpool::compare

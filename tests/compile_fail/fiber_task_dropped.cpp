// error: nodiscard
#include <carpool/fiber_backend.hpp>

void forget() {
  carpool::FiberBackend::spawn([] {});
}

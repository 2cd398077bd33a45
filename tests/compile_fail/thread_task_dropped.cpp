// error: nodiscard
#include <carpool/thread_backend.hpp>

void forget() {
  carpool::ThreadBackend::spawn([] {});
}

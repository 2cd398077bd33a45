// error: nodiscard
#include <carpool/boost_thread_backend.hpp>

void forget() {
  carpool::BoostThreadBackend::spawn([] {});
}

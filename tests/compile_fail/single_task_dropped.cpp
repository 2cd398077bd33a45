// error: nodiscard
#include <carpool/single_backend.hpp>

void forget() {
  carpool::SingleBackend::spawn([] {});
}

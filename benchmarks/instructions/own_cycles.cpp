// needs: boost_thread_backend, fiber_backend
/// The cycles of our pools whose instructions benchmarks/instructions/count counts.
#include "../pools.hpp"
#include "cycles.hpp"

namespace {

using namespace carpool::bench;

template <class Backend, class Queue>
void run(long cycles) {
  using Pool = carpool::ConnectionPool<Backend, Queue, NullConnector>;
  const auto pool = make_warm<Pool>(NullConnector{}, of_size(8));
  cycle(*pool, cycles);
}

void run_ticking(long cycles) {
  carpool::SingleBackend::install_coarse_clock();
  run<carpool::SingleBackend, carpool::LifoStack>(cycles);
}

}  // namespace

int main(int count, char** arguments) {
  const Rows rows = {
      {"single/lifo", run<carpool::SingleBackend, carpool::LifoStack>},
      {"single/lifo/ticking", run_ticking},
      {"thread/lifo", run<carpool::ThreadBackend, carpool::LifoStack>},
      {"thread/affine", run<carpool::ThreadBackend, carpool::AffineBag>},
      {"thread/fifo", run<carpool::ThreadBackend, carpool::FifoQueue>},
      {"thread/lifetime", run<carpool::ThreadBackend, carpool::LifetimeQueue>},
      {"fiber/lifo", run<carpool::FiberBackend, carpool::LifoStack>},
  };
  return run_row(rows, count, arguments);
}

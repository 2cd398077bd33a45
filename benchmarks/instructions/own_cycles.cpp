// needs: boost_thread_backend, fiber_backend
/// The cycles of our pools whose instructions benchmarks/instructions/count counts.
#include "../pools.hpp"
#include "cycles.hpp"

#include <boost/fiber/operations.hpp>

#include <chrono>

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

/// Two fibers share a connection, and each waits for it while the other has it: a cycle is a hand-over and nothing
/// else. The queue is none of the other rows': a second use of their pool would change what the compiler makes of the
/// first.
void run_handover(long cycles) {
  using Pool = carpool::ConnectionPool<carpool::FiberBackend, carpool::FifoQueue, NullConnector>;
  carpool::FiberBackend::install();
  auto options = of_size(1);
  options.handoff_after = std::chrono::nanoseconds(0);
  const auto pool = make_warm<Pool>(NullConnector{}, options);
  auto other = carpool::FiberBackend::spawn([&] { cycle(*pool, cycles / 2); });
  {
    const auto lease = pool->acquire();
    boost::this_fiber::yield();  // the other comes to wait: from now on one of the two always does
  }
  cycle(*pool, cycles / 2);
  other.join();
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
      {"fiber/handover", run_handover},
  };
  return run_row(rows, count, arguments);
}

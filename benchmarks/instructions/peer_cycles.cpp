// needs: boost_thread_backend, fiber_backend
/// The cycles of the pools beside ours whose instructions benchmarks/instructions/count counts.
#include "../peers.hpp"
#include "../pools.hpp"
#include "cycles.hpp"

#include <string>

namespace {

using namespace carpool::bench;

struct AddTo {
  Rows& rows;

  template <class Pool>
  void operator()(const std::string& name) const {
    rows[name] = [](long cycles) {
      const auto pool = make_warm<Pool>(NullConnector{}, of_size(8));
      cycle(*pool, cycles);
    };
  }
};

}  // namespace

int main(int count, char** arguments) {
  const SecondThread second_thread;  // as in a server: see SecondThread
  Rows rows;
  const AddTo add{rows};
  add.operator()<PlainPoolOn<carpool::SingleBackend, NullConnector>>("single/plain");
  add.operator()<PlainPoolOn<carpool::ThreadBackend, NullConnector>>("thread/plain");
  for_each_peer<NullConnector>("thread", add);
  return run_row(rows, count, arguments);
}

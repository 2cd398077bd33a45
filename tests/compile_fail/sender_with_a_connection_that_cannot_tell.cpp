// error: A stopped operation may end in the middle of an exchange: the connector needs reusable or in_step
#include <carpool/acquire_sender.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

struct Blind {
  struct Connection {};
  Connection connect(carpool::TimePoint) const { return {}; }
  bool is_connected(const Connection&) const noexcept { return true; }
};

void acquire(carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Blind>& pool) {
  static_cast<void>(carpool::acquire_sender(pool));
}

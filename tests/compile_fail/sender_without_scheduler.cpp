// error: acquire_sender must know where to complete: start it on a scheduler, as by starts_on
#include <carpool/acquire_sender.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::FakeConnector>;

struct Receiver {
  using receiver_concept = stdexec::receiver_t;
  void set_value(Pool::Lease) noexcept {}
  void set_error(const std::exception_ptr&) noexcept {}
  void set_stopped() noexcept {}
};

void acquire(Pool& pool) {
  auto operation = stdexec::connect(carpool::acquire_sender(pool), Receiver{});
  stdexec::start(operation);
}

// needs: asio asio_fibers fiber_backend mysql_connector
// What the page on leaving Boost.MySQL's connection_pool shows.
#include <carpool/asio_acquire.hpp>
#include <carpool/asio_fibers.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/mysql_connector.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <chrono>

namespace asio = boost::asio;
using namespace std::chrono_literals;

using Pool = carpool::ConnectionPool<carpool::FiberBackend, carpool::LifoStack, carpool::MysqlConnector>;

asio::awaitable<double> price_of(Pool& pool, carpool::AsioFibers& fibers, int item) {
  auto session = co_await carpool::async_acquire_for(pool, 5s, asio::use_awaitable);
  co_return co_await fibers.run(
      [&] { return session->query("SELECT price FROM items WHERE id = ?", {item}).one().get<double>(0); },
      asio::use_awaitable);
}

int main() {
  asio::io_context context;
  carpool::AsioFibers fibers(context);
  Pool pool(carpool::MysqlConnector::from_url("mysql://app:secret@db.example/shop"), {.max_size = 16});
  asio::co_spawn(context, price_of(pool, fibers, 42), asio::detached);
  context.run();
}

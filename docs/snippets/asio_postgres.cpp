// needs: asio_postgres thread_backend
// PostgreSQL by coroutines of Boost.Asio.
#include <carpool/asio_acquire.hpp>
#include <carpool/asio_connector.hpp>
#include <carpool/asio_postgres.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <string>

namespace asio = boost::asio;

using Connector = carpool::AsioConnector<carpool::AsioPostgres>;
using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Connector>;

asio::awaitable<void> rename(Pool& pool, int user, std::string name) {
  auto lease = co_await carpool::co_acquire(pool);
  co_await lease->execute("BEGIN");  // rolled back by the pool, where what follows throws
  const auto old = co_await lease->query("SELECT name FROM users WHERE id = $1 FOR UPDATE", {user});
  if (old[0].get<std::string>("name") != name) {
    co_await lease->execute("UPDATE users SET name = $2 WHERE id = $1", {user, name});
  }
  co_await lease->execute("COMMIT");
}

void open(asio::io_context& context) {
  const auto server = carpool::PostgresConnector::from_url("postgres://app:secret@db.example/app");
  Pool pool(Connector(context.get_executor(), {server}), {.max_size = 16});
}

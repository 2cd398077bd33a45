// needs: asio asio_fibers redis_connector postgres_connector fiber_backend
// run: redis+postgres {redis_url} {postgres_url}
// An HTTP server of Boost.Beast's coroutines on one thread. Each page asks Redis and PostgreSQL: their connectors wait
// as fibers of the same thread, so nothing blocks. Without a port it serves three pages to itself, and ends. Usage:
// beast_server redis://host:port/database postgres://user:password@host/database [port]
#include <carpool/asio_acquire.hpp>
#include <carpool/asio_fibers.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/postgres_connector.hpp>
#include <carpool/redis_connector.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

template <class Connector>
using Pool = carpool::ConnectionPool<carpool::FiberBackend, carpool::LifoStack, Connector>;

struct Site {
  carpool::AsioFibers& fibers;
  Pool<carpool::RedisConnector> redis;
  Pool<carpool::PostgresConnector> postgres;
};

asio::awaitable<std::int64_t> count_visit(Site& site, std::string page) {
  auto lease = co_await carpool::co_acquire(site.redis);
  co_return co_await site.fibers.run([&] { return lease->incr("visits:" + page); }, asio::use_awaitable);
}

asio::awaitable<std::string> look_up(Site& site, std::string page) {
  auto lease = co_await carpool::co_acquire(site.postgres);
  const auto title = [&] { return lease->query("SELECT initcap($1::text)", {page}).get<std::string>(0, 0); };
  co_return co_await site.fibers.run(title, asio::use_awaitable);
}

asio::awaitable<Response> answer(Site& site, const Request& request) {
  Response response(http::status::ok, request.version());
  response.keep_alive(request.keep_alive());
  try {
    const std::string page(request.target().substr(1));
    const std::int64_t visits = co_await count_visit(site, page);  // one lease at a time
    response.body() = co_await look_up(site, page) + ": visit " + std::to_string(visits) + '\n';
  } catch (const std::exception& error) {  // an AcquireTimeout says who holds the connections
    std::fprintf(stderr, "%s\n", error.what());
    response.result(http::status::service_unavailable);
  }
  response.prepare_payload();
  co_return response;
}

asio::awaitable<void> serve(Site& site, tcp::socket socket) try {
  beast::tcp_stream client(std::move(socket));
  for (beast::flat_buffer buffer;;) {
    client.expires_after(std::chrono::seconds(30));
    Request request;
    co_await http::async_read(client, buffer, request, asio::use_awaitable);
    Response response = co_await answer(site, request);
    co_await http::async_write(client, response, asio::use_awaitable);
    if (!response.keep_alive()) break;
  }
  client.socket().shutdown(tcp::socket::shutdown_send);
} catch (const boost::system::system_error& error) {
  if (error.code() != http::error::end_of_stream) std::fprintf(stderr, "client: %s\n", error.what());
}

asio::awaitable<void> listen(Site& site, tcp::acceptor& acceptor) {
  for (;;) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    asio::co_spawn(acceptor.get_executor(), serve(site, std::move(socket)), asio::detached);
  }
}

/// Three pages over one connection; returns how many were as they should be.
asio::awaitable<int> visit(tcp::endpoint server) {
  beast::tcp_stream stream(co_await asio::this_coro::executor);
  co_await stream.async_connect(server, asio::use_awaitable);
  beast::flat_buffer buffer;
  int good = 0;
  for (int i = 1; i <= 3; ++i) {
    Request request(http::verb::get, "/milk", 11);
    co_await http::async_write(stream, request, asio::use_awaitable);
    Response response;
    co_await http::async_read(stream, buffer, response, asio::use_awaitable);
    std::fputs(response.body().c_str(), stdout);
    if (response.body() == "Milk: visit " + std::to_string(i) + '\n') ++good;
  }
  co_return good;
}

int main(int argc, char** argv) try {
  if (argc < 3) return std::fputs("usage: beast_server REDIS_URL POSTGRES_URL [PORT]\n", stderr), 2;
  asio::io_context context;
  carpool::AsioFibers fibers(context);
  Site site{.fibers = fibers,
            .redis = Pool<carpool::RedisConnector>(carpool::RedisConnector::from_url(argv[1]),
                                                   {.name = "redis", .max_size = 8}),
            .postgres = Pool<carpool::PostgresConnector>(carpool::PostgresConnector::from_url(argv[2]),
                                                         {.name = "postgres", .max_size = 8})};
  const auto port = static_cast<std::uint16_t>(argc > 3 ? std::atoi(argv[3]) : 0);
  tcp::acceptor acceptor(context, {asio::ip::make_address("127.0.0.1"), port});
  asio::co_spawn(context, listen(site, acceptor), asio::detached);
  int good = 0;
  if (argc == 3) {
    asio::co_spawn(context, visit(acceptor.local_endpoint()), [&](const std::exception_ptr&, int pages) {
      good = pages;
      acceptor.close();  // the end
    });
  }
  context.run();
  return good == 3 ? 0 : 1;
} catch (const std::exception& error) {
  return std::fprintf(stderr, "%s\n", error.what()), 1;
}

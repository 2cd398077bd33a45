// needs: http_connector fiber_backend
// run: nginx http://{host}:{port}
// A hundred fibers on one thread fetch a page over eight kept connections. Change FiberBackend to ThreadBackend, and
// nothing else, for a hundred threads.
// Usage: http_fetch http://host:port   (also https://)
#include <carpool/connection_pool.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/http_client.hpp>
#include <carpool/http_connector.hpp>
#include <carpool/lifo_stack.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

using Backend = carpool::FiberBackend;
using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::HttpConnector>;

int main(int argc, char** argv) try {
  if (argc != 2) return std::fputs("usage: http_fetch URL\n", stderr), 2;
  Pool pool(carpool::HttpConnector::from_url(argv[1]), {.name = "web", .max_size = 8});
  carpool::HttpClient client(pool);  // asks once more where a kept connection turned out to have ended

  int fetched = 0;
  std::size_t bytes = 0;
  std::vector<Backend::Task> readers;
  for (int i = 0; i < 100; ++i) {
    readers.push_back(Backend::spawn([&] {
      try {
        const carpool::HttpResponse page = client.get("/", Backend::now() + std::chrono::seconds(20));
        page.throw_for_status();
        ++fetched;
        bytes += page.body.size();
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
      }
    }));
  }
  for (auto& reader : readers) reader.join();
  std::printf("%d pages, %zu bytes, over %zu connections\n", fetched, bytes, pool.stats().idle);
  return fetched == 100 ? 0 : 1;
} catch (const std::exception& error) {
  return std::fprintf(stderr, "%s\n", error.what()), 1;
}

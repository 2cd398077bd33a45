// needs: sqlite_connector thread_backend
// The one file that knows which pool it is: what a pool costs to compile is paid here, once.
#include "notes.hpp"

#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/sqlite_connector.hpp>
#include <carpool/thread_backend.hpp>

using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::SqliteConnector>;

struct Notes::Pools {
  Pool writer, readers;
};

Notes::Notes(const std::string& file)
    : pools_(new Pools{Pool(carpool::SqliteConnector::writer(file), {.max_size = 1}),
                       Pool(carpool::SqliteConnector::reader(file), {.max_size = 4})}) {
  pools_->writer.with_connection(
      [](auto& connection) { connection.script("CREATE TABLE IF NOT EXISTS notes (text TEXT)"); });
}

Notes::~Notes() = default;

void Notes::add(const std::string& text) {
  pools_->writer.with_connection([&](auto& connection) { connection.execute("INSERT INTO notes VALUES (?)", {text}); });
}

std::vector<std::string> Notes::all() const {
  return pools_->readers.with_connection([](auto& connection) {
    std::vector<std::string> found;
    const auto rows = connection.query("SELECT text FROM notes");
    for (const auto row : rows) {
      found.push_back(row.template get<std::string>("text"));
    }
    return found;
  });
}

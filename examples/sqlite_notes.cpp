// needs: sqlite_connector thread_backend
// One pool of one writer and one of four readers on one SQLite file: nobody waits in a busy loop, readers never wait.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/sqlite_connector.hpp>
#include <carpool/thread_backend.hpp>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

using Backend = carpool::ThreadBackend;
using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::SqliteConnector>;

void write_notes(Pool& writer, const char* author) {
  for (int stars = 1; stars <= 5; ++stars) {
    auto lease = writer.acquire();
    auto transaction = lease->begin();
    lease->execute("INSERT INTO notes (author, stars) VALUES (?, ?)", {author, stars});
    transaction.commit();
  }
}

int main() try {
  const auto file = std::filesystem::temp_directory_path() / ("notes-" + std::to_string(::getpid()) + ".db");
  {
    Pool writer(carpool::SqliteConnector::writer(file), {.max_size = 1});
    Pool readers(carpool::SqliteConnector::reader(file), {.max_size = 4});
    writer.acquire()->script("CREATE TABLE notes (id INTEGER PRIMARY KEY, author TEXT, stars INTEGER)");

    std::vector<Backend::Task> authors;
    for (const char* name : {"Ada", "Grace", "Barbara", "Frances"}) {
      authors.push_back(Backend::spawn([&writer, name] { write_notes(writer, name); }));
    }
    for (auto& author : authors) author.join();

    auto lease = readers.acquire();
    const auto rows = lease->query("SELECT author, sum(stars) AS stars FROM notes GROUP BY author ORDER BY author");
    for (const auto row : rows) {
      std::printf("%s: %d\n", row.get<std::string>("author").c_str(), row.get<int>("stars"));
    }
  }
  std::filesystem::remove(file);
} catch (const std::exception& error) {
  return std::fprintf(stderr, "%s\n", error.what()), 1;
}

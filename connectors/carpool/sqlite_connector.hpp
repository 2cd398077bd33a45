/// Opens connections to a SQLite database: one writer and many readers, none of which blocks a thread for a lock.
#pragma once

#include <carpool/common/url.hpp>
#include <carpool/concepts.hpp>
#include <carpool/sqlite/connection.hpp>
#include <carpool/sqlite/options.hpp>
#include <carpool/time.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace carpool::inline v0_1 {

/// For designated initialisers, in this order. SQLite has one writer at a time: whoever waits for a place in a pool of
/// one waits in line, where others ask for the lock again and again.
///
///   using Pool = carpool::ConnectionPool<carpool::FiberBackend, carpool::LifoStack, carpool::SqliteConnector>;
///   Pool writer(carpool::SqliteConnector::writer("/var/lib/app/data.db"), {.max_size = 1});
///   Pool readers(carpool::SqliteConnector::reader("/var/lib/app/data.db"), {.max_size = 8});
///
/// Errors:   connect throws std::invalid_argument naming the field for a bad option, SqliteError where the file cannot
///           be opened or is none of SQLite's, std::system_error with std::errc::timed_out where it was locked.
/// Fork:     a child must not open a database that its parent has open: SQLite would take the parent's locks for its
///           own. It may after exec.
struct SqliteConnector {
  template <class Backend>
  using Connection = SqliteConnection<Backend>;

  std::string path;  ///< of the file; ":memory:" for a database that is the connection's own and goes with it
  SqliteMode mode = SqliteMode::create;  ///< what a connection may do with the file
  bool wal = true;  ///< readers do not hold up the writer, nor it them; needs a local disk. It stays with the file
  bool foreign_keys = true;  ///< enforced; SQLite's own default is not to
  bool offload = false;  ///< each step on a helper thread: for disks so slow that they would hold up a thread's fibers
  Duration io_timeout = std::chrono::seconds(30);  ///< bounds each operation that is given no deadline of its own
  std::size_t statement_cache = 32;                ///< compiled statements per connection
  std::string on_open = {};                        ///< statements for each new connection: "PRAGMA synchronous = FULL;"
  int steps_between_looks = 1000;  ///< of SQLite's machine, between two looks at the clock and at who else wants to run

  /// Makes the file if need be.
  [[nodiscard]] static SqliteConnector writer(std::string path) {
    return {.path = std::move(path), .mode = SqliteMode::create};
  }
  /// No statement may change the file, which must exist; as a mode, query_only.
  [[nodiscard]] static SqliteConnector reader(std::string path) {
    return {.path = std::move(path), .mode = SqliteMode::query_only};
  }

  /// sqlite:///folder/file?mode=ro (ro, query, rw, rwc), and wal, foreign_keys, offload, io_timeout, statement_cache.
  /// Throws std::invalid_argument.
  [[nodiscard]] static SqliteConnector from_url(std::string_view url) { return from_url(Url::parse(url)); }
  [[nodiscard]] static SqliteConnector from_url(const Url& url) {
    return detail::sqlite_from_url<SqliteConnector>(url);
  }

  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(TimePoint deadline) const {
    validate();
    Connection<Backend> connection(std::make_shared<detail::SqliteHandle<Backend>>(
                                       detail::SqliteOpenOptions{.path = path,
                                                                 .flags = detail::sqlite_flags(mode),
                                                                 .offload = offload,
                                                                 .steps_between_looks = steps_between_looks,
                                                                 .statement_cache = statement_cache}),
                                   io_timeout);
    connection.script(opening(), deadline);
    connection.forget_last_insert();
    return connection;
  }

  /// For the pool's error texts.
  [[nodiscard]] std::string describe() const { return path; }

  template <class Backend>
  [[nodiscard]] bool is_connected(const SqliteConnection<Backend>& connection) const noexcept {
    return connection.is_connected();
  }
  /// Asked at a lease's end, so that what its borrower inserted last is forgotten here.
  template <class Backend>
  [[nodiscard]] bool reusable(const SqliteConnection<Backend>& connection) const noexcept {
    connection.forget_last_insert();
    return connection.is_connected();
  }
  /// There is no wire: only what SQLite said of the file itself counts.
  template <class Backend>
  [[nodiscard]] bool in_step(const SqliteConnection<Backend>& connection) const noexcept {
    return connection.in_step();
  }
  template <class Backend>
  [[nodiscard]] bool dirty(const SqliteConnection<Backend>& connection) const noexcept {
    return connection.dirty();
  }
  template <class Backend>
  bool ping(SqliteConnection<Backend>& connection, TimePoint deadline) const {
    return connection.ping(deadline);
  }
  /// Rolls back, and ends what is left of anybody's reading.
  template <class Backend>
  bool reset(SqliteConnection<Backend>& connection, TimePoint deadline) const {
    return connection.reset(deadline);
  }
  /// In a forked child: neither used nor closed, for closing would drop the parent's locks.
  template <class Backend>
  void abandon(SqliteConnection<Backend>& connection) const noexcept {
    connection.abandon();
  }

  /// SQLite's connections always know where they stand; what is wrong with the file is another matter.
  template <class Backend>
  [[nodiscard]] Verdict handle_exception(SqliteConnection<Backend>& connection, std::exception_ptr error) const {
    if (!connection.is_connected()) return Verdict::close;
    try {
      std::rethrow_exception(std::move(error));
    } catch (const SqliteError& refusal) {
      return refusal.ends_connection() ? Verdict::close : Verdict::keep;
    } catch (...) {
      return Verdict::keep;
    }
  }

  /// Throws std::invalid_argument naming the field and the bound; connect begins with it.
  void validate() const {
    using detail::require_sqlite;
    require_sqlite(!path.empty(), "path must not be empty");
    require_sqlite(path.find('\0') == std::string::npos, "path must not contain a NUL");
    require_sqlite(io_timeout > Duration::zero(), "io_timeout must be longer than 0");
    require_sqlite(steps_between_looks >= 1, "steps_between_looks must be at least 1");
    require_sqlite(statement_cache <= 1000, "statement_cache must be at most 1000");
  }

 private:
  /// Touches the file, so that one that is none of SQLite's is found out now.
  [[nodiscard]] std::string opening() const {
    std::string statements = "PRAGMA schema_version;";
    const bool writes = mode == SqliteMode::read_write || mode == SqliteMode::create;
    if (wal && writes) statements += "PRAGMA journal_mode = WAL;";
    // With a WAL it loses nothing but the last commits in a power cut, and the file is never damaged.
    if (wal) statements += "PRAGMA synchronous = NORMAL;";
    statements += foreign_keys ? "PRAGMA foreign_keys = ON;" : "PRAGMA foreign_keys = OFF;";
    if (mode == SqliteMode::query_only) statements += "PRAGMA query_only = ON;";
    return statements + on_open;
  }
};

}  // namespace carpool::inline v0_1

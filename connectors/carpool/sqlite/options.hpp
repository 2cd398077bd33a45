/// How a SQLite database may be opened, and how a URL says it.
#pragma once

#include <carpool/common/url.hpp>
#include <carpool/common/url_options.hpp>

#include <sqlite3.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace carpool::inline v0_1 {

/// What a connection may do with the file.
enum class SqliteMode {
  read_only,   ///< the file is opened for reading: also where it lies on a medium that cannot be written to
  query_only,  ///< opened for writing, so that a crashed writer's log can be recovered, but no statement may change it
  read_write,  ///< it must exist
  create,      ///< made if need be
};

namespace detail {

inline void require_sqlite(bool holds, const std::string& rule) {
  if (!holds) throw std::invalid_argument("SqliteConnector: " + rule);
}

/// Each connection has one worker at a time, so SQLite needs no mutex; and caches are not shared, or they would.
[[nodiscard]] constexpr int sqlite_flags(SqliteMode mode) noexcept {
  constexpr int ours = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  if (mode == SqliteMode::read_only) return ours | SQLITE_OPEN_READONLY;
  if (mode == SqliteMode::create) return ours | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  return ours | SQLITE_OPEN_READWRITE;
}

[[nodiscard]] inline SqliteMode sqlite_mode_in(const UrlOptions& options, std::string_view text) {
  if (text == "ro") return SqliteMode::read_only;
  if (text == "query") return SqliteMode::query_only;
  if (text == "rw") return SqliteMode::read_write;
  if (text == "rwc") return SqliteMode::create;
  options.refuse("mode", "is not ro, query, rw or rwc");
}

template <class Connector>
[[nodiscard]] Connector sqlite_from_url(const Url& url) {
  if (url.scheme != "sqlite") throw std::invalid_argument("URL: the scheme must be sqlite");
  if (!url.hosts.empty() || url.user || url.password) {
    throw std::invalid_argument("URL: SQLite has no host and no user; write sqlite:///folder/file");
  }
  Connector connector;
  connector.path = url.path == "/:memory:" ? ":memory:" : url.path;
  UrlOptions options(url);
  if (const auto mode = options.text("mode")) connector.mode = sqlite_mode_in(options, *mode);
  connector.wal = options.flag("wal").value_or(connector.wal);
  connector.foreign_keys = options.flag("foreign_keys").value_or(connector.foreign_keys);
  connector.offload = options.flag("offload").value_or(connector.offload);
  if (const auto time = options.duration("io_timeout")) connector.io_timeout = *time;
  if (const auto most = options.number("statement_cache", 0, 1000)) connector.statement_cache = *most;
  options.refuse_others();
  connector.validate();
  return connector;
}

}  // namespace detail
}  // namespace carpool::inline v0_1

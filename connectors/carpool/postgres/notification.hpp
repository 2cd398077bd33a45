/// What another PostgreSQL session has told by NOTIFY.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <string>

namespace carpool::inline v0_1 {

/// What some session has told by NOTIFY or pg_notify.
struct PostgresNotification {
  std::string channel;  ///< SQL's NOTIFY makes a name that is not quoted small
  std::string payload;  ///< empty where none was given
  int process_id = 0;   ///< of the server process of the one who told
};

namespace detail {

/// Of those that libpq has read already.
[[nodiscard]] inline std::optional<PostgresNotification> next_notification(PGconn* connection) {
  const std::unique_ptr<PGnotify, decltype(&::PQfreemem)> told(::PQnotifies(connection), &::PQfreemem);
  if (!told) return std::nullopt;
  return PostgresNotification{.channel = told->relname, .payload = told->extra, .process_id = told->be_pid};
}

}  // namespace detail
}  // namespace carpool::inline v0_1

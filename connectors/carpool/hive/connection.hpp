/// A session with a HiveServer2, as a lease gives it: statements, their results, and what there is in the warehouse.
#pragma once

#include <carpool/hive/detail/session.hpp>
#include <carpool/hive/options.hpp>
#include <carpool/hive/rows.hpp>
#include <carpool/hive/types.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// Each operation is bounded by a deadline, default io_timeout from its start: a statement that takes minutes needs
/// one. Where it passes while the server is at work, the server is told to cancel.
///
/// Errors:   HiveError where the server answers with an error; the connection goes on. After anything else it is not
///           reusable: std::system_error naming the operation and the peer (std::errc::timed_out at the deadline),
///           TTransportException, TProtocolException and TApplicationException for answers that are none.
/// Threads:  one worker at a time.
template <class Backend>
class HiveConnection {
 public:
  using Deadline = std::optional<TimePoint>;  ///< none: io_timeout from the operation's start

  /// By HiveConnector: a session that is open. target is what matches() compares.
  HiveConnection(detail::HiveSession<Backend> session, HiveTarget target)
      : session_(std::move(session)), target_(std::move(target)) {}

  /// Runs a statement to its end and gives all its rows, with the columns described. More than max_rows of them are a
  /// std::length_error.
  HiveRows query(const std::string& statement, Deadline deadline = {}) {
    const TimePoint end = until(deadline);
    const HiveOperation operation = start(statement, end);
    return closing(operation, end, [&] { return wait(operation, end), collect(operation, end); });
  }

  /// Runs a statement whose rows, if any, are of no interest: how many it changed, 0 where the server does not count.
  std::uint64_t execute(const std::string& statement, Deadline deadline = {}) {
    const TimePoint end = until(deadline);
    const HiveOperation operation = start(statement, end);
    closing(operation, end, [&] { return wait(operation, end), 0; });
    return changed_by(operation);
  }

  /// One row each: TABLE_SCHEM, TABLE_CATALOG. Patterns are SQL's (% and _); an empty one matches all.
  HiveRows databases(const std::string& pattern = "", Deadline deadline = {}) {
    const TimePoint end = until(deadline);
    return finished(opened(session_.schemas(pattern, end)), end);
  }
  /// One row each: TABLE_CAT, TABLE_SCHEM, TABLE_NAME, TABLE_TYPE, REMARKS.
  HiveRows tables(const std::string& database = "", const std::string& pattern = "", Deadline deadline = {}) {
    const TimePoint end = until(deadline);
    return finished(opened(session_.tables(database, pattern, end)), end);
  }
  /// One row each, as JDBC's getColumns has them: the table is the third, the name the fourth, the type the sixth.
  HiveRows columns(const std::string& database, const std::string& table, Deadline deadline = {}) {
    const TimePoint end = until(deadline);
    return finished(opened(session_.columns(database, table, end)), end);
  }

  // In steps, for results that are too large for one piece. What is left open is closed when the lease ends.

  /// The server begins to work; wait() tells when it is done.
  [[nodiscard]] HiveOperation start(const std::string& statement, Deadline deadline = {}) {
    used_ = true;
    return opened(session_.execute(statement, until(deadline)));
  }

  /// Returns when there are results, or need be none. Throws HiveError where the statement failed or was cancelled.
  void wait(const HiveOperation& operation, Deadline deadline = {}) {
    const TimePoint end = until(deadline);
    Duration pause = session_.settings().first_poll;
    for (;;) {
      const detail::HiveProgress progress = session_.progress(operation, end);
      if (progress.state == HiveState::finished) return;
      if (has_ended(progress.state)) fail(progress);
      Backend::sleep_until(std::min(end, after(Backend::now(), pause)));
      // Before it is asked again: no call may be half done when we leave.
      if (Backend::now() >= end) leave(operation);
      pause = std::min(2 * pause, session_.settings().last_poll);
    }
  }

  /// One round trip, which does not wait for the operation.
  [[nodiscard]] HiveState state(const HiveOperation& operation, Deadline deadline = {}) {
    return session_.progress(operation, until(deadline)).state;
  }
  /// The result's columns; one round trip.
  [[nodiscard]] std::vector<HiveColumn> metadata(const HiveOperation& operation, Deadline deadline = {}) {
    return session_.metadata(operation, until(deadline));
  }
  /// The next batch; an empty one after the last.
  [[nodiscard]] HiveRows fetch(const HiveOperation& operation, Deadline deadline = {}) {
    if (!operation.has_results()) return {};
    return session_.fetch(operation, until(deadline));
  }
  /// Its work stops; its results are lost; it is still to be closed.
  void cancel(const HiveOperation& operation, Deadline deadline = {}) { session_.cancel(operation, until(deadline)); }
  void close(const HiveOperation& operation, Deadline deadline = {}) {
    std::erase(open_, operation);
    session_.close(operation, until(deadline));
  }

  /// Whether the server still answers for this session. No operation is left behind.
  [[nodiscard]] bool ping(Deadline deadline = {}) { return session_.answers(until(deadline)); }

  /// Back to how it was opened, as far as HiveReset says.
  void reset(Deadline deadline = {}) {
    const TimePoint end = until(deadline);
    while (!open_.empty()) close(HiveOperation(open_.back()), end);
    if (!std::exchange(used_, false) || session_.settings().reset == HiveReset::close_operations) return;
    session_.close(end);
    session_.open(end);
    set_up(end);
  }
  /// By HiveConnector, once: what each session begins with. Throws what the statements do.
  void set_up(TimePoint deadline) {
    for (const std::string& statement : session_.settings().session_setup) execute(statement, deadline);
    used_ = false;
  }
  /// How long it may live from its connect on: what its credentials last.
  [[nodiscard]] Duration lifetime() const noexcept { return session_.settings().lifetime; }
  [[nodiscard]] bool dirty() const noexcept {
    return !open_.empty() || (used_ && session_.settings().reset == HiveReset::reopen_session);
  }

  /// Closes the session, and with it all that is open. The connection is of no use afterwards.
  void close_gracefully(Deadline deadline = {}) {
    if (!reusable()) return;
    const TimePoint end = until(deadline);
    session_.close(end);
    session_.channel().stream().socket().close_gracefully(end);
  }

  [[nodiscard]] bool is_connected() const noexcept {
    return !session_.channel().session_lost() && session_.channel().is_connected();
  }
  /// Whether each call has been answered whole, and by a server that still knows the session.
  [[nodiscard]] bool reusable() const noexcept {
    return !session_.channel().session_lost() && session_.channel().settled();
  }

  /// Besides, each answer was one: after what cannot be understood nobody knows what the server means.
  [[nodiscard]] bool in_step() const noexcept { return reusable() && !session_.channel().in_doubt(); }

  /// What it was opened for. Lifetime: the connection's.
  [[nodiscard]] const HiveTarget& target() const noexcept { return target_; }
  /// Of the protocol that the server and we agreed on.
  [[nodiscard]] std::int32_t protocol_version() const noexcept { return session_.version(); }
  /// -1 where it is closed.
  [[nodiscard]] int native_handle() const noexcept { return session_.channel().stream().native_handle(); }
  [[nodiscard]] std::string peer() const { return session_.channel().peer(); }  ///< as error texts name the server
  /// Closes the descriptor and says nothing to the server.
  void close() noexcept { session_.channel().stream().close(); }

 private:
  [[nodiscard]] TimePoint until(Deadline deadline) const {
    return deadline ? *deadline : after(Backend::now(), session_.settings().io_timeout);
  }

  HiveOperation opened(HiveOperation operation) {
    open_.push_back(operation);
    return operation;
  }

  static bool has_ended(HiveState state) noexcept {
    return state == HiveState::canceled || state == HiveState::closed || state == HiveState::error ||
           state == HiveState::timed_out;
  }
  [[noreturn]] void fail(const detail::HiveProgress& progress) const {
    detail::HiveStatus reason = progress.reason;
    if (reason.message.empty() && progress.state == HiveState::canceled) reason.message = "it was cancelled";
    if (reason.message.empty() && progress.state == HiveState::timed_out) reason.message = "the server's time is up";
    session_.channel().fail("the statement", reason);
  }
  /// Our own deadline. Nobody waits here for the server's answer, so the connection cannot be used again.
  [[noreturn]] void leave(const HiveOperation& operation) {
    session_.leave(operation, Backend::now());
    throw std::system_error(std::make_error_code(std::errc::timed_out), "run a statement on Hive at " + peer());
  }

  /// What the server has answered at once needs no waiting for.
  HiveRows finished(const HiveOperation& operation, TimePoint end) {
    return closing(operation, end, [&] { return collect(operation, end); });
  }

  HiveRows collect(const HiveOperation& operation, TimePoint end) {
    HiveRows all;
    if (!operation.has_results()) return all;
    auto described = metadata(operation, end);
    for (HiveRows batch = fetch(operation, end); !batch.empty(); batch = fetch(operation, end)) {
      if (all.size() + batch.size() > session_.settings().max_rows) too_many();
      all.append(std::move(batch));
    }
    all.describe(std::move(described));
    all.set_affected_rows(changed_by(operation));
    return all;
  }
  /// The server sends a double, which may be anything.
  static std::uint64_t changed_by(const HiveOperation& operation) noexcept {
    const double count = operation.modified_rows().value_or(0);
    constexpr double most = 9007199254740992.0;  // up to which a double counts by ones
    return count >= 0 && count <= most ? static_cast<std::uint64_t>(count) : 0;
  }
  [[noreturn]] void too_many() const {
    throw std::length_error("Hive at " + peer() + ": more than max_rows = " +
                            std::to_string(session_.settings().max_rows) + " rows: fetch them in batches");
  }

  /// The operation is closed however the work ends, unless the connection is lost with it.
  template <class Work>
  auto closing(const HiveOperation& operation, TimePoint end, Work work) -> decltype(work()) {
    std::exception_ptr error;
    std::optional<decltype(work())> result;
    try {
      result.emplace(work());
    } catch (const std::exception&) {
      error = std::current_exception();  // the server is spoken to below: never from inside a catch block
    }
    if (!error) return close(operation, end), std::move(*result);
    if (reusable()) close_silently(operation, end);
    std::rethrow_exception(error);
  }
  /// What went wrong before is what the caller is to learn.
  void close_silently(const HiveOperation& operation, TimePoint end) {
    try {
      close(operation, end);
    } catch (const std::exception&) {
      return;
    }
  }

  detail::HiveSession<Backend> session_;
  HiveTarget target_;
  std::vector<HiveOperation> open_;
  bool used_ = false;  ///< a statement was run, which may have changed the session
};

}  // namespace carpool::inline v0_1

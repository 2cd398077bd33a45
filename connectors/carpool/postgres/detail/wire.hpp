/// Drives libpq's non-blocking calls: sends, waits through the backend, bounds what comes by time and by size.
#pragma once

#include <carpool/budget.hpp>
#include <carpool/common/io_error.hpp>
#include <carpool/postgres/detail/bytes_received.hpp>
#include <carpool/postgres/detail/handle.hpp>
#include <carpool/postgres/detail/outcome.hpp>
#include <carpool/postgres/error.hpp>
#include <carpool/time.hpp>

#include <libpq-fe.h>

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace carpool::inline v0_1::detail {

/// One command at a time: start(), send, flush(), then next() until it gives null, then finish().
/// A coroutine, which must not wait here, takes the steps that wait for nothing: submit(), flush_some(), busy(),
/// consume(), take_result(), add(), conclude().
/// Errors:   std::system_error naming the operation and the server, std::errc::timed_out at the deadline; afterwards
///           the connection is of no use. PostgresError where the server refused; the connection is then as good as
///           before.
template <class Backend>
class PostgresWire {
 public:
  PostgresWire(PostgresHandle<Backend> handle, std::string peer, std::size_t max_reply_bytes)
      : handle_(std::move(handle)), peer_(std::move(peer)), max_reply_bytes_(max_reply_bytes) {}

  [[nodiscard]] PostgresHandle<Backend>& handle() noexcept { return handle_; }
  [[nodiscard]] const PostgresHandle<Backend>& handle() const noexcept { return handle_; }
  [[nodiscard]] PGconn* get() const noexcept { return handle_.get(); }
  [[nodiscard]] const std::string& peer() const noexcept { return peer_; }

  /// A whole command: its last result. send(PGconn*) is one of the PQsend functions.
  template <class Send>
  PostgresResultPointer exchange(const char* operation, TimePoint deadline, Send send) {
    start(operation, deadline);
    begin(send);
    return finish(next());
  }

  /// Sends a command, and waits for nothing but the socket to take it.
  template <class Send>
  void begin(Send send) {
    submit(send);
    flush();
  }
  /// The socket may have taken nothing of it yet.
  template <class Send>
  void submit(Send send) {
    if (send(get()) != 1) fail_lost();
  }

  /// What follows belongs to this operation. Whatever leaves it by a throw that is no PostgresError, an interruption
  /// too, leaves the connection in doubt.
  void start(const char* operation, TimePoint deadline) {
    require_sound(operation);
    if (::PQtransactionStatus(get()) == PQTRANS_ACTIVE) throw std::logic_error(where() + ": a COPY is not finished");
    proceed(operation, deadline);
  }

  void require_sound(const char* operation) {
    operation_ = operation;
    if (handle_.sound()) return;
    fail(std::errc::not_connected, "the connection is lost, or an operation on it has failed");
  }

  /// The next step of an operation that has several: a COPY, a ping that was not answered in time.
  void proceed(const char* operation, TimePoint deadline) {
    operation_ = operation;
    deadline_ = deadline;
    reads_ = 0;
    handle_.state().in_doubt = true;
  }
  /// The step is done, and all is in order.
  void settle() noexcept { handle_.state().in_doubt = false; }

  void flush() {
    consume_budget<Backend>();
    while (flush_some()) {
      // A server that sends while nobody reads stops reading itself.
      if ((wait(POLLIN | POLLOUT) & ~static_cast<unsigned>(POLLOUT)) != 0 && !consume()) fail_lost();
    }
  }
  /// Whether something is left that the socket has no room for.
  [[nodiscard]] bool flush_some() {
    const int left = ::PQflush(get());
    if (left < 0) fail_lost();
    return left > 0;
  }

  /// Whether the next result has come by the deadline. Where it has not, settle(), and proceed() with it later.
  [[nodiscard]] bool comes_in_time() {
    while (busy()) {
      if (wait_until(POLLIN, deadline_) == 0) return false;
      if (!consume()) fail_lost();
    }
    return true;
  }
  /// The command's next result; null after the last.
  [[nodiscard]] PostgresResultPointer next() {
    while (busy() && read_more()) {
    }
    return take_result();
  }
  /// Whether take_result() would block: more must be read before.
  [[nodiscard]] bool busy() const noexcept { return ::PQisBusy(get()) != 0; }
  /// The command's next result, which has been read; null after the last.
  [[nodiscard]] PostgresResultPointer take_result() {
    // A lost connection's last words, which may be the server's reason. With its socket gone it cannot block.
    if (busy() && handle_.descriptor() >= 0) fail_lost();
    return PostgresResultPointer(::PQgetResult(get()));
  }

  /// Takes the rest of the results, given the first. Throws the first error among them, else returns the last.
  PostgresResultPointer finish(PostgresResultPointer result) {
    PostgresOutcome outcome;
    for (; result; result = next()) add(std::move(result), outcome);
    return conclude(std::move(outcome));
  }
  void add(PostgresResultPointer result, PostgresOutcome& outcome) const {
    note_failure(*result, outcome.error);
    refuse_copy(*result);
    outcome.last = std::move(result);
  }
  /// After the last result.
  PostgresResultPointer conclude(PostgresOutcome outcome) {
    auto& error = outcome.error;
    if (error) judge_role(*error);
    if (::PQstatus(get()) == CONNECTION_OK && !(error && error->ends_connection())) settle();
    if (error) throw std::move(*error);
    return std::move(outcome.last);
  }

  /// A COPY in that direction begins, or this throws.
  void start_copy(const char* sql, ExecStatusType wanted) {
    begin([sql](PGconn* connection) { return ::PQsendQuery(connection, sql); });
    PostgresResultPointer first = next();
    if (::PQresultStatus(first.get()) == wanted) return settle();
    finish(std::move(first));
    throw std::logic_error(where() + ": this is no such COPY");
  }

  /// Waits and reads once; false: the server has gone.
  [[nodiscard]] bool read_more() {
    if (socket_may_stay_silent()) return read_by_turns();
    return wait(POLLIN) != 0 && consume();
  }
  /// TLS may hold decrypted bytes that libpq had no room for.
  [[nodiscard]] bool socket_may_stay_silent() const noexcept { return reads_ > 0 && ::PQsslInUse(get()) != 0; }
  /// Reads what has come; false: the server has gone.
  [[nodiscard]] bool consume() {
    if (++reads_ % reads_between_checks == 0) check_bounds();
    const int descriptor = handle_.descriptor();
    if (::PQconsumeInput(get()) == 1) return true;
    Backend::forget(descriptor);
    return false;
  }

  [[noreturn]] void fail(std::errc code, const std::string& why) const {
    throw std::system_error(std::make_error_code(code), where() + ": " + why);
  }
  [[noreturn]] void fail_lost() const { fail_lost(::PQerrorMessage(get())); }
  [[nodiscard]] std::string where() const { return std::string(operation_) + " on " + peer_; }

  /// The error that a result is; throws where it is libpq's own and not the server's.
  [[nodiscard]] PostgresError error_of(const PGresult& result) const {
    if (::PQresultErrorField(&result, PG_DIAG_SQLSTATE) == nullptr) {
      fail_lost(::PQresultErrorMessage(&result));
    }
    return {where(), postgres_fields(&result)};
  }

 private:
  [[noreturn]] void fail_lost(const char* words) const {
    handle_.forget();
    throw IoError(std::make_error_code(std::errc::connection_reset), where() + ": " + one_line(words));
  }

  /// After the last result: what has changed of its settings, a server tells behind the error.
  void judge_role(PostgresError& error) const noexcept {
    if (is_off("in_hot_standby") && is_off("default_transaction_read_only")) error.told_by_primary();
    if (error.wrong_role()) handle_.state().wrong_role = true;
  }
  /// Of what servers tell unasked, since version 14.
  [[nodiscard]] bool is_off(const char* setting) const noexcept {
    const char* const value = ::PQparameterStatus(get(), setting);
    return value != nullptr && std::string_view(value) == "off";
  }

  unsigned wait(unsigned events) {
    const unsigned came = wait_until(events, deadline_);
    if (came == 0) fail(std::errc::timed_out, "no answer before the deadline");
    return came;
  }

  [[nodiscard]] unsigned wait_until(unsigned events, TimePoint end) const {
    const int descriptor = handle_.descriptor();
    const unsigned came = Backend::wait(descriptor, events | POLLRDHUP, end);
    // libpq closes a socket that has ended, at once, and the next one may get its number.
    if ((came & (POLLRDHUP | POLLHUP | POLLERR)) != 0) Backend::forget(descriptor);
    return came;
  }

  [[nodiscard]] bool read_by_turns() {
    for (Duration turn = std::chrono::milliseconds(5);; turn = std::min<Duration>(2 * turn, std::chrono::seconds(1))) {
      if (!consume()) return false;
      if (!busy()) return true;
      const TimePoint now = Backend::now();
      if (now >= deadline_) fail(std::errc::timed_out, "no answer before the deadline");
      if (wait_until(POLLIN, std::min(deadline_, after(now, turn))) != 0) return consume();
    }
  }

  /// Short replies come with one or two reads: they are not burdened with it.
  void check_bounds() {
    if (deadline_ != never && Backend::now() >= deadline_) fail(std::errc::timed_out, "no end before the deadline");
    const std::uint64_t received = bytes_received(handle_.descriptor());
    if (reads_ == reads_between_checks) received_before_ = received;
    if (received - received_before_ <= max_reply_bytes_) return;
    fail(std::errc::message_size, "the reply is longer than " + std::to_string(max_reply_bytes_) + " bytes");
  }

  void note_failure(const PGresult& result, std::optional<PostgresError>& first) const {
    const ExecStatusType status = ::PQresultStatus(&result);
    if (status != PGRES_FATAL_ERROR && status != PGRES_BAD_RESPONSE) return;
    if (!first) first.emplace(error_of(result));
  }

  /// It would go on for ever, giving the same result again and again.
  void refuse_copy(const PGresult& result) const {
    const ExecStatusType status = ::PQresultStatus(&result);
    if (status != PGRES_COPY_IN && status != PGRES_COPY_OUT && status != PGRES_COPY_BOTH) return;
    throw std::logic_error(where() + ": COPY needs copy_in() or copy_out()");
  }

  static constexpr unsigned reads_between_checks = 8;

  PostgresHandle<Backend> handle_;
  std::string peer_;
  std::size_t max_reply_bytes_;
  const char* operation_ = "";
  TimePoint deadline_ = never;
  unsigned reads_ = 0;
  std::uint64_t received_before_ = 0;
};

}  // namespace carpool::inline v0_1::detail

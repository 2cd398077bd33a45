/// Opens a libpq connection without blocking: to each address of a host in turn, within one deadline.
#pragma once

#include <carpool/common/io_error.hpp>
#include <carpool/errors.hpp>
#include <carpool/postgres/detail/handle.hpp>
#include <carpool/postgres/detail/settings.hpp>
#include <carpool/postgres/error.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/time.hpp>

#include <libpq-fe.h>

#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

/// libpq tells no SQLSTATE of a refused connect but in its verbose text: "FATAL:  28P01: password authentication
/// failed".
[[nodiscard]] inline std::optional<PostgresError::Fields> refusal_in(std::string_view text) {
  constexpr std::string_view code_letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (std::size_t at = text.find(":  "); at != std::string_view::npos; at = text.find(":  ", at + 1)) {
    const std::string_view code = text.substr(at + 3, 5);
    if (code.size() < 5 || code.find_first_not_of(code_letters) != std::string_view::npos) continue;
    if (text.substr(at + 8, 2) != ": ") continue;
    const std::string_view message = text.substr(at + 10);
    return PostgresError::Fields{.sqlstate = std::string(code),
                                 .severity = "FATAL",
                                 .message = std::string(message.substr(0, message.find('\n')))};
  }
  return std::nullopt;
}

/// libpq keeps what the system said as text alone.
[[nodiscard]] inline std::errc cause_in(std::string_view text) {
  for (const std::errc code : {std::errc::connection_refused, std::errc::connection_reset, std::errc::host_unreachable,
                               std::errc::network_unreachable, std::errc::no_such_file_or_directory,
                               std::errc::permission_denied, std::errc::timed_out}) {
    if (text.find(std::make_error_code(code).message()) != std::string_view::npos) return code;
  }
  return std::errc::not_connected;
}

/// Errors:   ServerPaused, AuthenticationError, ConnectRefused where there is no such database, PostgresError where the
/// server refused for another reason, else std::system_error
///           naming the endpoint and what each address said.
template <class Backend>
class PostgresAddressConnector {
 public:
  /// may_pause: a server that is there and says nothing in time pauses, as a pooler may.
  PostgresAddressConnector(std::string endpoint, std::size_t max_notices, TimePoint deadline, bool may_pause = false)
      : endpoint_(std::move(endpoint)), max_notices_(max_notices), deadline_(deadline), may_pause_(may_pause) {}

  /// One attempt for each of the settings.
  [[nodiscard]] PostgresHandle<Backend> first_to_answer(const std::vector<PostgresSettings>& attempts) {
    for (std::size_t tried = 0; tried < attempts.size(); ++tried) {
      const TimePoint its_deadline = fair_share(Backend::now(), deadline_, attempts.size() - tried);
      if (auto handle = dial(attempts[tried], its_deadline)) return std::move(*handle);
    }
    give_up();
  }

  // --- of one attempt, for a coroutine that waits in between ---------------------------------------------

  [[nodiscard]] PostgresHandle<Backend> start(const PostgresSettings& settings) const {
    std::vector<const char*> keywords, values;
    for (const auto& [keyword, value] : settings) {
      keywords.push_back(keyword.c_str());
      values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    auto state = std::make_unique<PostgresState>(max_notices_);
    state->connection = ::PQconnectStartParams(keywords.data(), values.data(), 0);
    if (state->connection == nullptr) throw std::bad_alloc();
    state->in_doubt = true;
    ::PQsetNoticeReceiver(state->connection, &PostgresState::receive, state.get());
    ::PQsetErrorVerbosity(state->connection, PQERRORS_VERBOSE);
    PostgresHandle<Backend> handle(std::move(state));
    handle.forget();  // the number may have been another's
    return handle;
  }
  [[nodiscard]] static PostgresPollingStatusType first_status(const PostgresHandle<Backend>& handle) noexcept {
    return ::PQstatus(handle.get()) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  }
  /// After PQconnectPoll has said that it is over: nothing where the address failed.
  [[nodiscard]] std::optional<PostgresHandle<Backend>> ended(PostgresHandle<Backend> handle,
                                                             PostgresPollingStatusType status) {
    handle.forget();
    if (status == PGRES_POLLING_FAILED) return refused(handle.get());
    ::PQsetErrorVerbosity(handle.get(), PQERRORS_DEFAULT);
    ::PQsetnonblocking(handle.get(), 1);
    handle.state().in_doubt = false;
    return handle;
  }
  /// After the last attempt.
  [[noreturn]] void give_up() const { throw IoError(std::make_error_code(code_), where() + ": " + causes_); }

 private:
  /// Nothing where the address failed.
  std::optional<PostgresHandle<Backend>> dial(const PostgresSettings& settings, TimePoint deadline) {
    PostgresHandle<Backend> handle = start(settings);
    auto status = first_status(handle);
    while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) {
      const unsigned event = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
      const bool came = Backend::wait(handle.descriptor(), event, deadline) != 0;
      // A server that never pauses makes no wait last.
      if (!came || Backend::now() >= deadline) return note_late(handle.get());
      // libpq may close this socket and open another one with the same number.
      handle.forget();
      status = ::PQconnectPoll(handle.get());
    }
    return ended(std::move(handle), status);
  }

  /// An answer is an answer: that server's other addresses would give the same. One that is starting may not be alone.
  std::nullopt_t refused(const PGconn* connection) {
    const std::string_view text = ::PQerrorMessage(connection);
    if (::PQconnectionNeedsPassword(connection) != 0) throw AuthenticationError(where() + ": " + one_line(text));
    const auto refusal = refusal_in(text);
    if (!refusal) return note(text, cause_in(text));
    const PostgresError error(where(), *refusal);
    if (error.code().substr(0, 2) == "28") throw AuthenticationError(error.what());
    if (is_final_postgres_refusal(error.code())) throw ConnectRefused(error.what());
    if (error.code() != "57P03") throw PostgresError(error);
    return note(error.message(), std::errc::not_connected);
  }

  /// What has taken the socket is there; what has not may be a black hole.
  std::nullopt_t note_late(const PGconn* connection) {
    const ConnStatusType status = ::PQstatus(connection);
    const bool is_there = status != CONNECTION_STARTED && status != CONNECTION_BAD;
    if (may_pause_ && is_there) throw ServerPaused(where() + ": no answer before the deadline");
    return note("timed out", std::errc::timed_out);
  }
  std::nullopt_t note(std::string_view cause, std::errc code) {
    causes_ += (causes_.empty() ? "" : "; ") + one_line(cause);
    code_ = code;
    return std::nullopt;
  }

  [[nodiscard]] std::string where() const { return "connect to " + endpoint_; }

  std::string endpoint_;
  std::size_t max_notices_;
  TimePoint deadline_;
  bool may_pause_;
  std::string causes_;
  std::errc code_ = std::errc::not_connected;
};

}  // namespace carpool::inline v0_1::detail

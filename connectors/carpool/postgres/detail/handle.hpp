/// Owns one PGconn and what the server says on it unasked, and closes it gracefully or without a word.
#pragma once

#include <carpool/common/redirect_to_dev_null.hpp>
#include <carpool/postgres/error.hpp>

#include <libpq-fe.h>

#include <poll.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

/// What libpq calls back with: it stays where it is while its connection moves.
struct PostgresState {
  explicit PostgresState(std::size_t most_notices) noexcept : max_notices(most_notices) {}
  PostgresState(const PostgresState&) = delete;
  PostgresState& operator=(const PostgresState&) = delete;

  /// libpq's notice receiver. A lack of memory loses the notice and nothing else.
  static void receive(void* self, const PGresult* result) noexcept {
    auto& state = *static_cast<PostgresState*>(self);
    try {
      state.note({.severity = postgres_severity(result),
                  .code = postgres_field(result, PG_DIAG_SQLSTATE),
                  .message = postgres_field(result, PG_DIAG_MESSAGE_PRIMARY)});
    } catch (...) {
      return;
    }
  }

  void note(PostgresNotice notice) {
    // An error that answers nothing is the server's last word; a notice without a code is libpq's own, about a message
    // that nobody asked for.
    if (notice.code.empty() || notice.severity == "FATAL" || notice.severity == "PANIC") spoilt = true;
    notices.push_back(std::move(notice));
    if (notices.size() > max_notices) notices.pop_front();
  }

  [[nodiscard]] std::vector<PostgresNotice> take_notices() {
    std::vector<PostgresNotice> taken(std::make_move_iterator(notices.begin()), std::make_move_iterator(notices.end()));
    notices.clear();
    return taken;
  }

  PGconn* connection = nullptr;
  std::size_t max_notices;
  std::deque<PostgresNotice> notices;
  bool in_doubt = false;    ///< an operation began and did not end well: the stream may be anywhere
  bool spoilt = false;      ///< something came that nobody can make sense of, or the server's last word
  bool wrong_role = false;  ///< the server has refused to write: it is no primary
};

/// Move-only; the destructor says goodbye, except in a forked child, where it says nothing.
template <class Backend>
class PostgresHandle {
 public:
  PostgresHandle() noexcept = default;
  explicit PostgresHandle(std::unique_ptr<PostgresState> state) noexcept
      : state_(std::move(state)), born_(Backend::fork_generation()) {}
  PostgresHandle(PostgresHandle&&) noexcept = default;
  PostgresHandle& operator=(PostgresHandle&& other) noexcept {
    if (this == &other) return *this;
    close();
    state_ = std::move(other.state_);
    born_ = other.born_;
    return *this;
  }
  ~PostgresHandle() { close(); }

  [[nodiscard]] PGconn* get() const noexcept { return state_ ? state_->connection : nullptr; }
  [[nodiscard]] PostgresState& state() const noexcept { return *state_; }
  [[nodiscard]] int descriptor() const noexcept { return ::PQsocket(get()); }

  /// Whether the stream is where it ought to be, as far as is known without looking.
  [[nodiscard]] bool sound() const noexcept {
    return state_ && !state_->in_doubt && !state_->spoilt && ::PQstatus(get()) == CONNECTION_OK;
  }

  [[nodiscard]] bool in_transaction() const noexcept {
    const PGTransactionStatusType status = ::PQtransactionStatus(get());
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
  }
  [[nodiscard]] std::string parameter(const std::string& name) const {
    const char* const value = ::PQparameterStatus(get(), name.c_str());
    return value == nullptr ? std::string() : std::string(value);
  }
  [[nodiscard]] std::vector<PostgresNotice> take_notices() const {
    return state_ ? state_->take_notices() : std::vector<PostgresNotice>();
  }

  /// Before libpq may close its descriptor, and after it may have.
  void forget() const noexcept { Backend::forget(descriptor()); }

  /// The goodbye is one small write that never waits.
  void close() noexcept {
    if (!state_) return;
    if (Backend::fork_generation() != born_) return abandon();
    forget();
    ::PQfinish(state_->connection);
    state_.reset();
  }

  /// Says nothing to the server. Where even /dev/null cannot be opened, the memory is left: a word would cost more.
  void abandon() noexcept {
    if (!state_) return;
    const int descriptor = this->descriptor();
    Backend::forget(descriptor);
    if (descriptor >= 0 && !redirect_to_dev_null(descriptor)) {
      static_cast<void>(state_.release());
      return;
    }
    ::PQfinish(state_->connection);
    state_.reset();
  }

  /// Whether the server is there, and whatever came while nobody asked was in order (a notification, a changed
  /// setting). One system call where nothing came.
  [[nodiscard]] bool is_connected() const noexcept {
    if (!sound() || descriptor() < 0) return false;
    pollfd asked{.fd = descriptor(), .events = POLLIN | POLLRDHUP, .revents = 0};
    while (::poll(&asked, 1, 0) < 0) {
      if (errno != EINTR) return false;
    }
    return asked.revents == 0 || (asked.revents == POLLIN && digest());
  }

 private:
  [[nodiscard]] bool digest() const noexcept {
    const int before = descriptor();
    const bool read = ::PQconsumeInput(get()) == 1;
    if (!read) Backend::forget(before);
    static_cast<void>(::PQisBusy(get()));  // for its parsing
    return read && sound();
  }

  std::unique_ptr<PostgresState> state_;
  std::uint64_t born_ = 0;
};

}  // namespace carpool::inline v0_1::detail

/// What a MySQL session is at any moment: between answers or in doubt, as it was opened or changed by its user.
#pragma once

#include <carpool/budget.hpp>
#include <carpool/mysql/detail/handle.hpp>
#include <carpool/mysql/detail/sql.hpp>
#include <carpool/mysql/detail/wait.hpp>
#include <carpool/mysql/session_options.hpp>
#include <carpool/mysql/statement.hpp>
#include <carpool/peer_is_quiet.hpp>
#include <carpool/time.hpp>

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace carpool::inline v0_1 {

namespace detail {

template <class Backend>
class MysqlSession {
 public:
  MysqlSession(MysqlHandle<Backend> handle, std::string peer, MysqlSessionOptions options) noexcept
      : handle_(std::move(handle)),
        peer_(std::move(peer)),
        options_(std::move(options)),
        encrypted_(::mysql_get_ssl_cipher(mysql()) != nullptr),
        fresh_status_(mysql()->server_status) {}

  // --- an operation: begin, calls, end ---

  /// Until end() the stream is in doubt. Throws where it was already.
  [[nodiscard]] TimePoint begin(const char* operation, std::optional<TimePoint> deadline) {
    operation_ = operation;
    if (in_doubt_ || !handle_) {
      throw std::system_error(std::make_error_code(std::errc::not_connected), what() + ": an earlier operation failed");
    }
    consume_budget<Backend>(budget_of_exchange);  // the library reads before it asks anybody to wait
    in_doubt_ = true;
    return deadline ? *deadline : after(Backend::now(), options_.io_timeout);
  }
  void end() noexcept { in_doubt_ = false; }

  /// Runs f(MYSQL*); false from it is a failure, which is thrown.
  template <class F>
  void call(TimePoint deadline, F&& f) {
    call(deadline, handle_.get(), std::forward<F>(f));
  }
  template <class Object, class F>
  void call(TimePoint deadline, Object* object, F&& f) {
    MysqlCall<Backend> waits(deadline, {.encrypted = encrypted_});
    if (f(object)) return;
    waits.rethrow();
    if (waits.timed_out()) throw std::system_error(std::make_error_code(std::errc::timed_out), what());
    const MysqlFailure failure = MysqlFailure::of(object);  // while rows are fetched only the session's is set
    raise(failure.number != 0 ? failure : MysqlFailure::of(mysql()));
  }

  /// An answer that the server gave leaves the stream where it should be, unless it hangs up after it.
  [[noreturn]] void raise(const MysqlFailure& failure) {
    if (failure.is_the_servers() && !ends_mysql_session(failure.number)) in_doubt_ = false;
    if (is_mysql_read_only(failure.number, failure.message)) wrong_role_ = true;
    if (may_end_mysql_transaction(failure.number)) {  // an error says nothing of the session's state
      unsure_ = true;
      ended_by_ = failure.number;
    }
    failure.raise(what());
  }
  /// Between two answers: a server that never pauses makes no call wait.
  void check_time(TimePoint deadline) const {
    if (deadline == never || Backend::now() < deadline) return;
    throw std::system_error(std::make_error_code(std::errc::timed_out), what());
  }
  [[noreturn]] void refuse_size() const {
    throw std::system_error(
        std::make_error_code(std::errc::message_size),
        what() + ": the answer is longer than max_reply_bytes, " + std::to_string(options_.max_reply_bytes));
  }

  // --- what the session is ---

  [[nodiscard]] bool sound() const noexcept { return handle_ && !in_doubt_; }
  [[nodiscard]] bool wrong_role() const noexcept { return wrong_role_; }

  [[nodiscard]] bool is_connected() const noexcept { return peer_is_quiet(handle_.descriptor()); }

  /// What the server said in its last answer.
  [[nodiscard]] bool in_transaction() const noexcept {
    return handle_ && (mysql()->server_status & SERVER_STATUS_IN_TRANS) != 0;
  }

  void note(std::string_view sql) {
    used_ = true;
    changed_ = changed_ || !leaves_session_clean(sql);
    schema_changed_ = schema_changed_ || !leaves_schema(sql);
  }

  // --- a Transaction: between begin and end of an operation, but for its own end ---

  void transaction_begun() noexcept { guarded_ = true, unsure_ = false, ended_by_ = 0; }
  void transaction_ended() noexcept { guarded_ = false; }
  void leave_transaction() noexcept { rollback_due_ = true; }
  void roll_back(TimePoint deadline) {
    guarded_ = false;
    if (in_transaction() || unsure_) call(deadline, [](MYSQL* mysql) { return ::mysql_rollback(mysql) == 0; });
    unsure_ = false;
  }
  /// Rolls back what a Transaction has left open: its destructor could not wait, this can. Where the server has ended
  /// it, what comes then must not take effect alone.
  void settle_transaction(TimePoint deadline) {
    if (std::exchange(rollback_due_, false)) return roll_back(deadline);
    if (unsure_) ask_for_state(deadline);
    if (!guarded_ || in_transaction()) return;
    in_doubt_ = false;  // nothing has been sent
    refuse_ended_mysql_transaction(ended_by_, what());
  }

  [[nodiscard]] bool dirty() const noexcept {
    if (!handle_) return true;
    if (rollback_due_ || unsure_ || in_transaction()) return true;
    if (options_.reset == MysqlReset::rollback_alone) return false;
    if (options_.reset == MysqlReset::always) return used_;
    return changed_ || ((mysql()->server_status ^ settled_status_) & SERVER_STATUS_AUTOCOMMIT) != 0;
  }

  [[nodiscard]] bool reset(std::optional<TimePoint> deadline) {
    const TimePoint end = begin("reset", deadline);
    if (options_.reset == MysqlReset::rollback_alone) {
      call(end, [](MYSQL* mysql) { return ::mysql_rollback(mysql) == 0; });
    } else {
      call(end, [](MYSQL* mysql) { return ::mysql_reset_connection(mysql) == 0; });
      statements_ = {};  // the server has forgotten them
      if (!restore(end)) return false;
    }
    used_ = changed_ = schema_changed_ = guarded_ = rollback_due_ = unsure_ = false;
    this->end();
    return true;
  }

  /// What every session begins with, and a reset undoes. The library does not look at what a reset says of the
  /// session's state, so it is told: as after connecting.
  void set_up(TimePoint deadline) {
    mysql()->server_status = fresh_status_;
    for (const std::string& sql : options_.session_setup) run(sql, deadline);
    settled_status_ = mysql()->server_status;
  }

  // --- prepared statements ---

  [[nodiscard]] MYSQL_STMT* prepared(std::string_view sql, std::size_t parameters, TimePoint deadline) {
    MYSQL_STMT* statement = statements_.find(sql);
    if (statement == nullptr) statement = prepare(sql, deadline);
    const std::size_t wanted = ::mysql_stmt_param_count(statement);
    if (wanted == parameters) return statement;
    in_doubt_ = false;  // nothing has been sent
    throw std::invalid_argument(what() + ": the statement has " + std::to_string(wanted) + " parameters, not " +
                                std::to_string(parameters));
  }
  void shrink_statements(TimePoint deadline) {
    const MysqlCall<Backend> waits(deadline, {.encrypted = encrypted_});
    statements_.shrink(options_.statement_cache);
  }

  // --- the end ---

  void close_gracefully(TimePoint deadline) noexcept {
    const MysqlCall<Backend> waits(deadline, {.encrypted = encrypted_});
    if (handle_) handle_.close_gracefully();
  }
  void close() noexcept { handle_.close_quietly(); }

  [[nodiscard]] MYSQL* mysql() const noexcept { return handle_.get(); }
  [[nodiscard]] int descriptor() const noexcept { return handle_.descriptor(); }
  [[nodiscard]] const std::string& peer() const noexcept { return peer_; }
  [[nodiscard]] std::string tls_version() const {
    const char* version = nullptr;
    if (!encrypted_) return {};
    ::mariadb_get_infov(mysql(), MARIADB_CONNECTION_TLS_VERSION, &version);
    return version == nullptr ? "" : version;
  }
  [[nodiscard]] const MysqlSessionOptions& options() const noexcept { return options_; }

 private:
  [[nodiscard]] std::string what() const { return std::string(operation_) + " at " + peer_; }

  void run(std::string_view sql, TimePoint deadline) {
    call(deadline, [sql](MYSQL* mysql) { return ::mysql_real_query(mysql, sql.data(), sql.size()) == 0; });
    for (int status = 0; status == 0; check_time(deadline)) {
      call(deadline, [&status](MYSQL* mysql) {
        ::mysql_free_result(::mysql_store_result(mysql));
        return ::mysql_errno(mysql) == 0 && (status = ::mysql_next_result(mysql)) <= 0;
      });
    }
  }

  /// Any answer but an error has the session's state.
  void ask_for_state(TimePoint deadline) {
    run("DO 0", deadline);
    unsure_ = false;
    if (in_transaction()) ended_by_ = 0;
  }

  /// What mysql_reset_connection leaves undone: the schema it never resets, the character set only a MariaDB does.
  [[nodiscard]] bool restore(TimePoint deadline) {
    if (schema_changed_ && options_.database.empty()) return false;
    if (schema_changed_) {
      call(deadline, [this](MYSQL* mysql) { return ::mysql_select_db(mysql, options_.database.c_str()) == 0; });
    }
    if (std::string_view(::mysql_get_server_info(mysql())).find("MariaDB") == std::string_view::npos) {
      call(deadline, [this](MYSQL* mysql) { return ::mysql_set_character_set(mysql, options_.charset.c_str()) == 0; });
    }
    set_up(deadline);
    return true;
  }

  [[nodiscard]] MYSQL_STMT* prepare(std::string_view sql, TimePoint deadline) {
    MysqlStatement statement(::mysql_stmt_init(mysql()));
    if (statement == nullptr) throw std::bad_alloc();
    call(deadline, statement.get(),
         [sql](MYSQL_STMT* it) { return ::mysql_stmt_prepare(it, sql.data(), sql.size()) == 0; });
    return statements_.keep(sql, std::move(statement));
  }

  MysqlStatements statements_;  // before the handle, so that they end after it and tell the server nothing
  MysqlHandle<Backend> handle_;
  std::string peer_;
  MysqlSessionOptions options_;
  bool encrypted_;
  unsigned fresh_status_;        // the server's flags when it had let us in
  unsigned settled_status_ = 0;  // and after set_up()
  const char* operation_ = "use";
  bool in_doubt_ = false;        // an operation began and did not end well: the stream may be anywhere
  bool used_ = false;            // these three since the last reset
  bool changed_ = false;         // by what a user said
  bool schema_changed_ = false;  // perhaps
  bool guarded_ = false;         // a Transaction was begun, and has not ended
  bool rollback_due_ = false;    // a Transaction has left what it began open
  bool unsure_ = false;      // whether an error has ended a transaction, a Transaction's or one begun by a statement
  unsigned ended_by_ = 0;    // the error that has, or may have; 0: none
  bool wrong_role_ = false;  // the server has refused to write: it is no primary
};

}  // namespace detail

}  // namespace carpool::inline v0_1

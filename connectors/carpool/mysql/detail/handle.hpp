/// Owns one MYSQL of the client library: its options, its end, and what it says when something fails.
#pragma once

#include <carpool/common/io_error.hpp>
#include <carpool/common/redirect_to_dev_null.hpp>
#include <carpool/errors.hpp>
#include <carpool/mysql/detail/signals.hpp>
#include <carpool/mysql/error.hpp>
#include <carpool/time.hpp>

#include <mysql.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace carpool::inline v0_1::detail {

/// The library's own start, once and before any thread uses it.
inline void start_mysql_library() {
  static const int failed = ::mysql_server_init(0, nullptr, nullptr);
  if (failed != 0) throw std::runtime_error("the MySQL client library does not start");
}

/// The library frees nothing without saying goodbye, and a goodbye from a forked child would end the session of its
/// parent. So it is made to say it to nobody, and whoever wants it said does that before.
template <class Backend>
class MysqlHandle {
 public:
  MysqlHandle() : mysql_(::mysql_init(nullptr)), fork_generation_(Backend::fork_generation()) {
    if (mysql_ == nullptr) throw std::bad_alloc();
  }
  MysqlHandle(MysqlHandle&& other) noexcept
      : mysql_(std::exchange(other.mysql_, nullptr)), fork_generation_(other.fork_generation_) {}
  MysqlHandle& operator=(MysqlHandle&& other) noexcept {
    std::swap(mysql_, other.mysql_);
    std::swap(fork_generation_, other.fork_generation_);
    return *this;
  }
  ~MysqlHandle() { close_quietly(); }

  [[nodiscard]] MYSQL* get() const noexcept { return mysql_; }
  [[nodiscard]] explicit operator bool() const noexcept { return mysql_ != nullptr; }
  /// -1 where there is none.
  [[nodiscard]] int descriptor() const noexcept { return mysql_ == nullptr ? -1 : ::mysql_get_socket(mysql_); }

  void close_quietly() noexcept {
    if (mysql_ == nullptr) return;
    const int descriptor = this->descriptor();
    if (descriptor >= 0) Backend::forget(descriptor);
    MYSQL* const mysql = std::exchange(mysql_, nullptr);
    // Without a descriptor to spare, a child would rather leak than speak. Its parent may say what it likes.
    if (descriptor >= 0 && !redirect_to_dev_null(descriptor) && fork_generation_ != Backend::fork_generation()) return;
    const BlockedPipeSignal quiet;
    ::mysql_close(mysql);
  }

  /// With the goodbye, which the server needs no answer for. May wait where a MysqlCall stands around it.
  void close_gracefully() noexcept {
    if (descriptor() >= 0) Backend::forget(descriptor());
    ::mysql_close(std::exchange(mysql_, nullptr));
  }

 private:
  MYSQL* mysql_;
  std::uint64_t fork_generation_;
};

/// What failed, where, and what the library or the server said of it.
struct MysqlFailure {
  unsigned number = 0;
  std::string sqlstate;
  std::string message;

  [[nodiscard]] static MysqlFailure of(MYSQL* mysql) {
    return {::mysql_errno(mysql), ::mysql_sqlstate(mysql), ::mysql_error(mysql)};
  }
  [[nodiscard]] static MysqlFailure of(MYSQL_STMT* statement) {
    return {::mysql_stmt_errno(statement), ::mysql_stmt_sqlstate(statement), ::mysql_stmt_error(statement)};
  }

  [[nodiscard]] bool is_the_servers() const noexcept { return number != 0 && !is_mysql_client_error(number); }

  /// Of a connect, where the same number means more.
  [[noreturn]] void raise_connecting(const std::string& what) const {
    if (is_mysql_authentication_error(number)) throw AuthenticationError(text(what));
    if (is_final_mysql_refusal(number)) throw ConnectRefused(text(what));
    const int cause = number == 2002 || number == 2003 ? errno_in(message) : 0;
    if (cause == 0) raise(what);
    throw std::system_error(cause, std::system_category(), what + ": " + message);
  }
  [[noreturn]] void raise(const std::string& what) const {
    if (is_the_servers()) throw MysqlError(number, sqlstate, text(what));
    const int code = number == 0 ? 2000 : static_cast<int>(number);  // 2000: unknown
    throw IoError({code, mysql_category()}, what + ": [" + std::to_string(code) + "] " + message);
  }

 private:
  [[nodiscard]] std::string text(const std::string& what) const {
    return what + ": [" + std::to_string(number) + "] (" + sqlstate + ") " + message;
  }
  /// "Can't connect to local server through socket '/run/mysqld.sock' (2)"; 0 where there is none.
  [[nodiscard]] static int errno_in(std::string_view text) noexcept {
    const std::size_t begin = text.rfind('(');
    int number = 0;
    if (begin != std::string_view::npos) std::from_chars(text.data() + begin + 1, text.data() + text.size(), number);
    return std::max(number, 0);
  }
};

}  // namespace carpool::inline v0_1::detail

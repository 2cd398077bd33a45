/// Opens one MySQL session within one deadline, at the first of the host's addresses that answers.
#pragma once

#include <carpool/common/io_error.hpp>
#include <carpool/mysql/detail/handle.hpp>
#include <carpool/mysql/detail/session.hpp>
#include <carpool/mysql/detail/wait.hpp>
#include <carpool/mysql/error.hpp>
#include <carpool/time.hpp>

#include <mysql.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>

namespace carpool::inline v0_1::detail {

template <class Backend, class Connector>
class MysqlAddressConnector {
 public:
  MysqlAddressConnector(const Connector& connector, TimePoint deadline) : connector_(connector), deadline_(deadline) {
    start_mysql_library();
  }

  /// lifetime: what is left of the credentials and the connector's max_lifetime.
  [[nodiscard]] MysqlSession<Backend> session(Duration lifetime) {
    MysqlSession<Backend> session(open(), peer(),
                                  {.io_timeout = connector_.io_timeout,
                                   .reset = connector_.reset_policy,
                                   .max_reply_bytes = connector_.max_reply_bytes,
                                   .statement_cache = connector_.statement_cache,
                                   .database = connector_.database,
                                   .charset = connector_.charset,
                                   .session_setup = connector_.session_setup,
                                   .lifetime = lifetime});
    (void)session.begin("set up the session", deadline_);
    session.set_up(deadline_);
    session.end();
    // A pool connects on a worker of its own and hands the session to another thread: the dialling thread's reactor
    // must not go on watching it.
    Backend::forget(session.descriptor());
    return session;
  }

 private:
  using Handle = MysqlHandle<Backend>;
  static constexpr unsigned method_refused = 5010;  // CR_PLUGIN_NOT_ALLOWED

  [[nodiscard]] std::string peer() const {
    if (!connector_.unix_path.empty()) return "unix:" + connector_.unix_path;
    const bool bare = connector_.host.find(':') == std::string::npos;
    return (bare ? connector_.host : '[' + connector_.host + ']') + ':' + std::to_string(connector_.port);
  }

  [[nodiscard]] Handle open() {
    if (!connector_.unix_path.empty()) return dial<Backend>(nullptr, deadline_);
    if (connector_.tls) return open_encrypted();
    const auto addresses = Backend::Socket::resolve(connector_.host, connector_.port, deadline_);
    for (std::size_t left = addresses.size(); left > 1; --left) {
      std::optional<Handle> handle = try_dial(number_of(addresses[addresses.size() - left]), left);
      if (handle) return std::move(*handle);
    }
    return dial<Backend>(number_of(addresses.back()).c_str(), deadline_);
  }

  /// An address that is a black hole must not use up the time of the others. What the server itself refuses, it would
  /// refuse at its other addresses too.
  [[nodiscard]] std::optional<Handle> try_dial(const std::string& host, std::size_t addresses_left) {
    const TimePoint now = Backend::now();
    const auto share = (deadline_ - now) / static_cast<Duration::rep>(addresses_left);
    try {
      return dial<Backend>(host.c_str(), deadline_ == never ? never : now + share);
    } catch (const std::system_error&) {
      return std::nullopt;
    }
  }

  /// The library's handshake reads and writes by itself, so it must not be done on a thread that others need. It is
  /// given the host by name, which it compares with the certificate, so that it looks up the addresses too.
  [[nodiscard]] Handle open_encrypted() {
    Handle handle =
        Backend::run_blocking([this] { return dial<MysqlBlockingWaits<Backend>>(connector_.host.c_str(), deadline_); });
    const int descriptor = handle.descriptor();
    ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
    ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    wait_through<Backend>(handle.get());
    return handle;
  }

  template <class Waits>
  [[nodiscard]] Handle dial(const char* host, TimePoint deadline) {
    Handle handle;
    set_options(handle.get());
    wait_through<Waits>(handle.get());
    const char* const database = connector_.database.empty() ? nullptr : connector_.database.c_str();
    const char* const path = connector_.unix_path.empty() ? nullptr : connector_.unix_path.c_str();
    // An UPDATE counts the rows that it finds, as with every other database, also those that are so already.
    const unsigned long flags = CLIENT_FOUND_ROWS | (connector_.multi_statements ? CLIENT_MULTI_STATEMENTS : 0);
    MysqlCall<Waits> waits(deadline, {.encrypted = connector_.tls.has_value(), .opens = true});
    const bool connected =
        ::mysql_real_connect(handle.get(), host, connector_.user.c_str(), connector_.password.c_str(), database,
                             connector_.port, path, flags) != nullptr;
    if (!connected) fail(waits, handle);
    ::fcntl(handle.descriptor(), F_SETFD, FD_CLOEXEC);  // a Unix socket may have connected without a wait
    return handle;
  }

  template <class Waits>
  [[noreturn]] void fail(MysqlCall<Waits>& waits, const Handle& handle) const {
    const std::string what = "connect to " + peer();
    waits.rethrow();
    if (waits.timed_out()) throw std::system_error(std::make_error_code(std::errc::timed_out), what);
    if (waits.refused() != 0) throw std::system_error(waits.refused(), std::system_category(), what);
    const MysqlFailure failure = MysqlFailure::of(handle.get());
    if (failure.number == method_refused) refuse_method(what);
    failure.raise_connecting(what);
  }

  /// The library's own text has the method's name out of memory that it has freed.
  [[noreturn]] void refuse_method(const std::string& what) const {
    throw IoError({method_refused, mysql_category()},
                  what + ": the server asks for a method of authentication that is not allowed" +
                      (connector_.cleartext_password ? ""
                                                     : "; if it wants the password as it is (PAM, LDAP, IAM), set "
                                                       "cleartext_password, over tls with verify"));
  }

  template <class Waits>
  static void wait_through(MYSQL* mysql) {
    ::mysql_optionsv(mysql, MARIADB_OPT_IO_WAIT, &MysqlCall<Waits>::wait);
  }

  void set_options(MYSQL* mysql) const {
    const unsigned protocol = connector_.unix_path.empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
    const my_bool off = 0;
    const unsigned no_files = 0;
    const unsigned long largest = connector_.max_reply_bytes;
    const unsigned seconds = 3600;  // not to be 0, for then nothing waits; the deadline is the call's
    ::mysql_optionsv(mysql, MYSQL_OPT_PROTOCOL, &protocol);
    ::mysql_optionsv(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
    ::mysql_optionsv(mysql, MYSQL_OPT_RECONNECT, &off);
    ::mysql_optionsv(mysql, MYSQL_OPT_LOCAL_INFILE, &no_files);
    ::mysql_optionsv(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &largest);
    ::mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, connector_.charset.c_str());
    ::mysql_optionsv(mysql, MARIADB_OPT_RESTRICTED_AUTH, methods());
    if (!connector_.program_name.empty())
      ::mysql_optionsv(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", connector_.program_name.c_str());
    if (connector_.tls) set_tls(mysql);
  }

  /// A server may ask for any method; none of the usual ones tells it the password in plain text over a plain
  /// connection.
  [[nodiscard]] const char* methods() const noexcept {
    return connector_.cleartext_password
               ? "mysql_native_password,client_ed25519,caching_sha2_password,sha256_password,mysql_clear_password"
               : "mysql_native_password,client_ed25519,caching_sha2_password,sha256_password";
  }

  void set_tls(MYSQL* mysql) const {
    const my_bool yes = 1;
    const my_bool verify = connector_.tls->verify ? 1 : 0;
    const auto set = [mysql](mysql_option option, const std::string& path) {
      if (!path.empty()) ::mysql_optionsv(mysql, option, path.c_str());
    };
    ::mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
    ::mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
    set(MYSQL_OPT_SSL_CA, connector_.tls->ca_file);
    set(MYSQL_OPT_SSL_CERT, connector_.tls->cert_file);
    set(MYSQL_OPT_SSL_KEY, connector_.tls->key_file);
  }

  /// The library takes the host as text: "127.0.0.1", "::1".
  template <class Address>
  [[nodiscard]] static std::string number_of(const Address& address) {
    std::string text = address.to_string();
    text.erase(text.rfind(':'));
    return text.front() == '[' ? text.substr(1, text.size() - 2) : text;
  }

  const Connector& connector_;
  TimePoint deadline_;
};

}  // namespace carpool::inline v0_1::detail

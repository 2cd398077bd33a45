/// What is said to a Redis server before a connection is of use, and said again when it is put right.
#pragma once

#include <carpool/errors.hpp>
#include <carpool/redis/detail/arguments.hpp>
#include <carpool/redis/reply.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

/// What a log-in says, in this order.
struct RedisLoginOptions {
  std::string user = {};      ///< empty: the server's default user
  std::string password = {};  ///< empty: none is said, unless there is a user
  int database = 0;
  std::string client_name = {};
  std::string pool_name = {};  ///< said where there is no client_name; a server may refuse it
  std::vector<std::vector<std::string>> session_setup = {};  ///< commands, each by its words
};

/// Its messages never hold the password.
class RedisLogin {
 public:
  explicit RedisLogin(RedisLoginOptions options) : options_(std::move(options)) {
    if (logs_in()) write_auth(bytes_), steps_.push_back(auth);
    if (options_.database != 0) add("SELECT", "SELECT", options_.database);
    if (!options_.client_name.empty()) {
      add("CLIENT SETNAME", "CLIENT", "SETNAME", options_.client_name);
    } else if (!options_.pool_name.empty()) {
      add(courtesy, "CLIENT", "SETNAME", options_.pool_name);
    }
    for (const auto& command : options_.session_setup) add("session_setup", command);
    if (steps_.empty()) add(sign_of_life, sign_of_life);  // or nobody would learn that a password is wanted
  }

  /// All of it, to be sent in one write with whatever goes before.
  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t size() const noexcept { return steps_.size(); }
  /// SELECTed by it.
  [[nodiscard]] int database() const noexcept { return options_.database; }

  /// The same for other credentials. An empty user: the one of before.
  [[nodiscard]] RedisLogin with(const std::string& user, const std::string& password) const {
    RedisLoginOptions changed = options_;
    if (!user.empty()) changed.user = user;
    changed.password = password;
    return RedisLogin(std::move(changed));
  }
  /// Whether AUTH is among its steps.
  [[nodiscard]] bool logs_in() const noexcept { return !options_.user.empty() || !options_.password.empty(); }
  /// That step alone.
  [[nodiscard]] std::string auth_bytes() const {
    std::string bytes;
    write_auth(bytes);
    return bytes;
  }

  /// reply: to the step of that number. Throws AuthenticationError where the server refused the credentials or the user
  /// may not do so, ConnectRefused where it would refuse the same again, a database that it does not have for one, and
  /// RedisError for what passes.
  void check(std::size_t step, const RedisReply& reply, const std::string& peer) const {
    if (!reply.is_error() || (may_fail(steps_[step]) && !turns_away(reply))) return;
    const std::string what = std::string(steps_[step]) + " at " + peer;
    const std::string text = without_password(reply.text());
    if (refuses_credentials(reply)) throw AuthenticationError(what + ": " + text);
    if (is_final(reply)) throw ConnectRefused(what + ": " + text);
    RedisReply::text(RedisReply::Kind::error, text).throw_if_error(what);
  }

 private:
  static constexpr const char* auth = "AUTH";
  static constexpr const char* sign_of_life = "PING";
  static constexpr const char* courtesy = "CLIENT SETNAME of the pool's name";

  [[nodiscard]] static bool may_fail(const char* step) noexcept { return step == sign_of_life || step == courtesy; }

  void write_auth(std::string& out) const {
    if (options_.user.empty()) {
      RedisWriter::write(out, auth, options_.password);
    } else {
      RedisWriter::write(out, auth, options_.user, options_.password);
    }
  }

  /// Whether the server would say so to any command. Others (LOADING, NOPERM) are PING's or the moment's alone.
  [[nodiscard]] static bool turns_away(const RedisReply& reply) {
    const std::string code = reply.code();
    return code == "NOAUTH" || code == "DENIED" || is_full(reply);
  }
  [[nodiscard]] static bool is_full(const RedisReply& reply) { return reply.text().starts_with("ERR max number"); }
  /// "ERR DB index is out of range", "ERR SELECT is not allowed in cluster mode": what passes has a code of its own
  /// (LOADING, MASTERDOWN), but for a server that has all the clients that it takes.
  [[nodiscard]] static bool is_final(const RedisReply& reply) { return reply.code() == "ERR" && !is_full(reply); }

  template <class... Arguments>
  void add(const char* name, const Arguments&... arguments) {
    RedisWriter::write(bytes_, arguments...);
    steps_.push_back(name);
  }

  /// Servers before 6 say "ERR invalid password", and ERR where a password is given that they do not ask for.
  [[nodiscard]] static bool refuses_credentials(const RedisReply& reply) {
    const std::string code = reply.code();
    if (code == "WRONGPASS" || code == "NOAUTH" || code == "NOPERM") return true;
    return code == "ERR" && reply.text().find("password") != std::string::npos;
  }

  /// Some servers repeat the words that they do not understand.
  [[nodiscard]] std::string without_password(std::string text) const {
    const std::string& password = options_.password;
    if (password.empty()) return text;
    for (std::size_t at = text.find(password); at != std::string::npos; at = text.find(password, at + 3)) {
      text.replace(at, password.size(), "***");
    }
    return text;
  }

  RedisLoginOptions options_;
  std::string bytes_;
  std::vector<const char*> steps_;
};

}  // namespace carpool::inline v0_1::detail

/// What is said to a Redis server before a connection is of use, and said again when it is put right.
#pragma once

#include <carpool/errors.hpp>
#include <carpool/redis/detail/arguments.hpp>
#include <carpool/redis/reply.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace carpool::inline v0_1::detail {

/// Its messages never hold the password.
class RedisLogin {
 public:
  RedisLogin(const std::string& user, const std::string& password, int database, const std::string& client_name)
      : password_(password), database_(database) {
    if (!password.empty() && user.empty()) add("AUTH", "AUTH", password);
    if (!user.empty()) add("AUTH", "AUTH", user, password);
    if (database != 0) add("SELECT", "SELECT", database);
    if (!client_name.empty()) add("CLIENT SETNAME", "CLIENT", "SETNAME", client_name);
    if (steps_.empty()) add(sign_of_life, sign_of_life);  // or nobody would learn that a password is wanted
  }

  /// All of it, to be sent in one write with whatever goes before.
  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t size() const noexcept { return steps_.size(); }
  /// SELECTed by it.
  [[nodiscard]] int database() const noexcept { return database_; }

  /// reply: to the step of that number. Throws AuthenticationError where the server refused the credentials or the user
  /// may not do so, ConnectRefused where it would refuse the same again, a database that it does not have for one, and
  /// RedisError for what passes.
  void check(std::size_t step, const RedisReply& reply, const std::string& peer) const {
    if (!reply.is_error() || (steps_[step] == sign_of_life && !turns_away(reply))) return;
    const std::string what = std::string(steps_[step]) + " at " + peer;
    const std::string text = without_password(reply.text());
    if (refuses_credentials(reply)) throw AuthenticationError(what + ": " + text);
    if (is_final(reply)) throw ConnectRefused(what + ": " + text);
    RedisReply::text(RedisReply::Kind::error, text).throw_if_error(what);
  }

 private:
  static constexpr const char* sign_of_life = "PING";

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
    if (password_.empty()) return text;
    for (std::size_t at = text.find(password_); at != std::string::npos; at = text.find(password_, at + 3)) {
      text.replace(at, password_.size(), "***");
    }
    return text;
  }

  std::string password_;
  int database_;
  std::string bytes_;
  std::vector<const char*> steps_;
};

}  // namespace carpool::inline v0_1::detail

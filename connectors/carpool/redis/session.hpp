/// What a Redis connection's own commands have done to its session, as far as a later user would notice.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace carpool::detail {

/// What a command does to the session that it runs in.
enum class RedisEffect : std::uint8_t {
  none,     ///< nothing that lasts
  multi,    ///< opens a transaction
  end,      ///< EXEC, DISCARD: ends the transaction and the watch
  watch,    ///< watches keys
  unwatch,  ///< watches none any longer
  select,   ///< another database
  alter,    ///< CLIENT, AUTH, HELLO ...: what RESET puts right
  ruin,     ///< QUIT, SCRIPT DEBUG, CLIENT NO-EVICT: no reset helps
  refuse,   ///< SUBSCRIBE, MONITOR, SYNC ...: not answered by one reply, so not to be said as a command
};

[[nodiscard]] inline bool same_word(std::string_view left, std::string_view right) noexcept {
  constexpr auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [upper](char a, char b) { return upper(a) == upper(b); });
}

struct RedisEffectOf {
  std::string_view command;
  RedisEffect effect;
};

/// Every command of Redis that outlives its reply within the connection.
inline constexpr std::array<RedisEffectOf, 24> redis_effects{{
    {"MULTI", RedisEffect::multi},         {"EXEC", RedisEffect::end},
    {"DISCARD", RedisEffect::end},         {"WATCH", RedisEffect::watch},
    {"UNWATCH", RedisEffect::unwatch},     {"SELECT", RedisEffect::select},
    {"AUTH", RedisEffect::alter},          {"CLIENT", RedisEffect::alter},
    {"HELLO", RedisEffect::alter},         {"READONLY", RedisEffect::alter},
    {"READWRITE", RedisEffect::alter},     {"ASKING", RedisEffect::alter},
    {"RESET", RedisEffect::alter},         {"QUIT", RedisEffect::ruin},
    {"SUBSCRIBE", RedisEffect::refuse},    {"PSUBSCRIBE", RedisEffect::refuse},
    {"SSUBSCRIBE", RedisEffect::refuse},   {"UNSUBSCRIBE", RedisEffect::refuse},
    {"PUNSUBSCRIBE", RedisEffect::refuse}, {"SUNSUBSCRIBE", RedisEffect::refuse},
    {"MONITOR", RedisEffect::refuse},      {"SYNC", RedisEffect::refuse},
    {"PSYNC", RedisEffect::refuse},        {"REPLCONF", RedisEffect::refuse},
}};

template <std::size_t Count>
[[nodiscard]] bool is_one_of(const std::array<std::string_view, Count>& words, std::string_view asked) noexcept {
  return std::any_of(words.begin(), words.end(), [asked](std::string_view word) { return same_word(word, asked); });
}

/// second: the word after CLIENT.
[[nodiscard]] inline RedisEffect effect_of_client(std::string_view second) noexcept {
  constexpr std::array<std::string_view, 8> only_asks{"ID",   "INFO",    "LIST",     "GETNAME",
                                                      "KILL", "UNBLOCK", "GETREDIR", "TRACKINGINFO"};
  constexpr std::array<std::string_view, 3> outlives_reset{"NO-EVICT", "NO-TOUCH", "SETINFO"};
  if (is_one_of(only_asks, second)) return RedisEffect::none;
  return is_one_of(outlives_reset, second) ? RedisEffect::ruin : RedisEffect::alter;
}

[[noreturn]] inline void refuse_command(std::string_view command, const char* reason) {
  throw std::invalid_argument("Redis: " + std::string(command) + " is refused: " + reason);
}

/// words: a command's first ones. Throws std::invalid_argument for what would break the order of commands and replies.
[[nodiscard]] inline RedisEffect redis_effect(const std::array<std::string_view, 4>& words) {
  const std::string_view command = words[0];
  const std::string_view second = words[1];
  const auto* const found = std::find_if(redis_effects.begin(), redis_effects.end(),
                                         [&](const RedisEffectOf& one) { return same_word(one.command, command); });
  if (found == redis_effects.end()) {
    return same_word(command, "SCRIPT") && same_word(second, "DEBUG") ? RedisEffect::ruin : RedisEffect::none;
  }
  if (found->effect == RedisEffect::refuse) refuse_command(command, "it is not answered by one reply");
  if (found->command == "HELLO" && !second.empty() && second != "2")
    refuse_command("HELLO with another version than 2", "this connector speaks RESP2 alone");
  if (found->command != "CLIENT") return found->effect;
  if (same_word(second, "REPLY") && !same_word(words[2], "ON"))
    refuse_command("CLIENT REPLY", "every command's reply is waited for");
  return effect_of_client(second);
}

/// Kept by what is sent, not by what is answered: the worst that may have happened.
class RedisSession {
 public:
  void sent(RedisEffect effect) noexcept {
    switch (effect) {
      case RedisEffect::multi: multi_ = true; break;
      case RedisEffect::end: multi_ = watching_ = false; break;
      case RedisEffect::watch: watching_ = true; break;
      case RedisEffect::unwatch: watching_ = false; break;
      case RedisEffect::select: selected_ = true; break;
      case RedisEffect::alter: altered_ = true; break;
      case RedisEffect::ruin: ruined_ = true; break;
      case RedisEffect::none:
      case RedisEffect::refuse: break;
    }
  }
  /// The server refused: whether it took effect is anybody's guess.
  void refused(RedisEffect effect) noexcept { altered_ = altered_ || effect != RedisEffect::none; }
  void subscribed(bool is) noexcept { subscribed_ = is; }
  void restored() noexcept { multi_ = watching_ = selected_ = altered_ = subscribed_ = false; }

  [[nodiscard]] bool in_multi() const noexcept { return multi_; }
  [[nodiscard]] bool watching() const noexcept { return watching_; }
  [[nodiscard]] bool subscribed() const noexcept { return subscribed_; }
  [[nodiscard]] bool ruined() const noexcept { return ruined_; }
  [[nodiscard]] bool dirty() const noexcept { return multi_ || watching_ || selected_ || altered_ || subscribed_; }
  /// Whether DISCARD, UNWATCH and SELECT are all that is needed: a server before 6.2 has no RESET.
  [[nodiscard]] bool restored_without_reset() const noexcept { return !altered_ && !subscribed_; }

 private:
  bool multi_ = false;       ///< between MULTI and EXEC or DISCARD
  bool watching_ = false;    ///< WATCH since the last EXEC, DISCARD, UNWATCH
  bool selected_ = false;    ///< the database is perhaps not the connector's
  bool altered_ = false;     ///< user, name or a mode are perhaps not the connector's
  bool subscribed_ = false;  ///< messages may come unasked
  bool ruined_ = false;      ///< no reset helps
};

}  // namespace carpool::detail

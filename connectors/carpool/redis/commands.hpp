/// The commands of Redis that are used every day, typed: for a connection and for a client alike.
#pragma once

#include <carpool/redis/detail/arguments.hpp>
#include <carpool/redis/reply.hpp>
#include <carpool/time.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// How SET sets.
struct RedisSetOptions {
  std::optional<Duration> expire = {};  ///< for how long the key lives, in whole milliseconds, at least one
  bool only_if_absent = false;          ///< NX
  bool only_if_present = false;         ///< XX
  bool keep_ttl = false;                ///< KEEPTTL: it goes on living for as long as it would have
};

/// A base of whatever has command<T>(words...): RedisConnection and RedisClient. Keys, fields and values are whatever
/// may be said to Redis: text, bytes, numbers.
template <class Speaker>
class RedisCommands {
 public:
  /// A round trip; false: the server answered something else.
  bool ping() { return say<std::string>("PING") == "PONG"; }

  /// Nothing where there is no such key.
  template <class T = std::string>
  std::optional<T> get(const RedisArgument auto& key) {
    return say<std::optional<T>>("GET", key);
  }
  /// One entry for each key, in their order; nothing where there is no such key.
  std::vector<std::optional<std::string>> mget(const RedisArgument auto&... keys) {
    return say<std::vector<std::optional<std::string>>>("MGET", keys...);
  }
  /// Whether it was set; always so without only_if_absent and only_if_present.
  bool set(const RedisArgument auto& key, const RedisArgument auto& value) { return say<bool>("SET", key, value); }
  bool set(const RedisArgument auto& key, const RedisArgument auto& value, const RedisSetOptions& options) {
    std::vector<std::string> words;
    if (options.expire) words = {"PX", std::to_string(milliseconds(*options.expire))};
    if (options.only_if_absent) words.emplace_back("NX");
    if (options.only_if_present) words.emplace_back("XX");
    if (options.keep_ttl) words.emplace_back("KEEPTTL");
    return say<bool>("SET", key, value, words);
  }
  /// What the key holds afterwards.
  std::int64_t incr(const RedisArgument auto& key) { return say<std::int64_t>("INCR", key); }
  /// As incr, by any number, negative ones too.
  std::int64_t incr_by(const RedisArgument auto& key, std::int64_t by) { return say<std::int64_t>("INCRBY", key, by); }
  std::int64_t decr(const RedisArgument auto& key) { return say<std::int64_t>("DECR", key); }  ///< as incr, by -1

  /// How many there were of these keys.
  std::int64_t del(const RedisArgument auto&... keys) { return say<std::int64_t>("DEL", keys...); }
  /// A key that is named twice counts twice.
  std::int64_t exists(const RedisArgument auto&... keys) { return say<std::int64_t>("EXISTS", keys...); }
  /// Whether there is such a key.
  bool expire(const RedisArgument auto& key, Duration time) { return say<bool>("PEXPIRE", key, milliseconds(time)); }
  bool persist(const RedisArgument auto& key) { return say<bool>("PERSIST", key); }  ///< whether it had a time to live
  /// How long it will live; nothing where there is no such key, and forever where it does not expire.
  std::optional<Duration> ttl(const RedisArgument auto& key) {
    constexpr std::int64_t absent = -2;
    const auto left = say<std::int64_t>("PTTL", key);
    if (left == absent) return std::nullopt;
    return left < 0 ? forever : Duration(std::chrono::milliseconds(left));
  }

  /// Nothing where there is no such key or field.
  std::optional<std::string> hget(const RedisArgument auto& key, const RedisArgument auto& field) {
    return say<std::optional<std::string>>("HGET", key, field);
  }
  /// How many fields are new. fields: name, value, name, value ...
  std::int64_t hset(const RedisArgument auto& key, const RedisArgument auto&... fields) {
    return say<std::int64_t>("HSET", key, fields...);
  }
  /// How many of these there were.
  std::int64_t hdel(const RedisArgument auto& key, const RedisArgument auto&... fields) {
    return say<std::int64_t>("HDEL", key, fields...);
  }
  /// Empty where there is no such key.
  std::map<std::string, std::string> hgetall(const RedisArgument auto& key) {
    return say<std::map<std::string, std::string>>("HGETALL", key);
  }
  /// What the field holds afterwards; a missing one counts from 0.
  std::int64_t hincr_by(const RedisArgument auto& key, const RedisArgument auto& field, std::int64_t by) {
    return say<std::int64_t>("HINCRBY", key, field, by);
  }

  /// How long the list is afterwards.
  std::int64_t lpush(const RedisArgument auto& key, const RedisArgument auto&... values) {
    return say<std::int64_t>("LPUSH", key, values...);
  }
  /// The same at the other end.
  std::int64_t rpush(const RedisArgument auto& key, const RedisArgument auto&... values) {
    return say<std::int64_t>("RPUSH", key, values...);
  }
  /// The first element; nothing where there is no such list.
  std::optional<std::string> lpop(const RedisArgument auto& key) {
    return say<std::optional<std::string>>("LPOP", key);
  }
  /// The last element; nothing where there is no such list.
  std::optional<std::string> rpop(const RedisArgument auto& key) {
    return say<std::optional<std::string>>("RPOP", key);
  }
  /// 0 where there is no such key.
  std::int64_t llen(const RedisArgument auto& key) { return say<std::int64_t>("LLEN", key); }
  /// From first to last, both included; -1 is the last one of the list.
  std::vector<std::string> lrange(const RedisArgument auto& key, std::int64_t first, std::int64_t last) {
    return say<std::vector<std::string>>("LRANGE", key, first, last);
  }

  /// How many are new, or were there.
  std::int64_t sadd(const RedisArgument auto& key, const RedisArgument auto&... members) {
    return say<std::int64_t>("SADD", key, members...);
  }
  /// How many of these were members.
  std::int64_t srem(const RedisArgument auto& key, const RedisArgument auto&... members) {
    return say<std::int64_t>("SREM", key, members...);
  }
  /// False also where there is no such key.
  bool sismember(const RedisArgument auto& key, const RedisArgument auto& member) {
    return say<bool>("SISMEMBER", key, member);
  }
  /// In no order; empty where there is no such key.
  std::vector<std::string> smembers(const RedisArgument auto& key) {
    return say<std::vector<std::string>>("SMEMBERS", key);
  }

  /// How many clients received it.
  std::int64_t publish(const RedisArgument auto& channel, const RedisArgument auto& payload) {
    return say<std::int64_t>("PUBLISH", channel, payload);
  }

 private:
  template <class T, class... Words>
  T say(const Words&... words) {
    return static_cast<Speaker&>(*this).template command<T>(words...);
  }

  [[nodiscard]] static std::int64_t milliseconds(Duration time) {
    return std::chrono::ceil<std::chrono::milliseconds>(time).count();
  }
};

}  // namespace carpool::inline v0_1

/// What is known of each Redis command: what it does to the session, whether it may be said twice, whether it waits.
#pragma once

#include <carpool/redis/detail/arguments.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace carpool::inline v0_1::detail {

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

/// Whether the server answers only when something has come or a time is up, and how it is told that time.
enum class RedisWait : std::uint8_t {
  none,               ///< it answers at once
  seconds_last,       ///< BLPOP key [key ...] seconds
  seconds_first,      ///< BLMPOP seconds numkeys key [key ...] LEFT
  milliseconds_last,  ///< WAIT numreplicas milliseconds
  block_option,       ///< XREAD [BLOCK milliseconds] STREAMS key [key ...] id [id ...]
};

struct RedisCommand {
  std::string_view name;
  RedisEffect effect = RedisEffect::none;
  bool repeatable = false;           ///< the second time changes nothing, and answers as the first
  RedisWait wait = RedisWait::none;  ///< where blocking_until puts the time to wait
  bool by_words = false;             ///< the words behind the name decide too, as redis_traits says
};

/// Every command of https://redis.io/commands up to Redis 8.0, and the vector sets' VISMEMBER of 8.2, sorted; a test
/// compares it with what a server says of itself. "repeatable" is what Redis calls readonly, but for scripts, and a few
/// whose second time changes nothing either: MSET or SETEX. DEL, SADD or HSET are none of them: their second answer
/// would be another, 0 instead of 1. Nor is LSET: another client may have moved what its index names.
// NOLINTNEXTLINE(readability-function-size): a table
[[nodiscard]] consteval auto redis_command_table() noexcept {
  using enum RedisEffect;
  constexpr bool once = false, twice = true, by_words = true;
  constexpr auto at_once = RedisWait::none, seconds_last = RedisWait::seconds_last;
  constexpr auto seconds_first = RedisWait::seconds_first, milliseconds_last = RedisWait::milliseconds_last;
  constexpr auto block_option = RedisWait::block_option;
  // clang-format off
  return std::to_array<RedisCommand>({
    {"ACL"}, {"APPEND"}, {"ASKING", alter}, {"AUTH", alter},
    {"BGREWRITEAOF"}, {"BGSAVE"}, {"BITCOUNT", none, twice}, {"BITFIELD"}, {"BITFIELD_RO", none, twice}, {"BITOP"},
    {"BITPOS", none, twice}, {"BLMOVE", none, once, seconds_last}, {"BLMPOP", none, once, seconds_first},
    {"BLPOP", none, once, seconds_last}, {"BRPOP", none, once, seconds_last}, {"BRPOPLPUSH", none, once, seconds_last},
    {"BZMPOP", none, once, seconds_first}, {"BZPOPMAX", none, once, seconds_last},
    {"BZPOPMIN", none, once, seconds_last},
    {"CLIENT", alter, once, at_once, by_words}, {"CLUSTER"}, {"COMMAND", none, twice}, {"CONFIG"}, {"COPY"},
    {"DBSIZE", none, twice}, {"DEBUG"}, {"DECR"}, {"DECRBY"}, {"DEL"}, {"DISCARD", end}, {"DUMP", none, twice},
    {"ECHO", none, twice}, {"EVAL"}, {"EVALSHA"}, {"EVALSHA_RO"}, {"EVAL_RO"}, {"EXEC", end}, {"EXISTS", none, twice},
    {"EXPIRE"}, {"EXPIREAT"}, {"EXPIRETIME", none, twice},
    {"FAILOVER"}, {"FCALL"}, {"FCALL_RO"}, {"FLUSHALL"}, {"FLUSHDB"}, {"FUNCTION"},
    {"GEOADD"}, {"GEODIST", none, twice}, {"GEOHASH", none, twice}, {"GEOPOS", none, twice}, {"GEORADIUS"},
    {"GEORADIUSBYMEMBER"}, {"GEORADIUSBYMEMBER_RO", none, twice}, {"GEORADIUS_RO", none, twice},
    {"GEOSEARCH", none, twice}, {"GEOSEARCHSTORE"}, {"GET", none, twice}, {"GETBIT", none, twice}, {"GETDEL"},
    {"GETEX"}, {"GETRANGE", none, twice}, {"GETSET"},
    {"HDEL"}, {"HELLO", alter, once, at_once, by_words}, {"HEXISTS", none, twice}, {"HEXPIRE"}, {"HEXPIREAT"},
    {"HEXPIRETIME", none, twice}, {"HGET", none, twice}, {"HGETALL", none, twice}, {"HGETDEL"}, {"HGETEX"}, {"HINCRBY"},
    {"HINCRBYFLOAT"}, {"HKEYS", none, twice}, {"HLEN", none, twice}, {"HMGET", none, twice}, {"HMSET", none, twice},
    {"HPERSIST"}, {"HPEXPIRE"}, {"HPEXPIREAT"}, {"HPEXPIRETIME", none, twice}, {"HPTTL", none, twice},
    {"HRANDFIELD", none, twice}, {"HSCAN", none, twice}, {"HSET"}, {"HSETEX"}, {"HSETNX"}, {"HSTRLEN", none, twice},
    {"HTTL", none, twice}, {"HVALS", none, twice},
    {"INCR"}, {"INCRBY"}, {"INCRBYFLOAT"}, {"INFO", none, twice},
    {"KEYS", none, twice},
    {"LASTSAVE", none, twice}, {"LATENCY"}, {"LCS", none, twice}, {"LINDEX", none, twice}, {"LINSERT"},
    {"LLEN", none, twice}, {"LMOVE"}, {"LMPOP"}, {"LOLWUT"}, {"LPOP"}, {"LPOS", none, twice}, {"LPUSH"}, {"LPUSHX"},
    {"LRANGE", none, twice}, {"LREM"}, {"LSET"}, {"LTRIM"},
    {"MEMORY", none, twice}, {"MGET", none, twice}, {"MIGRATE"}, {"MODULE"},
    {"MONITOR", refuse, once, at_once, by_words}, {"MOVE"}, {"MSET", none, twice}, {"MSETNX"}, {"MULTI", multi},
    {"OBJECT", none, twice},
    {"PERSIST"}, {"PEXPIRE"}, {"PEXPIREAT"}, {"PEXPIRETIME", none, twice}, {"PFADD"}, {"PFCOUNT", none, twice},
    {"PFDEBUG"}, {"PFMERGE"}, {"PFSELFTEST"}, {"PING", none, twice}, {"PSETEX", none, twice},
    {"PSUBSCRIBE", refuse, once, at_once, by_words}, {"PSYNC", refuse, once, at_once, by_words}, {"PTTL", none, twice},
    {"PUBLISH"}, {"PUBSUB"}, {"PUNSUBSCRIBE", refuse, once, at_once, by_words},
    {"QUIT", ruin},
    {"RANDOMKEY", none, twice}, {"READONLY", alter}, {"READWRITE", alter}, {"RENAME"}, {"RENAMENX"},
    {"REPLCONF", refuse, once, at_once, by_words}, {"REPLICAOF"}, {"RESET", alter}, {"RESTORE"}, {"RESTORE-ASKING"},
    {"ROLE", none, twice}, {"RPOP"}, {"RPOPLPUSH"}, {"RPUSH"}, {"RPUSHX"},
    {"SADD"}, {"SAVE"}, {"SCAN", none, twice}, {"SCARD", none, twice}, {"SCRIPT", none, once, at_once, by_words},
    {"SDIFF", none, twice}, {"SDIFFSTORE"}, {"SELECT", select}, {"SET", none, once, at_once, by_words}, {"SETBIT"},
    {"SETEX", none, twice}, {"SETNX"}, {"SETRANGE"}, {"SHUTDOWN"}, {"SINTER", none, twice}, {"SINTERCARD", none, twice},
    {"SINTERSTORE"}, {"SISMEMBER", none, twice}, {"SLAVEOF"}, {"SLOWLOG"}, {"SMEMBERS", none, twice},
    {"SMISMEMBER", none, twice}, {"SMOVE"}, {"SORT"}, {"SORT_RO", none, twice}, {"SPOP"}, {"SPUBLISH"},
    {"SRANDMEMBER", none, twice}, {"SREM"}, {"SSCAN", none, twice}, {"SSUBSCRIBE", refuse, once, at_once, by_words},
    {"STRLEN", none, twice}, {"SUBSCRIBE", refuse, once, at_once, by_words}, {"SUBSTR", none, twice},
    {"SUNION", none, twice}, {"SUNIONSTORE"}, {"SUNSUBSCRIBE", refuse, once, at_once, by_words}, {"SWAPDB"},
    {"SYNC", refuse, once, at_once, by_words},
    {"TIME", none, twice}, {"TOUCH", none, twice}, {"TTL", none, twice}, {"TYPE", none, twice},
    {"UNLINK"}, {"UNSUBSCRIBE", refuse, once, at_once, by_words}, {"UNWATCH", unwatch},
    {"VADD"}, {"VCARD", none, twice}, {"VDIM", none, twice}, {"VEMB", none, twice}, {"VGETATTR", none, twice},
    {"VINFO", none, twice}, {"VISMEMBER", none, twice}, {"VLINKS", none, twice}, {"VRANDMEMBER", none, twice},
    {"VREM"}, {"VSETATTR"}, {"VSIM", none, twice},
    {"WAIT", none, once, milliseconds_last}, {"WAITAOF", none, once, milliseconds_last}, {"WATCH", watch},
    {"XACK"}, {"XADD"}, {"XAUTOCLAIM"}, {"XCLAIM"}, {"XDEL"}, {"XGROUP"}, {"XINFO", none, twice}, {"XLEN", none, twice},
    {"XPENDING", none, twice}, {"XRANGE", none, twice}, {"XREAD", none, twice, block_option, by_words},
    {"XREADGROUP", none, once, block_option}, {"XREVRANGE", none, twice}, {"XSETID"}, {"XTRIM"},
    {"ZADD"}, {"ZCARD", none, twice}, {"ZCOUNT", none, twice}, {"ZDIFF", none, twice}, {"ZDIFFSTORE"}, {"ZINCRBY"},
    {"ZINTER", none, twice}, {"ZINTERCARD", none, twice}, {"ZINTERSTORE"}, {"ZLEXCOUNT", none, twice}, {"ZMPOP"},
    {"ZMSCORE", none, twice}, {"ZPOPMAX"}, {"ZPOPMIN"}, {"ZRANDMEMBER", none, twice}, {"ZRANGE", none, twice},
    {"ZRANGEBYLEX", none, twice}, {"ZRANGEBYSCORE", none, twice}, {"ZRANGESTORE"}, {"ZRANK", none, twice}, {"ZREM"},
    {"ZREMRANGEBYLEX"}, {"ZREMRANGEBYRANK"}, {"ZREMRANGEBYSCORE"}, {"ZREVRANGE", none, twice},
    {"ZREVRANGEBYLEX", none, twice}, {"ZREVRANGEBYSCORE", none, twice}, {"ZREVRANK", none, twice},
    {"ZSCAN", none, twice}, {"ZSCORE", none, twice}, {"ZUNION", none, twice}, {"ZUNIONSTORE"},
  });
  // clang-format on
}
inline constexpr auto redis_commands = redis_command_table();
static_assert(std::ranges::is_sorted(redis_commands, {}, &RedisCommand::name));

/// A module's command may do what it likes to its data, and wait; of the session Redis lets it change nothing.
inline constexpr RedisCommand unknown_redis_command{.name = {}, .wait = RedisWait::seconds_last};

/// What is known of a command as it is said, with all its words.
struct RedisTraits {
  RedisEffect effect = RedisEffect::none;
  bool repeatable = false;
  RedisWait wait = RedisWait::none;
};

[[noreturn]] inline void refuse_command(std::string_view command, const char* reason) {
  throw std::invalid_argument("Redis: " + std::string(command) + " is refused: " + reason);
}

template <std::size_t Count>
[[nodiscard]] constexpr bool is_one_of(const std::array<std::string_view, Count>& words, std::string_view asked) {
  return std::ranges::find(words, asked) != words.end();
}

/// second: the word after CLIENT.
[[nodiscard]] inline RedisEffect effect_of_client(std::string_view second) noexcept {
  constexpr std::array<std::string_view, 8> only_asks{"ID",   "INFO",    "LIST",     "GETNAME",
                                                      "KILL", "UNBLOCK", "GETREDIR", "TRACKINGINFO"};
  constexpr std::array<std::string_view, 3> outlives_reset{"NO-EVICT", "NO-TOUCH", "SETINFO"};
  if (is_one_of(only_asks, second)) return RedisEffect::none;
  return is_one_of(outlives_reset, second) ? RedisEffect::ruin : RedisEffect::alter;
}

/// SET as it may be said twice: with no option but a running time. NX, XX and GET ask for what was there before.
[[nodiscard]] inline bool is_plain_set(const RedisWords& words) noexcept {
  constexpr std::array<std::string_view, 4> running_times{"EX", "PX", "EXAT", "PXAT"};
  return words.size() == 3 || (words.size() == 5 && is_one_of(running_times, words[3]));
}

/// Throws std::invalid_argument for what would break the order of commands and replies.
[[nodiscard]] inline RedisTraits redis_traits_by_words(const RedisCommand& known, const RedisWords& words) {
  RedisTraits traits{known.effect, known.repeatable, known.wait};
  if (known.effect == RedisEffect::refuse) refuse_command(known.name, "it is not answered by one reply");
  if (known.name == "SET") traits.repeatable = is_plain_set(words);
  if (known.name == "SCRIPT" && words[1] == "DEBUG") traits.effect = RedisEffect::ruin;
  if (known.name == "HELLO" && !words[1].empty() && words[1] != "2")
    refuse_command("HELLO with another version than 2", "this connector speaks RESP2 alone");
  if (known.name == "CLIENT" && words[1] == "REPLY" && words[2] != "ON")
    refuse_command("CLIENT REPLY", "every command's reply is waited for");
  if (known.name == "CLIENT") traits.effect = effect_of_client(words[1]);
  return traits;
}

inline constexpr auto redis_command_keys = [] {
  std::array<std::uint64_t, redis_commands.size()> keys{};
  std::ranges::transform(redis_commands, keys.begin(), [](const RedisCommand& command) {
    RedisWord name;
    name.assign(command.name);
    return name.key();
  });
  return keys;
}();

[[nodiscard]] inline const RedisCommand& find_redis_command(const RedisWord& name) noexcept {
  const std::uint64_t key = name.key();
  const auto* const first = std::ranges::lower_bound(redis_command_keys, key);
  for (const auto* same = first; same != redis_command_keys.end() && *same == key; ++same) {
    const RedisCommand& command = redis_commands[static_cast<std::size_t>(same - redis_command_keys.begin())];
    if (command.name == name.view()) return command;
  }
  return unknown_redis_command;
}

/// Looked up by the first word; by the others too only where that word says so. Throws as redis_traits_by_words.
template <RedisArgument First, RedisArgument... Others>
[[nodiscard]] RedisTraits redis_traits(const First& first, const Others&... others) {
  RedisWord name;
  if constexpr (RedisOne<First>) {
    name.assign_one(first);
  } else {
    const RedisWords words(first, others...);
    name.assign(words[0]);
  }
  const RedisCommand& known = find_redis_command(name);
  if (!known.by_words) [[likely]]
    return {known.effect, known.repeatable, known.wait};
  RedisTraits traits = redis_traits_by_words(known, RedisWords(first, others...));
  // "$" is from now on: said again, it would pass over what has come meanwhile.
  if (known.name == "XREAD") traits.repeatable = !has_redis_word("$", first, others...);
  return traits;
}

}  // namespace carpool::inline v0_1::detail

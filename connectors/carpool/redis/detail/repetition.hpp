/// Which Redis commands may be said twice: once before a connection was lost, and once more on a fresh one.
#pragma once

#include <carpool/redis/detail/arguments.hpp>
#include <carpool/redis/session.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace carpool::detail {

/// Those that change nothing, and those whose second time changes nothing and answers as the first. DEL, SADD or HSET
/// are not here: their second answer would be another (0 instead of 1). Scripts are not: nobody knows what they do.
inline constexpr std::array<std::string_view, 87> redis_repeatable_commands{
    "GET",         "MGET",        "MSET",          "SETEX",       "PSETEX",     "STRLEN",   "GETRANGE",    "SUBSTR",
    "GETBIT",      "BITCOUNT",    "BITPOS",        "BITFIELD_RO", "EXISTS",     "TYPE",     "TTL",         "PTTL",
    "EXPIRETIME",  "PEXPIRETIME", "KEYS",          "SCAN",        "RANDOMKEY",  "DBSIZE",   "DUMP",        "OBJECT",
    "TOUCH",       "LCS",         "HGET",          "HMGET",       "HGETALL",    "HEXISTS",  "HKEYS",       "HLEN",
    "HVALS",       "HSCAN",       "HSTRLEN",       "HRANDFIELD",  "HMSET",      "LLEN",     "LRANGE",      "LINDEX",
    "LPOS",        "LSET",        "SCARD",         "SISMEMBER",   "SMISMEMBER", "SMEMBERS", "SRANDMEMBER", "SSCAN",
    "SINTER",      "SINTERCARD",  "SUNION",        "SDIFF",       "ZCARD",      "ZCOUNT",   "ZLEXCOUNT",   "ZRANGE",
    "ZREVRANGE",   "ZRANGEBYLEX", "ZRANGEBYSCORE", "ZRANK",       "ZREVRANK",   "ZSCORE",   "ZMSCORE",     "ZSCAN",
    "ZRANDMEMBER", "ZINTER",      "ZUNION",        "ZDIFF",       "XLEN",       "XRANGE",   "XREVRANGE",   "XREAD",
    "XINFO",       "GEOPOS",      "GEODIST",       "GEOHASH",     "GEOSEARCH",  "PFCOUNT",  "SORT_RO",     "PING",
    "ECHO",        "TIME",        "INFO",          "ROLE",        "COMMAND",    "MEMORY",   "LASTSAVE",
};

/// SET as it may be said twice: with no option but a running time. NX, XX and GET ask for what was there before.
[[nodiscard]] inline bool plain_set(std::size_t words, std::string_view option) noexcept {
  constexpr std::array<std::string_view, 4> running_times{"EX", "PX", "EXAT", "PXAT"};
  return words == 3 || (words == 5 && is_one_of(running_times, option));
}

/// The command at start of what RedisWriter wrote.
[[nodiscard]] inline bool redis_repeatable(std::string_view written, std::size_t start = 0) noexcept {
  const auto words = RedisWriter::first_words(written, start);
  if (same_word(words[0], "SET")) return plain_set(RedisWriter::count(written, start), words[3]);
  return is_one_of(redis_repeatable_commands, words[0]);
}

}  // namespace carpool::detail

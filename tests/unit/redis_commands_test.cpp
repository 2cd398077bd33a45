// needs: redis_connector
/// Commands for Redis: their bytes, what they do to a session, and which may be said twice.
#include <carpool/redis/detail/blocking.hpp>
#include <carpool/redis/pipeline.hpp>
#include <carpool/time.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <hiredis/hiredis.h>

#include "thrown.hpp"

namespace {

using carpool::RedisPipeline;
using carpool::detail::RedisEffect;

template <class... Words>
std::string written(const Words&... words) {
  std::string out;
  carpool::detail::RedisWriter::write(out, words...);
  return out;
}

/// What hiredis makes of the same words.
std::string formatted(const std::vector<std::string>& words) {
  std::vector<const char*> pointers;
  std::vector<std::size_t> sizes;
  for (const std::string& word : words) {
    pointers.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* bytes = nullptr;
  const int size = redisFormatCommandArgv(&bytes, static_cast<int>(words.size()), pointers.data(), sizes.data());
  std::string all(bytes, static_cast<std::size_t>(size));
  std::free(bytes);
  return all;
}

template <class... Words>
RedisEffect effect(const Words&... words) {
  return RedisPipeline().add(words...).effects().back();
}
template <class... Words>
bool repeatable(const Words&... words) {
  return RedisPipeline().add(words...).repeatable();
}

TEST(RedisCommand, IsWrittenAsHiredisWritesIt) {
  const std::string binary("a\0\r\n$b", 6);
  EXPECT_EQ(written("SET", "key", binary), formatted({"SET", "key", binary}));
  EXPECT_EQ(written("SET", "", std::string(100'000, 'x')), formatted({"SET", "", std::string(100'000, 'x')}));
  EXPECT_EQ(written("PING"), formatted({"PING"}));
}

TEST(RedisCommand, TakesTextNumbersBytesAndRanges) {
  const std::array<std::byte, 3> bytes{std::byte{0}, std::byte{255}, std::byte{10}};
  EXPECT_EQ(written(std::string("A"), std::string_view("b"), 'c', 1, -2L, 3U, 2.5, std::span(bytes)),
            formatted({"A", "b", "c", "1", "-2", "3", "2.5", std::string("\0\xff\n", 3)}));
  EXPECT_EQ(written("DEL", std::vector<std::string>{"a", "b"}, std::vector<int>{1, 2}),
            formatted({"DEL", "a", "b", "1", "2"}));
  EXPECT_EQ(written("X", std::vector<std::string>{}), formatted({"X"}));
  static_assert(!carpool::RedisArgument<bool>);
  static_assert(!carpool::RedisArgument<RedisPipeline>);
}

TEST(RedisCommand, ANumberComesBackAsItWas) {
  for (const double number : {0.1, 1e300, -2.5e-10, 1.0 / 3}) {
    const std::string out = written(number);
    EXPECT_EQ(std::stod(out.substr(out.find("\r\n", 5) + 2)), number);
  }
}

TEST(RedisCommand, WhatLastsBeyondTheReplyIsNoticed) {
  EXPECT_EQ(effect("GET", "a"), RedisEffect::none);
  EXPECT_EQ(effect("MULTI"), RedisEffect::multi);
  EXPECT_EQ(effect("multi"), RedisEffect::multi);
  EXPECT_EQ(effect("EXEC"), RedisEffect::end);
  EXPECT_EQ(effect("DISCARD"), RedisEffect::end);
  EXPECT_EQ(effect("WATCH", "a"), RedisEffect::watch);
  EXPECT_EQ(effect("SELECT", 2), RedisEffect::select);
  EXPECT_EQ(effect("AUTH", "x"), RedisEffect::alter);
  EXPECT_EQ(effect("CLIENT", "SETNAME", "x"), RedisEffect::alter);
  EXPECT_EQ(effect("CLIENT", "TRACKING", "ON"), RedisEffect::alter);
  EXPECT_EQ(effect("CLIENT", "ID"), RedisEffect::none);
  EXPECT_EQ(effect("CLIENT", "NO-EVICT", "ON"), RedisEffect::ruin);
  EXPECT_EQ(effect("HELLO", 2), RedisEffect::alter);
  EXPECT_EQ(effect("SCRIPT", "DEBUG", "YES"), RedisEffect::ruin);
  EXPECT_EQ(effect("SCRIPT", "LOAD", "return 1"), RedisEffect::none);
  EXPECT_EQ(effect("QUIT"), RedisEffect::ruin);
  EXPECT_EQ(effect(std::vector<std::string>{"SELECT", "2"}), RedisEffect::select);
}

TEST(RedisCommand, WhatIsNotAnsweredByOneReplyIsRefused) {
  const auto refused = [](const auto&... words) {
    RedisPipeline pipeline;
    pipeline.add("PING");
    EXPECT_THROW(pipeline.add(words...), std::invalid_argument);
    EXPECT_EQ(pipeline.bytes(), written("PING"));
    EXPECT_EQ(pipeline.size(), 1U);
  };
  for (const char* command : {"SUBSCRIBE", "psubscribe", "UNSUBSCRIBE", "MONITOR", "SYNC", "PSYNC", "REPLCONF"})
    refused(command, "x");
  refused("HELLO", 3);
  refused("hello", "3", "AUTH", "u", "p");
  refused("CLIENT", "REPLY", "OFF");
  refused("CLIENT", "reply", "SKIP");
  refused(std::vector<std::string>{"HELLO", "3"});
}

const carpool::detail::RedisCommand& found(std::string_view name) {
  carpool::detail::RedisWord word;
  word.assign(name);
  return carpool::detail::find_redis_command(word);
}

TEST(RedisCommand, EachIsFoundByItsNameInWhateverCase) {
  for (const auto& command : carpool::detail::redis_commands) {
    EXPECT_EQ(found(command.name).name, command.name);
    std::string lower;
    for (const char c : command.name) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    EXPECT_EQ(found(lower).name, command.name);
    EXPECT_NE(found(std::string(command.name) + 'X').name, command.name);
    EXPECT_NE(found(command.name.substr(1)).name, command.name);
  }
}

TEST(RedisCommand, AnUnknownOneLeavesTheSessionAloneAndIsNotRepeated) {
  for (const std::string& name : {std::string(), std::string("A"), std::string("zzz"), std::string("BF.ADD"),
                                  std::string(100, 'G'), std::string("GET\0", 4), std::string("GEORADIUSB")}) {
    EXPECT_TRUE(found(name).name.empty()) << name;
    EXPECT_EQ(effect(name, "a"), RedisEffect::none);
    EXPECT_FALSE(repeatable(name, "a"));
  }
  EXPECT_FALSE(repeatable(7)) << "which no command is named";
}

TEST(RedisCommand, ItsNameMayBeWhateverAnArgumentMayBe) {
  const std::array<std::byte, 3> get{std::byte{'G'}, std::byte{'e'}, std::byte{'T'}};
  EXPECT_TRUE(repeatable(std::span(get), "a"));
  EXPECT_TRUE(repeatable(std::vector<std::string>{"GET", "a"}));
  EXPECT_TRUE(repeatable(std::vector<std::string>{}, "GET", "a"));
  EXPECT_FALSE(repeatable(std::vector<std::string>{"set"}, std::string(100, 'k'), 1.5, 'p', std::vector<int>{5}));
  EXPECT_TRUE(repeatable("set", std::string(100, 'k'), 1.5, "px", std::vector<int>{5}));
}

TEST(RedisCommand, OnlyWhatChangesNothingTheSecondTimeMayBeRepeated) {
  EXPECT_TRUE(repeatable("GET", "a"));
  EXPECT_TRUE(repeatable("get", "a"));
  EXPECT_TRUE(repeatable("SET", "a", 1));
  EXPECT_TRUE(repeatable("SET", "a", 1, "EX", 60));
  EXPECT_TRUE(repeatable("HGETALL", "a"));
  for (const char* command : {"INCR", "DEL", "LPUSH", "EVAL", "EXEC", "MULTI", "SELECT", "BLPOP", "XADD", "GETSET",
                              "GETDEL", "PUBLISH", "SPOP", "NOSUCH", "SORT"})
    EXPECT_FALSE(repeatable(command, "a")) << command;
  EXPECT_FALSE(repeatable("SET", "a", 1, "NX"));
  EXPECT_FALSE(repeatable("SET", "a", 1, "EX", 60, "NX"));
  EXPECT_FALSE(repeatable("SET", "a", 1, "NX", "GET"));
}

/// What blocking_until says, as one line.
template <class... Words>
std::string said_while_waiting(std::optional<carpool::Duration> left, const Words&... words) {
  const auto wait = carpool::detail::redis_traits(words...).wait;
  std::string line;
  for (const std::string& word : carpool::detail::with_time_to_wait(wait, left, words...)) line += ' ' + word;
  return line.substr(1);
}

TEST(RedisCommand, ATimeToWaitIsSaidWhereTheCommandWantsItAndInItsUnit) {
  const auto said = [](const auto&... words) { return said_while_waiting(std::chrono::milliseconds(1500), words...); };
  EXPECT_EQ(said("BLPOP", "a", "b"), "BLPOP a b 1.5");
  EXPECT_EQ(said("brpoplpush", "a", "b"), "brpoplpush a b 1.5");
  EXPECT_EQ(said("BLMOVE", "a", "b", "LEFT", "RIGHT"), "BLMOVE a b LEFT RIGHT 1.5");
  EXPECT_EQ(said("BZPOPMIN", std::vector<std::string>{"a", "b"}), "BZPOPMIN a b 1.5");
  EXPECT_EQ(said("BLMPOP", 2, "a", "b", "LEFT", "COUNT", 5), "BLMPOP 1.5 2 a b LEFT COUNT 5");
  EXPECT_EQ(said(std::vector<std::string>{"bzmpop", "1", "a", "MIN"}), "bzmpop 1.5 1 a MIN");
  EXPECT_EQ(said("WAIT", 1), "WAIT 1 1500");
  EXPECT_EQ(said("WAITAOF", 1, 0), "WAITAOF 1 0 1500");
  EXPECT_EQ(said("XREAD", "COUNT", 1, "STREAMS", "a", "$"), "XREAD COUNT 1 BLOCK 1500 STREAMS a $");
  EXPECT_EQ(said("XREADGROUP", "GROUP", "g", "me", "streams", "a", ">"),
            "XREADGROUP GROUP g me BLOCK 1500 streams a >");
  EXPECT_EQ(said("XREADGROUP", "group", "STREAMS", "BLOCK", "STREAMS", "a", ">"),
            "XREADGROUP group STREAMS BLOCK BLOCK 1500 STREAMS a >");
  EXPECT_EQ(said("XREAD"), "XREAD BLOCK 1500") << "of which the server will complain";
  EXPECT_EQ(said("MODULE.WAITS", "a"), "MODULE.WAITS a 1.5");
}

TEST(RedisCommand, ATimeToWaitIsZeroOnlyForEver) {
  using namespace std::chrono_literals;
  for (const carpool::Duration over : {-1h, 0h}) {
    EXPECT_EQ(said_while_waiting(over, "BLPOP", "a"), "BLPOP a 0.001");
    EXPECT_EQ(said_while_waiting(over, "WAIT", 1), "WAIT 1 1");
  }
  EXPECT_EQ(said_while_waiting(1ns, "XREAD", "STREAMS", "a", 0), "XREAD BLOCK 1 STREAMS a 0");
  EXPECT_EQ(said_while_waiting(1h, "BLPOP", "a"), "BLPOP a 3600");
  EXPECT_EQ(said_while_waiting(std::nullopt, "BLPOP", "a"), "BLPOP a 0");
  EXPECT_EQ(said_while_waiting(std::nullopt, "XREAD", "STREAMS", "a", 0), "XREAD BLOCK 0 STREAMS a 0");
}

TEST(RedisCommand, WhatDoesNotWaitOrSaysBlockItselfIsRefusedByName) {
  const auto refusal = [](const auto&... words) {
    return refusal_by([&] { return said_while_waiting(std::nullopt, words...); });
  };
  EXPECT_EQ(refusal("get", "a"), "Redis: get is refused: it does not make the server wait");
  EXPECT_EQ(refusal("XREAD", "COUNT", 1, "block", 5, "STREAMS", "a", 0),
            "Redis: XREAD is refused: say it without BLOCK, which is made from the time to wait");
  EXPECT_NE(refusal("XREADGROUP", "GROUP", "g", "me", "BLOCK", 5, "STREAMS", "a", ">"), "");
  EXPECT_EQ(refusal("XREAD", "STREAMS", "BLOCK", 0), "") << "a stream of that name";
}

TEST(RedisCommand, AReadOfAStreamFromNowOnIsNotRepeated) {
  EXPECT_TRUE(repeatable("XREAD", "COUNT", 5, "STREAMS", "a", "0-0"));
  EXPECT_TRUE(repeatable("xread", "BLOCK", 100, "STREAMS", "a", "b", "7-0", "+"));
  EXPECT_FALSE(repeatable("XREAD", "STREAMS", "a", "$")) << "it would pass over what has come meanwhile";
  EXPECT_FALSE(repeatable("xread", "BLOCK", 100, "STREAMS", "a", "b", "$", "7-0"));
  EXPECT_FALSE(repeatable("XREAD", "STREAMS", std::vector<std::string>{"a", "$"}));
  EXPECT_FALSE(repeatable("XREAD", "STREAMS", "a", '$'));
}

TEST(RedisCommand, OfVectorSetsTheReadsMayBeRepeated) {
  for (const char* read :
       {"VCARD", "VDIM", "VEMB", "VGETATTR", "VINFO", "VISMEMBER", "VLINKS", "VRANDMEMBER", "VSIM"}) {
    EXPECT_TRUE(repeatable(read, "a", "b")) << read;
    EXPECT_EQ(effect(read, "a", "b"), RedisEffect::none) << read;
  }
  for (const char* write : {"VADD", "VREM", "VSETATTR"}) EXPECT_FALSE(repeatable(write, "a", "b")) << write;
}

TEST(RedisPipeline, MayBeRepeatedWhereEachOfItMay) {
  RedisPipeline pipeline;
  EXPECT_TRUE(pipeline.add("GET", "a").add("TTL", "a").repeatable());
  EXPECT_FALSE(pipeline.add("INCR", "a").repeatable());
  EXPECT_FALSE(pipeline.add("GET", "a").repeatable());
  pipeline.clear();
  EXPECT_TRUE(pipeline.repeatable());
  EXPECT_TRUE(pipeline.empty());
}

TEST(RedisPipeline, IsWrappedIntoATransaction) {
  const RedisPipeline pipeline = RedisPipeline().add("INCR", "a").as_transaction();
  EXPECT_EQ(pipeline.bytes(), written("MULTI") + written("INCR", "a") + written("EXEC"));
  EXPECT_EQ(pipeline.effects(), (std::vector{RedisEffect::multi, RedisEffect::none, RedisEffect::end}));
}

}  // namespace

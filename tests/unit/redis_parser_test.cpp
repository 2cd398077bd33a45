// needs: redis_connector
/// Bytes from a Redis server: whole, in crumbs, of every kind, and as an enemy would send them.
#include <carpool/redis/detail/parser.hpp>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "memory_bound.hpp"

namespace {

using carpool::RedisLimits;
using carpool::RedisParser;
using carpool::RedisReply;
using Kind = RedisReply::Kind;

void feed(RedisParser& parser, std::string_view bytes) { parser.feed(std::as_bytes(std::span(bytes))); }

/// The only reply; fed whole.
RedisReply parse(std::string_view bytes) {
  RedisParser parser;
  feed(parser, bytes);
  std::optional<RedisReply> reply = parser.next();
  EXPECT_TRUE(reply) << bytes;
  EXPECT_TRUE(parser.empty());
  return reply.value_or(RedisReply());
}

/// Why the bytes are refused; "" where more are waited for, "taken" where they are a reply.
std::string refusal(std::string_view bytes, RedisLimits limits = {}) {
  RedisParser parser(limits);
  try {
    feed(parser, bytes);
    return parser.next() ? "taken" : "";
  } catch (const carpool::RedisProtocolError& error) {
    return error.what();
  }
}

std::size_t resident_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoul(line.substr(6));
  }
  return 0;
}

std::string every_kind() {
  std::string bytes = "*7\r\n+OK\r\n:-42\r\n$5\r\na";
  bytes += '\0';
  return bytes + "\r\nb\r\n$-1\r\n*0\r\n-ERR no\r\n*2\r\n$1\r\nx\r\n*1\r\n:1\r\n";
}

void expect_every_kind(const RedisReply& reply) {
  const auto& all = reply.elements();
  ASSERT_EQ(all.size(), 7U);
  EXPECT_EQ(all[0], RedisReply::text(Kind::status, "OK"));
  EXPECT_EQ(all[1].integer(), -42);
  EXPECT_EQ(all[2].text(), std::string("a\0\r\nb", 5));
  EXPECT_TRUE(all[3].is_nil());
  EXPECT_TRUE(all[4].elements().empty());
  EXPECT_TRUE(all[5].is_error());
  EXPECT_EQ(all[6].elements()[1].elements()[0].integer(), 1);
}

TEST(RedisParser, KnowsEveryKind) { expect_every_kind(parse(every_kind())); }

TEST(RedisParser, TakesCrumbsOfAnySize) {
  const std::string bytes = every_kind();
  for (std::size_t crumb = 1; crumb < bytes.size(); ++crumb) {
    RedisParser parser;
    std::optional<RedisReply> reply;
    for (std::size_t at = 0; at < bytes.size(); at += crumb) {
      EXPECT_FALSE(reply);
      feed(parser, std::string_view(bytes).substr(at, crumb));
      reply = parser.next();
      EXPECT_EQ(parser.empty(), reply.has_value());
    }
    ASSERT_TRUE(reply);
    expect_every_kind(*reply);
  }
}

TEST(RedisParser, GivesOneReplyAfterAnother) {
  RedisParser parser;
  feed(parser, ":1\r\n:2\r\n*1\r\n:3\r\n:4");
  EXPECT_EQ(parser.next()->integer(), 1);
  EXPECT_EQ(parser.next()->integer(), 2);
  EXPECT_EQ(parser.next()->elements()[0].integer(), 3);
  EXPECT_FALSE(parser.next());
  EXPECT_FALSE(parser.empty());
  feed(parser, "\r\n");
  EXPECT_EQ(parser.next()->integer(), 4);
  EXPECT_TRUE(parser.empty());
}

TEST(RedisParser, ALongStringIsWhole) {
  const std::string text(3'000'000, 'x');
  RedisParser parser;
  const std::string bytes = "$3000000\r\n" + text + "\r\n";
  for (std::size_t at = 0; at < bytes.size(); at += 8192) {
    feed(parser, std::string_view(bytes).substr(at, 8192));
    if (at + 8192 >= bytes.size()) break;
    ASSERT_FALSE(parser.next());
  }
  EXPECT_EQ(parser.next()->text(), text);
}

TEST(RedisParser, WhatIsNoReplyIsRefused) {
  for (const char* bytes : {"HTTP/1.1 400 Bad Request\r\n", "\r\n", ":x\r\n", "$x\r\n", "$-2\r\n", "*-2\r\n", "*x\r\n",
                            "*1\r\nx", "$99999999999999999999\r\n", ":99999999999999999999\r\n"}) {
    const std::string why = refusal(bytes);
    EXPECT_NE(why, "taken") << bytes;
    EXPECT_NE(why, "") << bytes;
  }
}

TEST(RedisParser, Resp3IsRefused) {
  for (const char* bytes :
       {"%1\r\n+a\r\n:1\r\n", "_\r\n", "#t\r\n", ",1.5\r\n", "~1\r\n:1\r\n", ">1\r\n+x\r\n", "=5\r\ntxt:x\r\n"}) {
    const std::string reason = refusal(bytes);  // hiredis' own words before 1.0, ours since
    EXPECT_TRUE(reason.find("rotocol error") != std::string::npos || reason.find("RESP2") != std::string::npos)
        << bytes;
  }
}

TEST(RedisParser, AClaimOf2To63ElementsTakesNoMemory) {
  const MemoryBound bound;
  const std::size_t before = resident_kilobytes();
  for (const char* claim :
       {"*9223372036854775807\r\n", "*9223372036854775808\r\n", "*2147483647\r\n", "*1048577\r\n"}) {
    const std::string why = refusal(claim);
    EXPECT_NE(why, "") << claim;
    EXPECT_NE(why, "taken") << claim;
  }
  EXPECT_EQ(refusal("*1048576\r\n"), "") << "just within the limit, and not a byte of it has come";
  EXPECT_LT(resident_kilobytes(), before + 10'000);
}

TEST(RedisParser, ElementsOfAllArraysCountTogether) {
  const RedisLimits limits{.elements = 10};
  EXPECT_EQ(refusal("*5\r\n*5\r\n", limits), "");
  EXPECT_NE(refusal("*5\r\n*6\r\n", limits), "");
  EXPECT_EQ(refusal("*2\r\n*3\r\n:1\r\n:1\r\n:1\r\n*5\r\n", limits), "");
  EXPECT_NE(refusal("*2\r\n*3\r\n:1\r\n:1\r\n:1\r\n*6\r\n", limits), "");
}

TEST(RedisParser, TheCountBeginsAnewWithEachReply) {
  RedisParser parser({.bytes = 30, .elements = 3});
  for (int i = 0; i < 20; ++i) {
    feed(parser, "*3\r\n:1\r\n:2\r\n:3\r\n");
    EXPECT_EQ(parser.next()->elements().size(), 3U);
  }
}

TEST(RedisParser, AStringOf2GibibytesIsRefusedBeforeItComes) {
  EXPECT_NE(refusal("$2147483648\r\n"), "");
  EXPECT_NE(refusal("$9223372036854775807\r\n"), "");
  EXPECT_NE(refusal("*1\r\n$2147483648\r\n"), "");
  EXPECT_NE(refusal("$1001\r\nxxx", {.bytes = 1000}), "");
  EXPECT_EQ(refusal("$1000\r\nxxx", {.bytes = 1000}), "");
}

TEST(RedisParser, AReplyThatGoesOnAndOnIsRefusedAtTheLimit) {
  RedisParser parser({.bytes = 100'000});
  feed(parser, "*1000000\r\n");
  const std::string element = "$1000\r\n" + std::string(1000, 'x') + "\r\n";
  std::size_t taken = 0;
  EXPECT_THROW(
      for (;; ++taken) {
        feed(parser, element);
        ASSERT_FALSE(parser.next());
        ASSERT_LT(taken, 200U);
      },
      carpool::RedisProtocolError);
  EXPECT_GT(taken, 90U);
}

TEST(RedisParser, ALineThatDoesNotEndIsRefused) {
  RedisParser parser;
  const std::string crumb(8192, 'x');
  feed(parser, "+");
  std::size_t taken = 0;
  EXPECT_THROW(
      for (;; ++taken) {
        feed(parser, crumb);
        ASSERT_FALSE(parser.next());
        ASSERT_LT(taken, 20U);
      },
      carpool::RedisProtocolError);
}

TEST(RedisParser, AMillionArraysWithinEachOtherAreRefused) {
  std::string bytes;
  for (int i = 0; i < 1'000'000; ++i) bytes += "*1\r\n";
  EXPECT_NE(refusal(bytes), "");
  EXPECT_EQ(refusal("*1\r\n*1\r\n*1\r\n:1\r\n", {.depth = 3}), "taken");
  EXPECT_NE(refusal("*1\r\n*1\r\n*1\r\n:1\r\n", {.depth = 2}), "");
}

TEST(RedisParser, SevenArraysWithinEachOtherAreTaken) {
  std::string bytes;
  for (int i = 0; i < 7; ++i) bytes += "*1\r\n";
  EXPECT_EQ(refusal(bytes + ":1\r\n"), "taken");
  EXPECT_NE(refusal("*1\r\n" + bytes + ":1\r\n"), "taken");
}

TEST(RedisReply, IsTheValueThatIsAskedFor) {
  EXPECT_EQ(parse("$2\r\n42\r\n").as<int>(), 42);
  EXPECT_EQ(parse(":42\r\n").as<std::uint8_t>(), 42);
  EXPECT_EQ(parse(":42\r\n").as<std::string>(), "42");
  EXPECT_EQ(parse("$3\r\n2.5\r\n").as<double>(), 2.5);
  EXPECT_EQ(parse("$3\r\ninf\r\n").as<double>(), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(parse("+OK\r\n").as<bool>());
  EXPECT_FALSE(parse(":0\r\n").as<bool>());
  EXPECT_FALSE(parse("$-1\r\n").as<bool>());
  EXPECT_EQ(parse("$-1\r\n").as<std::optional<std::string>>(), std::nullopt);
  EXPECT_EQ(parse("$1\r\nx\r\n").as<std::optional<std::string>>(), "x");
  EXPECT_EQ(parse("*2\r\n:1\r\n$1\r\n2\r\n").as<std::vector<int>>(), (std::vector{1, 2}));
  EXPECT_EQ(parse("*-1\r\n").as<std::vector<int>>(), std::vector<int>());
  using Pair = std::pair<std::string, int>;
  EXPECT_EQ(parse("*2\r\n$1\r\nx\r\n:1\r\n").as<Pair>(), Pair("x", 1));
  using Map = std::map<std::string, int>;
  EXPECT_EQ(parse("*4\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n$1\r\n2\r\n").as<Map>(), (Map{{"a", 1}, {"b", 2}}));
}

TEST(RedisReply, IsNotWhatItIsNot) {
  EXPECT_THROW((void)parse("$2\r\n4x\r\n").as<int>(), carpool::RedisTypeError);
  EXPECT_THROW((void)parse(":256\r\n").as<std::uint8_t>(), carpool::RedisTypeError);
  EXPECT_THROW((void)parse(":-1\r\n").as<unsigned>(), carpool::RedisTypeError);
  EXPECT_THROW((void)parse("$-1\r\n").as<std::string>(), carpool::RedisTypeError);
  EXPECT_THROW((void)parse("$1\r\nx\r\n").as<bool>(), carpool::RedisTypeError);
  EXPECT_THROW((void)parse("$1\r\nx\r\n").as<std::vector<int>>(), carpool::RedisTypeError);
  EXPECT_THROW((void)(parse("*1\r\n:1\r\n").as<std::pair<int, int>>()), carpool::RedisTypeError);
  EXPECT_THROW((void)(parse("*1\r\n:1\r\n").as<std::map<int, int>>()), carpool::RedisTypeError);
}

TEST(RedisReply, AnErrorIsThrownWhateverIsAskedFor) {
  const RedisReply error = parse("-WRONGTYPE Operation against a key\r\n");
  EXPECT_EQ(error.code(), "WRONGTYPE");
  try {
    (void)error.as<std::optional<std::string>>();
    FAIL();
  } catch (const carpool::RedisError& thrown) {
    EXPECT_EQ(thrown.code(), "WRONGTYPE");
    EXPECT_STREQ(thrown.what(), "WRONGTYPE Operation against a key");
  }
}

}  // namespace

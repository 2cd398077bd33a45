// needs: redis_connector
/// What the URLs of Redis mean, what they may not say, and that they never show a password.
#include <carpool/redis/sentinel.hpp>
#include <carpool/redis_connector.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "contains.hpp"
#include "thrown.hpp"

namespace {

using carpool::RedisConnector;
using carpool::RedisSentinel;

template <class Connector = RedisConnector>
std::string refusal(std::string_view url) {
  return thrown_by<std::invalid_argument>([url] { return Connector::from_url(url); }).what();
}

TEST(RedisUrl, SaysWhereAndWhoAndWhichDatabase) {
  const auto connector = RedisConnector::from_url("redis://ada:s%40fe@cache.example:7000/2?client_name=web");
  EXPECT_EQ(connector.host, "cache.example");
  EXPECT_EQ(connector.port, 7000);
  EXPECT_EQ(connector.user, "ada");
  EXPECT_EQ(connector.password, "s@fe");
  EXPECT_EQ(connector.describe(), connector.host + ":" + std::to_string(connector.port)) << "and no password";
  EXPECT_EQ(connector.database, 2);
  EXPECT_EQ(connector.client_name, "web");
  EXPECT_FALSE(connector.tls);
}

TEST(RedisUrl, LeavesOutWhatIsTheDefault) {
  const auto connector = RedisConnector::from_url("redis://");
  EXPECT_EQ(connector.host, RedisConnector{}.host);
  EXPECT_EQ(connector.port, 6379);
  EXPECT_EQ(connector.database, 0);
  EXPECT_EQ(RedisConnector::from_url("redis://[::1]/").host, "::1");
  EXPECT_EQ(RedisConnector::from_url("redis://:secret@h").password, "secret");
  EXPECT_EQ(RedisConnector::from_url("redis://:secret@h").user, "");
}

TEST(RedisUrl, TheOptionDbWinsOverThePath) { EXPECT_EQ(RedisConnector::from_url("redis://h/2?db=5").database, 5); }

TEST(RedisUrl, OptionsHaveUnitsAndBounds) {
  const auto connector = RedisConnector::from_url(
      "redis://h?io_timeout=250ms&user_timeout=5&nodelay=no&socket_keepalive=false&max_reply_bytes=1000"
      "&max_reply_elements=10&max_reply_depth=3&protocol=2");
  EXPECT_EQ(connector.io_timeout, std::chrono::milliseconds(250));
  EXPECT_EQ(connector.user_timeout, std::chrono::seconds(5));
  EXPECT_FALSE(connector.nodelay);
  EXPECT_FALSE(connector.keepalive);
  EXPECT_EQ(connector.max_reply_bytes, 1000U);
  EXPECT_EQ(connector.max_reply_elements, 10U);
  EXPECT_EQ(connector.max_reply_depth, 3U);
}

TEST(RedisUrl, OfAUnixSocketHasThePath) {
  const auto connector = RedisConnector::from_url("unix://ada:secret@/run/redis.sock?db=3");
  EXPECT_EQ(connector.path, "/run/redis.sock");
  EXPECT_EQ(connector.database, 3);
  EXPECT_EQ(connector.password, "secret");
  EXPECT_NE(refusal("unix://host/run/redis.sock"), "");
}

TEST(RedisUrl, RedissIsEncryptedAndVerified) {
  const auto connector = RedisConnector::from_url("rediss://h?ssl_ca_certs=/ca.pem&ssl_certfile=/c.pem&ssl_keyfile=/k");
  ASSERT_TRUE(connector.tls);
  EXPECT_TRUE(connector.tls->verify);
  EXPECT_EQ(connector.tls->ca_file, "/ca.pem");
  EXPECT_EQ(connector.tls->certificate, "/c.pem");
  EXPECT_EQ(connector.tls->private_key, "/k");
  EXPECT_FALSE(RedisConnector::from_url("rediss://h?ssl_cert_reqs=none").tls->verify);
  EXPECT_TRUE(contains(refusal("rediss://h?ssl_cert_reqs=maybe"), "ssl_cert_reqs"));
}

TEST(RedisUrl, WhatItDoesNotKnowIsRefusedByName) {
  EXPECT_TRUE(contains(refusal("redis://h?colour=red"), "colour"));
  EXPECT_TRUE(
      contains(refusal("redis://h?ssl_ca_certs=/ca.pem"), "ssl_ca_certs"));  // in the clear it would mean nothing
  EXPECT_TRUE(contains(refusal("redis://h?protocol=3"), "RESP3"));
  EXPECT_TRUE(contains(refusal("redis://h?db=-1"), "db"));
  EXPECT_TRUE(contains(refusal("redis://h?max_reply_depth=8"), "max_reply_depth"));
  EXPECT_TRUE(contains(refusal("redis://h/two"), "database"));
  EXPECT_TRUE(contains(refusal("redis://h/2/3"), "database"));
  EXPECT_TRUE(contains(refusal("redis://a,b"), "EndpointsConnector"));
  EXPECT_TRUE(contains(refusal("http://h"), "http"));
  EXPECT_TRUE(contains(refusal(std::string_view("redis://h\0.example", 18)), "NUL"));
  EXPECT_TRUE(contains(refusal("redis://h%00.example"), "NUL"));
  EXPECT_TRUE(contains(refusal("redis://h?client_name=two%20words"), "client_name"));
}

TEST(RedisUrl, APasswordIsNotShownWhateverIsWrong) {
  for (const char* url : {"redis://u:hunter2@h?colour=red", "redis://u:hunter2@h/two", "redis://u:hunter2@h:port",
                          "http://u:hunter2@h", "redis://h?password=hunter2&db=x", "rediss://u:hunter2@h?ssl_x=1"}) {
    const std::string message = refusal(url);
    EXPECT_FALSE(contains(message, "hunter2")) << message;
  }
}

TEST(RedisUrl, OfSentinelsNamesThemAndTheMaster) {
  const auto sentinel = RedisSentinel::from_url(
      "redis+sentinel://ada:secret@s1,s2:26380/mymaster/2?client_name=web&sentinel_password=key");
  ASSERT_EQ(sentinel.sentinels.size(), 2U);
  EXPECT_EQ(sentinel.sentinels[0].host, "s1");
  EXPECT_EQ(sentinel.sentinels[0].port, 26379);
  EXPECT_EQ(sentinel.sentinels[1].port, 26380);
  EXPECT_EQ(sentinel.sentinels[1].password, "key");
  EXPECT_EQ(sentinel.sentinels[1].database, 0);
  EXPECT_EQ(sentinel.master, "mymaster");
  EXPECT_EQ(sentinel.server.user, "ada");
  EXPECT_EQ(sentinel.server.password, "secret");
  EXPECT_EQ(sentinel.server.database, 2);
  EXPECT_FALSE(sentinel.server.tls);
  EXPECT_TRUE(RedisSentinel::from_url("rediss+sentinel://s1/m").sentinels[0].tls);
}

TEST(RedisUrl, OfSentinelsNeedsSentinelsAndAMaster) {
  EXPECT_TRUE(contains(refusal<RedisSentinel>("redis+sentinel://s1"), "master"));
  EXPECT_TRUE(contains(refusal<RedisSentinel>("redis+sentinel:///m"), "sentinels"));
  EXPECT_TRUE(contains(refusal<RedisSentinel>("redis://s1/m"), "redis+sentinel"));
}

TEST(RedisOptions, ABadOneIsRefusedByItsName) {
  const auto refused = [](const RedisConnector& connector) { return refusal_by([&] { connector.validate(); }); };
  RedisConnector connector{.host = ""};
  EXPECT_TRUE(contains(refused(connector), "host"));
  connector = {.port = 0};
  EXPECT_TRUE(contains(refused(connector), "port"));
  connector = {.database = -1};
  EXPECT_TRUE(contains(refused(connector), "database"));
  connector = {.client_name = "two words"};
  EXPECT_TRUE(contains(refused(connector), "client_name"));
  connector = {.io_timeout = carpool::Duration::zero()};
  EXPECT_TRUE(contains(refused(connector), "io_timeout"));
  connector = {.max_reply_depth = 8};
  EXPECT_TRUE(contains(refused(connector), "max_reply_depth"));
  connector = {.path = "/run/redis.sock", .tls = carpool::TlsOptions{}};
  EXPECT_TRUE(contains(refused(connector), "tls"));
}

}  // namespace

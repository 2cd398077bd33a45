// needs: redis_connector
/// A Redis connection's life with a real server: log-in, commands, transactions, messages, and what the next user
/// finds.
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "eventually.hpp"
#include "held_by.hpp"
#include "loopback_server.hpp"
#include "redis_fixture.hpp"
#include "redis_process.hpp"
#include "thrown.hpp"

namespace {

using carpool::RedisError;
using carpool::RedisPipeline;
using carpool::RedisReply;
using std::chrono::milliseconds;
using std::chrono::seconds;

template <class B>
using RedisSession = RedisFixture<B>;
TYPED_TEST_SUITE(RedisSession, IoBackends, BackendName);

std::string info(const std::string& client_info, const std::string& field) {
  const std::size_t begin = client_info.find(' ' + field + '=') + field.size() + 2;
  return client_info.substr(begin, client_info.find_first_of(" \n", begin) - begin);
}

template <class Connection>
std::string who(Connection& connection) {
  const auto all = connection.template command<std::string>("CLIENT", "INFO");
  return info(all, "name") + " of " + info(all, "user") + " in " + info(all, "db");
}

TYPED_TEST(RedisSession, BeginsWithUserDatabaseAndName) {
  auto connection = this->connect();
  EXPECT_EQ(who(connection), "tested of carpool in 1");
  EXPECT_EQ(connection.uses(), 1U);
}

TYPED_TEST(RedisSession, BeginsOverAUnixSocketToo) {
  auto connector = this->connector();
  connector.path = this->server_->unix_path();
  auto connection = this->connect(connector);
  EXPECT_EQ(who(connection), "tested of carpool in 1");
}

TYPED_TEST(RedisSession, BeginsWithAWordFromTheUrl) {
  const std::string url =
      "redis://carpool:in-the-car@127.0.0.1:" + std::to_string(this->server_->port()) + "/4?client_name=by-url";
  auto connection = this->connect(carpool::RedisConnector::from_url(url));
  EXPECT_EQ(who(connection), "by-url of carpool in 4");
}

TYPED_TEST(RedisSession, AWrongPasswordIsAnAuthenticationErrorThatDoesNotShowIt) {
  auto connector = this->connector();
  connector.password = "hunter2";
  try {
    (void)this->connect(connector);
    FAIL();
  } catch (const carpool::AuthenticationError& error) {
    EXPECT_NE(std::string(error.what()).find("WRONGPASS"), std::string::npos) << error.what();
    EXPECT_EQ(std::string(error.what()).find("hunter2"), std::string::npos) << error.what();
  }
}

TYPED_TEST(RedisSession, AForgottenPasswordIsAnAuthenticationErrorAtTheConnect) {
  const RedisProcess locked("requirepass s3cret\n");
  const carpool::RedisConnector stranger{.host = "127.0.0.1", .port = locked.port()};
  const auto refused = [&] {
    try {
      (void)this->connect(stranger);
    } catch (const carpool::AuthenticationError& error) {
      return std::string(error.what()).find("NOAUTH") != std::string::npos;
    } catch (const std::system_error&) {  // it has not begun to listen
    }
    return false;
  };
  EXPECT_TRUE(eventually<TypeParam>(refused));
  auto known = stranger;
  known.password = "s3cret";
  EXPECT_EQ(this->connect(known).template command<std::string>("PING"), "PONG");
}

TYPED_TEST(RedisSession, AServerThatRepeatsWhatItDoesNotUnderstandDoesNotMakeThePasswordShown) {
  LoopbackServer parrot;
  parrot.reply_with({.answer = "-ERR unknown command 'AUTH', with args beginning with: 'in-the-car'\r\n"
                               "-ERR what is in-the-car to me, in-the-car?\r\n+OK\r\n"});
  for (int step = 0; step < 2; ++step) {
    auto connector = this->connector(parrot.port());
    if (step == 1) connector.user = "";
    try {
      (void)this->connect(connector);
      FAIL();
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(std::string(error.what()).find("in-the-car"), std::string::npos) << error.what();
    }
    parrot.reply_with({.answer = "-ERR what is in-the-car to me, in-the-car?\r\n+OK\r\n+OK\r\n"});
  }
}

TYPED_TEST(RedisSession, ADatabaseThatDoesNotExistIsRefused) {
  auto connector = this->connector();
  connector.database = 4711;
  try {
    (void)this->connect(connector);
    ADD_FAILURE() << "there is no such database";
  } catch (const carpool::AuthenticationError&) {
    ADD_FAILURE() << "the credentials were right";
  } catch (const carpool::ConnectRefused& error) {
    EXPECT_NE(std::string(error.what()).find("SELECT at 127.0.0.1:"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("out of range"), std::string::npos) << error.what();
  }
}

TYPED_TEST(RedisSession, APoolAsksOnceForADatabaseThatDoesNotExist) {
  auto connector = this->connector();
  connector.database = 4711;
  typename TestFixture::Pool pool(connector);
  try {
    (void)pool.acquire();
    ADD_FAILURE() << "there is no such database";
  } catch (const carpool::ConnectError& error) {
    EXPECT_EQ(error.attempts(), 1U);
  }
}

TYPED_TEST(RedisSession, IsEncryptedAndKnowsWhoAnswers) {
  auto connector = this->connector(this->server_->tls_port());
  connector.tls = {.ca_file = this->server_->file("ca.pem")};
  auto connection = this->connect(connector);
  EXPECT_EQ(who(connection), "tested of carpool in 1");
  connector.tls->server_name = "elsewhere.example";
  EXPECT_THROW((void)this->connect(connector), std::system_error);
  connector.tls = carpool::TlsOptions{};  // the system's authorities do not know the test's
  EXPECT_THROW((void)this->connect(connector), std::system_error);
}

TYPED_TEST(RedisSession, TakesAndGivesTextNumbersAndBytes) {
  auto connection = this->connect();
  const std::string key = this->key("value");
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  connection.command("SET", key, every_byte);
  EXPECT_EQ(connection.template command<std::string>("GET", key), every_byte);
  connection.set(key, -17);
  EXPECT_EQ(connection.template get<int>(key), -17);
  connection.set(key, 0.1);
  EXPECT_EQ(connection.template get<double>(key), 0.1);
  const std::string large(5'000'000, 'x');
  connection.set(key, large);
  EXPECT_EQ(connection.get(key), large);
  EXPECT_EQ(connection.del(key), 1);
  EXPECT_EQ(connection.get(key), std::nullopt);
}

TYPED_TEST(RedisSession, TheTypedCommandsSayWhatTheyMean) {
  auto connection = this->connect();
  const std::string key = this->key("typed");
  EXPECT_TRUE(connection.ping());
  EXPECT_TRUE(connection.set(key, 1, {.expire = seconds(100), .only_if_absent = true}));
  EXPECT_FALSE(connection.set(key, 2, {.only_if_absent = true}));
  EXPECT_TRUE(connection.set(key, 3, {.only_if_present = true, .keep_ttl = true}));
  EXPECT_GT(connection.ttl(key).value(), seconds(90));
  EXPECT_TRUE(connection.persist(key));
  EXPECT_EQ(connection.ttl(key), carpool::forever);
  EXPECT_TRUE(connection.expire(key, seconds(5)));
  EXPECT_EQ(connection.incr(key), 4);
  EXPECT_EQ(connection.incr_by(key, 6), 10);
  EXPECT_EQ(connection.decr(key), 9);
  EXPECT_EQ(connection.exists(key, "nothing"), 1);
  EXPECT_EQ(connection.ttl("nothing"), std::nullopt);
  EXPECT_EQ(connection.mget(key, "nothing"), (std::vector<std::optional<std::string>>{"9", std::nullopt}));
  const std::string hash = this->key("hash");
  EXPECT_EQ(connection.hset(hash, "a", 1, "b", "two"), 2);
  EXPECT_EQ(connection.hget(hash, "b"), "two");
  EXPECT_EQ(connection.hincr_by(hash, "a", 4), 5);
  EXPECT_EQ(connection.hgetall(hash), (std::map<std::string, std::string>{{"a", "5"}, {"b", "two"}}));
  EXPECT_EQ(connection.hdel(hash, "a", "b"), 2);
  const std::string list = this->key("list");
  EXPECT_EQ(connection.rpush(list, 1, 2, std::vector{3, 4}), 4);
  EXPECT_EQ(connection.lpush(list, 0), 5);
  EXPECT_EQ(connection.lrange(list, 0, -1), (std::vector<std::string>{"0", "1", "2", "3", "4"}));
  EXPECT_EQ(connection.lpop(list), "0");
  EXPECT_EQ(connection.rpop(list), "4");
  EXPECT_EQ(connection.llen(list), 3);
  const std::string set = this->key("set");
  EXPECT_EQ(connection.sadd(set, "x", "y"), 2);
  EXPECT_TRUE(connection.sismember(set, "x"));
  EXPECT_EQ(connection.srem(set, "x"), 1);
  EXPECT_EQ(connection.smembers(set), std::vector<std::string>{"y"});
  EXPECT_FALSE(connection.dirty());
}

TYPED_TEST(RedisSession, AnErrorReplyLeavesTheConnectionAsGoodAsBefore) {
  auto connection = this->connect();
  try {
    connection.command("NOSUCHCOMMAND", "secret");
    FAIL();
  } catch (const RedisError& error) {
    EXPECT_EQ(error.code(), "ERR");
  }
  EXPECT_TRUE(connection.reusable());
  EXPECT_TRUE(connection.ping());
}

TYPED_TEST(RedisSession, APipelineIsAnsweredInItsOrderErrorsIncluded) {
  auto connection = this->connect();
  const std::string key = this->key("pipeline");
  RedisPipeline pipeline;
  for (int i = 0; i < 1000; ++i) pipeline.add("INCR", key);
  pipeline.add("LPUSH", key, 1).add("GET", key);
  const std::vector<RedisReply> replies = connection.run(pipeline);
  ASSERT_EQ(replies.size(), 1002U);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(replies[static_cast<std::size_t>(i)].integer(), i + 1);
  EXPECT_EQ(replies[1000].code(), "WRONGTYPE");
  EXPECT_EQ(replies[1001].as<int>(), 1000);
  EXPECT_TRUE(connection.reusable());
}

TYPED_TEST(RedisSession, ATransactionIsWholeOrNotAtAll) {
  auto one = this->connect();
  auto other = this->connect();
  const std::string key = this->key("transaction");
  const RedisPipeline pipeline = RedisPipeline().add("INCR", key).add("INCR", key);
  one.command("WATCH", key);
  EXPECT_TRUE(one.dirty());
  auto replies = one.transaction(pipeline);
  ASSERT_TRUE(replies);
  EXPECT_EQ(replies->at(1).integer(), 2);
  EXPECT_FALSE(one.dirty());
  one.command("WATCH", key);
  other.set(key, 10);
  EXPECT_FALSE(one.transaction(pipeline));
  EXPECT_EQ(one.template get<int>(key), 10);
  EXPECT_THROW(one.transaction(RedisPipeline().add("INCR", key).add("NOSUCHCOMMAND")), RedisError);
  EXPECT_EQ(one.template get<int>(key), 10);
  EXPECT_TRUE(one.reusable());
}

TYPED_TEST(RedisSession, TheNextUserFindsNothingOfTheLast) {
  typename TestFixture::Pool pool(this->connector(), {.max_size = 1});
  const std::string key = this->key("pinned");
  const std::vector<std::vector<std::string>> deeds = {
      {"MULTI"}, {"WATCH", key}, {"SELECT", "7"}, {"CLIENT", "SETNAME", "other"}, {"CLIENT", "TRACKING", "ON"},
      {"RESET"}};
  std::int64_t id = 0;
  for (const std::vector<std::string>& deed : deeds) {
    {
      auto lease = pool.acquire();
      if (id == 0) id = lease->template command<std::int64_t>("CLIENT", "ID");
      EXPECT_FALSE(lease->dirty());
      lease->command(deed);
      EXPECT_TRUE(lease->dirty()) << deed[0];
    }
    auto lease = pool.acquire();
    EXPECT_EQ(lease->template command<std::int64_t>("CLIENT", "ID"), id) << deed[0] << ": not the same connection";
    EXPECT_EQ(who(*lease), "tested of carpool in 1") << deed[0];
    EXPECT_FALSE(lease->dirty());
    const auto about = lease->template command<std::string>("CLIENT", "INFO");
    EXPECT_EQ(info(about, "multi"), "-1");
    EXPECT_EQ(info(about, "flags"), "N");
  }
}

TYPED_TEST(RedisSession, WithoutResetATransactionAWatchAndADatabaseArePutRightAllTheSame) {
  RedisProcess old("rename-command RESET \"\"\n");  // as a server before 6.2
  const carpool::RedisConnector connector{
      .host = "127.0.0.1", .port = old.port(), .database = 1, .client_name = "tested"};
  ASSERT_TRUE(eventually<TypeParam>([&] {
    try {
      return this->connect(connector).ping();
    } catch (const std::system_error&) {
      return false;
    }
  }));
  typename TestFixture::Pool pool(connector, {.max_size = 1});
  const auto id = [&] { return pool.acquire()->template command<std::int64_t>("CLIENT", "ID"); };
  const std::int64_t first = id();
  const std::string key = this->key("pinned");
  for (const std::vector<std::string>& deed : {std::vector<std::string>{"MULTI"}, {"WATCH", key}, {"SELECT", "7"}}) {
    pool.acquire()->command(deed);
    EXPECT_EQ(id(), first) << deed[0];
    const auto about = pool.acquire()->template command<std::string>("CLIENT", "INFO");
    EXPECT_EQ(info(about, "multi"), "-1") << deed[0];
    EXPECT_EQ(info(about, "db"), "1") << deed[0];
    EXPECT_TRUE(pool.acquire()->transaction(RedisPipeline().add("PING"))) << deed[0];
  }
  pool.acquire()->command("CLIENT", "SETNAME", "other");
  EXPECT_NE(id(), first) << "this nothing but RESET puts right";
}

TYPED_TEST(RedisSession, AnotherUserOfTheServerDoesNotStay) {
  auto admin = this->connect();
  admin.command("ACL", "SETUSER", "guest", "on", ">guest", "~*", "+@all");
  typename TestFixture::Pool pool(this->connector(), {.max_size = 1});
  pool.acquire()->command("AUTH", "guest", "guest");
  EXPECT_EQ(who(held_by(pool.acquire())), "tested of carpool in 1");
}

TYPED_TEST(RedisSession, WhatCannotBePutRightIsClosed) {
  typename TestFixture::Pool pool(this->connector(), {.max_size = 1});
  for (const std::vector<std::string>& deed :
       {std::vector<std::string>{"QUIT"}, {"CLIENT", "NO-EVICT", "ON"}, {"SCRIPT", "DEBUG", "YES"}}) {
    const auto id = pool.acquire()->template command<std::int64_t>("CLIENT", "ID");
    pool.acquire()->command(deed);
    EXPECT_NE(pool.acquire()->template command<std::int64_t>("CLIENT", "ID"), id) << deed[0];
  }
}

TYPED_TEST(RedisSession, MessagesComeByChannelAndByPattern) {
  auto listener = this->connect();
  auto speaker = this->connect();
  const std::string news = this->key("news");
  listener.subscribe(news, "other");
  listener.subscribe_patterns("new*");
  EXPECT_TRUE(listener.dirty());
  EXPECT_EQ(speaker.publish(news, "hello"), 2);
  auto message = listener.receive_message();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->channel, news);
  EXPECT_EQ(message->payload, "hello");
  EXPECT_EQ(message->pattern, "");
  message = listener.receive_message();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->pattern, "new*");
  EXPECT_EQ(message->channel, news);
  EXPECT_THROW(listener.command("GET", "a"), std::logic_error);
  EXPECT_FALSE(listener.receive_message(this->in(milliseconds(20))));
  listener.unsubscribe("other", news);
  speaker.publish(news, "again");
  EXPECT_EQ(listener.receive_message()->pattern, "new*");
  speaker.publish(news, "unheard");
  listener.unsubscribe();
  EXPECT_FALSE(listener.dirty());
  EXPECT_TRUE(listener.reusable());
  EXPECT_TRUE(listener.ping());
}

TYPED_TEST(RedisSession, MessagesThatComeWhileSubscribingAreKept) {
  auto listener = this->connect();
  auto speaker = this->connect();
  const std::string news = this->key("news");
  listener.subscribe(news);
  for (int i = 0; i < 5; ++i) speaker.publish(news, i);
  listener.subscribe(this->key("more"));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(listener.receive_message()->payload, std::to_string(i));
}

TYPED_TEST(RedisSession, ASubscribedConnectionIsCleanForTheNextUser) {
  typename TestFixture::Pool pool(this->connector(), {.max_size = 1});
  auto speaker = this->connect();
  const std::string news = this->key("news");
  for (int round = 0; round < 20; ++round) {
    {
      auto lease = pool.acquire();
      lease->subscribe(news);
      for (int i = 0; i < round; ++i) speaker.publish(news, "unheard");
    }
    const std::string nonce = std::to_string(round);
    EXPECT_EQ(pool.acquire()->template command<std::string>("ECHO", nonce), nonce);
  }
}

TYPED_TEST(RedisSession, MessagesThatOneUserLeftAreNotTheNextOnes) {
  typename TestFixture::Pool pool(this->connector(), {.max_size = 1});
  auto speaker = this->connect();
  const std::string news = this->key("news");
  for (const bool unsubscribes : {false, true}) {
    {
      auto lease = pool.acquire();
      lease->subscribe(news);
      speaker.publish(news, "for the first");
      lease->subscribe("more");  // the message comes with the confirmation
      EXPECT_TRUE(lease->has_messages());
      if (unsubscribes) lease->unsubscribe("more", news);
    }
    auto lease = pool.acquire();
    lease->subscribe("other");
    EXPECT_FALSE(lease->receive_message(this->in(milliseconds(20))));
  }
}

TYPED_TEST(RedisSession, ABlockingCommandEndsAtItsTimeAndBreaksNothing) {
  auto connection = this->connect();
  const auto begin = TypeParam::now();
  const RedisReply nothing = connection.blocking_until(this->in(milliseconds(50)), "BLPOP", this->key("queue"));
  EXPECT_TRUE(nothing.is_nil());
  EXPECT_GE(TypeParam::now() - begin, milliseconds(40));
  EXPECT_TRUE(connection.reusable());
  EXPECT_TRUE(connection.ping());
}

TYPED_TEST(RedisSession, ABlockingCommandEndsWhenThereIsSomething) {
  auto connection = this->connect();
  const std::string queue = this->key("queue");
  const auto other = this->connector();
  std::thread pusher([&] {
    auto pushing = other.template connect<carpool::ThreadBackend>(carpool::ThreadBackend::now() + seconds(20));
    pushing.rpush(queue, "job");
  });
  using Popped = std::optional<std::pair<std::string, std::string>>;
  EXPECT_EQ(connection.template blocking_for<Popped>(seconds(20), "BLPOP", queue), Popped({queue, "job"}));
  pusher.join();
}

TYPED_TEST(RedisSession, EachBlockingCommandIsToldItsTimeAsItWantsTo) {
  auto connection = this->connect();
  const std::string stream = this->key("stream"), list = this->key("list");
  connection.command("XGROUP", "CREATE", stream, "group", "$", "MKSTREAM");
  const auto waits = [&](const auto&... words) {
    const auto begin = TypeParam::now();
    const RedisReply reply = connection.blocking_for(milliseconds(60), words...);
    const carpool::Duration took = TypeParam::now() - begin;
    EXPECT_GE(took, milliseconds(50));
    EXPECT_LT(took, seconds(10)) << "as if seconds had been said where milliseconds were meant, or the reverse";
    return reply;
  };
  EXPECT_TRUE(waits("XREAD", "COUNT", 1, "STREAMS", stream, "$").is_nil());
  EXPECT_TRUE(waits("XREADGROUP", "GROUP", "group", "me", "STREAMS", stream, ">").is_nil());
  EXPECT_TRUE(waits("BLMPOP", 1, list, "LEFT").is_nil());
  EXPECT_TRUE(waits("BZMPOP", std::vector<std::string>{"1", list, "MIN"}).is_nil());
  EXPECT_TRUE(waits("BRPOP", list).is_nil());
  EXPECT_TRUE(waits("BLMOVE", list, list, "LEFT", "RIGHT").is_nil());
  EXPECT_EQ(waits("WAIT", 1).integer(), 0) << "of this server's replicas";
  EXPECT_TRUE(connection.reusable());
}

TYPED_TEST(RedisSession, ABlockingReadOfAStreamEndsWhenThereIsSomething) {
  auto connection = this->connect();
  const std::string stream = this->key("stream");
  connection.command("XADD", stream, "1-1", "field", "value");
  const RedisReply streams = connection.blocking_for(seconds(20), "XREAD", "STREAMS", stream, "0");
  EXPECT_EQ(streams.elements().at(0).elements().at(0).text(), stream);
}

TYPED_TEST(RedisSession, ABlockThatItsCallerSaysIsRefusedBeforeAnythingIsSent) {
  auto connection = this->connect();
  const std::string refusal = thrown_by<std::invalid_argument>([&] {
                                connection.blocking_for(seconds(1), "XREAD", "block", 5, "STREAMS", "a", "0");
                              }).what();
  EXPECT_NE(refusal.find("XREAD"), std::string::npos) << refusal;
  EXPECT_NE(refusal.find("without BLOCK"), std::string::npos) << refusal;
  EXPECT_TRUE(connection.ping());
}

TYPED_TEST(RedisSession, ACommandThatDoesNotMakeTheServerWaitIsNoBlockingOne) {
  auto connection = this->connect();
  EXPECT_THROW(connection.blocking_for(seconds(1), "GET", this->key("a")), std::invalid_argument);
  EXPECT_THROW(connection.blocking_for(seconds(1), "NOSUCH", this->key("a")), RedisError) << "a module's may";
  EXPECT_TRUE(connection.reusable());
}

using Names = std::set<std::string>;

/// What a command answers with, as the names of commands; without those of modules, which have a dot, and the second
/// words.
template <class Connection, class... Words>
Names names(Connection& connection, Words... words) {
  Names all;
  for (const auto& name : connection.template command<std::vector<std::string>>(words...)) {
    if (name.find_first_of(".|") == std::string::npos) all.insert(name);
  }
  return all;
}

const carpool::detail::RedisCommand& known(const std::string& name) {
  carpool::detail::RedisWord word;
  word.assign(name);
  return carpool::detail::find_redis_command(word);
}

TYPED_TEST(RedisSession, TheTableOfCommandsIsWhatTheServerSaysOfItself) {
  auto connection = this->connect();
  const Names all = names(connection, "COMMAND", "LIST");
  const Names blocking = names(connection, "ACL", "CAT", "blocking");
  ASSERT_GT(all.size(), 200U);
  for (const std::string& name : all) {
    EXPECT_FALSE(known(name).name.empty()) << name << ": the server has it, and the table has not";
    const bool waits = blocking.contains(name) || name == "wait";  // of which Redis says so from 8.0 on
    EXPECT_EQ(known(name).wait != carpool::detail::RedisWait::none, waits) << name;
    EXPECT_EQ(known(name).effect == carpool::detail::RedisEffect::refuse && known(name).name.ends_with("SUBSCRIBE"),
              name.ends_with("subscribe"))
        << name;
  }
}

TYPED_TEST(RedisSession, WhatTheServerCallsAReadIsRepeatableAndOfItsWritesTheFewThatAnswerTheSameTwice) {
  auto connection = this->connect();
  const Names same_answer_twice{"mset", "setex", "psetex", "hmset"};
  for (const std::string& name : names(connection, "ACL", "CAT", "write")) {
    EXPECT_EQ(known(name).repeatable, same_answer_twice.contains(name)) << name;
  }
  for (const std::string& name : names(connection, "ACL", "CAT", "read")) {
    EXPECT_EQ(known(name).repeatable, name != "lolwut") << name;
  }
}

TYPED_TEST(RedisSession, AReplyThatIsTooLatePoisonsTheConnection) {
  auto connection = this->connect();
  try {
    connection.command_until(this->in(milliseconds(30)), "BLPOP", this->key("queue"), 0.2);
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::timed_out);
    EXPECT_NE(std::string(error.what()).find("127.0.0.1:"), std::string::npos) << error.what();
  }
  EXPECT_FALSE(connection.reusable());
  EXPECT_FALSE(connection.is_connected());
  EXPECT_THROW(connection.command("PING"), std::system_error);  // else it would read BLPOP's nil
}

TYPED_TEST(RedisSession, ATooLargeReplyIsRefused) {
  auto connector = this->connector();
  connector.max_reply_bytes = 1000;
  connector.max_reply_elements = 10;
  const std::string key = this->key("large");
  auto setter = this->connect();
  setter.set(key, std::string(1001, 'x'));
  auto first = this->connect(connector);
  EXPECT_THROW(first.get(key), carpool::RedisProtocolError);
  EXPECT_FALSE(first.reusable());
  const std::string list = this->key("long");
  setter.rpush(list, std::vector<int>(11));
  auto second = this->connect(connector);
  EXPECT_THROW(second.lrange(list, 0, -1), carpool::RedisProtocolError);
  EXPECT_FALSE(second.reusable());
}

}  // namespace

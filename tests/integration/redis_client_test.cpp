// needs: redis_connector
/// RedisClient: a command is a lease; what is lost is said again where that changes nothing.
#include <carpool/endpoints_connector.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "chaos_proxy.hpp"
#include "redis_fixture.hpp"

namespace {

using carpool::RedisClient;
using carpool::RedisPipeline;
using carpool::RedisRepeat;
using std::chrono::milliseconds;
using std::chrono::seconds;

template <class B>
class RedisThroughAPool : public RedisFixture<B> {
 protected:
  using Pool = typename RedisFixture<B>::Pool;

  void SetUp() override {
    RedisFixture<B>::SetUp();
    if (this->IsSkipped()) return;
    proxy_.emplace(this->server_->port());
    pool_.emplace(this->connector(proxy_->port()), carpool::PoolOptions{.name = "redis", .max_size = 3});
    client_.emplace(*pool_);
  }

  /// Three idle connections, in good health, whose next replies are cut off by the proxy; new ones are left alone.
  void lose_the_next_reply_of_each() {
    constexpr std::size_t log_in = 3 * 5, echo = 200;  // "+OK", thrice
    proxy_->cut_after({});
    pool_->clear();
    std::vector<typename Pool::Lease> all;
    for (int i = 0; i < 3; ++i) all.push_back(pool_->acquire());
    for (auto& lease : all) lease->command("ECHO", std::string(echo, 'x'));
    proxy_->cut_after(log_in + std::string("$200\r\n").size() + echo + 2 + 3);
    all.clear();
    ASSERT_EQ(pool_->stats().idle, 3U);
  }

  std::optional<ChaosProxy> proxy_;
  std::optional<Pool> pool_;
  std::optional<RedisClient<Pool>> client_;
};
TYPED_TEST_SUITE(RedisThroughAPool, IoBackends, BackendName);

TYPED_TEST(RedisThroughAPool, EachCommandTakesAConnectionAndGivesItBack) {
  const auto& client = *this->client_;
  const std::string key = this->key("client");
  auto typed = client;
  EXPECT_TRUE(typed.ping());
  EXPECT_TRUE(typed.set(key, "hello"));
  EXPECT_EQ(typed.get(key), "hello");
  EXPECT_EQ(client.template command<std::string>("GETRANGE", key, 0, 1), "he");
  EXPECT_EQ(typed.del(key), 1);
  EXPECT_EQ(typed.get(key), std::nullopt);
  EXPECT_EQ(typed.incr(key), 1);
  EXPECT_EQ(this->proxy_->accepted(), 1U);
  EXPECT_EQ(this->pool_->stats().in_use, 0U);
}

TYPED_TEST(RedisThroughAPool, AnErrorReplyCostsNoConnection) {
  auto& client = *this->client_;
  const std::string key = this->key("client");
  client.set(key, "text");
  for (int i = 0; i < 5; ++i) EXPECT_THROW(client.incr(key), carpool::RedisError);
  EXPECT_THROW((void)client.template get<int>(key), carpool::RedisTypeError);
  EXPECT_EQ(client.get(key), "text");
  EXPECT_EQ(this->proxy_->accepted(), 1U);
}

TYPED_TEST(RedisThroughAPool, AReadThatIsLostIsSaidAgainOnAFreshConnection) {
  auto& client = *this->client_;
  const std::string key = this->key("client");
  client.set(key, "kept");
  this->lose_the_next_reply_of_each();
  const std::size_t before = this->proxy_->accepted();
  EXPECT_EQ(client.get(key), "kept");
  EXPECT_EQ(this->proxy_->accepted(), before + 1) << "the other idle ones were found out by asking";
  this->lose_the_next_reply_of_each();
  EXPECT_EQ(client.run(RedisPipeline().add("GET", key).add("STRLEN", key))[1].integer(), 4);
  this->lose_the_next_reply_of_each();
  EXPECT_THROW(client.with(RedisRepeat::nothing).get(key), std::system_error);
}

TYPED_TEST(RedisThroughAPool, WhatCountsIsNotSaidTwiceUnlessTheCallerWantsIt) {
  auto& client = *this->client_;
  const std::string key = this->key("client");
  auto direct = this->connect();
  this->lose_the_next_reply_of_each();
  EXPECT_THROW(client.incr(key), std::system_error);
  EXPECT_EQ(direct.template get<int>(key), 1) << "it was done, and nobody heard";
  this->lose_the_next_reply_of_each();
  EXPECT_EQ(client.with(RedisRepeat::always).incr(key), 3);
  this->lose_the_next_reply_of_each();
  EXPECT_THROW(client.run(RedisPipeline().add("GET", key).add("INCR", key)), std::system_error);
  EXPECT_EQ(direct.template get<int>(key), 4);
}

TYPED_TEST(RedisThroughAPool, AReadOfAStreamFromNowOnIsNotSaidAgain) {
  auto& client = *this->client_;
  const std::string stream = this->key("stream");
  client.command("XADD", stream, "1-1", "field", "value");
  this->lose_the_next_reply_of_each();
  EXPECT_EQ(client.command("XREAD", "STREAMS", stream, "0").elements().size(), 1U);
  this->lose_the_next_reply_of_each();
  EXPECT_THROW(client.command("XREAD", "STREAMS", stream, "$"), std::system_error);
}

TYPED_TEST(RedisThroughAPool, APipelineIsOneWriteAndOneLease) {
  auto& client = *this->client_;
  const std::string key = this->key("client");
  const auto replies = client.run(RedisPipeline().add("SET", key, 5).add("INCR", key).add("LPOP", key));
  ASSERT_EQ(replies.size(), 3U);
  EXPECT_EQ(replies[1].integer(), 6);
  EXPECT_TRUE(replies[2].is_error());
  const auto whole = client.transaction(RedisPipeline().add("INCR", key).add("INCR", key));
  ASSERT_EQ(whole.size(), 2U);
  EXPECT_EQ(whole[1].integer(), 8);
  EXPECT_EQ(this->proxy_->accepted(), 1U);
}

TYPED_TEST(RedisThroughAPool, AWatchedKeyThatChangesBeginsTheTransactionAgain) {
  auto& client = *this->client_;
  const std::string key = this->key("client");
  client.set(key, 1);
  int tries = 0;
  auto other = this->connect();
  const auto replies = client.transaction(key, [&](auto& connection, RedisPipeline& pipeline) {
    const int before = connection.template get<int>(key).value();
    if (++tries == 1) other.set(key, 10);
    pipeline.add("SET", key, before * 2);
  });
  ASSERT_TRUE(replies);
  EXPECT_EQ(tries, 2);
  EXPECT_EQ(client.template get<int>(key), 20);
  const auto in_vain = client.transaction(
      key,
      [&](auto&, RedisPipeline& pipeline) {
        other.incr(key);
        pipeline.add("SET", key, 0);
      },
      3);
  EXPECT_FALSE(in_vain);
  EXPECT_EQ(client.template get<int>(key), 23);
}

TYPED_TEST(RedisThroughAPool, AnExceptionOfTheUsersOwnLeavesNoTransactionOpen) {
  auto& client = *this->client_;
  const std::string key = this->key("client");
  EXPECT_THROW(client.transaction(key, [](auto&, RedisPipeline&) { throw std::runtime_error("no"); }),
               std::runtime_error);
  EXPECT_TRUE(client.set(key, 1));
}

TYPED_TEST(RedisThroughAPool, ABlockingCommandWaitsForItsTime) {
  auto& client = *this->client_;
  using Popped = std::optional<std::vector<std::string>>;
  EXPECT_EQ(client.template blocking_for<Popped>(milliseconds(20), "BLPOP", this->key("queue")), std::nullopt);
  const std::string queue = this->key("queue");
  client.rpush(queue, "job");
  EXPECT_EQ(client.template blocking_for<Popped>(seconds(20), "BLPOP", queue),
            (std::vector<std::string>{queue, "job"}));
  EXPECT_TRUE(client.blocking_for(milliseconds(20), "XREAD", "STREAMS", queue + "s", "$").is_nil());
  EXPECT_EQ(this->proxy_->accepted(), 1U);
}

TYPED_TEST(RedisThroughAPool, WorkersShareAClient) {
  auto& client = *this->client_;
  const std::string key = this->key("client");
  std::atomic<int> wrong = 0;
  const auto work = [&] {
    for (int i = 0; i < 50; ++i) {
      const std::string nonce = std::to_string(reinterpret_cast<std::uintptr_t>(&i)) + '-' + std::to_string(i);
      if (client.template command<std::string>("ECHO", nonce) != nonce) ++wrong;
      (void)client.with(RedisRepeat::nothing).incr(key);
    }
  };
  {
    std::vector<typename TypeParam::Task> workers;
    for (int i = 0; i < 10; ++i) workers.push_back(TypeParam::spawn(work));
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(client.template get<int>(key), 500);
  EXPECT_LE(this->proxy_->peak_open(), 3U);
}

TYPED_TEST(RedisThroughAPool, AMasterThatBecameAReplicaIsLeftForTheNewOne) {
  RealServer old_master("redis");
  RealServer new_master("redis");
  carpool::EndpointsConnector<carpool::RedisConnector> both(
      {this->connector(old_master.port()), this->connector(new_master.port())});
  typename TestFixture::template PoolOf<decltype(both)> pool(both, {.max_size = 2});
  RedisClient client(pool);
  const std::string key = this->key("client");
  EXPECT_EQ(client.incr(key), 1);
  this->connect(this->connector(old_master.port())).command("REPLICAOF", "127.0.0.1", new_master.port());
  EXPECT_EQ(client.incr(key), 1) << "the new master has not heard of the key";
  EXPECT_EQ(this->connect(this->connector(new_master.port())).template get<int>(key), 1);
}

}  // namespace

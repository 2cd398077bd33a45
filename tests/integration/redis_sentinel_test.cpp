// needs: redis_connector
/// RedisSentinel finds the master, also after a failover, and believes no sentinel that names another.
#include <carpool/redis/sentinel.hpp>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "eventually.hpp"
#include "loopback_server.hpp"
#include "redis_fixture.hpp"
#include "redis_process.hpp"
#include "thrown.hpp"

namespace {

using carpool::RedisSentinel;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A real sentinel's, that watches one master under the name "main".
std::string watching(std::uint16_t master) {
  return "sentinel monitor main 127.0.0.1 " + std::to_string(master) +
         " 1\nsentinel down-after-milliseconds main 60000\nsentinel failover-timeout main 10000\n";
}

template <class B>
class RedisBySentinel : public RedisFixture<B> {
 protected:
  [[nodiscard]] RedisSentinel sentinel(std::uint16_t port) const {
    carpool::RedisConnector master = this->connector();
    master.host = "";  // both come from the sentinel
    master.port = 0;
    return {.sentinels = {{.host = "127.0.0.1", .port = port}}, .master = "main", .server = std::move(master)};
  }

  static std::string failure(const RedisSentinel& connector) {
    const auto connect = [&] { return connector.template connect<B>(B::now() + seconds(20)); };
    return thrown_by<std::system_error>(connect).what();
  }

  template <class... Words>
  auto say(std::uint16_t port, const Words&... words) {
    const carpool::RedisConnector anybody{.host = "127.0.0.1", .port = port};
    return this->connect(anybody).exchange(this->in(seconds(20)), words...);
  }

  /// A sentinel's answer, as its bytes.
  static std::string master_is(const std::string& host, const std::string& port) {
    return "*2\r\n$" + std::to_string(host.size()) + "\r\n" + host + "\r\n$" + std::to_string(port.size()) + "\r\n" +
           port + "\r\n";
  }
};
TYPED_TEST_SUITE(RedisBySentinel, IoBackends, BackendName);

TYPED_TEST(RedisBySentinel, ThePoolFollowsAFailover) {
  RealServer master("redis");
  RealServer replica("redis");
  this->say(master.port(), "CONFIG", "SET", "repl-diskless-sync-delay", 0);
  this->say(replica.port(), "REPLICAOF", "127.0.0.1", master.port());
  const auto in_sync = [&] {
    return this->say(replica.port(), "INFO", "replication").text().find("link_status:up") != std::string::npos;
  };
  ASSERT_TRUE(eventually<TypeParam>(in_sync));
  RedisProcess process(watching(master.port()), "--sentinel");

  auto connector = this->sentinel(process.port());
  typename TestFixture::template PoolOf<RedisSentinel> pool(connector, {.max_size = 2});
  carpool::RedisClient client(pool);
  const auto succeeds = [&](auto work) {
    return eventually<TypeParam>([&] {
      try {
        work();
        return true;
      } catch (const std::runtime_error&) {  // the sentinel is not up yet, or the failover goes on
        return false;
      }
    });
  };
  ASSERT_TRUE(succeeds([&] { client.set("before", 1); }));
  EXPECT_EQ(pool.acquire()->peer(), "127.0.0.1:" + std::to_string(master.port()));

  {
    auto lease = pool.acquire();
    lease->set("before", 2);
    ASSERT_EQ(lease->template command<int>("WAIT", 1, 20000), 1) << "the replica has not heard";
  }
  this->say(process.port(), "SENTINEL", "DEBUG", "info-period", 100, "ping-period", 100, "publish-period", 100);
  const auto begun = [&] { return !this->say(process.port(), "SENTINEL", "FAILOVER", "main").is_error(); };
  ASSERT_TRUE(eventually<TypeParam>(begun));  // once the sentinel has heard of the replica
  const std::string new_master = "127.0.0.1:" + std::to_string(replica.port());
  EXPECT_TRUE(succeeds([&] {
    client.set("after", 1);
    if (pool.acquire()->peer() != new_master) throw std::runtime_error("still the old one");
  }));
  EXPECT_EQ(client.get("before"), "2");
}

TYPED_TEST(RedisBySentinel, ADeadSentinelIsPassedOver) {
  LoopbackServer dead;
  dead.stop();
  LoopbackServer scripted;
  scripted.reply_with({.answer = this->master_is("127.0.0.1", std::to_string(this->server_->port()))});
  auto connector = this->sentinel(scripted.port());
  connector.sentinels.push_back({.host = "127.0.0.1", .port = dead.port()});
  connector.sentinels.push_back({.host = "127.0.0.1", .port = dead.port()});
  for (int i = 0; i < 10; ++i) {
    auto connection = connector.template connect<TypeParam>(this->in(seconds(20)));
    EXPECT_EQ(connection.template command<std::string>("CLIENT", "GETNAME"), "tested");
    EXPECT_TRUE(connection.is_connected());
    EXPECT_TRUE(connection.reusable());
  }
}

TYPED_TEST(RedisBySentinel, ASentinelThatNamesAReplicaIsNotBelieved) {
  RealServer replica("redis");
  this->say(replica.port(), "REPLICAOF", "127.0.0.1", this->server_->port());
  LoopbackServer scripted;
  scripted.reply_with({.answer = this->master_is("127.0.0.1", std::to_string(replica.port()))});
  EXPECT_NE(this->failure(this->sentinel(scripted.port())).find("is no master"), std::string::npos);
}

TYPED_TEST(RedisBySentinel, WhatEachSentinelSaidStandsInTheMessage) {
  LoopbackServer ignorant;
  ignorant.reply_with({.answer = "*-1\r\n"});
  LoopbackServer hostile;
  hostile.reply_with({.answer = "*9223372036854775807\r\n"});
  LoopbackServer nonsense;
  nonsense.reply_with({.answer = this->master_is("", "0")});
  auto connector = this->sentinel(ignorant.port());
  connector.sentinels.push_back({.host = "127.0.0.1", .port = hostile.port()});
  connector.sentinels.push_back({.host = "127.0.0.1", .port = nonsense.port()});
  connector.sentinels.push_back({.host = "127.0.0.1", .port = this->server_->port()});
  const std::string message = this->failure(connector);
  EXPECT_NE(message.find("main"), std::string::npos) << message;
  EXPECT_NE(message.find("does not know it"), std::string::npos) << message;
  EXPECT_NE(message.find("out of range"), std::string::npos) << message;
  EXPECT_NE(message.find("host must not be empty"), std::string::npos) << message;
  EXPECT_NE(message.find("unknown command"), std::string::npos) << message << ": an ordinary Redis";
}

TYPED_TEST(RedisBySentinel, SilenceEndsAtTheDeadline) {
  LoopbackServer silent;
  silent.reply_with({.silent = true});
  const auto deadline = this->in(milliseconds(100));
  EXPECT_THROW((void)this->sentinel(silent.port()).template connect<TypeParam>(deadline), std::system_error);
  EXPECT_GE(TypeParam::now(), deadline);
}

TYPED_TEST(RedisBySentinel, WrongCredentialsForTheMasterAreAnAuthenticationError) {
  LoopbackServer scripted;
  scripted.reply_with({.answer = this->master_is("127.0.0.1", std::to_string(this->server_->port()))});
  auto connector = this->sentinel(scripted.port());
  connector.server.password = "wrong";
  EXPECT_THROW((void)connector.template connect<TypeParam>(this->in(seconds(20))), carpool::AuthenticationError);
}

TYPED_TEST(RedisBySentinel, ADatabaseThatTheMasterDoesNotHaveIsRefusedForGood) {
  LoopbackServer scripted;
  scripted.reply_with({.answer = this->master_is("127.0.0.1", std::to_string(this->server_->port()))});
  auto connector = this->sentinel(scripted.port());
  connector.server.database = 4711;
  EXPECT_THROW((void)connector.template connect<TypeParam>(this->in(seconds(20))), carpool::ConnectRefused);
}

}  // namespace

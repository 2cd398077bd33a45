// needs: redis_connector
/// A Redis that is killed, frozen, slow, cut off or gone: the right error, nothing leaked, nobody's reply astray.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "chaos_proxy.hpp"
#include "eventually.hpp"
#include "held_by.hpp"
#include "loopback_server.hpp"
#include "memory_bound.hpp"
#include "process.hpp"
#include "redis_fixture.hpp"

namespace {

using carpool::RedisPipeline;
using carpool::RedisReply;
using std::chrono::milliseconds;
using std::chrono::seconds;

template <class B>
class RedisFaults : public RedisFixture<B> {
 protected:
  void SetUp() override {
    RedisFixture<B>::SetUp();
    if (!this->IsSkipped()) proxy_.emplace(this->server_->port());
  }

  static std::string nonce() { return "nonce-" + std::to_string(++nonces_); }

  /// Log-in, a reply of each length and kind, a pipeline. Throws where a reply is not the one to what was asked.
  template <class Connection>
  static void converse(Connection& connection) {
    const std::string mine = nonce();
    ask(connection, mine);
    const std::vector<RedisReply> replies =
        connection.run(RedisPipeline().add("ECHO", mine + "a").add("PING").add("ROLE"));
    if (replies[0].text() != mine + "a" || replies[1].text() != "PONG" || replies[2].elements().size() != 3)
      throw std::logic_error("another's replies");
  }
  template <class Connection>
  static void ask(Connection& connection, const std::string& mine) {
    if (connection.template command<std::string>("ECHO", mine) != mine) throw std::logic_error("another's reply");
  }

  std::optional<ChaosProxy> proxy_;
  static inline std::atomic<int> nonces_ = 0;
};
TYPED_TEST_SUITE(RedisFaults, IoBackends, BackendName);

TYPED_TEST(RedisFaults, ACutAtAnyByteIsAnErrorOfTheStreamAndLeavesNothingBehind) {
  const auto connector = this->connector(this->proxy_->port());
  std::size_t length = 0;
  {
    auto whole = this->connect(connector);
    this->converse(whole);
    length = this->proxy_->answered();
  }
  ASSERT_GT(length, 50U);
  ASSERT_TRUE(eventually<TypeParam>([&] { return this->proxy_->open() == 0; }));  // its descriptors are ours
  const std::size_t before = open_descriptors();
  for (std::size_t offset = 0; offset < length; ++offset) {
    this->proxy_->cut_after(offset);
    try {
      auto connection = this->connect(connector);
      this->converse(connection);
      ADD_FAILURE() << "a conversation of " << length << " bytes was whole after " << offset;
    } catch (const std::system_error& error) {
      EXPECT_NE(error.code(), std::errc::timed_out) << offset;
    }
  }
  this->proxy_->cut_after({});
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->proxy_->open() == 0; }));
  EXPECT_TRUE(eventually<TypeParam>([&] { return open_descriptors() == before; }));
  auto connection = this->connect(connector);
  this->converse(connection);
}

TYPED_TEST(RedisFaults, AServerThatSaysOneByteAtATimeIsUnderstood) {
  this->proxy_->trickle(true);
  auto connection = this->connect(this->connector(this->proxy_->port()));
  for (int i = 0; i < 5; ++i) this->converse(connection);
  EXPECT_TRUE(connection.reusable());
}

TYPED_TEST(RedisFaults, BytesThatKeepComingDoNotKeepADeadlineFromPassing) {
  auto connection = this->connect(this->connector(this->proxy_->port()));
  const std::string key = this->key("slow");
  connection.set(key, std::string(1'000'000, 'x'));
  this->proxy_->trickle(true);
  try {
    connection.template command_until<std::string>(this->in(milliseconds(50)), "GET", key);
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::timed_out) << error.what();
  }
  EXPECT_FALSE(connection.reusable());
}

TYPED_TEST(RedisFaults, AServerThatDoesNotAnswerTheLogInIsGivenUpAtTheDeadline) {
  this->proxy_->hold(true);
  const auto deadline = this->in(milliseconds(100));
  try {
    (void)this->connector(this->proxy_->port()).template connect<TypeParam>(deadline);
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::timed_out) << error.what();
  }
  EXPECT_GE(TypeParam::now(), deadline);
  EXPECT_LT(TypeParam::now(), deadline + seconds(5));
}

TYPED_TEST(RedisFaults, AFrozenServersLateReplyReachesNobody) {
  RealServer server("redis");
  auto connector = this->connector(server.port());
  connector.io_timeout = milliseconds(100);
  typename TestFixture::Pool pool(connector, {.max_size = 1});
  this->converse(held_by(pool.acquire()));
  server.freeze();
  {
    auto lease = pool.acquire();
    EXPECT_THROW(this->ask(*lease, "late"), std::system_error);
    EXPECT_FALSE(lease->reusable());
  }
  server.thaw();
  EXPECT_TRUE(eventually<TypeParam>([&] {
    try {
      this->converse(held_by(pool.acquire()));
      return true;
    } catch (const carpool::PoolError&) {  // the breaker is open for a while
    } catch (const std::system_error&) {   // the machine is busier than 100 ms allow
    }
    return false;
  }));
}

TYPED_TEST(RedisFaults, AKilledServerIsAnErrorAndARestartedOneIsUsedAgain) {
  RealServer server("redis");
  typename TestFixture::Pool pool(this->connector(server.port()),
                                  {.max_size = 2, .acquire_timeout = milliseconds(500)});
  auto held = pool.acquire();
  {
    this->converse(held_by(pool.acquire()));
  }
  server.kill();
  EXPECT_THROW(this->converse(*held), std::system_error);
  EXPECT_FALSE(held->reusable());
  EXPECT_THROW(this->converse(held_by(pool.acquire())), carpool::PoolError);
  server.start();
  EXPECT_TRUE(eventually<TypeParam>([&] {
    try {
      this->converse(held_by(pool.acquire()));
      return true;
    } catch (const carpool::PoolError&) {
      return false;
    }
  }));
}

TYPED_TEST(RedisFaults, AConnectionThatWasClosedWhileIdleIsNotHandedOut) {
  typename TestFixture::Pool pool(this->connector(this->proxy_->port()), {.max_size = 2});
  const auto connector = this->connector(this->proxy_->port());
  for (int round = 0; round < 5; ++round) {
    auto elder = this->connect(connector);  // the kernel ends them one by one, in an order of its own
    {
      this->converse(held_by(pool.acquire()));
    }
    auto younger = this->connect(connector);
    round % 2 == 0 ? this->proxy_->close_all() : this->proxy_->reset_all();
    ASSERT_TRUE(eventually<TypeParam>([&] { return !elder.is_connected() && !younger.is_connected(); }));
    this->converse(held_by(pool.acquire()));
    pool.clear();
  }
}

TYPED_TEST(RedisFaults, AResetWhileAReplyIsWaitedForIsAnError) {
  auto connection = this->connect(this->connector(this->proxy_->port()));
  std::thread killer([&] {
    std::this_thread::sleep_for(milliseconds(20));  // the command has most likely been sent; it fails either way
    this->proxy_->reset_all();
  });
  EXPECT_THROW(connection.blocking_for(seconds(20), "BLPOP", this->key("queue")), std::system_error);
  killer.join();
  EXPECT_FALSE(connection.reusable());
}

TYPED_TEST(RedisFaults, WhereAUserLeftWithoutReadingNobodyGetsTheReply) {
  typename TestFixture::Pool pool(this->connector(this->proxy_->port()), {.max_size = 1});
  for (int round = 0; round < 10; ++round) {
    try {
      pool.with_connection([&](auto& connection) {
        connection.command_until(this->in(milliseconds(round)), "BLPOP", this->key("queue"), 0.02);
      });
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code(), std::errc::timed_out) << error.what();
    }
    this->converse(held_by(pool.acquire()));
  }
}

TYPED_TEST(RedisFaults, WhatAHostileServerSaysIsAnErrorAndTakesNoMemory) {
  const MemoryBound bound;
  LoopbackServer hostile;
  std::string deep;
  for (int i = 0; i < 1'000'000; ++i) deep += "*1\r\n";
  for (const std::string& answer : {std::string("*9223372036854775807\r\n"), std::string("$2147483648\r\n"), deep,
                                    "+" + std::string(1'000'000, 'x'), std::string("HTTP/1.1 400 Bad Request\r\n\r\n"),
                                    std::string("%1\r\n+a\r\n:1\r\n")}) {
    hostile.reply_with({.answer = "+PONG\r\n"});
    auto connection = this->connect({.host = "127.0.0.1", .port = hostile.port()});
    hostile.reply_with({.answer = answer});
    try {
      connection.command("GET", "a");
      ADD_FAILURE() << answer.substr(0, 30);
    } catch (const carpool::RedisProtocolError& error) {
      EXPECT_NE(std::string(error.what()).find("read from 127.0.0.1:"), std::string::npos) << error.what();
    }
    EXPECT_FALSE(connection.reusable());
    EXPECT_FALSE(connection.is_connected());
    EXPECT_THROW(connection.command("GET", "a"), std::system_error);
  }
}

TYPED_TEST(RedisFaults, AWordThatNobodyAskedForKeepsAConnectionFromBeingLent) {
  LoopbackServer talkative;
  talkative.reply_with({.answer = "+OK\r\n"});
  const carpool::RedisConnector connector{.host = "127.0.0.1", .port = talkative.port()};
  auto connection = this->connect(connector);
  connection.command("SET", "a", 1);
  EXPECT_TRUE(connection.is_connected());
  talkative.send_all("+OK\r\n");
  EXPECT_TRUE(eventually<TypeParam>([&] { return !connection.is_connected(); }));
  auto other = this->connect(connector);
  talkative.reply_with({.answer = "+OK\r\n+AND MORE\r\n"});
  other.command("SET", "a", 1);
  EXPECT_FALSE(other.reusable());
  EXPECT_THROW(other.command("GET", "a"), carpool::RedisProtocolError)
      << "that would be the answer of nobody knows whom";
}

TYPED_TEST(RedisFaults, InAStormEveryReplyIsTheCallersOwn) {
  auto connector = this->connector(this->proxy_->port());
  connector.io_timeout = seconds(5);
  typename TestFixture::Pool pool(connector, {.max_size = 4, .acquire_timeout = seconds(5)});
  std::atomic<bool> over = false;
  std::atomic<int> answered = 0, failed = 0, wrong = 0;
  std::thread storm([&] {
    for (int i = 0; i < 30 || (answered == 0 && i < 1000); ++i) {  // on a busy machine somebody must get through too
      std::this_thread::sleep_for(milliseconds(10));
      i % 3 == 0   ? this->proxy_->reset_all()
      : i % 3 == 1 ? this->proxy_->close_all()
                   : this->proxy_->trickle(i % 2 == 0);
    }
    this->proxy_->trickle(false);
    over = true;
  });
  const auto work = [&] {
    while (!over) {
      try {
        pool.with_connection([&](auto& connection) { this->converse(connection); });
        ++answered;
      } catch (const std::logic_error&) {
        ++wrong;
      } catch (const std::runtime_error&) {  // the stream, or the pool
        ++failed;
      }
      TypeParam::sleep_until(this->in(milliseconds(1)));
    }
  };
  {
    std::vector<typename TypeParam::Task> workers;
    for (int i = 0; i < 8; ++i) workers.push_back(TypeParam::spawn(work));
  }
  storm.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(answered, 0);
  EXPECT_GT(this->proxy_->accepted(), 4U) << failed << " failed";
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.try_acquire().has_value(); }));
  auto lease = pool.acquire();
  this->converse(*lease);
}

}  // namespace

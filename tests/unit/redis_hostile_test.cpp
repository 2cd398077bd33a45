// needs: redis_connector
/// A Redis server that never pauses, or lets nobody in: no deadline is overrun, and the refusal is known as one.
#include <carpool/errors.hpp>
#include <carpool/redis_connector.hpp>

#include <chrono>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

#include "io_backends.hpp"
#include "mysql_fake_server.hpp"
#include "thrown.hpp"

namespace {

using namespace std::chrono_literals;
using TalkativeServer = MysqlFakeServer;  // the protocol is in the words

const std::string pong = "+PONG\r\n";
const std::string subscribed = "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n";
const std::string published = "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n";

template <class B>
class RedisHostile : public testing::Test {
 protected:
  static auto connect(const TalkativeServer& server) {
    const carpool::RedisConnector connector{.host = "127.0.0.1", .port = server.port()};
    return connector.template connect<B>(B::now() + 10s);
  }
  static carpool::RedisConnection<B> subscriber(const TalkativeServer& server) {
    auto connection = connect(server);
    connection.subscribe("c");
    return connection;
  }
};
TYPED_TEST_SUITE(RedisHostile, IoBackends, BackendName);

TYPED_TEST(RedisHostile, MessagesWithoutEndDoNotHoldUpAnUnsubscribe) {
  const TalkativeServer server({.greeting = "", .after_login = pong, .answer = subscribed, .again = published});
  auto connection = this->subscriber(server);
  EXPECT_EQ(code_thrown_by([&] { connection.unsubscribe(TypeParam::now() + 100ms); }), std::errc::timed_out);
  EXPECT_FALSE(connection.reusable());
}

TYPED_TEST(RedisHostile, MessagesWithoutEndDoNotHoldUpAReset) {
  const TalkativeServer server({.greeting = "", .after_login = pong, .answer = subscribed, .again = published});
  auto connection = this->subscriber(server);
  const auto reset = [&] { (void)connection.reset(TypeParam::now() + 100ms); };
  EXPECT_EQ(code_thrown_by(reset), std::errc::timed_out);
  EXPECT_FALSE(connection.reusable());
}

TYPED_TEST(RedisHostile, WordsThatAreNoMessagesDoNotHoldUpWhoWaitsForOne) {
  const TalkativeServer server({.greeting = "", .after_login = pong, .answer = subscribed, .again = ":1\r\n"});
  auto connection = this->subscriber(server);
  EXPECT_FALSE(connection.receive_message(TypeParam::now() + 100ms));
}

TYPED_TEST(RedisHostile, MessagesWithoutEndDoNotHoldUpASubscription) {
  const TalkativeServer server({.greeting = "", .after_login = pong, .answer = "", .again = published});
  const carpool::RedisConnector connector{.host = "127.0.0.1", .port = server.port(), .io_timeout = 100ms};
  auto connection = connector.template connect<TypeParam>(TypeParam::now() + 10s);
  EXPECT_EQ(code_thrown_by([&] { connection.subscribe("c"); }), std::errc::timed_out);
}

TYPED_TEST(RedisHostile, WhoIsToLogInAndDoesNotIsRefusedAtTheConnect) {
  const TalkativeServer server(
      {.greeting = "", .after_login = "-NOAUTH Authentication required.\r\n", .answer = "-NOAUTH\r\n"});
  EXPECT_THROW((void)this->connect(server), carpool::AuthenticationError);
}

TYPED_TEST(RedisHostile, AServerThatTakesNobodyMoreSaysSoAtTheConnect) {
  for (const std::string refusal :
       {"-ERR max number of clients reached\r\n", "-DENIED Redis is in protected mode\r\n"}) {
    const TalkativeServer server({.greeting = "", .after_login = refusal});
    EXPECT_THROW((void)this->connect(server), carpool::RedisError);
  }
}

TYPED_TEST(RedisHostile, ADatabaseIsRefusedForGoodUnlessTheServerIsFullOrLoads) {
  const auto select = [](const std::string& answer) {
    const TalkativeServer server({.greeting = "", .after_login = answer});
    const carpool::RedisConnector connector{.host = "127.0.0.1", .port = server.port(), .database = 3};
    (void)connector.template connect<TypeParam>(TypeParam::now() + 10s);
  };
  for (const std::string answer : {"-ERR DB index is out of range\r\n", "-ERR invalid DB index\r\n",
                                   "-ERR SELECT is not allowed in cluster mode\r\n",
                                   "-NOPERM this user has no permissions to run the 'select' command\r\n"}) {
    EXPECT_THROW(select(answer), carpool::ConnectRefused) << answer;
  }
  for (const std::string answer :
       {"-ERR max number of clients reached\r\n", "-LOADING Redis is loading the dataset in memory\r\n"}) {
    EXPECT_THROW(select(answer), carpool::RedisError) << answer << "which passes";
  }
}

TYPED_TEST(RedisHostile, AServerThatIsBusyOrAUserWhoMayNotAskForASignOfLifeIsNotRefused) {
  for (const std::string answer : {"-NOPERM this user has no permissions to run the 'ping' command\r\n",
                                   "-LOADING Redis is loading the dataset in memory\r\n", "-ERR unknown command\r\n"}) {
    const TalkativeServer server({.greeting = "", .after_login = answer});
    EXPECT_NO_THROW((void)this->connect(server)) << answer;
  }
}

}  // namespace

// needs: mysql_connector
/// Whatever a server says in MySQL's protocol, it is an answer or an error: bounded, no file sent, no password told.
#include <carpool/errors.hpp>
#include <carpool/mysql_connector.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <gtest/gtest.h>

#include "io_backends.hpp"
#include "mysql_fake_server.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CARPOOL_TEST_ADDRESS_SANITIZER
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define CARPOOL_TEST_ADDRESS_SANITIZER
#endif

namespace {

using namespace std::string_literals;
using std::chrono::milliseconds;

template <class B>
class MysqlHostile : public testing::Test {
 protected:
  using Words = MysqlFakeServer::Words;

  static carpool::MysqlConnector connector(const MysqlFakeServer& server) {
    return {.host = "127.0.0.1",
            .port = server.port(),
            .user = "somebody",
            .password = "hunter2",
            .max_reply_bytes = 65536};
  }

  /// The first value of the answer to a query, or what the error is like.
  static std::string outcome(MysqlFakeServer& server) {
    try {
      auto connection = connector(server).template connect<B>(B::now() + milliseconds(500));
      return ask(connection);
    } catch (const carpool::AuthenticationError&) {
      return "authentication";
    } catch (const carpool::MysqlError& error) {
      return "server " + error.code();
    } catch (const std::system_error& error) {
      EXPECT_EQ(std::string(error.what()).find("hunter2"), std::string::npos);
      return error.code() == std::errc::timed_out          ? "timed out"
             : error.code() == std::errc::connection_reset ? "ended"
             : error.code() == std::errc::message_size     ? "too long"
                                                           : "refused";
    }
  }
  static std::string ask(carpool::MysqlConnection<B>& connection) {
    try {
      const auto result = connection.query("select c", {}, B::now() + milliseconds(500));
      EXPECT_TRUE(connection.reusable());
      return result.empty() ? "nothing" : result[0].template get<std::string>(0);
    } catch (const std::system_error&) {
      EXPECT_FALSE(connection.reusable());
      throw;
    }
  }
  static std::string outcome(const Words& words) {
    MysqlFakeServer server(words);
    return outcome(server);
  }
};
TYPED_TEST_SUITE(MysqlHostile, IoBackends, BackendName);

TYPED_TEST(MysqlHostile, AnHonestAnswerIsTaken) {
  EXPECT_EQ(this->outcome({.answer = mysql_rows({"\2ok"})}), "ok");
  EXPECT_EQ(this->outcome({.answer = mysql_ok(1)}), "nothing");
}

TYPED_TEST(MysqlHostile, AConversationThatIsCutAtAnyByteIsAnErrorAndNoAnswer) {
  const std::string answer = mysql_rows({"\2ok"});
  const std::size_t whole = mysql_greeting().size() + mysql_ok(2).size() + answer.size();
  for (std::size_t cut = 0; cut < whole; ++cut) {
    EXPECT_EQ(this->outcome({.answer = answer, .cut = cut}), "ended") << "after " << cut << " of " << whole;
  }
}

TYPED_TEST(MysqlHostile, AClosedPortIsCalledThat) {
  carpool::MysqlConnector connector{.host = "127.0.0.1"};
  {
    const MysqlFakeServer gone({});
    connector.port = gone.port();
  }
  try {
    (void)connector.template connect<TypeParam>(TypeParam::now() + std::chrono::seconds(10));
    FAIL() << "it connected";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::connection_refused);
    EXPECT_EQ(error.what(), "connect to 127.0.0.1:" + std::to_string(connector.port) + ": Connection refused");
  }
}

TYPED_TEST(MysqlHostile, ASocketThatIsNotThereIsCalledThat) {
  try {
    (void)carpool::MysqlConnector{.unix_path = "/nowhere/mysqld.sock"}.template connect<TypeParam>(
        TypeParam::now() + std::chrono::seconds(10));
    FAIL() << "it connected";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
    EXPECT_TRUE(std::string(error.what()).ends_with("(2): No such file or directory")) << error.what();
  }
}

TYPED_TEST(MysqlHostile, ALostConnectionIsToldInTheLibrarysWords) {
  MysqlFakeServer server({.cut = 10});
  try {
    (void)this->connector(server).template connect<TypeParam>(TypeParam::now() + std::chrono::seconds(10));
    FAIL() << "it connected";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::connection_reset);
    EXPECT_EQ(std::string(error.what()).find("client error"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find(": [2013] Lost connection"), std::string::npos) << error.what();
  }
}

TYPED_TEST(MysqlHostile, AnEndlessAnswerIsRefused) {
  const std::string begin = mysql_packet(1, "\1") + mysql_column(2) + mysql_end(3);
  const std::string row = mysql_packet(4, "\xfd\0\x80\0"s + std::string(32768, 'r'));
  EXPECT_EQ(this->outcome({.answer = begin + row + row + row + row}), "too long");
  std::string rows = begin;
  for (int i = 0; i < 100; ++i) rows += mysql_packet(4 + i, "\xfc\0\x04"s + std::string(1024, 'r'));
  EXPECT_EQ(this->outcome({.answer = rows}), "too long");
}

TYPED_TEST(MysqlHostile, AnswersWithoutEndAreRefused) {
  std::string answers;  // each says that there is one more; 256 of them, because packets are numbered
  for (int i = 1; i <= 256; ++i) answers += mysql_packet(i & 0xff, "\0\0\0\x0a\0\0\0"s);
  EXPECT_EQ(this->outcome({.answer = "", .again = answers}), "too long");
}

TYPED_TEST(MysqlHostile, AnswersWithoutEndToASessionsSetUpEndAtTheDeadline) {
  std::string answers;
  for (int i = 1; i <= 256; ++i) answers += mysql_packet(i & 0xff, "\0\0\0\x0a\0\0\0"s);
  const MysqlFakeServer server({.answer = "", .again = answers});
  auto connector = this->connector(server);
  connector.session_setup = {"set @x = 1"};
  try {
    (void)connector.template connect<TypeParam>(TypeParam::now() + milliseconds(300));
    FAIL() << "it connected";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::timed_out) << error.what();
  }
}

TYPED_TEST(MysqlHostile, OnlyARefusalForTheServersRoleIsOne) {
  const auto refuses = [](const std::string& option) {
    return mysql_packet(1, "\xff\x0a\x05#HY000The MariaDB server is running with the --"s + option +
                               " option so it cannot execute this statement");
  };
  for (const auto& [option, replica] :
       {std::pair("read-only"s, true), std::pair("super-read-only"s, true), std::pair("secure-file-priv"s, false),
        std::pair("skip-grant-tables"s, false)}) {
    const MysqlFakeServer server({.answer = refuses(option)});
    const auto connector = this->connector(server);
    auto connection = connector.template connect<TypeParam>(TypeParam::now() + std::chrono::seconds(10));
    try {
      connection.query("select 1 into outfile '/tmp/never'");
      FAIL() << "it was not refused";
    } catch (const carpool::MysqlError& error) {
      EXPECT_EQ(error.number(), 1290U);
      EXPECT_EQ(connector.wrong_role(error), replica) << option;
    }
    EXPECT_EQ(connection.wrong_role(), replica) << option;
    EXPECT_EQ(connection.reusable(), !replica) << option;
  }
}

TYPED_TEST(MysqlHostile, APacketLongerThanAgreedIsRefused) {
  EXPECT_EQ(this->outcome({.answer = "\xff\xff\xff\1"s + std::string(200000, 'p')}), "ended")
      << "in libmariadb's words";
}

TYPED_TEST(MysqlHostile, AClaimedNumberTakesNoMemoryAndIsNotBelieved) {
#ifdef CARPOOL_TEST_ADDRESS_SANITIZER
  GTEST_SKIP() << "libmariadb asks malloc for as much as is claimed, and AddressSanitizer ends the program for it";
#endif
  for (const std::string& count : {"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f"s, "\xfd\xff\xff\xff"s, "\xfc\xff\xff"s}) {
    EXPECT_NE(this->outcome({.answer = mysql_packet(1, count) + mysql_column(2) + mysql_end(3)}), "ok");
  }
  EXPECT_NE(this->outcome({.answer = mysql_rows({"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f"
                                                 "short"})}),
            "short");
  EXPECT_NE(this->outcome({.answer = mysql_rows({"\x20short"})}), "short");
}

TYPED_TEST(MysqlHostile, NoFileIsSentToAServerThatAsksForOne) {
  MysqlFakeServer server({.answer = mysql_packet(1, "\xfb/etc/passwd")});
  EXPECT_EQ(this->outcome(server), "timed out") << "the server waits for the file, and we for its answer";
  EXPECT_EQ(server.heard().find("root:"), std::string::npos);
}

TYPED_TEST(MysqlHostile, ThePasswordIsNotToldToAServerThatAsksForIt) {
  MysqlFakeServer server({.after_login = mysql_packet(2, "\xfemysql_clear_password\0"s)});
  EXPECT_NE(this->outcome(server), "ok");
  EXPECT_EQ(server.heard().find("hunter2"), std::string::npos);
}

TYPED_TEST(MysqlHostile, WhatIsNotAGreetingIsRefused) {
  for (const std::string& greeting :
       {"HTTP/1.1 400 Bad Request\r\n\r\n"s, mysql_packet(0, ""), mysql_packet(0, "\x09old\0"s),
        mysql_packet(0, "\x0a"s), mysql_packet(0, "\x0a"s + std::string(300, 'v')), "SSH-2.0-OpenSSH_9.2\r\n"s,
        std::string(64, '\0')}) {
    const std::string told = this->outcome({.greeting = greeting});
    EXPECT_TRUE(told == "refused" || told == "timed out" || told == "ended" || told == "too long") << told;
  }
}

TYPED_TEST(MysqlHostile, ARefusalInsteadOfAGreetingIsTheServers) {
  EXPECT_EQ(this->outcome({.greeting = mysql_packet(0, "\xff\x10\x04Too many connections"s)}), "server 1040");
  EXPECT_EQ(this->outcome({.after_login = mysql_packet(2, "\xff\x15\x04#28000Access denied"s)}), "authentication");
}

TYPED_TEST(MysqlHostile, ASilentServerIsGivenUpAtTheDeadline) { EXPECT_EQ(this->outcome({}), "timed out"); }

}  // namespace

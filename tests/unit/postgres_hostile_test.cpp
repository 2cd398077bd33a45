// needs: postgres_connector
/// What a hostile PostgreSQL server says costs an error, never the process, its memory or more time than was given.
#include <carpool/errors.hpp>
#include <carpool/postgres_connector.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <fstream>
#include <initializer_list>
#include <string>
#include <system_error>

#include <gtest/gtest.h>
#include <unistd.h>

#include "io_backends.hpp"
#include "loopback_server.hpp"
#include "memory_bound.hpp"
#include "mysql_fake_server.hpp"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string number(std::uint32_t value) {
  std::string bytes;
  for (unsigned shift = 32; shift > 0;) bytes += static_cast<char>(value >> (shift -= 8) & 0xffU);
  return bytes;
}
std::string message(char type, const std::string& body) {
  return type + number(static_cast<std::uint32_t>(body.size() + 4)) + body;
}
std::string claiming(char type, std::uint32_t length, const std::string& body) { return type + number(length) + body; }

/// The fields of an error or a notice, each with its end, and the end of all.
std::string fields(std::initializer_list<const char*> all) {
  std::string bytes;
  for (const char* one : all) bytes += std::string(one) + '\0';
  return bytes + '\0';
}

const std::string welcome = message('R', number(0)) + message('Z', "I");

/// Of the whole process, in bytes.
std::size_t memory() {
  std::ifstream statm("/proc/self/statm");
  std::size_t virtually = 0, resident = 0;
  statm >> virtually >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

template <class Backend>
class HostilePostgres : public testing::Test {
 protected:
  carpool::PostgresConnector connector() const {
    return {
        .host = "127.0.0.1", .port = server_.port(), .user = "u", .password = "p", .options = {{"sslmode", "disable"}}};
  }
  static carpool::TimePoint in(carpool::Duration time) { return Backend::now() + time; }

  /// Throws what the query throws to which the server answers so.
  void converse(const std::string& answer, carpool::Duration timeout = seconds(10)) {
    server_.reply_with({.answer = welcome});
    auto connection = connector().template connect<Backend>(in(seconds(10)));
    server_.reply_with({.answer = answer});
    std::exception_ptr error;
    try {
      connection.query("SELECT 1", {}, in(timeout));
    } catch (const std::exception&) {
      error = std::current_exception();
    }
    reusable_ = connector().reusable(connection);
    if (error) std::rethrow_exception(error);
  }

  LoopbackServer server_;
  bool reusable_ = true;
};
TYPED_TEST_SUITE(HostilePostgres, IoBackends, BackendName);

TYPED_TEST(HostilePostgres, AnOrderlyAnswerIsUnderstood) {  // or the others would prove nothing
  EXPECT_NO_THROW(this->converse(message('C', std::string("SELECT 0\0", 9)) + message('Z', "I")));
  EXPECT_TRUE(this->reusable_);
}

TYPED_TEST(HostilePostgres, NonsenseIsAnError) {
  for (const std::string& nonsense :
       {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), claiming('T', 0, ""), claiming('D', 3, ""),
        claiming('Z', 0xffffffffU, "x"), message('D', number(0xffffffffU)), message('T', number(0x7fff7fffU)),
        message('E', "no end"), std::string(64, '\0')}) {
    EXPECT_THROW(this->converse(nonsense, milliseconds(50)), std::exception);
    EXPECT_FALSE(this->reusable_);
  }
}

TYPED_TEST(HostilePostgres, AClaimOfGigabytesCostsNoMemory) {
  const MemoryBound bound;
  const std::size_t before = memory();
  const std::string row = message('T', std::string("\0\1", 2) + std::string("c\0", 2) + std::string(18, '\0'));
  for (const char type : {'D', 'T', 'd', 'E', 'N', 'A'}) {
    for (const std::uint32_t length : {0x7ffffffeU, 0x3ffffff0U}) {
      EXPECT_THROW(this->converse(row + claiming(type, length, "begin"), milliseconds(20)), std::exception);
      EXPECT_FALSE(this->reusable_);
    }
  }
  EXPECT_LT(memory(), before + (std::size_t{64} << 20U));
}

TYPED_TEST(HostilePostgres, AFirstAnswerThatIsNoPostgresServersIsAnError) {
  for (const std::string& answer :
       {std::string("SSH-2.0-OpenSSH\r\n"), claiming('R', 0x7fffffffU, "x"), message('R', number(99)),
        message('R', number(10) + "UNKNOWN"), std::string("\0", 1)}) {
    this->server_.reply_with({.answer = answer});
    EXPECT_THROW((void)this->connector().template connect<TypeParam>(this->in(milliseconds(100))), std::exception);
  }
}

TYPED_TEST(HostilePostgres, AServerThatIsStartingIsQuotedAndNothingIsPutBehindItsWords) {
  this->server_.reply_with(
      {.answer = message('E', fields({"SFATAL", "VFATAL", "C57P03", "Mthe database system is starting up"}))});
  try {
    (void)this->connector().template connect<TypeParam>(this->in(seconds(10)));
    FAIL() << "it connected";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.what(),
              "connect to 127.0.0.1:" + std::to_string(this->server_.port()) + ": the database system is starting up");
  }
}

TYPED_TEST(HostilePostgres, AClosedPortIsCalledThatOnce) {
  this->server_.stop();
  try {
    (void)this->connector().template connect<TypeParam>(this->in(seconds(10)));
    FAIL() << "it connected";
  } catch (const std::system_error& error) {
    const std::string text = error.what();
    EXPECT_EQ(error.code(), std::errc::connection_refused) << text;
    EXPECT_EQ(text.find("Connection refused"), text.rfind("Connection refused")) << text;
    EXPECT_TRUE(text.ends_with("accepting TCP/IP connections?")) << text;
  }
}

TYPED_TEST(HostilePostgres, ALostConnectionIsToldInLibpqsWords) {
  this->server_.reply_with({.answer = welcome});
  auto connection = this->connector().template connect<TypeParam>(this->in(seconds(10)));
  this->server_.close_all();
  try {
    connection.query("SELECT 1", {}, this->in(seconds(10)));
    FAIL() << "there was an answer";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::connection_reset);
    EXPECT_EQ(std::string(error.what()).find("reset by peer"), std::string::npos) << error.what();
  }
}

TYPED_TEST(HostilePostgres, EndlessRemarksEndAtTheDeadline) {
  std::string remarks;
  const std::string remark = message('N', fields({"SNOTICE", "VNOTICE", "C00000", "Mbuy!"}));
  for (int i = 0; i < 10000; ++i) remarks += remark;
  this->server_.reply_with({.answer = welcome});
  auto connection = this->connector().template connect<TypeParam>(this->in(seconds(10)));
  this->server_.reply_with({.answer = remarks});
  try {
    connection.query("SELECT 1", {}, this->in(milliseconds(300)));
    FAIL() << "there was no answer";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::timed_out) << error.what();
  }
  EXPECT_EQ(connection.take_notices().size(), 100U);
}

TYPED_TEST(HostilePostgres, EndlessRemarksInsteadOfAWelcomeEndAtTheDeadline) {
  const std::string remark = message('N', fields({"SNOTICE", "VNOTICE", "C00000", "Mbuy!"}));
  const MysqlFakeServer server(
      {.greeting = "", .after_login = "N", .answer = message('R', number(0)), .again = remark + remark + remark});
  const carpool::PostgresConnector connector{
      .host = "127.0.0.1", .port = server.port(), .user = "u", .password = "p", .options = {{"sslmode", "prefer"}}};
  try {
    (void)connector.template connect<TypeParam>(this->in(milliseconds(300)));
    FAIL() << "it connected";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::timed_out) << error.what();
  }
}

TYPED_TEST(HostilePostgres, APasswordThatIsWantedAndWasNotGivenIsAnAuthenticationError) {
  auto connector = this->connector();
  connector.password.clear();
  connector.options.emplace_back("passfile", "/nowhere/pgpass");
  for (const std::uint32_t method : {3U, 5U}) {  // in plain text, and hashed
    this->server_.reply_with({.answer = message('R', number(method) + (method == 5 ? "salt" : ""))});
    try {
      (void)connector.template connect<TypeParam>(this->in(seconds(10)));
      FAIL() << "it connected";
    } catch (const carpool::AuthenticationError& error) {
      EXPECT_NE(std::string(error.what()).find("no password supplied"), std::string::npos) << error.what();
    }
  }
}

TYPED_TEST(HostilePostgres, AnAnswerThatNobodyAskedForIsDeath) {
  for (const std::string& unasked : {message('D', std::string(2, '\0')), message('Z', "I"), std::string("x")}) {
    this->server_.reply_with({.answer = welcome});
    auto connection = this->connector().template connect<TypeParam>(this->in(seconds(10)));
    this->server_.send_all(unasked + message('C', std::string("SELECT 0\0", 9)));
    const carpool::TimePoint end = this->in(seconds(10));
    while (this->connector().is_connected(connection) && TypeParam::now() < end) {
      TypeParam::sleep_until(this->in(milliseconds(1)));
    }
    EXPECT_FALSE(this->connector().is_connected(connection)) << unasked[0];
  }
}

TYPED_TEST(HostilePostgres, AnErrorThatNobodyAskedForIsTheServersLastWord) {
  this->server_.reply_with({.answer = welcome});
  auto connection = this->connector().template connect<TypeParam>(this->in(seconds(10)));
  this->server_.send_all(message('E', fields({"SFATAL", "VFATAL", "C57P01", "Mshutting down"})));
  const carpool::TimePoint end = this->in(seconds(10));
  while (this->connector().is_connected(connection) && TypeParam::now() < end) {
    TypeParam::sleep_until(this->in(milliseconds(1)));
  }
  EXPECT_FALSE(this->connector().is_connected(connection));
}

}  // namespace

// needs: mysql_connector
/// The parts of MysqlConnector that need no server: URLs, options, errors, and which statements leave something behind.
#include <carpool/mysql/detail/sql.hpp>
#include <carpool/mysql_connector.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "thrown.hpp"

namespace {

using carpool::MysqlConnector;

/// The message with which a URL is refused.
std::string refusal(std::string_view url) {
  return thrown_by<std::invalid_argument>([url] { return MysqlConnector::from_url(url); }).what();
}

TEST(MysqlUrl, SaysWhereAndAsWhom) {
  const auto connector = MysqlConnector::from_url("mysql://us%40er:p%3Ass@db.example:3307/shop");
  EXPECT_EQ(connector.host, "db.example");
  EXPECT_EQ(connector.port, 3307);
  EXPECT_EQ(connector.user, "us@er");
  EXPECT_EQ(connector.password, "p:ss");
  EXPECT_EQ(connector.describe(), connector.host + ":" + std::to_string(connector.port)) << "and no password";
  EXPECT_EQ(connector.database, "shop");
  EXPECT_EQ(MysqlConnector::from_url("mariadb://[::1]").host, "::1");
  EXPECT_EQ(MysqlConnector::from_url("mariadb://[::1]").port, 3306);
}

TEST(MysqlUrl, TakesOptions) {
  const auto connector = MysqlConnector::from_url(
      "mysql://h/d?charset=latin1&io_timeout=250ms&max_lifetime=5min&statement_cache=0&max_reply_bytes=20000"
      "&multi_statements=on&reset=always&tls=on&tls_ca=/ca.pem&tls_verify=off");
  EXPECT_EQ(connector.charset, "latin1");
  EXPECT_EQ(connector.io_timeout, std::chrono::milliseconds(250));
  EXPECT_EQ(connector.max_lifetime, std::chrono::minutes(5));
  EXPECT_EQ(connector.statement_cache, 0U);
  EXPECT_EQ(connector.max_reply_bytes, 20000U);
  EXPECT_TRUE(connector.multi_statements);
  EXPECT_EQ(connector.reset_policy, carpool::MysqlReset::always);
  ASSERT_TRUE(connector.tls);
  EXPECT_EQ(connector.tls->ca_file, "/ca.pem");
  EXPECT_FALSE(connector.tls->verify);
  EXPECT_EQ(MysqlConnector::from_url("mysql:///d?unix_path=/run/my.sock").unix_path, "/run/my.sock");
  EXPECT_FALSE(MysqlConnector::from_url("mysql://h?tls=off&tls_ca=/ca.pem").tls);
  EXPECT_TRUE(MysqlConnector::from_url("mysql://h?tls_ca=/ca.pem").tls);
}

TEST(MysqlUrl, WhoSpeaksOfEncryptionIsEncrypted) {
  for (const char* option : {"tls_verify=on", "tls_verify=off", "tls_ca=/a", "tls_cert=/a", "tls_key=/a", "tls=on"}) {
    EXPECT_TRUE(MysqlConnector::from_url(std::string("mysql://h?") + option).tls) << option;
  }
  EXPECT_FALSE(MysqlConnector::from_url("mysql://h").tls);
  EXPECT_FALSE(MysqlConnector::from_url("mysql://h?tls=off&tls_verify=on").tls);
}

TEST(MysqlUrl, RefusesWhatItDoesNotKnowByName) {
  EXPECT_NE(refusal("mysql://h/d?colour=red").find("colour"), std::string::npos);
  EXPECT_NE(refusal("mysql://h/d?reset=sometimes").find("reset"), std::string::npos);
  EXPECT_NE(refusal("mysql://h/d?max_reply_bytes=1").find("max_reply_bytes"), std::string::npos);
  EXPECT_NE(refusal("postgres://h/d").find("mysql"), std::string::npos);
  for (const std::string_view url : {"mysql://a,b/d", "mysql://h/d/e", "mysql://h:0/d", "mysql://h%00x/d", "mysql://",
                                     "mysql://h%3Db/d", "mysql://h/d?unix_path=relative", "mysql://h/d%00"}) {
    EXPECT_EQ(refusal(url).find("secret"), std::string::npos);
  }
  EXPECT_EQ(refusal("mysql://u:secret@h/d?colour=secret").find("secret"), std::string::npos);
}

TEST(MysqlOptions, AreRefusedByNameAndBound) {
  const auto refused = [](const MysqlConnector& connector, std::string_view field) {
    try {
      connector.validate();
      return false;
    } catch (const std::invalid_argument& error) {
      return std::string_view(error.what()).find(field) != std::string_view::npos;
    }
  };
  EXPECT_TRUE(refused({.host = ""}, "host"));
  EXPECT_TRUE(refused({.host = "a=b;c"}, "host"));
  EXPECT_TRUE(refused({.host = "plugin://x"}, "host"));
  EXPECT_TRUE(refused({.port = 0}, "port"));
  EXPECT_TRUE(refused({.unix_path = std::string(200, '/')}, "unix_path"));
  EXPECT_TRUE(refused({.unix_path = "/s", .tls = carpool::MysqlTls{}}, "tls"));
  EXPECT_TRUE(refused({.password = std::string("a\0b", 3)}, "password"));
  EXPECT_TRUE(refused({.max_reply_bytes = 10}, "max_reply_bytes"));
  EXPECT_TRUE(refused({.io_timeout = carpool::Duration::zero()}, "io_timeout"));
  EXPECT_NO_THROW(MysqlConnector{}.validate());
}

TEST(MysqlErrors, SayWhatTheyMean) {
  using carpool::SqlErrorKind;
  const auto kind = [](unsigned number) { return carpool::MysqlError(number, "HY000", "test").kind(); };
  for (const unsigned number : {1020U, 1205U, 1213U, 3101U, 3572U}) EXPECT_EQ(kind(number), SqlErrorKind::conflict);
  for (const unsigned number : {1062U, 1586U}) EXPECT_EQ(kind(number), SqlErrorKind::unique_violation);
  for (const unsigned number : {1451U, 1452U}) EXPECT_EQ(kind(number), SqlErrorKind::foreign_key_violation);
  for (const unsigned number : {1048U, 1364U}) EXPECT_EQ(kind(number), SqlErrorKind::not_null_violation);
  for (const unsigned number : {3819U, 4025U}) EXPECT_EQ(kind(number), SqlErrorKind::check_violation);
  EXPECT_EQ(kind(1064), SqlErrorKind::other);
  EXPECT_TRUE(carpool::is_repeatable(carpool::MysqlError(1213, "40001", "test")));
}

TEST(MysqlStatements, PlainWorkLeavesTheSessionClean) {
  for (const std::string_view sql : {"select 1", "  SELECT * FROM t", "insert into t values (1)", "Update t set a = 1",
                                     "with x as (select 1) select * from x", "START TRANSACTION", "rollback"}) {
    EXPECT_TRUE(carpool::detail::leaves_session_clean(sql)) << sql;
  }
  for (const std::string_view sql :
       {"", "set names latin1", "select @x := 1", "select Get_Lock('a', 1)", "/*! set */ select 1",
        "select 1; set @a = 1", "use other", "create temporary table t (v int)", "call p()", "lock tables t read",
        "-- x\nset @a = 1", "select 1 /*!, @a:=1 */", "prepare s from 'select 1'", "xa start 'x'", "handler t open",
        "(select 1)"}) {
    EXPECT_FALSE(carpool::detail::leaves_session_clean(sql)) << sql;
  }
}

}  // namespace

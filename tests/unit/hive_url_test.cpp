// needs: hive_connector
/// hive:// URLs say everything that a session needs, and what they cannot say is named.
#include <carpool/hive_connector.hpp>

#include <chrono>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "contains.hpp"
#include "thrown.hpp"

namespace {

using carpool::HiveAuth;
using carpool::HiveConnector;

std::string refusal(std::string_view url) {
  return refusal_by([url] { return HiveConnector::from_url(url); });
}

TEST(HiveUrlTest, AHostAloneHasDefaults) {
  const HiveConnector connector = HiveConnector::from_url("hive://h.example");
  EXPECT_EQ(connector.host, "h.example");
  EXPECT_EQ(connector.port, 10000);
  EXPECT_EQ(connector.user, "");
  EXPECT_EQ(connector.database, "");
  EXPECT_EQ(connector.auth, HiveAuth::plain);
  EXPECT_FALSE(connector.tls);
}

TEST(HiveUrlTest, EverythingIsTakenFromItsPlace) {
  const HiveConnector connector = HiveConnector::from_url(
      "hive://ada:s%3Acret@[::1]:10001/web;auth=noSasl?io_timeout=5min&batch_rows=7&max_rows=9&reset=session&"
      "hive.exec.parallel=true&tls=true&ca_file=/etc/ca.pem&verify=false");
  EXPECT_EQ(connector.host, "::1");
  EXPECT_EQ(connector.port, 10001);
  EXPECT_EQ(connector.user, "ada");
  EXPECT_EQ(connector.password, "s:cret");
  EXPECT_EQ(connector.describe({}), "[::1]:10001") << "and no password";
  EXPECT_EQ(connector.database, "web");
  EXPECT_EQ(connector.auth, HiveAuth::no_sasl);
  EXPECT_EQ(connector.io_timeout, std::chrono::minutes(5));
  EXPECT_EQ(connector.batch_rows, 7);
  EXPECT_EQ(connector.max_rows, 9U);
  EXPECT_EQ(connector.session_reset, carpool::HiveReset::reopen_session);
  EXPECT_EQ(connector.configuration, (std::map<std::string, std::string>{{"hive.exec.parallel", "true"}}));
  ASSERT_TRUE(connector.tls);
  EXPECT_EQ(connector.tls->ca_file, "/etc/ca.pem");
  EXPECT_FALSE(connector.tls->verify);
}

TEST(HiveUrlTest, TheAuthenticationMayStandInEitherPlace) {
  EXPECT_EQ(HiveConnector::from_url("hive://h/;auth=noSasl").auth, HiveAuth::no_sasl);
  EXPECT_EQ(HiveConnector::from_url("hive://h/?auth=noSasl").auth, HiveAuth::no_sasl);
  EXPECT_EQ(HiveConnector::from_url("hive://h?auth=plain").auth, HiveAuth::plain);
}

TEST(HiveUrlTest, WhatIsUnknownIsNamed) {
  EXPECT_TRUE(contains(refusal("hive://h/?colour=red"), "colour"));
  EXPECT_TRUE(contains(refusal("hive://h/web;colour=red"), "colour"));
  EXPECT_TRUE(contains(refusal("hive://h/?auth=kerberos"), "auth"));
  EXPECT_TRUE(contains(refusal("hive://h/?reset=never"), "reset"));
  EXPECT_TRUE(contains(refusal("hive://h/?batch_rows=0"), "batch_rows"));
  EXPECT_TRUE(contains(refusal("hive://h/?io_timeout=0s"), "io_timeout"));
  EXPECT_TRUE(contains(refusal("hive://h/?ca_file=/etc/ca.pem"), "ca_file"));
  EXPECT_TRUE(contains(refusal("redis://h/"), "scheme"));
  EXPECT_TRUE(contains(refusal("hive://a,b/"), "one host"));
  EXPECT_TRUE(contains(refusal("hive://h%00/"), "NUL"));
  EXPECT_TRUE(contains(refusal("hive://h/%00"), "NUL"));
}

TEST(HiveUrlTest, APasswordStandsInNoMessage) {
  for (const std::string_view url : {"hive://ada:swordfish@h/?colour=red", "hive://ada:swordfish@h:0/",
                                     "hive://ada:swordfish@h/?auth=x", "redis://ada:swordfish@h/"}) {
    EXPECT_NE(refusal(url), "");
    EXPECT_EQ(refusal(url).find("swordfish"), std::string::npos) << refusal(url);
  }
}

TEST(HiveConnectorTest, BadOptionsAreRefusedByName) {
  const auto rule = [](HiveConnector connector) -> std::string {
    connector.host = "h";
    try {
      connector.validate();
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(rule({.host = ""}), "");
  EXPECT_NE(rule({.host = "", .port = 0}).find("port"), std::string::npos);
  EXPECT_NE(rule({.host = "", .user = std::string(1, '\0')}).find("user"), std::string::npos);
  EXPECT_NE(rule({.host = "", .batch_rows = 0}).find("batch_rows"), std::string::npos);
  EXPECT_NE(rule({.host = "", .max_rows = 0}).find("max_rows"), std::string::npos);
  EXPECT_NE(rule({.host = "", .limits = {.max_depth = 0}}).find("max_depth"), std::string::npos);
  EXPECT_NE(rule({.host = "", .first_poll = carpool::Duration::zero()}).find("first_poll"), std::string::npos);
  EXPECT_NE(rule({.host = "", .last_poll = carpool::Duration(1)}).find("last_poll"), std::string::npos);
}

}  // namespace

// needs: tcp_connector
// sanitizers: not thread
/// SASL's messages as they stand on the wire, and heads that are not believed.
#include <carpool/hive/detail/sasl_plain.hpp>

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include <gtest/gtest.h>

namespace {

using namespace std::string_view_literals;
using carpool::SaslHead;
using carpool::SaslStatus;

SaslHead parse(std::string_view bytes) {
  return SaslHead::parse(std::as_bytes(std::span(bytes)).first<SaslHead::size>());
}

TEST(SaslPlainTest, TheHandshakeIsAsRecorded) {
  const std::string said = carpool::sasl_message(SaslStatus::start, "PLAIN") +
                           carpool::sasl_message(SaslStatus::ok, carpool::sasl_plain_credentials("hive", "x"));
  EXPECT_EQ(said, "\1\0\0\0\5PLAIN\2\0\0\0\x0bhive\0hive\0x"sv);
}

TEST(SaslPlainTest, EveryStatusIsRead) {
  EXPECT_EQ(parse("\1\0\0\0\0"sv).status, SaslStatus::start);
  EXPECT_EQ(parse("\2\0\0\0\0"sv).status, SaslStatus::ok);
  EXPECT_EQ(parse("\3\0\0\0\0"sv).status, SaslStatus::bad);
  EXPECT_EQ(parse("\4\0\0\0\0"sv).status, SaslStatus::error);
  EXPECT_EQ(parse("\5\0\0\0\0"sv).status, SaslStatus::complete);
  EXPECT_EQ(parse("\5\0\0\1\2"sv).length, 258U);
}

TEST(SaslPlainTest, UnknownStatusesAreRefused) {
  EXPECT_THROW((void)parse("\0\0\0\0\0"sv), std::system_error);
  EXPECT_THROW((void)parse("\6\0\0\0\0"sv), std::system_error);
  EXPECT_THROW((void)parse("\x80\0\0\0\0"sv), std::system_error);
}

TEST(SaslPlainTest, AnAlertOfTlsIsCalledByItsName) {
  try {
    (void)parse("\x15\3\3\0\2"sv);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("an alert of TLS"), std::string::npos) << error.what();
  }
}

TEST(SaslPlainTest, LengthsBelowNothingAndBeyondReasonAreRefused) {
  EXPECT_EQ(parse("\5\0\1\0\0"sv).length, carpool::sasl_max_payload);
  EXPECT_THROW((void)parse("\5\0\1\0\1"sv), std::system_error);
  EXPECT_THROW((void)parse("\5\x7f\xff\xff\xff"sv), std::system_error);
  EXPECT_THROW((void)parse("\5\xff\xff\xff\xff"sv), std::system_error);
  EXPECT_THROW((void)parse("\5\x80\0\0\0"sv), std::system_error);
}

TEST(SaslPlainTest, WhatPlainCannotSayIsRefusedWithoutShowingIt) {
  const std::string nul("fish\0bowl", 9);
  for (const auto& [user, password] :
       {std::pair<std::string, std::string>{"", "x"}, {"u", ""}, {nul, "x"}, {"u", nul}}) {
    try {
      (void)carpool::sasl_plain_credentials(user, password);
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::invalid_argument& error) {
      EXPECT_EQ(std::string(error.what()).find("fish"), std::string::npos) << error.what();
    }
  }
}

TEST(SaslPlainTest, AServersTextIsMadeFitForAMessage) {
  EXPECT_EQ(carpool::detail::printable("a\nb\x1b[31m\x7f"), "a b [31m ");
  EXPECT_EQ(carpool::detail::printable(std::string(5000, 'x')).size(), 1000U);
}

}  // namespace

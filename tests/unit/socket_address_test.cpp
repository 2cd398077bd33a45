// sanitizers: not thread
/// Addresses are written as people write them, and wrong ones are refused by name.
#include <carpool/posix/socket_address.hpp>

#include <stdexcept>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

namespace {

using carpool::SocketAddress;

TEST(SocketAddress, NumericHostsAreWrittenWithTheirPort) {
  EXPECT_EQ(carpool::parse_numeric("127.0.0.1", 6379).at(0).to_string(), "127.0.0.1:6379");
  EXPECT_EQ(carpool::parse_numeric("::1", 6379).at(0).to_string(), "[::1]:6379");
  EXPECT_EQ(carpool::parse_numeric("::1", 6379).at(0).port(), 6379);
}

TEST(SocketAddress, ANameIsNotNumeric) { EXPECT_TRUE(carpool::parse_numeric("localhost", 1).empty()); }

TEST(SocketAddress, LocalhostResolvesOnAMachineWithOnlyALoopback) {
  const auto found = carpool::resolve("localhost", 80);
  EXPECT_TRUE(found.at(0).to_string() == "127.0.0.1:80" || found.at(0).to_string() == "[::1]:80");
}

TEST(SocketAddress, UnixPathsAndAbstractNamesAreWrittenAsGiven) {
  EXPECT_EQ(SocketAddress::unix_path("/run/app.sock").to_string(), "unix:/run/app.sock");
  EXPECT_EQ(SocketAddress::unix_path("@name").to_string(), "unix:@name");
  EXPECT_TRUE(SocketAddress::unix_path("@name").is_unix());
}

TEST(SocketAddress, AnAbstractNameIsAsLongAsItIsWritten) {
  EXPECT_EQ(SocketAddress::unix_path("@name").size(), offsetof(sockaddr_un, sun_path) + 5);
  EXPECT_EQ(SocketAddress::unix_path("/name").size(), offsetof(sockaddr_un, sun_path) + 6);
}

TEST(SocketAddress, ThePathThatJustFitsIsWholeAndTheNextIsRefused) {
  const std::string longest = '/' + std::string(106, 'x');
  EXPECT_EQ(SocketAddress::unix_path(longest).to_string(), "unix:" + longest);
  EXPECT_THROW((void)SocketAddress::unix_path(longest + 'x'), std::invalid_argument);
}

TEST(SocketAddress, PathsThatWouldMeanSomethingElseAreRefused) {
  EXPECT_THROW((void)SocketAddress::unix_path(""), std::invalid_argument);
  EXPECT_THROW((void)SocketAddress::unix_path(std::string("/a\0b", 4)), std::invalid_argument);
}

TEST(SocketAddress, AnUnnamedSocketHasAName) {
  sockaddr_un unnamed{};
  unnamed.sun_family = AF_UNIX;
  const SocketAddress address(reinterpret_cast<const sockaddr*>(&unnamed), sizeof unnamed.sun_family);
  EXPECT_EQ(address.to_string(), "unix:(unnamed)");
  EXPECT_EQ(SocketAddress().to_string(), "an unnamed address");
}

TEST(SocketAddress, EqualMeansTheSameHostAndPort) {
  const auto one = carpool::parse_numeric("127.0.0.1", 1).at(0);
  EXPECT_EQ(one, carpool::parse_numeric("127.0.0.1", 1).at(0));
  EXPECT_FALSE(one == carpool::parse_numeric("127.0.0.1", 2).at(0));
  EXPECT_FALSE(one == carpool::parse_numeric("127.0.0.2", 1).at(0));
  EXPECT_FALSE(one == SocketAddress::unix_path("/a"));
}

TEST(SocketAddress, WhatTheResolverSaysHasACategoryOfItsOwn) {
  const std::error_code unknown(EAI_NONAME, carpool::resolver_category());
  EXPECT_EQ(unknown.message(), "Name or service not known");
  EXPECT_NE(unknown, std::error_code(EAI_NONAME, std::system_category()));
}

}  // namespace

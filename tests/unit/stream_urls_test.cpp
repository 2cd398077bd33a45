// sanitizers: not thread
/// TcpConnector and UnixConnector as URLs.
#include <carpool/tcp_connector.hpp>
#include <carpool/unix_connector.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "thrown.hpp"

namespace {

using carpool::TcpConnector;
using carpool::UnixConnector;
using std::chrono::milliseconds, std::chrono::seconds;

template <class Connector>
std::string refusal_of(std::string_view url) {
  return refusal_by([url] { return Connector::from_url(url); });
}

TEST(StreamUrls, NameATcpServerAndItsOptions) {
  const TcpConnector plain = TcpConnector::from_url("tcp://[::1]:7");
  EXPECT_EQ(plain.host, "::1");
  EXPECT_EQ(plain.port, 7);
  EXPECT_EQ(plain.io_timeout, TcpConnector{}.io_timeout);
  const TcpConnector tuned =
      TcpConnector::from_url("tcp://h:7?nodelay=no&io_timeout=250ms&user_timeout=5s&one_way=yes");
  EXPECT_FALSE(tuned.nodelay);
  EXPECT_EQ(tuned.io_timeout, milliseconds(250));
  EXPECT_EQ(tuned.user_timeout, seconds(5));
  EXPECT_TRUE(tuned.one_way);
}

TEST(StreamUrls, NameASocketInTheFileSystem) {
  const UnixConnector connector = UnixConnector::from_url("unix:///run/a%20b?io_timeout=1s");
  EXPECT_EQ(connector.path, "/run/a b");
  EXPECT_EQ(connector.io_timeout, seconds(1));
}

TEST(StreamUrls, WhatIsWrongIsNamed) {
  EXPECT_EQ(refusal_of<TcpConnector>("udp://h:7"), "URL: the scheme is not tcp://");
  EXPECT_EQ(refusal_of<TcpConnector>("tcp://a:1,b:2"), "URL: tcp needs one host, not 2");
  EXPECT_EQ(refusal_of<TcpConnector>("tcp://h"), "TcpConnector: port must be 1 to 65535, not 0");
  EXPECT_EQ(refusal_of<TcpConnector>("tcp://me@h:7"), "TcpConnector: a URL has no user, no password and no path");
  EXPECT_EQ(refusal_of<TcpConnector>("tcp://h:7?tls=on"), "URL: tcp option tls is unknown");
  EXPECT_EQ(refusal_of<UnixConnector>("unix://h/path"),
            "UnixConnector: a URL is unix:///path, without a host or a user");
  EXPECT_EQ(refusal_of<UnixConnector>("unix://"), "UnixConnector: path must not be empty");
}

}  // namespace

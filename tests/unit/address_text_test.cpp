// sanitizers: not thread
/// How connectors say where they connect to, for error texts.
#include <carpool/common/address_text.hpp>
#include <carpool/endpoints_connector.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/unix_connector.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {

using carpool::detail::address_text;

TEST(AddressText, BracketsWhatHasColonsItself) {
  EXPECT_EQ(address_text("db.example", 5432), "db.example:5432");
  EXPECT_EQ(address_text("::1", 5432), "[::1]:5432");
}

TEST(AddressText, IsWhatConnectorsSayOfThemselves) {
  EXPECT_EQ((carpool::TcpConnector{.host = "a", .port = 7}.describe()), "a:7");
  EXPECT_EQ((carpool::UnixConnector{.path = "/run/x"}.describe()), "unix:/run/x");
  const carpool::EndpointsConnector<carpool::TcpConnector> both({{.host = "a", .port = 7}, {.host = "b", .port = 8}});
  EXPECT_EQ(both.describe(), "one of a:7, b:8");
}

}  // namespace

// needs: http_connector
/// The parts of HttpConnector that need no server: URLs, options, headers, the environment's proxy.
#include <carpool/http_connector.hpp>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "thrown.hpp"

namespace {

using carpool::HttpConnector;

std::string refusal(std::string_view url) {
  return thrown_by<std::invalid_argument>([url] { return HttpConnector::from_url(url); }).what();
}

TEST(HttpUrl, SaysWhereAndHow) {
  const auto plain = HttpConnector::from_url("http://example.com");
  EXPECT_EQ(plain.host, "example.com");
  EXPECT_EQ(plain.port, 0);
  EXPECT_FALSE(plain.tls);
  const auto secret =
      HttpConnector::from_url("https://me:p%40ss@[::1]:8443/?ca_file=/ca.pem&max_redirects=3&io_timeout=2s");
  EXPECT_EQ(secret.host, "::1");
  EXPECT_EQ(secret.port, 8443);
  EXPECT_EQ(secret.user, "me");
  EXPECT_EQ(secret.password, "p@ss");
  EXPECT_TRUE(secret.tls && secret.tls->verify);
  EXPECT_EQ(secret.tls->ca_file, "/ca.pem");
  EXPECT_EQ(secret.max_redirects, 3U);
  EXPECT_EQ(secret.io_timeout, std::chrono::seconds(2));
}

TEST(HttpUrl, RefusesWhatItDoesNotKnow) {
  EXPECT_NE(refusal("http://h?colour=red").find("colour"), std::string::npos);
  EXPECT_NE(refusal("http://h?ca_file=/x").find("ca_file"), std::string::npos) << "there is no TLS";
  EXPECT_EQ(refusal("http://u:secret@h?colour=secret").find("secret"), std::string::npos);
  for (const std::string_view url : {"ftp://h", "http://", "http://a,b", "http://h/path", "http://h%00", "http://h%2Fx",
                                     "http://h%40evil", "http://h%0d%0aX", "http://h:99999", "http://u%0a:p@h"}) {
    (void)refusal(url);
  }
}

TEST(HttpOptions, AreRefusedByNameAndBound) {
  EXPECT_THROW(HttpConnector{}.validate(), std::invalid_argument);
  EXPECT_THROW((HttpConnector{.host = "h@x"}.validate()), std::invalid_argument);
  EXPECT_THROW((HttpConnector{.host = "h", .user = "a:b"}.validate()), std::invalid_argument);
  EXPECT_THROW((HttpConnector{.host = "h", .headers = {{"X", "a\nb"}}}.validate()), std::invalid_argument);
  EXPECT_THROW((HttpConnector{.host = "h", .headers = {{"Content-Length", "1"}}}.validate()), std::invalid_argument);
  EXPECT_THROW((HttpConnector{.host = "h", .proxy = carpool::HttpProxy{}}.validate()), std::invalid_argument);
  EXPECT_THROW((HttpConnector{.host = "h", .max_header_bytes = 10}.validate()), std::invalid_argument);
  EXPECT_THROW((HttpConnector{.host = "h", .io_timeout = carpool::Duration::zero()}.validate()), std::invalid_argument);
  EXPECT_NO_THROW((HttpConnector{.host = "h"}.validate()));
}

TEST(HttpMessages, KnowTheirHeadersAndWhetherTheyMayBeRepeated) {
  const carpool::HttpResponse response{.status = 204, .headers = {{"Content-Type", "a"}, {"content-type", "b"}}};
  EXPECT_EQ(response.header("CONTENT-TYPE"), "a");
  EXPECT_EQ(response.header("Content"), "");
  EXPECT_TRUE(response.ok());
  EXPECT_TRUE((carpool::HttpRequest{.method = "DELETE"}).is_idempotent());
  EXPECT_FALSE((carpool::HttpRequest{.method = "POST"}).is_idempotent());
  EXPECT_FALSE((carpool::HttpRequest{.method = "get"}).is_idempotent());
}

TEST(HttpEnvironment, NamesAProxyButForTheExcepted) {
  using carpool::detail::is_excepted_from_proxy;
  EXPECT_TRUE(is_excepted_from_proxy("www.example.com", "a, .example.com"));
  EXPECT_TRUE(is_excepted_from_proxy("Example.com", "example.COM"));
  EXPECT_FALSE(is_excepted_from_proxy("badexample.com", "example.com"));
  EXPECT_FALSE(is_excepted_from_proxy("example.com", ""));
  EXPECT_FALSE(is_excepted_from_proxy("example.com", ",, ,"));
  EXPECT_TRUE(is_excepted_from_proxy("anything", "*"));
  ::setenv("https_proxy", "me:secret@proxy.example:8080", 1);
  ::setenv("HTTP_PROXY", "http://attacker", 1);
  const auto proxy = carpool::detail::proxy_from_environment(true, "h");
  ASSERT_TRUE(proxy);
  EXPECT_EQ(proxy->host, "proxy.example");
  EXPECT_EQ(proxy->port, 8080);
  EXPECT_EQ(proxy->password, "secret");
  EXPECT_FALSE(carpool::detail::proxy_from_environment(false, "h")) << "a header of a CGI request";
  ::unsetenv("https_proxy");
  ::unsetenv("HTTP_PROXY");
}

}  // namespace

// sanitizers: not thread
/// Addresses as users write them: what they mean, what is refused, and that no password is shown.
#include <carpool/common/url.hpp>
#include <carpool/common/url_options.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "thrown.hpp"

namespace {

using carpool::Url;
using carpool::UrlHost;
using carpool::UrlOptions;

/// What parse says of a wrong URL; empty where it takes it.
std::string refusal_of(std::string_view text) {
  return refusal_by([text] { return Url::parse(text); });
}

TEST(Url, HasAllItsParts) {
  const Url url = Url::parse("Redis+tls://me:my%20word%40@example.org:6380/7?timeout=5s&name=a%26b");
  EXPECT_EQ(url.scheme, "redis+tls");
  EXPECT_EQ(url.user, "me");
  EXPECT_EQ(url.password, "my word@");
  EXPECT_EQ(url.hosts, (std::vector<UrlHost>{{"example.org", 6380}}));
  EXPECT_EQ(url.path, "/7");
  EXPECT_EQ(url.options, (std::vector<std::pair<std::string, std::string>>{{"timeout", "5s"}, {"name", "a&b"}}));
}

TEST(Url, WhatIsNotWrittenIsNotThere) {
  const Url url = Url::parse("http://example.org");
  EXPECT_EQ(url.user, std::nullopt);
  EXPECT_EQ(url.password, std::nullopt);
  EXPECT_EQ(url.hosts, (std::vector<UrlHost>{{"example.org"}}));
  EXPECT_EQ(url.path, "");
  EXPECT_TRUE(url.options.empty());
}

TEST(Url, AUserNeedsNoPasswordAndAPasswordNoUser) {
  EXPECT_EQ(Url::parse("x://me@h").user, "me");
  EXPECT_EQ(Url::parse("x://me@h").password, std::nullopt);
  EXPECT_EQ(Url::parse("x://:word@h").user, std::nullopt);
  EXPECT_EQ(Url::parse("x://:word@h").password, "word");
  EXPECT_EQ(Url::parse("x://me:@h").password, "");
}

TEST(Url, ThePasswordMayHoldAnAtSign) { EXPECT_EQ(Url::parse("x://me:w@rd@h").password, "w@rd"); }

TEST(Url, NamesSeveralHosts) {
  EXPECT_EQ(Url::parse("postgres://a:1,b,[::1]:3/db").hosts, (std::vector<UrlHost>{{"a", 1}, {"b"}, {"::1", 3}}));
}

TEST(Url, NamesAFileAndNoHost) {
  EXPECT_TRUE(Url::parse("unix:///run/redis.sock?db=1").hosts.empty());
  EXPECT_EQ(Url::parse("unix:///run/redis.sock?db=1").path, "/run/redis.sock");
  EXPECT_EQ(Url::parse("unix://:word@/run/x").password, "word");
  EXPECT_EQ(Url::parse("unix://:word@/run/x").path, "/run/x");
}

TEST(Url, OptionsMayFollowTheHostAtOnceAndHaveNoValue) {
  const Url url = Url::parse("x://h?a&b=");
  EXPECT_EQ(url.options, (std::vector<std::pair<std::string, std::string>>{{"a", ""}, {"b", ""}}));
}

TEST(Url, WhatIsWrongIsNamed) {
  using namespace std::string_view_literals;
  EXPECT_NE(refusal_of("localhost:6379").find("does not begin with a scheme"), std::string::npos);
  EXPECT_NE(refusal_of("1x://h").find("the scheme"), std::string::npos);
  EXPECT_NE(refusal_of("x://h:70000").find("1 to 65535"), std::string::npos);
  EXPECT_NE(refusal_of("x://h:0").find("1 to 65535"), std::string::npos);
  EXPECT_NE(refusal_of("x://h:12a").find("1 to 65535"), std::string::npos);
  EXPECT_NE(refusal_of("x://:6379").find("a host is empty"), std::string::npos);
  EXPECT_NE(refusal_of("x://a,,b").find("a host is empty"), std::string::npos);
  EXPECT_NE(refusal_of("x://a,").find("a host is empty"), std::string::npos);
  EXPECT_NE(refusal_of("x://[::1").find("not closed"), std::string::npos);
  EXPECT_NE(refusal_of("x://[::1]a").find("bracketed"), std::string::npos);
  EXPECT_NE(refusal_of("x://h/%4").find("path has a %"), std::string::npos);
  EXPECT_NE(refusal_of("x://h/%zz").find("path has a %"), std::string::npos);
  EXPECT_NE(refusal_of("x://h/%00").find("NUL"), std::string::npos);
  EXPECT_NE(refusal_of("x://h/a\0b"sv).find("NUL"), std::string::npos);
  EXPECT_NE(refusal_of("x://h/a b").find("blank"), std::string::npos);
  EXPECT_NE(refusal_of("x://h/#a").find("fragment"), std::string::npos);
  EXPECT_NE(refusal_of("x://h?=1").find("no name"), std::string::npos);
  EXPECT_NE(refusal_of("x://" + std::string(20000, 'h')).find("16384 bytes"), std::string::npos);
}

TEST(Url, APasswordIsNeverShown) {
  const std::string url = "x://me:s3cret@h:1/p?sslpassword=s3cret&a=b";
  EXPECT_EQ(Url::parse(url).redacted(), "x://me:***@h:1/p?sslpassword=***&a=b");
  for (const std::string wrong : {"x://me:s3cret@h:0", "x://me:s3/cret@h", "x://:s3?cret", "x://me:s3cret%@h",
                                  "x://s3cret", "x://h:s3cret", "x://me:s3cret@h?a=s3cret%"}) {
    EXPECT_EQ(refusal_of(wrong).find("s3"), std::string::npos) << wrong;
    EXPECT_EQ(refusal_of(wrong).find("cret"), std::string::npos) << wrong;
  }
}

TEST(Url, WhatIsShownMeansTheSameAgain) {
  const std::string text = "x://us%25er@[::1]:5,name/a%20b/c?k%26=v%3D%26";
  EXPECT_EQ(Url::parse(text).redacted(), text);
}

TEST(Url, IsWrittenWithItsPasswordForThoseWhoConnect) {
  const std::string text = "x://me:s3%40cret@a:1,b/p?password=also";
  EXPECT_EQ(Url::parse(text).to_string(), text);
  EXPECT_EQ(Url::parse(text).with_host({"c", 5}).to_string(), "x://me:s3%40cret@c:5/p?password=also");
}

TEST(Url, AnAddressWithAZoneIsWrittenAsItIsRead) {
  const std::string text = "x://[fe80::1%25eth0]:1,b/p";
  EXPECT_EQ(Url::parse(text).hosts.at(0).host, "fe80::1%eth0");
  EXPECT_EQ(Url::parse(text).to_string(), text);
}

TEST(UrlOptions, AreTakenByType) {
  UrlOptions options(Url::parse("x://h?n=12&yes=on&no=0&short=250ms&long=2min&bare=3&t=text&t=last"));
  EXPECT_EQ(options.number("n"), 12U);
  EXPECT_EQ(options.flag("yes"), true);
  EXPECT_EQ(options.flag("no"), false);
  EXPECT_EQ(options.duration("short"), std::chrono::milliseconds(250));
  EXPECT_EQ(options.duration("long"), std::chrono::minutes(2));
  EXPECT_EQ(options.duration("bare"), std::chrono::seconds(3));
  EXPECT_EQ(options.text("t"), "last");
  EXPECT_EQ(options.text("absent"), std::nullopt);
  EXPECT_NO_THROW(options.refuse_others());
}

TEST(UrlOptions, WrongOnesAreNamedAndTheirValuesAreNot) {
  const auto refused = [](const char* query, auto take) {
    UrlOptions options(Url::parse(std::string("x://h?") + query));
    try {
      take(options);
    } catch (const std::invalid_argument& error) {
      EXPECT_EQ(std::string(error.what()).find("s3cret"), std::string::npos);
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  EXPECT_EQ(refused("db=17", [](auto& options) { (void)options.number("db", 0, 15); }),
            "URL: x option db is not a whole number from 0 to 15");
  EXPECT_EQ(refused("tls=s3cret", [](auto& options) { (void)options.flag("tls"); }),
            "URL: x option tls is neither true nor false");
  for (const char* time : {"t=", "t=0s", "t=5h", "t=-1s", "t=99999999999s", "t=1.5s", "t=4294967295min"}) {
    EXPECT_EQ(refused(time, [](auto& options) { (void)options.duration("t"); }),
              "URL: x option t is not a time such as 250ms, 30s or 5min");
  }
  EXPECT_EQ(refused("passwort=s3cret", [](auto& options) { options.refuse_others(); }),
            "URL: x option passwort is unknown");
}

}  // namespace

// Text for logs and exporters: JSON's escapes, no credentials, the parts of a server's address.
#include <carpool/text/json_text.hpp>
#include <carpool/text/server_address.hpp>
#include <carpool/text/without_credentials.hpp>

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace {

using carpool::detail::read_server_address;
using carpool::detail::utf8_length;
using carpool::detail::without_credentials;

std::string escaped(std::string_view text) {
  std::string all;
  carpool::detail::put_json_text(text, [&](std::string_view piece) { all += piece; });
  return all;
}

TEST(JsonText, EscapesWhatJsonWantsEscaped) {
  EXPECT_EQ(escaped("plain"), "plain");
  EXPECT_EQ(escaped(R"(say "no" \ yes)"), R"(say \"no\" \\ yes)");
  EXPECT_EQ(escaped(std::string_view("a\0b\n\x1f\x7f", 6)), "a\\u0000b\\u000a\\u001f\\u007f");
  EXPECT_EQ(escaped("Grüße, 東京 🚗"), "Grüße, 東京 🚗");
}

TEST(JsonText, PutsAReplacementForWhatIsNoUtf8) {
  const std::string replacement = "\xEF\xBF\xBD";
  EXPECT_EQ(escaped("a\xFF"
                    "b"),
            "a" + replacement + "b");
  EXPECT_EQ(escaped("\xC3"), replacement) << "cut";
  EXPECT_EQ(escaped("\xC0\xAF"), replacement + replacement) << "longer than it need be";
  EXPECT_EQ(escaped("\xE0\x80\xAF"), replacement + replacement + replacement);
  EXPECT_EQ(escaped("\xED\xA0\x80"), replacement + replacement + replacement) << "a surrogate";
  EXPECT_EQ(escaped("\xF4\x90\x80\x80"), replacement + replacement + replacement + replacement) << "beyond U+10FFFF";
  EXPECT_EQ(utf8_length(""), 0U);
  EXPECT_EQ(utf8_length("\xF0\x9F\x9A\x97"), 4U);
}

TEST(WithoutCredentials, HidesUsersAndPasswordsOfUrls) {
  EXPECT_EQ(without_credentials("no route to postgres://app:s3cret@db/app"), "no route to postgres://***@db/app");
  EXPECT_EQ(without_credentials("redis://:p@ss/w@rd@h:1 and http://u:p@x"), "redis://***@h:1 and http://***@x");
  EXPECT_EQ(without_credentials("http://example.com/a"), "http://example.com/a");
  EXPECT_EQ(without_credentials("http://"), "http://");
  EXPECT_EQ(without_credentials("http://plain then me@example"), "http://plain then me@example");
}

TEST(WithoutCredentials, HidesPasswordsOfConnectionStrings) {
  EXPECT_EQ(without_credentials("host=db password=s3cret user=app"), "host=db password=*** user=app");
  EXPECT_EQ(without_credentials("Uid=app;Password=s3cret"), "Uid=app;Password=***");
  EXPECT_EQ(without_credentials("PGPASSWORD=s3cret psql"), "PGPASSWORD=*** psql");
  EXPECT_EQ(without_credentials("password="), "password=");
  EXPECT_EQ(without_credentials("a://u:p@h?password=x&y=1"), "a://***@h?password=***&y=1");
}

TEST(ServerAddress, KnowsWhatConnectorsSay) {
  const auto same = [](std::string_view text, std::string_view address, int port) {
    const auto found = read_server_address(text);
    EXPECT_EQ(found.address, address) << text;
    EXPECT_EQ(found.port ? int{*found.port} : -1, port) << text;
  };
  same("127.0.0.1:6379", "127.0.0.1", 6379);
  same("db.example:5432/orders", "db.example", 5432);
  same("[::1]:6379", "::1", 6379);
  same("[::1]", "::1", -1);
  same("::1", "::1", -1);
  same("db.example", "db.example", -1);
  same("unix:/run/redis/redis.sock", "/run/redis/redis.sock", -1);
  same("/var/lib/notes.db", "/var/lib/notes.db", -1);
  same("postgres://app:s3cret@db:5432/app", "db", 5432);
  same("one of a:1, b:2", "one of a:1, b:2", -1);
  same("db:70000", "db:70000", -1);
  same("db:", "db:", -1);
  same("", "", -1);
}

}  // namespace

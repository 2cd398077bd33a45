// needs: postgres_connector
/// PostgresConnector's URLs and options, and what is read from and written into the protocol's text forms.
#include <carpool/postgres_connector.hpp>
#include <carpool/thread_backend.hpp>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "thrown.hpp"

namespace {

using carpool::PostgresConnector;
using Options = std::vector<std::pair<std::string, std::string>>;

/// What the refusal of work says; a failure where nothing is refused.
template <class Work>
std::string refusal_of(Work work) {
  return thrown_by<std::invalid_argument>(std::move(work)).what();
}
std::string refusal(std::string_view url) {
  return refusal_of([url] { (void)PostgresConnector::from_url(url); });
}

TEST(PostgresUrl, NamesServerUserDatabaseAndOptions) {
  const auto connector = PostgresConnector::from_url(
      "postgresql://app:s%40cret@db.example:6543/my%20app?sslmode=verify-full&sslrootcert=/ca.pem&target_session_attrs="
      "primary&reset=discard_all&io_timeout=5s&statement_cache=7&max_reply_bytes=1000");
  EXPECT_EQ(connector.host, "db.example");
  EXPECT_EQ(connector.port, 6543);
  EXPECT_EQ(connector.user, "app");
  EXPECT_EQ(connector.password, "s@cret");
  EXPECT_EQ(connector.describe(), connector.host + ":" + std::to_string(connector.port)) << "and no password";
  EXPECT_EQ(connector.database, "my app");
  EXPECT_EQ(connector.options, (Options{{"sslmode", "verify-full"}, {"sslrootcert", "/ca.pem"}}));
  EXPECT_EQ(connector.target_session_attrs, "primary");
  EXPECT_EQ(connector.reset_policy, carpool::PostgresReset::discard_all);
  EXPECT_EQ(connector.io_timeout, std::chrono::seconds(5));
  EXPECT_EQ(connector.statement_cache, 7U);
  EXPECT_EQ(connector.max_reply_bytes, 1000U);
}

TEST(PostgresUrl, TheShortestIsThisMachine) {
  const auto connector = PostgresConnector::from_url("postgres://");
  EXPECT_EQ(connector.host, "127.0.0.1");
  EXPECT_EQ(connector.port, 5432);
  EXPECT_TRUE(connector.user.empty());
}

TEST(PostgresUrl, AUnixSocketsFolderIsAnOptionOrAnEscapedHost) {
  EXPECT_EQ(PostgresConnector::from_url("postgres:///app?host=/run/postgresql").host, "/run/postgresql");
  EXPECT_EQ(PostgresConnector::from_url("postgres://%2Frun%2Fpostgresql/app").host, "/run/postgresql");
}

TEST(PostgresUrl, PgbouncerIsAPreset) {
  const auto connector = PostgresConnector::from_url("postgres://db/app?pgbouncer=true");
  EXPECT_FALSE(connector.session_state);
  EXPECT_EQ(connector.statement_cache, std::nullopt);
  EXPECT_EQ(connector.reset_policy, carpool::PostgresReset::none);
  EXPECT_TRUE(connector.may_pause);
  EXPECT_EQ(connector.max_lifetime, std::chrono::minutes(5));
  EXPECT_EQ(PostgresConnector::from_url("postgres://db?pgbouncer=true&max_lifetime=30s").max_lifetime,
            std::chrono::seconds(30));
  EXPECT_EQ(PostgresConnector::from_url("postgres://db").max_lifetime, std::nullopt);
  EXPECT_EQ(PostgresConnector::from_url("postgres://db?statement_cache=0").statement_cache, std::nullopt);
}

TEST(PostgresUrl, WhatIsUnknownOrMalformedIsRefusedByName) {
  EXPECT_NE(refusal("postgres://db/app?colour=red").find("colour"), std::string::npos);
  EXPECT_NE(refusal("postgres://db/app?connect_timeout=3").find("connect_timeout"), std::string::npos);
  EXPECT_NE(refusal("postgres://db/app?service=x").find("service"), std::string::npos);
  EXPECT_NE(refusal("postgres://db/app?reset=maybe").find("reset"), std::string::npos);
  EXPECT_NE(refusal("postgres://db/app?target_session_attrs=king").find("target_session_attrs"), std::string::npos);
  EXPECT_NE(refusal("postgres://db?port=70000").find("port"), std::string::npos);
  EXPECT_NE(refusal("mysql://db/app").find("scheme"), std::string::npos);
  EXPECT_NE(refusal("postgres://one,two/app").find("one host"), std::string::npos);
  EXPECT_NE(refusal("postgres://db/app%00le").find("NUL"), std::string::npos);
}

TEST(PostgresUrl, AWordThatAnOptionDoesNotKnowIsRefusedWithThoseThatItKnows) {
  EXPECT_EQ(refusal("postgres://db/app?sslmode=requrie"),
            "PostgresConnector: the option sslmode must be disable, allow, prefer, require, verify-ca or verify-full");
  EXPECT_EQ(refusal("postgres://db?channel_binding=on"),
            "PostgresConnector: the option channel_binding must be disable, prefer or require");
  EXPECT_EQ(refusal("postgres://db?sslcertmode=x"),
            "PostgresConnector: the option sslcertmode must be disable, allow or require");
  EXPECT_EQ(refusal("postgres://db?gssencmode=x"),
            "PostgresConnector: the option gssencmode must be disable, prefer or require");
  EXPECT_EQ(refusal("postgres://db?ssl_min_protocol_version=2"),
            "PostgresConnector: the option ssl_min_protocol_version must be TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3");
  for (const char* mode : {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}) {
    EXPECT_NO_THROW((void)PostgresConnector::from_url(std::string("postgres://db?sslmode=") + mode)) << mode;
  }
}

TEST(PostgresUrl, WhereATimeoutForConnectsIsSaidItSaysWhereItWent) {
  EXPECT_EQ(refusal("postgres://db/app?connect_timeout=3"),
            "URL: postgres option connect_timeout is the pool's: PoolOptions::connect_timeout");
}

TEST(PostgresUrl, NoRefusalShowsThePassword) {
  for (const char* url : {"postgres://u:hidden@db/app?colour=red", "postgres://u:hidden@one,two/",
                          "postgres://db?password=hidden&reset=x", "mysql://u:hidden@db"}) {
    EXPECT_EQ(refusal(url).find("hidden"), std::string::npos) << url;
  }
}

TEST(PostgresConnectorOptions, EachFieldIsCheckedBeforeAnythingIsOpened) {
  const auto refused = [](auto change) {
    PostgresConnector connector;
    change(connector);
    return refusal_of([&] { (void)connector.connect<carpool::ThreadBackend>(carpool::never); });
  };
  EXPECT_NE(refused([](auto& c) { c.host.clear(); }).find("host"), std::string::npos);
  EXPECT_NE(refused([](auto& c) { c.port = 0; }).find("port"), std::string::npos);
  EXPECT_NE(refused([](auto& c) { c.io_timeout = {}; }).find("io_timeout"), std::string::npos);
  EXPECT_NE(refused([](auto& c) { c.max_reply_bytes = 0; }).find("max_reply_bytes"), std::string::npos);
  EXPECT_NE(refused([](auto& c) { c.statement_cache = 0; }).find("statement_cache"), std::string::npos);
  EXPECT_NE(refused([](auto& c) { c.password = std::string("a\0b", 3); }).find("NUL"), std::string::npos);
  EXPECT_NE(refused([](auto& c) { c.options = {{"hostaddr", "::1"}}; }).find("hostaddr"), std::string::npos);
  EXPECT_NE(refused([](auto& c) { c.options = {{"sslmode", std::string("a\0", 2)}}; }).find("sslmode"),
            std::string::npos);
}

/// A value of a column of that type.
carpool::SqlField field(Oid type, std::string_view text) {
  return carpool::SqlField("v", carpool::detail::postgres_view(type, text));
}

TEST(PostgresValue, EachTypeIsWhatItIs) {
  using namespace carpool::detail;
  EXPECT_EQ(field(postgres_int4, "-12").as<int>(), -12);
  EXPECT_EQ(field(postgres_int8, "-9223372036854775808").as<std::int64_t>(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(field(postgres_oid, "4294967295").as<std::uint32_t>(), 4294967295U);
  EXPECT_EQ(field(postgres_float8, "1e-300").as<double>(), 1e-300);
  EXPECT_EQ(field(postgres_float4, "0.1").as<float>(), 0.1F);
  EXPECT_TRUE(std::isnan(field(postgres_float8, "NaN").as<double>()));
  EXPECT_EQ(field(postgres_float8, "-Infinity").as<double>(), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(field(postgres_bool, "t").as<bool>());
  EXPECT_EQ(field(postgres_bytea, "\\x00ff").as<std::vector<std::byte>>(),
            (std::vector<std::byte>{std::byte{0}, std::byte{0xff}}));
  constexpr Oid numeric = 1700;
  EXPECT_EQ(field(numeric, "12").as<int>(), 12);
  EXPECT_EQ(field(numeric, "12.50").as<std::string>(), "12.50");
  EXPECT_EQ(field(numeric, "12.50").as<double>(), 12.5);
}

TEST(PostgresValue, AnythingElseIsAConversionError) {
  using namespace carpool::detail;
  using Error = carpool::SqlValueError;
  for (const char* text : {"", " 1", "1 ", "1.5", "0x10", "9999999999", "+1", "one"}) {
    EXPECT_THROW((void)field(postgres_int4, text).as<int>(), Error) << text;
  }
  EXPECT_THROW((void)field(postgres_int4, "256").as<std::uint8_t>(), Error);
  EXPECT_THROW((void)field(postgres_int4, "-1").as<unsigned>(), Error);
  EXPECT_THROW((void)field(postgres_float8, "1.5x").as<double>(), Error);
  EXPECT_THROW((void)field(postgres_bool, "true").as<bool>(), Error);
  for (const char* digits : {"\\x0", "\\xzz", "\\xFF"}) {
    EXPECT_THROW((void)field(postgres_bytea, digits).as<std::vector<std::byte>>(), Error) << digits;
  }
}

/// The text that libpq is given for a value.
std::string argument(const carpool::SqlValue& value) {
  const carpool::detail::PostgresArguments given(carpool::SqlParameters(std::span(&value, 1)));
  EXPECT_EQ(given.count(), 1);
  if (given.values()[0] == nullptr) return "NULL";
  return {given.values()[0], static_cast<std::size_t>(given.lengths()[0])};
}

TEST(PostgresArguments, NumbersAreWrittenSoThatTheyReadBackTheSame) {
  EXPECT_EQ(argument(0.1), "0.1");
  EXPECT_EQ(argument(-std::numeric_limits<double>::max()), "-1.7976931348623157e+308");
  EXPECT_EQ(argument(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(argument(true), "t");
  EXPECT_EQ(argument(nullptr), "NULL");
  EXPECT_EQ(argument(std::optional<int>()), "NULL");
  EXPECT_EQ(argument(std::optional<int>(3)), "3");
  EXPECT_EQ(argument(""), "");
  EXPECT_THROW(argument(std::string("a\0b", 3)), std::invalid_argument);
}

TEST(PostgresArguments, NoBytesAreNotANull) {
  EXPECT_EQ(argument(std::vector<std::byte>()), "");
  EXPECT_EQ(argument(std::vector<std::byte>{std::byte{0}}), std::string(1, '\0'));
}

TEST(PostgresArguments, AQuotedIdentifierCannotBeLeft) {
  EXPECT_EQ(carpool::postgres_identifier("a"), "\"a\"");
  EXPECT_EQ(carpool::postgres_identifier("a\"; DROP"), "\"a\"\"; DROP\"");
}

TEST(PostgresRefusal, ItsCodeIsFoundInLibpqsText) {
  using carpool::detail::refusal_in;
  const auto found = refusal_in(
      "connection to server at \"::1\", port 5432 failed: FATAL:  28P01: password authentication failed for user "
      "\"a\"\n"
      "LOCATION:  auth_failed, auth.c:335\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->sqlstate, "28P01");
  EXPECT_EQ(found->message, "password authentication failed for user \"a\"");
  EXPECT_EQ(refusal_in("connection to server failed: Connection refused\n"), std::nullopt);
  for (const char* text : {"", ":  ", ":  28P01", ":  28P01:", ":  28p01: x", ":  28P0"}) {
    EXPECT_EQ(refusal_in(text), std::nullopt) << text;
  }
}

TEST(PostgresErrors, ThoseThatEndAConnectionAreKnown) {
  const auto ends = [](const char* code, const char* severity = "ERROR") {
    return carpool::PostgresError("test", {.sqlstate = code, .severity = severity, .message = "m"}).ends_connection();
  };
  for (const char* code : {"57P01", "57P02", "57P03", "57P05", "25P03", "08006", "25006"})
    EXPECT_TRUE(ends(code)) << code;
  for (const char* code : {"42601", "23505", "40001", "57014", "25P02", "08P01"}) EXPECT_FALSE(ends(code)) << code;
  EXPECT_TRUE(ends("XX000", "FATAL"));
  EXPECT_TRUE(ends("08P01", "FATAL"));
}

TEST(PostgresErrors, TheDetailMayQuoteRowsAndIsNotInTheMessage) {
  const carpool::PostgresError error("query on db:5432", {.sqlstate = "23505",
                                                          .severity = "ERROR",
                                                          .message = "duplicate key",
                                                          .detail = "Key (email)=(ada@example.org) already exists."});
  EXPECT_STREQ(error.what(), "query on db:5432: ERROR 23505: duplicate key");
  EXPECT_NE(error.detail().find("ada"), std::string::npos);
}

}  // namespace

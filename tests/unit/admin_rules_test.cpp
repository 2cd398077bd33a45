// needs: admin_page
// What an admin page goes by, part by part: JSON, forms, who may ask, what is hidden, who is ready, how callers waited.
#include <carpool/admin/detail/form.hpp>
#include <carpool/admin/detail/guard.hpp>
#include <carpool/admin/detail/json.hpp>
#include <carpool/admin/detail/page.hpp>
#include <carpool/admin/detail/readiness.hpp>
#include <carpool/admin/detail/recent_waits.hpp>
#include <carpool/admin/options.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "contains.hpp"
#include "thrown.hpp"

namespace {

using namespace std::chrono_literals;
using namespace carpool::detail;  // NOLINT(google-build-using-namespace): they are what is tested
using carpool::AdminPageOptions;
using carpool::BreakerState;

template <class Value>
std::string json_of(const Value& value) {
  Json json;
  json.value(value);
  return std::move(json).take();
}

TEST(AdminJson, PutsCommasBetweenWhatIsBesideEachOther) {
  Json json;
  json.open('{').field("a", 1U).key("b").open('[').value("x").value(true).close(']').key("c").open('{').close('}');
  json.field("d", false).key("e").null().close('}');
  EXPECT_EQ(std::move(json).take(), R"({"a":1,"b":["x",true],"c":{},"d":false,"e":null})");
}

TEST(AdminJson, WritesDurationsAsExactSeconds) {
  EXPECT_EQ(json_of(carpool::Duration(0ns)), "0");
  EXPECT_EQ(json_of(carpool::Duration(1ns)), "0.000000001");
  EXPECT_EQ(json_of(carpool::Duration(1500ms)), "1.5");
  EXPECT_EQ(json_of(carpool::Duration(120s)), "120");
  EXPECT_EQ(json_of(carpool::Duration(-3s)), "0");
  EXPECT_EQ(json_of(carpool::forever), "null");
}

TEST(AdminJson, EscapesWhatWouldEndAStringOrAScript) {
  EXPECT_EQ(json_of("a\"b\\c\n\x01"), R"("a\u0022b\u005cc\u000a\u0001")");
  EXPECT_EQ(json_of("</script>&"), R"("\u003c/script\u003e\u0026")");
  EXPECT_EQ(json_of(std::string_view("\0", 1)), R"("\u0000")");
}

TEST(AdminJson, KeepsUtf8AndReplacesWhatIsNone) {
  EXPECT_EQ(json_of("é 数据 😀"), "\"é 数据 😀\"");
  EXPECT_EQ(json_of("a\xff"), "\"a\\ufffd\"");
  EXPECT_EQ(json_of("\xc3"), "\"\\ufffd\"") << "cut off";
  EXPECT_EQ(json_of("\xc0\xaf"), "\"\\ufffd\\ufffd\"") << "overlong";
  EXPECT_EQ(json_of("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\"") << "a surrogate";
  EXPECT_EQ(json_of("\xf4\x90\x80\x80"), "\"\\ufffd\\ufffd\\ufffd\\ufffd\"") << "beyond Unicode";
}

TEST(AdminForm, FindsAndDecodesAField) {
  EXPECT_EQ(form_field("pool=orders&max_size=3", "pool"), "orders");
  EXPECT_EQ(form_field("pool=orders&max_size=3", "max_size"), "3");
  EXPECT_EQ(form_field("a=1&pool=a+b%26%C3%A9%00", "pool"), std::string("a b&\xc3\xa9\0", 7));
  EXPECT_EQ(form_field("pool=", "pool"), "");
  for (const char* none : {"", "pool", "&&", "pools=x", "pool=%", "pool=%4", "pool=%zz", "pool=%-1", "x=pool=y"})
    EXPECT_FALSE(form_field(none, "pool")) << none;
}

TEST(AdminGuard, KnowsAddressesLocalhostAndTheNamesThatItWasTold) {
  const AdminGuard guard({.hosts = {"pools.example"}});
  for (const char* known : {"127.0.0.1", "127.0.0.1:8080", "[::1]:8080", "10.1.2.3:80", "localhost", "LocalHost:1",
                            "pools.example:8080", "Pools.Example", ""})
    EXPECT_TRUE(guard.knows_host({.host = known})) << known;
  for (const char* foreign : {"evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example",
                              "[", "[x]", "pools.example.evil", "127.1", "0x7f000001"})
    EXPECT_FALSE(guard.knows_host({.host = foreign})) << foreign;
}

TEST(AdminGuard, KnowsRequestsOfItsOwnOrigin) {
  const auto same = [](AdminRequest request) {
    request.host = "127.0.0.1:80";
    return AdminGuard::is_same_origin(request);
  };
  EXPECT_TRUE(same({}));
  EXPECT_TRUE(same({.origin = "http://127.0.0.1:80", .fetch_site = "same-origin"}));
  EXPECT_TRUE(same({.origin = "https://127.0.0.1:80"}));
  EXPECT_TRUE(same({.fetch_site = "none"}));
  EXPECT_FALSE(same({.origin = "http://127.0.0.1:81"})) << "another port is another origin";
  EXPECT_FALSE(same({.origin = "http://evil.example"}));
  EXPECT_FALSE(same({.origin = "null"}));
  EXPECT_FALSE(same({.fetch_site = "cross-site"}));
  EXPECT_FALSE(same({.fetch_site = "same-site"}));
  EXPECT_FALSE(same({.origin = "http://evil.example", .fetch_site = "same-origin"}));
}

TEST(AdminGuard, LetsOnlyTheWholeTokenSteer) {
  const AdminGuard guard({.steering_token = "0123456789abcdef"});
  const auto has = [&](std::string_view text) { return guard.has_token({.authorization = text}); };
  EXPECT_TRUE(guard.steers());
  EXPECT_TRUE(has("Bearer 0123456789abcdef"));
  EXPECT_TRUE(has("bearer 0123456789abcdef")) << "RFC 9110: a scheme has no case";
  for (const char* wrong :
       {"", "Bearer", "Bearer ", "Bearer 0123456789abcde", "Bearer 0123456789abcdef0", "0123456789abcdef",
        "Bearer 0123456789ABCDEF", "Basic 0123456789abcdef", "Bearer 0123456789abcdef0123456789abcdef"})
    EXPECT_FALSE(has(wrong)) << wrong;
  EXPECT_FALSE(AdminGuard({}).steers());
  EXPECT_FALSE(AdminGuard({}).has_token({.authorization = "Bearer "})) << "no token is nobody's token";
}

TEST(AdminPageOptions, AreRefusedByNameAndWithoutTheToken) {
  const auto refusal = [](const AdminPageOptions& options) { return refusal_by([&] { return validate(options), 0; }); };
  EXPECT_EQ(refusal({}), "");
  EXPECT_EQ(refusal({.address = "::1", .steering_token = "0123456789abcdef"}), "");
  EXPECT_TRUE(contains(refusal({.address = "localhost"}), "address 'localhost'"));
  EXPECT_TRUE(contains(refusal({.address = "127.0.0.1:80,8080"}), "address"));
  EXPECT_TRUE(contains(refusal({.steering_token = "0123456789abcde"}), "steering_token", "16"));
  const std::string spaced = refusal({.steering_token = "0123456789 abcdef"});
  EXPECT_TRUE(contains(spaced, "steering_token"));
  EXPECT_EQ(spaced.find("0123456789"), std::string::npos);
}

TEST(Readiness, IsLostByAPoolThatCouldServeNobody) {
  const auto with = [](auto... states) {
    std::vector<carpool::EndpointStats> endpoints(sizeof...(states));
    std::size_t i = 0;
    ((endpoints[i++].breaker = states), ...);
    return endpoints;
  };
  EXPECT_EQ(why_not_ready({}, with(BreakerState::closed)), "");
  EXPECT_EQ(why_not_ready({}, {}), "");
  EXPECT_EQ(why_not_ready({}, with(BreakerState::open, BreakerState::closed)), "");
  EXPECT_EQ(why_not_ready({}, with(BreakerState::open)), "breaker open on every endpoint");
  EXPECT_EQ(why_not_ready({}, with(BreakerState::half_open, BreakerState::open)), "breaker open on every endpoint");
  EXPECT_EQ(why_not_ready({.suspended = true}, {}), "suspended");
  EXPECT_EQ(why_not_ready({.suspended = true, .closed = true}, {}), "closed or draining");
}

TEST(RecentWaits, AreThoseOfTheLastSeconds) {
  RecentWaits recent;
  carpool::HistogramSnapshot all;
  const auto count = [&](carpool::Duration wait) { ++all.counts[carpool::HistogramBuckets::index_of(wait)]; };
  const RecentWaits::Clock::time_point begin{std::chrono::hours(1)};
  const auto look = [&](std::chrono::seconds at) { return recent.look("orders", all, begin + at); };

  count(1s);
  EXPECT_EQ(look(0s).waits.count(), 0U) << "nothing is known of when that was";
  count(1ms);
  EXPECT_EQ(look(2s).waits.count(), 1U);
  EXPECT_EQ(look(4s).length, 4s);
  EXPECT_EQ(look(5s).length, 5s);
  count(2ms);
  EXPECT_EQ(look(9s).waits.count(), 2U) << "9 s ago, the look at 0 s";
  EXPECT_EQ(look(10s).length, 5s) << "since the look at 5 s";
  EXPECT_EQ(look(11s).waits.count(), 1U);
  EXPECT_NEAR(static_cast<double>(look(11s).waits.quantile(0.5).count()), 2e6, 2e6 * 0.0625);
  EXPECT_EQ(look(60s).length, 50s) << "nobody had looked since";
}

TEST(RecentWaits, BeginAnewWithAnotherPoolOfTheSameName) {
  RecentWaits recent;
  const RecentWaits::Clock::time_point begin{std::chrono::hours(1)};
  carpool::HistogramSnapshot first, second;
  first.counts[7] = 5;
  second.counts[9] = 1;
  static_cast<void>(recent.look("orders", first, begin));
  EXPECT_EQ(recent.look("orders", second, begin + 1s).waits.count(), 0U);
  recent.end_round();
  recent.end_round();  // nobody has looked at it in this round
  EXPECT_EQ(recent.look("orders", first, begin + 2s).waits.count(), 0U) << "it was forgotten";
}

TEST(AdminPageText, LoadsNothingAndHasNoHandlerInItsMarkup) {
  const std::string nonce = make_nonce();
  EXPECT_EQ(nonce.size(), 32U);
  EXPECT_NE(nonce, make_nonce());
  const std::string page = admin_page(nonce);
  EXPECT_TRUE(contains(page, "<script nonce=\"" + nonce + "\">", "<style nonce=\"" + nonce + "\">"));
  for (const char* never :
       {" src=", "http://", "https://", " onclick", " onload", " style=", "innerHTML", "@import", "url("}) {
    const std::size_t at = page.find(never);
    const bool is_svg = at != std::string::npos && page.compare(at, 26, "http://www.w3.org/2000/svg") == 0;
    EXPECT_TRUE(at == std::string::npos || is_svg) << never;
  }
  EXPECT_TRUE(
      contains(page_policy(nonce), "default-src 'none'", "script-src 'nonce-" + nonce + "'", "frame-ancestors 'none'"));
}

}  // namespace

// needs: http_connector
/// Requests to a real nginx: methods, statuses, redirects, the end of a kept connection, certificates.
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "chaos_proxy.hpp"
#include "eventually.hpp"
#include "http_fixture.hpp"
#include "thrown.hpp"

namespace {

using carpool::HttpClient;
using carpool::HttpTls;
using std::chrono::milliseconds;
using std::chrono::seconds;

template <class B>
using HttpRequests = HttpFixture<B>;
TYPED_TEST_SUITE(HttpRequests, IoBackends, BackendName);

TYPED_TEST(HttpRequests, EachMethodArrivesAsItself) {
  auto connection = this->connect();
  for (const std::string method : {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"}) {
    for (const std::string body : {"", "some body"}) {
      const auto answer = connection.request({.method = method, .path = "/echo?nonce=1", .body = body});
      EXPECT_EQ(answer.body, method + " 1");
      EXPECT_TRUE(connection.reusable()) << method;
    }
  }
  const auto head = connection.head("/echo?nonce=2");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), "6");
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(connection.get("/echo?nonce=3").body, "GET 3");
  EXPECT_EQ(connection.exchanges(), 14U);
}

TYPED_TEST(HttpRequests, AnAnswerIsAnAnswerWhateverItsStatus) {
  auto connection = this->connect();
  const auto answer = connection.get("/missing?nonce=9");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body, "none 9");
  EXPECT_FALSE(answer.ok());
  EXPECT_THROW(answer.throw_for_status(), carpool::HttpError);
  EXPECT_TRUE(connection.reusable());
  typename TestFixture::Pool pool(this->connector(), {.max_size = 1});
  EXPECT_THROW(pool.with_connection([](auto& c) { return c.get("/missing?nonce=1").throw_for_status().status; }),
               carpool::HttpError);
  EXPECT_EQ(pool.stats().idle, 1U) << "a status says nothing against the connection";
}

TYPED_TEST(HttpRequests, AServerThatAnnouncesTheEndIsNotAskedAgain) {
  auto connection = this->connect();
  EXPECT_EQ(connection.get("/close?nonce=4").body, "last 4");
  EXPECT_FALSE(connection.reusable());
  EXPECT_FALSE(connection.is_connected());
  EXPECT_EQ(thrown_by<std::system_error>([&] { connection.get("/"); }).code(), std::errc::not_connected);
  typename TestFixture::Pool pool(this->connector(), {.max_size = 1});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(pool.acquire()->get("/close?nonce=5").status, 200);
}

TYPED_TEST(HttpRequests, AKeptConnectionThatTheServerEndsIsNoticed) {
  auto connection = this->connect();
  EXPECT_EQ(connection.get("/brief?nonce=6").body, "soon 6");
  EXPECT_TRUE(connection.is_connected());
  EXPECT_TRUE(eventually<TypeParam>([&] { return !connection.is_connected(); }));
}

TYPED_TEST(HttpRequests, RedirectsAreFollowedWhereAskedAndToThisServerAlone) {
  auto connection = this->connect();
  const auto moved = connection.get("/moved?nonce=7");
  EXPECT_EQ(moved.status, 302);
  EXPECT_NE(moved.header("Location").find("/echo?nonce=7"), std::string_view::npos);
  auto connector = this->connector();
  connector.max_redirects = 3;
  auto following = this->connect(connector);
  EXPECT_EQ(following.get("/moved?nonce=7").body, "GET 7");
  EXPECT_EQ(following.request({.method = "POST", .path = "/moved?nonce=8", .body = "x"}).status, 302);
  connector.host = "localhost";  // which the server takes for itself, and we may not
  connector.headers = {{"Host", "elsewhere.example"}};
  EXPECT_EQ(this->connect(connector).get("/moved?nonce=7").status, 302);
}

TYPED_TEST(HttpRequests, ALongBodyArrivesWholeAndATooLongOneIsRefused) {
  const std::string body(3 << 20, 'b');
  std::ofstream(this->server_->file("www/long")) << body;
  auto connection = this->connect();
  EXPECT_EQ(connection.get("/long").body, body);
  auto connector = this->connector();
  connector.max_body_bytes = body.size() - 1;
  auto strict = this->connect(connector);
  const auto error = thrown_by<std::system_error>([&] { strict.get("/long"); });
  EXPECT_EQ(error.code(), std::errc::message_size) << error.what();
  EXPECT_FALSE(strict.reusable());
}

TYPED_TEST(HttpRequests, AnEncryptedConnectionIsVerifiedByName) {
  auto connection = this->connect(this->encrypted());
  for (int i = 0; i < 3; ++i) this->exchange(connection);
  EXPECT_TRUE(connection.reusable() && connection.is_connected());

  auto unknown = this->encrypted();
  unknown.tls->ca_file = this->server_->file("other.pem");
  auto untrusted = this->connect(unknown);
  EXPECT_EQ(thrown_by<std::system_error>([&] { untrusted.get("/"); }).code(), std::errc::permission_denied);
  auto careless = this->encrypted();
  careless.tls = HttpTls{.verify = false};
  auto blind = this->connect(careless);
  this->exchange(blind);
}

TYPED_TEST(HttpRequests, ACertificateOfAnotherHostIsRefused) {
  auto connector = this->encrypted();
  connector.host = "::ffff:127.0.0.1";  // the same server by another number, which its certificate does not have
  auto connection = this->connect(connector);
  const auto error = thrown_by<std::system_error>([&] { connection.get("/secret?token=x"); });
  EXPECT_EQ(error.code(), std::errc::permission_denied) << error.what();
  EXPECT_EQ(std::string_view(error.what()).find("token"), std::string_view::npos) << error.what();
}

TYPED_TEST(HttpRequests, TheEnvironmentsProxyIsIgnoredUnlessAskedFor) {
  ChaosProxy way(this->server_->port());
  const std::string address = "http://127.0.0.1:" + std::to_string(way.port());
  ::setenv("http_proxy", address.c_str(), 1);
  auto direct = this->connect();
  this->exchange(direct);
  EXPECT_EQ(way.accepted(), 0U);
  auto connector = this->connector();
  connector.proxy_from_environment = true;
  auto around = this->connect(connector);
  this->exchange(around);
  EXPECT_EQ(way.accepted(), 1U);
  ::setenv("no_proxy", "example.com, 127.0.0.1", 1);
  auto excepted = this->connect(connector);
  this->exchange(excepted);
  EXPECT_EQ(way.accepted(), 1U);
  ::unsetenv("http_proxy");
  ::unsetenv("no_proxy");
}

TYPED_TEST(HttpRequests, ManyCallersOverFewConnectionsEachGetTheirOwnAnswer) {
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller on this backend";
  typename TestFixture::Pool pool(this->connector(), {.max_size = 5, .max_connecting = 5});
  HttpClient client(pool);
  std::vector<typename TypeParam::Task> callers;
  for (int i = 0; i < 40; ++i) {
    callers.push_back(TypeParam::spawn([this, &client] {
      for (int turn = 0; turn < 25; ++turn) this->exchange(client);
    }));
  }
  for (auto& caller : callers) caller.join();
  EXPECT_LE(pool.stats().idle, 5U);
}

TYPED_TEST(HttpRequests, CredentialsAreAskedForAtEachConnect) {
  auto connector = this->connector();
  int asked = 0;
  connector.credentials = [&asked](const carpool::CredentialsRequest&) {
    const std::string number = std::to_string(++asked);
    return carpool::Credentials{.password = "token-" + number, .expires = TypeParam::now() + std::chrono::seconds(10)};
  };
  auto first = this->connect(connector);
  EXPECT_EQ(first.get("/who").body, "Bearer token-1");
  EXPECT_EQ(first.get("/who").body, "Bearer token-1") << "of the whole connection";
  EXPECT_LE(first.lifetime(), std::chrono::seconds(10));
  EXPECT_EQ(this->connect(connector).get("/who").body, "Bearer token-2");
  connector.user = "ada";
  EXPECT_EQ(this->connect(connector).get("/who").body, "Basic YWRhOnRva2VuLTM=") << "ada:token-3";
  connector.credentials = nullptr;
  connector.bearer_token = "mine";
  EXPECT_THROW(connector.validate(), std::invalid_argument) << "and a user";
  connector.user.clear();
  EXPECT_EQ(this->connect(connector).get("/who").body, "Bearer mine");
  EXPECT_EQ(this->connect().get("/who").body, "");
}

}  // namespace

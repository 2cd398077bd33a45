// needs: redis_connector
/// Passwords, tokens and certificates of a Redis change while requests run, and nobody notices.
#include <carpool/evictions.hpp>
#include <carpool/redis/sentinel.hpp>
#include <carpool/thread_backend.hpp>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "redis_fixture.hpp"
#include "request_load.hpp"
#include "secret_store.hpp"
#include "thrown.hpp"
#include "tls_certificates.hpp"

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)

template <class B>
class RedisCredentials : public RedisFixture<B> {
 protected:
  void SetUp() override {
    RedisFixture<B>::SetUp();
    if (this->IsSkipped()) return;
    allow("first");
  }
  /// Nothing but this password; sessions that are logged in stay so.
  void allow(const std::string& password) {
    RedisFixture<B>::connect().command("ACL", "SETUSER", "rotated", "on", "resetpass", ">" + password, "~*", "&*",
                                       "+@all");
  }
  carpool::RedisConnector asking(SecretStore& store) const {
    auto connector = this->connector();
    connector.user = "nobody";
    connector.password = "nothing";
    connector.credentials = store.provider();
    return connector;
  }
  using Pool = typename RedisFixture<B>::Pool;
};
TYPED_TEST_SUITE(RedisCredentials, IoBackends, BackendName);

TYPED_TEST(RedisCredentials, AProviderIsAskedAtEachConnect) {
  SecretStore store("rotated", "first");
  const auto connector = this->asking(store);
  EXPECT_EQ(this->RedisFixture<TypeParam>::connect(connector).template command<std::string>("ACL", "WHOAMI"),
            "rotated");
  this->allow("second");
  store.set("second");
  EXPECT_EQ(this->RedisFixture<TypeParam>::connect(connector).template command<std::string>("ACL", "WHOAMI"),
            "rotated");
}

TYPED_TEST(RedisCredentials, WhatIsRefusedIsTriedAgainWithOthersAtOnce) {
  this->allow("second");
  SecretStore store("rotated", "first");
  std::thread rotation([&] {
    while (store.refused() == 0) std::this_thread::sleep_for(1ms);
    store.set("second");
  });
  EXPECT_EQ(this->RedisFixture<TypeParam>::connect(this->asking(store)).template command<std::string>("PING"), "PONG");
  rotation.join();
}

/// The connection outlives three of its tokens, and is never refused for it.
TYPED_TEST(RedisCredentials, WhatExpiresIsRenewedInPlace) {
  SecretStore store("rotated", "first");
  store.expire_after(300ms);
  typename TestFixture::Pool pool(this->asking(store), {.max_size = 1});
  const auto id = pool.acquire()->template command<std::int64_t>("CLIENT", "ID");
  this->allow("second");
  store.set("second");
  const auto end = TypeParam::now() + 1200ms;
  while (TypeParam::now() < end) {
    EXPECT_EQ(pool.acquire()->template command<std::int64_t>("CLIENT", "ID"), id);
    TypeParam::sleep_until(TypeParam::now() + 10ms);
    if constexpr (!TypeParam::concurrent) pool.reap();
  }
  EXPECT_GE(store.asked(), 4U);
  EXPECT_EQ(pool.stats().created, 1U);
}

TYPED_TEST(RedisCredentials, APingRenewsWhatIsDue) {
  SecretStore store("rotated", "first");
  store.expire_after(200ms);
  auto connection = this->RedisFixture<TypeParam>::connect(this->asking(store));
  EXPECT_FALSE(connection.dirty());
  TypeParam::sleep_until(TypeParam::now() + 170ms);
  EXPECT_TRUE(connection.dirty());
  EXPECT_TRUE(connection.ping(this->in(10s)));
  EXPECT_EQ(store.asked(), 2U);
  EXPECT_FALSE(connection.dirty());
  TypeParam::sleep_until(TypeParam::now() + 100ms);
  EXPECT_TRUE(connection.is_connected()) << "the first ones have expired, the others have not";
}

/// A provider, or a server, that fails for a while costs no connection; one that fails until the end does.
TYPED_TEST(RedisCredentials, TheOldOnesAreKeptWhileTheyLast) {
  SecretStore store("rotated", "first");
  store.expire_after(400ms);
  auto connection = this->RedisFixture<TypeParam>::connect(this->asking(store));
  const auto expires = TypeParam::now() + 400ms;
  store.set("the server has never heard of it");
  TypeParam::sleep_until(expires - 70ms);
  EXPECT_TRUE(connection.dirty());
  EXPECT_TRUE(connection.reset(this->in(10s)));
  EXPECT_TRUE(connection.is_connected());
  EXPECT_EQ(connection.template command<std::string>("ACL", "WHOAMI"), "rotated");
  TypeParam::sleep_until(expires + 10ms);
  EXPECT_FALSE(connection.is_connected());
}

TYPED_TEST(RedisCredentials, AChangedSessionIsResetWithTheNewOnes) {
  SecretStore store("rotated", "first");
  store.expire_after(200ms);
  auto connection = this->RedisFixture<TypeParam>::connect(this->asking(store));
  connection.command("SELECT", 3);
  this->allow("second");
  store.set("second");
  TypeParam::sleep_until(TypeParam::now() + 170ms);
  EXPECT_TRUE(connection.reset(this->in(10s)));
  EXPECT_EQ(connection.template command<std::string>("ACL", "WHOAMI"), "rotated");
  EXPECT_FALSE(connection.dirty());
}

TYPED_TEST(RedisCredentials, EachSessionIsSetUpAndAgainAfterAReset) {
  auto connector = this->connector();
  connector.session_setup = {{"CLIENT", "NO-EVICT", "ON"}, {"CLIENT", "SETNAME", "by-setup"}};
  auto connection = this->RedisFixture<TypeParam>::connect(connector);
  const auto flags = [&] { return connection.template command<std::string>("CLIENT", "INFO"); };
  EXPECT_NE(flags().find("flags=e"), std::string::npos) << flags();
  EXPECT_FALSE(connection.dirty());
  connection.command("CLIENT", "NO-EVICT", "OFF");
  EXPECT_EQ(flags().find("flags=e"), std::string::npos);
  EXPECT_TRUE(connection.reset(this->in(10s)));
  EXPECT_NE(flags().find("flags=e"), std::string::npos);
  connector.session_setup = {{"NONSENSE"}};
  EXPECT_THROW((void)this->RedisFixture<TypeParam>::connect(connector), carpool::ConnectRefused);
}

TYPED_TEST(RedisCredentials, ThePoolsNameIsTheClients) {
  const auto name_of = [&](carpool::RedisConnector connector, std::string name) {
    typename TestFixture::Pool pool(std::move(connector), {.name = std::move(name)});
    return pool.acquire()->template command<std::optional<std::string>>("CLIENT", "GETNAME").value_or("");
  };
  auto connector = this->connector();
  EXPECT_EQ(name_of(connector, "billing"), "tested") << "it has a name of its own";
  connector.client_name.clear();
  EXPECT_EQ(name_of(connector, "the billing"), "the-billing");
  EXPECT_EQ(name_of(connector, "pool"), "") << "no name was given";
  // A server that does not let this user say its name lets it in all the same.
  this->RedisFixture<TypeParam>::connect().command("ACL", "SETUSER", "rotated", "-client");
  connector.user = "rotated";
  connector.password = "first";
  connector.database = 0;
  typename TestFixture::Pool pool(connector, {.name = "billing"});
  EXPECT_EQ(pool.acquire()->template command<std::string>("PING"), "PONG");
}

using Backend = carpool::ThreadBackend;
using SharedPool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::RedisConnector,
                                           carpool::Jittered<carpool::MaxLifetime>>;

void show(const char* what, int rotations, const RequestLoad::Figures& figures, const carpool::PoolStats& stats) {
  std::printf("%s, %d times: %llu requests, %llu failed, the longest took %.1f ms; %llu connects\n", what, rotations,
              static_cast<unsigned long long>(figures.served), static_cast<unsigned long long>(figures.failed),
              static_cast<double>(figures.longest.count()) / 1000, static_cast<unsigned long long>(stats.connects));
}

/// No password is accepted twice: for 100 ms the store has one that the server does not take.
TEST(RedisRotation, APasswordChangesUnderLoad) {
  CARPOOL_SKIP_WITHOUT("redis");
  auto& server = RealServer::shared("redis");
  const carpool::RedisConnector admin{
      .port = server.port(), .user = RealServer::user(), .password = RealServer::password()};
  const auto allow = [&](const std::string& password) {
    admin.connect<Backend>(Backend::now() + 20s)
        .command("ACL", "SETUSER", "rotated", "on", "resetpass", ">" + password, "~*", "&*", "+@all");
  };
  allow("number 0");
  SecretStore store("rotated", "number 0");
  auto connector = admin;
  connector.credentials = store.provider();
  SharedPool pool(connector, {.max_size = 4}, carpool::Jittered(carpool::MaxLifetime{200ms}));
  RequestLoad load(8, [&] { (void)pool.acquire()->command<std::string>("PING"); });
  const int rotations = 4;
  for (int number = 1; number <= rotations; ++number) {
    std::this_thread::sleep_for(500ms);
    allow("number " + std::to_string(number));
    std::this_thread::sleep_for(100ms);
    store.set("number " + std::to_string(number));
    pool.retire_all(300ms);
  }
  std::this_thread::sleep_for(600ms);
  const auto figures = load.end();
  show("a password changes", rotations, figures, pool.stats());
  EXPECT_EQ(figures.failed, 0U) << figures.first_failure;
  EXPECT_GT(figures.served, 100U);
}

std::string content(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

/// Another authority signs from now on. Clients learn of it first, and forget the old one last.
TEST(RedisRotation, CertificatesChangeUnderLoad) {
  CARPOOL_SKIP_WITHOUT("redis");
  RealServer server("redis");
  const auto& others = TlsCertificates::shared();
  const std::string trusted = server.file("trusted.pem");
  const auto trust = [&](const std::string& certificates) { std::ofstream(trusted) << certificates; };
  const std::string old_authority = content(server.file("ca.pem")), authority = content(others.certificate("ca"));
  trust(old_authority);
  carpool::TlsContext certificates;
  const carpool::RedisConnector connector{.host = "localhost",
                                          .port = server.tls_port(),
                                          .user = RealServer::user(),
                                          .password = RealServer::password(),
                                          .tls = carpool::TlsOptions{.ca_file = trusted},
                                          .tls_context = certificates};
  SharedPool pool(connector, {.max_size = 4}, carpool::Jittered(carpool::MaxLifetime{200ms}));
  RequestLoad load(8, [&] { (void)pool.acquire()->command<std::string>("PING"); });
  std::this_thread::sleep_for(500ms);
  trust(old_authority + authority);
  certificates.reload();
  std::filesystem::copy_file(others.certificate("server"), server.file("new.pem"));
  std::filesystem::copy_file(others.key("server"), server.file("new.key"));
  carpool::RedisConnector{.port = server.port(), .user = RealServer::user(), .password = RealServer::password()}
      .connect<Backend>(Backend::now() + 20s)
      .command("CONFIG", "SET", "tls-cert-file", server.file("new.pem"), "tls-key-file", server.file("new.key"));
  pool.retire_all(300ms);
  std::this_thread::sleep_for(500ms);
  trust(authority);
  certificates.reload();
  pool.retire_all(300ms);
  std::this_thread::sleep_for(800ms);
  const auto figures = load.end();
  show("certificates change", 1, figures, pool.stats());
  EXPECT_EQ(figures.failed, 0U) << figures.first_failure;
  EXPECT_GT(figures.served, 100U);
  trust("no certificate");
  EXPECT_NE(std::string(thrown_by<std::invalid_argument>([&] { certificates.reload(); }).what()).find(trusted),
            std::string::npos);
  pool.retire_all();
  EXPECT_EQ(pool.acquire()->command<std::string>("PING"), "PONG") << "what cannot be read has changed nothing";
}

}  // namespace

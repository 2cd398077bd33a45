// needs: postgres_connector
/// The password of a PostgreSQL role changes while requests run, and nobody notices.
#include <carpool/connection_pool.hpp>
#include <carpool/evictions.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/postgres_connector.hpp>
#include <carpool/thread_backend.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "eventually.hpp"
#include "io_backends.hpp"
#include "postgres_fixture.hpp"
#include "request_load.hpp"
#include "secret_store.hpp"
#include "thrown.hpp"

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)

template <class Backend>
class PostgresCredentials : public PostgresFixture<Backend> {
 protected:
  using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::PostgresConnector>;

  void SetUp() override {
    PostgresFixture<Backend>::SetUp();
    if (this->IsSkipped()) return;
    this->connect().query("DROP ROLE IF EXISTS rotated; CREATE ROLE rotated LOGIN PASSWORD 'first'");
  }

  static void change_password(const std::string& password) {
    TestFixture::connect().query("ALTER ROLE rotated PASSWORD '" + password + "'");
  }
  static carpool::PostgresConnector asking(SecretStore& store) {
    auto connector = TestFixture::connector();
    connector.user = "nobody";
    connector.password = "nothing";
    connector.credentials = store.provider();
    return connector;
  }

 private:
  using TestFixture = PostgresFixture<Backend>;
};
TYPED_TEST_SUITE(PostgresCredentials, IoBackends, BackendName);

TYPED_TEST(PostgresCredentials, AProviderIsAskedAtEachConnect) {
  SecretStore store("rotated", "first");
  const auto connector = this->asking(store);
  EXPECT_EQ(this->connect(connector).query("SELECT current_user").template get<std::string>(0, 0), "rotated");
  this->change_password("second");
  store.set("second");
  EXPECT_EQ(this->connect(connector).query("SELECT 1").template get<int>(0, 0), 1);
  EXPECT_EQ(store.asked(), 2U);
}

TYPED_TEST(PostgresCredentials, WhatIsRefusedIsTriedAgainWithOthersAtOnce) {
  this->change_password("second");
  SecretStore store("rotated", "first");
  std::thread rotation([&] {
    while (store.refused() == 0) std::this_thread::sleep_for(1ms);
    store.set("second");
  });
  EXPECT_EQ(this->connect(this->asking(store)).query("SELECT 1").template get<int>(0, 0), 1);
  rotation.join();
}

TYPED_TEST(PostgresCredentials, TheSameCredentialsAgainAreRefusedAsTheyWere) {
  auto connector = this->connector();
  int asked = 0;
  connector.credentials = [&asked](const carpool::CredentialsRequest&) {
    ++asked;
    return carpool::Credentials{.user = "rotated", .password = "wrong-secret"};
  };
  const auto error = thrown_by<carpool::AuthenticationError>([&] { return this->connect(connector); });
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(std::string(error.what()).find("wrong-secret"), std::string::npos);
}

TYPED_TEST(PostgresCredentials, WhatAProviderThrowsIsTheConnectsFailure) {
  auto connector = this->connector();
  connector.credentials = [](const carpool::CredentialsRequest&) -> carpool::Credentials {
    throw std::runtime_error("the vault is sealed");
  };
  EXPECT_STREQ(thrown_by<std::runtime_error>([&] { return this->connect(connector); }).what(), "the vault is sealed");
  connector.credentials = [](const carpool::CredentialsRequest&) {
    return carpool::Credentials{.user = "rotated", .password = "first", .expires = TypeParam::now()};
  };
  EXPECT_THROW((void)this->connect(connector), std::runtime_error) << "they have expired";
}

TYPED_TEST(PostgresCredentials, NoConnectionIsHandedOutAfterItsCredentials) {
  SecretStore store("rotated", "first");
  store.expire_after(400ms);
  typename TestFixture::Pool pool(this->asking(store), {.max_size = 1});
  const auto process_and_time = [&] { return pool.acquire()->process_id(); };
  const auto begun = TypeParam::now();
  const int first = process_and_time();
  while (TypeParam::now() < begun + 600ms) {
    const int process = process_and_time();
    if (TypeParam::now() > begun + 500ms) {
      EXPECT_NE(process, first);
    }
    TypeParam::sleep_until(TypeParam::now() + 5ms);
  }
  EXPECT_GE(store.asked(), 2U);
}

TYPED_TEST(PostgresCredentials, EachSessionIsSetUpAndAgainAfterDiscardAll) {
  auto connector = this->connector();
  connector.session_setup = {"SET work_mem = '5MB'", "SET app.tenant = 'ours'"};
  connector.reset_policy = carpool::PostgresReset::discard_all;
  typename TestFixture::Pool pool(connector, {.max_size = 1});
  const auto shown = [&](auto& lease) {
    return lease->query("SELECT current_setting('work_mem') || current_setting('app.tenant')")
        .template get<std::string>(0, 0);
  };
  int process = 0;
  {
    auto lease = pool.acquire();
    EXPECT_FALSE(connector.dirty(*lease)) << "what sets it up is no use";
    EXPECT_EQ(shown(lease), "5MBours");
    lease->query("SET work_mem = '7MB'; SET app.tenant = 'theirs'");
    process = lease->process_id();
  }
  auto lease = pool.acquire();
  EXPECT_EQ(shown(lease), "5MBours");
  EXPECT_EQ(lease->process_id(), process);
  connector.session_setup = {"SET nonsense = 1"};
  EXPECT_THROW((void)this->connect(connector), carpool::PostgresError);
}

TYPED_TEST(PostgresCredentials, ThePoolsNameIsTheApplications) {
  const auto name_of = [&](carpool::PostgresConnector connector, std::string name) {
    typename TestFixture::Pool pool(std::move(connector), {.name = std::move(name)});
    return pool.acquire()->query("SHOW application_name").template get<std::string>(0, 0);
  };
  EXPECT_EQ(name_of(this->connector(), "billing"), "billing");
  EXPECT_EQ(name_of(this->connector(), "pool"), "") << "no name was given";
  auto named = this->connector();
  named.options = {{"application_name", "ledger"}};
  EXPECT_EQ(name_of(named, "billing"), "ledger");
}

/// No password is accepted twice: from ALTER ROLE to the store's change, 100 ms later, nobody could log in.
TEST(PostgresRotation, APasswordChangesUnderLoad) {
  CARPOOL_SKIP_WITHOUT("postgres");
  using Backend = carpool::ThreadBackend;
  const std::uint16_t port = RealServer::shared("postgres").port();
  const auto admin = [&](const std::string& sql) {
    postgres_at(port).connect<Backend>(Backend::now() + 20s).query(sql);
  };
  admin("DROP ROLE IF EXISTS rotated; CREATE ROLE rotated LOGIN PASSWORD 'number 0'");
  SecretStore store("rotated", "number 0");
  auto connector = postgres_at(port);
  connector.credentials = store.provider();
  carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::PostgresConnector,
                          carpool::Jittered<carpool::MaxLifetime>>
      pool(connector, {.max_size = 4}, carpool::Jittered(carpool::MaxLifetime{200ms}));
  RequestLoad load(8, [&] { (void)pool.acquire()->query("SELECT 1").get<int>(0, 0); });
  const int rotations = 4;
  for (int number = 1; number <= rotations; ++number) {
    std::this_thread::sleep_for(500ms);
    const std::string password = "number " + std::to_string(number);
    admin("ALTER ROLE rotated PASSWORD '" + password + "'");
    std::this_thread::sleep_for(100ms);
    store.set(password);
    pool.retire_all(300ms);
  }
  std::this_thread::sleep_for(600ms);
  const auto figures = load.end();
  EXPECT_EQ(figures.failed, 0U) << figures.first_failure;
  EXPECT_GT(figures.served, 100U);
  const carpool::PoolStats stats = pool.stats();
  std::printf("%d rotations: %llu requests, %llu failed, the longest took %.1f ms; %llu connects, %llu refused\n",
              rotations, static_cast<unsigned long long>(figures.served),
              static_cast<unsigned long long>(figures.failed), static_cast<double>(figures.longest.count()) / 1000,
              static_cast<unsigned long long>(stats.connects), static_cast<unsigned long long>(store.refused()));
}

}  // namespace

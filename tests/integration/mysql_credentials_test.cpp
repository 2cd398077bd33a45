// needs: mysql_connector tls_connector
/// Who a MySQL session logs in as, what it tells the server of its pool, and to whom it tells a password as it is.
#include <carpool/thread_backend.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <utility>

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "eventually.hpp"
#include "loopback_listener.hpp"
#include "mysql_fake_server.hpp"
#include "mysql_fixture.hpp"
#include "secret_store.hpp"
#include "tls_certificates.hpp"

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using namespace std::string_literals;  // NOLINT(google-build-using-namespace)

/// Asks each client for its password as it is, over TLS, and remembers it. One client.
class ClearTextServer {
 public:
  ClearTextServer() {
    thread_ = std::thread([this] { serve(); });
  }
  ClearTextServer(const ClearTextServer&) = delete;
  ClearTextServer& operator=(const ClearTextServer&) = delete;
  ~ClearTextServer() {
    listener_.stop();
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return listener_.port(); }
  /// What came in answer to the question, once the client has gone.
  [[nodiscard]] std::string answer() {
    thread_.join();
    return answer_;
  }

 private:
  void serve() {
    const int client = listener_.accept();
    if (client < 0) return;
    std::string greeting = mysql_greeting();
    greeting[greeting.find("\x8b\xa2") + 1] = '\xaa';  // it speaks TLS
    (void)::send(client, greeting.data(), greeting.size(), MSG_NOSIGNAL);
    std::array<char, 36> request;
    if (::recv(client, request.data(), request.size(), MSG_WAITALL) == 36) talk(client);
    ::close(client);
  }
  void talk(int client) {
    SSL_CTX* const context = ::SSL_CTX_new(::TLS_server_method());
    ::SSL_CTX_use_certificate_chain_file(context, TlsCertificates::shared().certificate("server").c_str());
    ::SSL_CTX_use_PrivateKey_file(context, TlsCertificates::shared().key("server").c_str(), SSL_FILETYPE_PEM);
    SSL* const ssl = ::SSL_new(context);
    ::SSL_set_fd(ssl, client);
    std::array<char, 4096> login;
    if (::SSL_accept(ssl) == 1 && ::SSL_read(ssl, login.data(), login.size()) > 0) {
      say(ssl, mysql_packet(3, "\xfe"s + "mysql_clear_password\0"s));
      const int got = ::SSL_read(ssl, login.data(), login.size());
      if (got > 4) answer_.assign(login.data() + 4, static_cast<std::size_t>(got) - 4);
      say(ssl, mysql_ok(5));
      (void)::SSL_read(ssl, login.data(), login.size());
    }
    ::SSL_free(ssl);
    ::SSL_CTX_free(context);
  }
  static void say(SSL* ssl, const std::string& packet) {
    (void)::SSL_write(ssl, packet.data(), static_cast<int>(packet.size()));
  }

  const LoopbackListener listener_;
  std::string answer_;  // the thread's, until it is joined
  std::thread thread_;
};

template <class B>
class MysqlCredentials : public MysqlFixture<B> {
 protected:
  using Backend = B;
  static carpool::MysqlConnector to(std::uint16_t port) {
    return {.host = "localhost",
            .port = port,
            .user = "somebody",
            .password = "hunter2",
            .tls = carpool::MysqlTls{.ca_file = TlsCertificates::shared().certificate("ca")}};
  }
};
TYPED_TEST_SUITE(MysqlCredentials, IoBackends, BackendName);

TYPED_TEST(MysqlCredentials, AProviderIsAskedAtEachConnectAndAgainAfterARefusal) {
  this->connect().query("CREATE OR REPLACE USER rotated@'%' IDENTIFIED BY 'first'");
  SecretStore store("rotated", "first");
  auto connector = this->connector();
  connector.user = "nobody";
  connector.database.clear();
  connector.credentials = store.provider();
  auto first = this->MysqlFixture<TypeParam>::connect(connector);
  EXPECT_EQ(this->ask(first, "select current_user()"), "rotated@%");
  EXPECT_EQ(connector.lifetime(first), carpool::forever);
  this->connect().query("ALTER USER rotated@'%' IDENTIFIED BY 'second'");
  std::thread rotation([&] {
    EXPECT_TRUE(eventually<carpool::ThreadBackend>([&] { return store.refused() > 0; }));
    store.set("second");
  });
  store.expire_after(10s);
  auto second = this->MysqlFixture<TypeParam>::connect(connector);
  rotation.join();
  EXPECT_LE(connector.lifetime(second), 10s);
  EXPECT_GT(connector.lifetime(second), 8s);
}

TYPED_TEST(MysqlCredentials, ThePoolsNameIsTheProgramsUnlessItHasOne) {
  const auto heard = [](std::string own) {
    MysqlFakeServer::Words words;
    words.greeting[words.greeting.find("\x0e\0\x15"s)] = '\x1e';  // it takes attributes
    MysqlFakeServer server(words);
    carpool::MysqlConnector connector{.host = "127.0.0.1", .port = server.port(), .user = "somebody"};
    connector.program_name = std::move(own);
    typename TestFixture::Pool pool(connector, {.name = "billing", .max_size = 1});
    EXPECT_EQ(pool.prewarm(1, 10s), 1U);
    pool.close();
    return server.heard();
  };
  EXPECT_NE(heard("").find("program_name\x07"
                           "billing"),
            std::string::npos);
  EXPECT_NE(heard("ledger").find("program_name\x06"
                                 "ledger"),
            std::string::npos);
}

TYPED_TEST(MysqlCredentials, APasswordIsToldAsItIsOverVerifiedTlsAlone) {
  auto connector = this->to(1);
  connector.cleartext_password = true;
  EXPECT_NO_THROW(connector.validate());
  for (const auto& tls : {std::optional<carpool::MysqlTls>(), std::optional(carpool::MysqlTls{.verify = false})}) {
    connector.tls = tls;
    EXPECT_NE(std::string(thrown_by<std::invalid_argument>([&] { connector.validate(); }).what())
                  .find("cleartext_password needs tls with verify"),
              std::string::npos);
  }
}

TYPED_TEST(MysqlCredentials, AServerThatAsksForItIsToldThePasswordOnlyWhereThatIsAllowed) {
  ClearTextServer willing;
  auto connector = this->to(willing.port());
  connector.cleartext_password = true;
  {
    const auto connection = connector.template connect<TypeParam>(TypeParam::now() + 10s);
  }
  EXPECT_EQ(willing.answer(), "hunter2\0"s);

  ClearTextServer refused;
  connector = this->to(refused.port());
  std::string told;
  try {
    (void)connector.template connect<TypeParam>(TypeParam::now() + 10s);
  } catch (const std::exception& error) {
    told = error.what();
  }
  EXPECT_NE(told.find("cleartext_password"), std::string::npos) << told;
  EXPECT_EQ(told.find("hunter2"), std::string::npos);
  EXPECT_EQ(refused.answer(), "");
}

TYPED_TEST(MysqlCredentials, WhoIsNotTheServerIsToldNoPassword) {
  ClearTextServer impostor;
  auto connector = this->to(impostor.port());
  connector.cleartext_password = true;
  connector.tls->ca_file = TlsCertificates::shared().certificate("alone");
  EXPECT_THROW((void)connector.template connect<TypeParam>(TypeParam::now() + 10s), std::system_error);
  EXPECT_EQ(impostor.answer(), "");
}

}  // namespace

// needs: mysql_connector
/// Whom an encrypted MySQL session trusts, and that its handshake and its end disturb nobody else.
#include <chrono>
#include <csignal>
#include <string>
#include <system_error>
#include <vector>

#include "chaos_proxy.hpp"
#include "mysql_fixture.hpp"
#include "thrown.hpp"

namespace {

using carpool::MysqlTls;
using std::chrono::milliseconds;
using std::chrono::seconds;

template <class B>
class MysqlTrust : public MysqlFixture<B> {
 protected:
  carpool::MysqlConnector encrypted(std::uint16_t port = 0) const {
    auto connector = this->connector(port);
    connector.host = "localhost";
    connector.tls = MysqlTls{.ca_file = this->server_->file("ca.pem")};
    return connector;
  }
};
TYPED_TEST_SUITE(MysqlTrust, IoBackends, BackendName);

TYPED_TEST(MysqlTrust, AServerThatIsWhoItShouldBeIsSpokenToInSecret) {
  auto connection = this->connect(this->encrypted());
  EXPECT_EQ(connection.tls_version().substr(0, 4), "TLSv");
  EXPECT_NE(
      this->ask(connection,
                "select variable_value from information_schema.session_status where variable_name = 'Ssl_cipher'"),
      "");
  auto plain = this->connect();
  EXPECT_EQ(plain.tls_version(), "");
}

TYPED_TEST(MysqlTrust, ACertificateThatNobodyVouchesForIsRefused) {
  auto connector = this->encrypted();
  connector.tls->ca_file = this->server_->file("other.pem");
  EXPECT_EQ(thrown_by<std::system_error>([&] { (void)this->connect(connector); }).code(), std::errc::protocol_error);
}

TYPED_TEST(MysqlTrust, ACertificateOfAnotherHostIsRefusedUnlessNobodyLooks) {
  auto connector = this->encrypted();
  connector.host = "::ffff:127.0.0.1";  // the same server by another number, which its certificate does not have
  const auto error = thrown_by<std::system_error>([&] { (void)this->connect(connector); });
  EXPECT_EQ(error.code(), std::errc::protocol_error) << error.what();
  connector.tls->verify = false;
  auto connection = this->connect(connector);
  EXPECT_EQ(this->ask(connection, "select 1"), "1");
}

TYPED_TEST(MysqlTrust, AMissingFileIsTold) {
  auto connector = this->encrypted();
  connector.tls->ca_file = "/nowhere/ca.pem";
  EXPECT_THROW((void)this->connect(connector), std::system_error);
}

TYPED_TEST(MysqlTrust, AWrongPasswordIsAnAuthenticationErrorHereToo) {
  auto connector = this->encrypted();
  connector.password = "hunter2";
  EXPECT_THROW((void)this->connect(connector), carpool::AuthenticationError);
}

TYPED_TEST(MysqlTrust, ASessionWhosePeerIsGoneKillsNobody) {
  const auto old = std::signal(SIGPIPE, SIG_DFL);
  ChaosProxy proxy(this->server_->port());
  for (const bool reset : {true, false, false, false}) {
    auto connection = this->connect(this->encrypted(proxy.port()));
    EXPECT_EQ(this->ask(connection, "select 1"), "1");
    if (reset) proxy.reset_all();
    if (!reset) proxy.close_all();  // the first write is taken, and answered with an RST
    const std::string long_query = "select '" + std::string(1 << 20, 'x') + "'";
    EXPECT_THROW(connection.query(long_query), std::system_error);
  }
  std::signal(SIGPIPE, old);
}

TYPED_TEST(MysqlTrust, AFailureOfOneSessionIsNotTakenForAnothers) {
  if constexpr (!TypeParam::concurrent) GTEST_SKIP() << "nobody runs beside the caller on this backend";
  ChaosProxy proxy(this->server_->port());
  auto good = this->connect(this->encrypted());
  auto bystander = TypeParam::spawn([this, &good] {
    for (int i = 0; i < 20; ++i) EXPECT_EQ(this->ask(good, "select sleep(0.01)"), "0");
  });
  for (int i = 0; i < 10; ++i) {
    auto victim = this->connect(this->encrypted(proxy.port()));
    proxy.reset_all();
    EXPECT_THROW(victim.query("select 2"), std::system_error);
    TypeParam::sleep_until(this->in(milliseconds(5)));
  }
  bystander.join();
}

}  // namespace

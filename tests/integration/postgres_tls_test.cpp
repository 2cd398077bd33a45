// needs: postgres_connector
/// PostgresConnector over TLS: whom it trusts, what is cut, and that a deadline holds during the handshake too.
#include <carpool/postgres_connector.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

#include "chaos_proxy.hpp"
#include "eventually.hpp"
#include "io_backends.hpp"
#include "postgres_fixture.hpp"
#include "thrown.hpp"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

template <class Backend>
class PostgresTls : public PostgresFixture<Backend> {
 protected:
  /// By its name, as certificates have it, whichever address that is.
  static carpool::PostgresConnector verifying(std::uint16_t port, const std::string& authority = "ca.pem") {
    auto connector = postgres_at(port);
    connector.host = "localhost";
    connector.options = {{"sslmode", "verify-full"},
                         {"sslrootcert", PostgresTls::server().file(authority)},
                         {"sslcert", "/nonexistent"},
                         {"sslkey", "/nonexistent"}};
    return connector;
  }
};
TYPED_TEST_SUITE(PostgresTls, IoBackends, BackendName);

TYPED_TEST(PostgresTls, AVerifiedServerIsSpokenToInSecret) {
  auto connection = this->connect(this->verifying(this->server().port()));
  EXPECT_TRUE(connection.encrypted());
  EXPECT_TRUE(this->connector().is_connected(connection));
  const std::string long_text(1000000, 'x');
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(connection.query("SELECT $1::text", {long_text}, this->soon_enough()).template get<std::string>(0, 0),
              long_text);
    EXPECT_TRUE(this->connector().is_connected(connection));
  }
}

TYPED_TEST(PostgresTls, ACertificateOfAnotherAuthorityOrForAnotherHostIsRefused) {
  const auto stranger = this->verifying(this->server().port(), "other.pem");
  EXPECT_NE(
      std::string(thrown_by<std::system_error>([&] { (void)this->connect(stranger); }).what()).find("certificate"),
      std::string::npos);
  auto misnamed = this->verifying(this->server().port());
  misnamed.host = "127.0.0.1";
  EXPECT_NO_THROW((void)this->connect(misnamed));
  misnamed.host = "::ffff:127.0.0.1";  // the same server, by a name that its certificate does not have
  EXPECT_THROW((void)this->connect(misnamed), std::system_error);
}

TYPED_TEST(PostgresTls, AnEncryptedStreamThatIsCutAnywhereIsAnError) {
  ChaosProxy proxy(this->server().port());
  const auto connector = this->verifying(proxy.port());
  const auto converse = [&] {
    auto connection = this->connect(connector);
    return connection.query("SELECT 41 + 1", {}, this->soon_enough()).template get<int>(0, 0);
  };
  EXPECT_EQ(converse(), 42);
  const std::size_t length = proxy.answered();
  for (std::size_t cut = 0; cut + 100 < length; cut += 37) {  // the handshake's length varies a little
    proxy.cut_after(cut);
    EXPECT_THROW((void)converse(), std::system_error) << "after byte " << cut << " of about " << length;
  }
}

TYPED_TEST(PostgresTls, ASlowHandshakeWorksAndASilentOneEndsAtTheDeadline) {
  ChaosProxy proxy(this->server().port());
  const auto connector = this->verifying(proxy.port());
  proxy.delay(milliseconds(20));
  EXPECT_TRUE(this->connect(connector).encrypted());
  proxy.hold(true);
  const carpool::TimePoint deadline = this->in(milliseconds(100));
  EXPECT_EQ(thrown_by<std::system_error>([&] { (void)connector.template connect<TypeParam>(deadline); }).code(),
            std::errc::timed_out);
  EXPECT_LT(TypeParam::now(), deadline + seconds(5));
}

TYPED_TEST(PostgresTls, TheEndOfAnIdleEncryptedConnectionIsNoticed) {
  ChaosProxy proxy(this->server().port());
  auto connection = this->connect(this->verifying(proxy.port()));
  const std::size_t heard = proxy.heard();
  proxy.close_all();
  EXPECT_TRUE(eventually<TypeParam>([&] { return !this->connector().is_connected(connection); }));
  EXPECT_EQ(proxy.heard(), heard);
}

TYPED_TEST(PostgresTls, ANotificationComesThroughTls) {
  auto connection = this->connect(this->verifying(this->server().port()));
  auto other = this->connect();
  connection.listen("secret");
  other.notify("secret", std::string(7000, 'z'));
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->connector().is_connected(connection); }));
  const auto told = connection.wait_notification(this->soon_enough());
  ASSERT_TRUE(told);
  EXPECT_EQ(told->payload.size(), 7000U);
}

}  // namespace

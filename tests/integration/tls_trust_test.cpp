// needs: tls_connector
/// Who is believed and who is not: certificates, names, and what a connection says of those it refuses.
#include <carpool/tls_connector.hpp>

#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include "io_backends.hpp"
#include "thrown.hpp"
#include "tls_fixture.hpp"

namespace {

template <class Backend>
class TlsTrust : public TlsFixture<Backend> {
 protected:
  static std::error_code verdict(int code) { return {code, carpool::certificate_category()}; }
};
TYPED_TEST_SUITE(TlsTrust, IoBackends, BackendName);

TYPED_TEST(TlsTrust, AServerWithTheRightCertificateIsSpokenToInBothVersions) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsServer server({.version = version});
    auto stream = this->open(this->to(server));
    EXPECT_EQ(this->exchange(stream, "hello"), "hello");
    EXPECT_EQ(stream.socket().version(), version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
  }
}

TYPED_TEST(TlsTrust, ANameIsAskedForAndAnAddressIsNot) {
  TlsServer server;
  auto connector = this->to(server);
  auto by_address = this->open(connector);
  EXPECT_EQ(this->exchange(by_address, "a"), "a");
  EXPECT_EQ(server.asked_for(), "");
  connector.tls.server_name = "localhost";
  auto by_name = this->open(connector);
  EXPECT_EQ(this->exchange(by_name, "b"), "b");
  EXPECT_EQ(server.asked_for(), "localhost");
}

TYPED_TEST(TlsTrust, ACertificateForAnotherHostIsRefusedByNameAndByAddress) {
  TlsServer server({.certificate = "other"});
  auto connector = this->to(server);
  EXPECT_EQ(this->refusal(connector), this->verdict(X509_V_ERR_IP_ADDRESS_MISMATCH));
  connector.tls.server_name = "localhost";
  EXPECT_EQ(this->refusal(connector), this->verdict(X509_V_ERR_HOSTNAME_MISMATCH));
  connector.tls.server_name = "other.example";
  EXPECT_EQ(this->refusal(connector), std::error_code());
}

TYPED_TEST(TlsTrust, ASelfSignedCertificateIsRefused) {
  TlsServer server({.certificate = "alone"});
  EXPECT_EQ(this->refusal(this->to(server)), this->verdict(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT));
}

TYPED_TEST(TlsTrust, AnExpiredCertificateIsRefused) {
  TlsServer server({.certificate = "expired"});
  EXPECT_EQ(this->refusal(this->to(server)), this->verdict(X509_V_ERR_CERT_HAS_EXPIRED));
}

TYPED_TEST(TlsTrust, AnAuthorityThatTheSystemDoesNotKnowIsRefused) {
  TlsServer server;
  auto connector = this->to(server);
  connector.tls.ca_file.clear();
  EXPECT_EQ(this->refusal(connector).category(), carpool::certificate_category());
}

TYPED_TEST(TlsTrust, TheErrorNamesTheProblemTheNameAndTheAddress) {
  TlsServer server({.certificate = "expired"});
  const auto error = thrown_by<carpool::CertificateError>([&] { (void)this->open(this->to(server)); });
  const std::string text = error.what();
  EXPECT_NE(text.find("certificate has expired"), std::string::npos) << text;
  EXPECT_NE(text.find("'127.0.0.1'"), std::string::npos) << text;
  EXPECT_NE(text.find("127.0.0.1:" + std::to_string(server.port())), std::string::npos) << text;
}

TYPED_TEST(TlsTrust, WhoeverAsksForNoVerificationGetsNone) {
  TlsServer server({.certificate = "alone"});
  auto connector = this->to(server);
  connector.tls = {.server_name = "somebody.else", .verify = false};
  auto stream = this->open(connector);
  EXPECT_EQ(this->exchange(stream, "hello"), "hello");
}

TYPED_TEST(TlsTrust, AServerOfYesterdayIsRefusedByAMinimumVersion) {
  TlsServer server({.version = TLS1_2_VERSION});
  auto connector = this->to(server);
  connector.tls.minimum_version = carpool::TlsVersion::tls_1_3;
  EXPECT_TRUE(this->refusal(connector));
  TlsServer ancient({.version = TLS1_1_VERSION});
  EXPECT_TRUE(this->refusal(this->to(ancient)));
}

TYPED_TEST(TlsTrust, AServerThatWantsAClientCertificateIsShownOne) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsServer server({.version = version, .wants_client = true});
    auto connector = this->to(server);
    connector.tls.certificate = this->file("client");
    connector.tls.private_key = this->key("client");
    auto stream = this->open(connector);
    EXPECT_EQ(this->exchange(stream, "hello"), "hello");
  }
}

TYPED_TEST(TlsTrust, AServerThatMissesTheClientCertificateIsAnErrorNoLaterThanItsFirstAnswer) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsServer server({.version = version, .wants_client = true});
    const auto error = thrown_by<std::system_error>([&] {
      auto stream = this->open(this->to(server));
      (void)this->exchange(stream, "hello");
    });
    EXPECT_NE(std::string(error.what()).find("127.0.0.1"), std::string::npos) << error.what();
  }
}

TYPED_TEST(TlsTrust, AProtocolIsAgreedOnByAlpn) {
  TlsServer server({.protocol = "carpool/2"});
  auto connector = this->to(server);
  connector.tls.alpn = {"carpool/2", "carpool/1"};
  EXPECT_EQ(this->open(connector).socket().protocol(), "carpool/2");
}

/// What is there goes on, what comes next is held to the new files, and resumes no session of before.
TYPED_TEST(TlsTrust, FilesAreReadAgainWhereTheContextIsTold) {
  TlsServer server({.version = TLS1_2_VERSION});
  auto connector = this->to(server);
  connector.tls.ca_file = this->file("ca") + "." + std::to_string(server.port());
  const auto trust = [&](const std::string& name) {
    std::filesystem::copy_file(this->file(name), connector.tls.ca_file,
                               std::filesystem::copy_options::overwrite_existing);
  };
  trust("ca");
  connector.context.reload();  // nothing has been read yet
  auto before = this->open(connector);
  EXPECT_TRUE(this->open(connector).socket().resumed());
  trust("alone");
  EXPECT_EQ(this->refusal(connector), std::error_code()) << "not told yet";
  const auto copy = connector;
  copy.context.reload();
  EXPECT_NE(this->refusal(connector), std::error_code());
  EXPECT_EQ(this->exchange(before, "still here"), "still here");
  trust("ca");
  connector.context.reload();
  EXPECT_FALSE(this->open(connector).socket().resumed());
  std::filesystem::remove(connector.tls.ca_file);
  const auto error = thrown_by<std::invalid_argument>([&] { connector.context.reload(); });
  EXPECT_NE(std::string(error.what()).find("ca_file '" + connector.tls.ca_file), std::string::npos) << error.what();
  EXPECT_EQ(this->refusal(connector), std::error_code()) << "what was read counts";
}

}  // namespace

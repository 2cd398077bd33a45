// needs: thrift_connector, hive_connector
/// Thrift and Hive over TLS: whom their connectors believe, how a URL asks for it, and that TLS changes nothing else.
#include <carpool/connection_pool.hpp>
#include <carpool/hive_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thrift_connector.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <system_error>

#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include "eventually.hpp"
#include "hive_fixture.hpp"
#include "io_backends.hpp"
#include "thrift_echo.hpp"
#include "tls_server.hpp"
#include "tls_transport.hpp"

namespace {

using std::chrono::milliseconds;

template <class Backend>
class ThriftTls : public HiveFixture<Backend> {
 protected:
  using ThriftConnector = carpool::ThriftConnector<thrift_echo::Client>;

  static TlsServerManners echo(const std::string& certificate = "server") {
    return {.certificate = certificate,
            .talk = [](SSL* session) { thrift_echo::serve(std::make_shared<TlsTransport>(session)); }};
  }
  static TlsServerManners as(HiveServer& hive, const std::string& certificate = "server") {
    return {.certificate = certificate,
            .talk = [&hive](SSL* session) { hive.serve(std::make_shared<TlsTransport>(session)); }};
  }

  static std::string file(const std::string& name) { return TlsCertificates::shared().certificate(name); }
  static ThriftConnector thrift_at(const TlsServer& server) {
    return {.host = "127.0.0.1", .port = server.port(), .tls = carpool::TlsOptions{.ca_file = file("ca")}};
  }
  static carpool::HiveConnector hive_at(const TlsServer& server) {
    auto connector = ThriftTls::to(server.port(), carpool::HiveAuth::plain);
    connector.tls = carpool::TlsOptions{.ca_file = file("ca")};
    return connector;
  }

  template <class Connector>
  static void expect_refused(const Connector& connector, const TlsServer& server, int problem) {
    const std::error_code code(problem, carpool::certificate_category());
    try {
      (void)connector.template connect<Backend>(ThriftTls::soon_enough());
      ADD_FAILURE() << "it was accepted";
    } catch (const carpool::CertificateError& error) {
      const std::string text = error.what();
      EXPECT_EQ(error.code(), code) << text;
      const std::string& name = connector.tls->server_name.empty() ? connector.host : connector.tls->server_name;
      for (const std::string& part : {code.message(), '\'' + name + '\'', "127.0.0.1:" + std::to_string(server.port())})
        EXPECT_NE(text.find(part), std::string::npos) << text;
    }
    EXPECT_TRUE(eventually<Backend>([&] { return server.open() == 0; }));
    EXPECT_EQ(server.handshakes(), 0U) << "the server could have been told a password";
  }

  /// Two connections of a pool, one after the other, and the end of the pool.
  template <class Connector, class Ask>
  static void use_twice(const Connector& connector, const TlsServer& server, Ask ask) {
    carpool::ConnectionPool<Backend, carpool::LifoStack, Connector> pool(connector, {.max_size = 1});
    pool.with_connection(ask);
    pool.clear();
    EXPECT_TRUE(eventually<Backend>([&] { return server.goodbyes() == 1; }));
    pool.with_connection(ask);
  }
  static void expect_resumed_and_ended(const TlsServer& server) {
    EXPECT_TRUE(eventually<Backend>([&] { return server.open() == 0; }));
    EXPECT_EQ(server.handshakes(), 2U);
    EXPECT_EQ(server.resumed(), 1U);
    EXPECT_EQ(server.goodbyes(), 2U);
  }
};
TYPED_TEST_SUITE(ThriftTls, IoBackends, BackendName);

TYPED_TEST(ThriftTls, ACertificateThatNobodyVouchesForIsRefused) {
  TlsServer alone({.certificate = "alone"});
  this->expect_refused(this->thrift_at(alone), alone, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
  this->expect_refused(this->hive_at(alone), alone, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
  TlsServer server;
  auto thrift = this->thrift_at(server);
  auto hive = this->hive_at(server);
  thrift.tls->ca_file = hive.tls->ca_file = this->file("alone");  // trusts somebody, and not this server's authority
  this->expect_refused(thrift, server, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  this->expect_refused(hive, server, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
}

TYPED_TEST(ThriftTls, AThriftServerWithACertificateForAnotherHostIsRefusedByAddressAndByName) {
  TlsServer server(this->echo("other"));
  auto connector = this->thrift_at(server);
  this->expect_refused(connector, server, X509_V_ERR_IP_ADDRESS_MISMATCH);
  connector.tls->server_name = "localhost";
  this->expect_refused(connector, server, X509_V_ERR_HOSTNAME_MISMATCH);
  connector.tls->server_name = "other.example";
  auto connection = connector.template connect<TypeParam>(this->soon_enough());
  EXPECT_EQ(connection.client(this->soon_enough()).say("hello"), "hello");
}

TYPED_TEST(ThriftTls, AHiveServerWithACertificateForAnotherHostIsRefusedByAddressAndByName) {
  HiveServer hive({.plain = true});
  hive.on("everything", this->of_all_types());
  TlsServer server(this->as(hive, "other"));
  auto connector = this->hive_at(server);
  this->expect_refused(connector, server, X509_V_ERR_IP_ADDRESS_MISMATCH);
  connector.tls->server_name = "localhost";
  this->expect_refused(connector, server, X509_V_ERR_HOSTNAME_MISMATCH);
  connector.tls->server_name = "other.example";
  auto connection = this->open(connector);
  EXPECT_EQ(connection.query("everything", this->soon_enough()).size(), 5U);
}

TYPED_TEST(ThriftTls, AHiveUrlAsksForTlsAndSaysWhomToTrust) {
  HiveServer hive({.plain = true});
  TlsServer server(this->as(hive));
  const std::string url = "hive://ada:secret@localhost:" + std::to_string(server.port());
  const auto open = [&](const std::string& options) {
    return this->open(carpool::HiveConnector::from_url(url + options));
  };
  try {
    (void)open("");
    ADD_FAILURE() << "it was accepted";
  } catch (const std::system_error& error) {
    const std::string text = error.what();
    for (const std::string& part : {':' + std::to_string(server.port()), std::string("if it expects TLS, say tls")})
      EXPECT_NE(text.find(part), std::string::npos) << text;
  }
  EXPECT_EQ(server.handshakes(), 0U);
  EXPECT_THROW((void)open("?tls=true"), carpool::CertificateError);
  EXPECT_TRUE(open("?tls=true&ca_file=" + this->file("ca")).ping(this->soon_enough()));
  EXPECT_EQ(server.asked_for(), "localhost");
  EXPECT_TRUE(open("?tls=true&verify=false").ping(this->soon_enough()));
  EXPECT_EQ(server.handshakes(), 2U);
}

TYPED_TEST(ThriftTls, WhatIsLongerThanARecordComesWhole) {
  const std::string longer(100 * 1000, 'x');
  TlsServer echo(this->echo());
  const auto thrift = this->thrift_at(echo);
  auto called = thrift.template connect<TypeParam>(this->soon_enough());
  EXPECT_EQ(called.client(this->soon_enough()).say(longer), longer);
  EXPECT_TRUE(called.reusable() && called.is_connected());
  HiveServer hive({.plain = true});
  hive.on("longer", {.columns = {{"c", carpool::HiveType::string}}, .rows = {{longer}}});
  TlsServer server(this->as(hive));
  const auto connector = this->hive_at(server);
  auto asked = this->open(connector);
  EXPECT_EQ(asked.query("longer", this->soon_enough()).template get<std::string>(0, 0), longer);
  EXPECT_TRUE(asked.reusable() && asked.is_connected());
}

TYPED_TEST(ThriftTls, APoolsNextConnectionResumesTheSessionAndEachSaysGoodbye) {
  TlsServer echo(this->echo());
  this->use_twice(this->thrift_at(echo), echo,
                  [](auto& connection) { EXPECT_EQ(connection.client().say("hello"), "hello"); });
  this->expect_resumed_and_ended(echo);
  HiveServer hive({.plain = true});
  TlsServer server(this->as(hive));
  this->use_twice(this->hive_at(server), server, [](auto& connection) { EXPECT_TRUE(connection.ping()); });
  this->expect_resumed_and_ended(server);
  EXPECT_EQ(hive.count("CloseSession"), 2U);
}

TYPED_TEST(ThriftTls, AStatementThatOutlivesItsDeadlineIsCancelledAndItsSessionClosed) {
  HiveServer hive({.plain = true});
  hive.on("endless", {.endless = true});
  TlsServer server(this->as(hive));
  const auto connector = this->hive_at(server);
  auto connection = this->open(connector);
  try {
    connection.execute("endless", this->in(milliseconds(500)));
    ADD_FAILURE() << "it ended";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::timed_out) << error.what();
  }
  EXPECT_FALSE(connection.reusable());
  EXPECT_TRUE(eventually<TypeParam>([&] { return hive.count("CancelOperation") == 1 && hive.sessions() == 0; }));
}

}  // namespace

// needs: tls_connector
/// Bad options and bad files are refused by name, and files are read once.
#include <carpool/thread_backend.hpp>
#include <carpool/tls_connector.hpp>

#include <chrono>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "contains.hpp"
#include "thrown.hpp"
#include "tls_certificates.hpp"

namespace {

using carpool::ThreadBackend;
using carpool::TlsContext;
using carpool::TlsOptions;

std::string refusal(const TlsOptions& options) {
  return refusal_by([&] { return TlsContext().setup<ThreadBackend>(options); });
}

TEST(TlsOptionsTest, AFileThatIsNotThereIsNamedWithItsField) {
  EXPECT_TRUE(contains(refusal({.ca_file = "/nowhere/ca.pem"}), "ca_file '/nowhere/ca.pem'"));
  EXPECT_TRUE(contains(refusal({.certificate = "/nowhere/me.pem"}), "certificate '/nowhere/me.pem'"));
  EXPECT_TRUE(contains(refusal({.ca_file = "/nowhere/ca.pem"}), "No such file"));
}

TEST(TlsOptionsTest, AFileThatHoldsSomethingElseIsNamedWithItsField) {
  const std::string key = TlsCertificates::shared().key("client");
  EXPECT_TRUE(contains(refusal({.ca_file = key}), "ca_file '" + key));
  const std::string certificate = TlsCertificates::shared().certificate("client");
  EXPECT_TRUE(contains(refusal({.certificate = certificate}), "private_key '" + certificate));
}

TEST(TlsOptionsTest, AKeyOfAnotherCertificateIsNamed) {
  const std::string other = TlsCertificates::shared().key("other");
  EXPECT_TRUE(
      contains(refusal({.certificate = TlsCertificates::shared().certificate("client"), .private_key = other}), other));
}

TEST(TlsOptionsTest, ANulIsRefusedInEveryName) {
  const std::string nul("a\0b", 3);
  EXPECT_TRUE(contains(refusal({.ca_file = nul}), "ca_file"));
  EXPECT_TRUE(contains(refusal({.ca_path = nul}), "ca_path"));
  EXPECT_TRUE(contains(refusal({.certificate = nul}), "certificate"));
  EXPECT_TRUE(contains(refusal({.certificate = "x", .private_key = nul}), "private_key"));
  EXPECT_THROW(TlsOptions{.server_name = nul}.validate(), std::invalid_argument);
}

TEST(TlsOptionsTest, LengthsAndPairsAreChecked) {
  EXPECT_TRUE(contains(refusal({.alpn = {""}}), "alpn"));
  EXPECT_TRUE(contains(refusal({.alpn = {std::string(256, 'x')}}), "alpn"));
  EXPECT_TRUE(contains(refusal({.private_key = "/some/key"}), "private_key needs a certificate"));
  EXPECT_THROW(TlsOptions{.server_name = std::string(256, 'x')}.validate(), std::invalid_argument);
  EXPECT_NO_THROW(TlsOptions{}.validate());
}

TEST(TlsOptionsTest, ThePasswordOfAKeyStandsInNoMessage) {
  const TlsOptions options{.certificate = "/nowhere/me.pem", .private_key_password = "swordfish"};
  EXPECT_EQ(refusal(options).find("swordfish"), std::string::npos);
}

TEST(TlsContextTest, ManyWorkersThatAskAtOnceShareOneSetup) {
  const TlsContext context;
  std::vector<std::shared_ptr<carpool::detail::TlsSetup>> setups(8);
  std::vector<std::thread> workers;
  for (auto& setup : setups) {
    workers.emplace_back([&setup, copy = context] {
      setup = copy.setup<ThreadBackend>({.ca_file = TlsCertificates::shared().certificate("ca")});
    });
  }
  for (std::thread& worker : workers) worker.join();
  for (const auto& setup : setups) EXPECT_EQ(setup, setups.front());
}

TEST(TlsContextTest, AnotherServersNameNeedsNoOtherSetupAndOtherFilesDo) {
  const TlsContext context;
  const auto first = context.setup<ThreadBackend>({.verify = false});
  EXPECT_EQ(context.setup<ThreadBackend>({.server_name = "b.example", .verify = false}), first);
  EXPECT_NE(context.setup<ThreadBackend>({.ca_file = TlsCertificates::shared().certificate("ca")}), first);
}

TEST(TlsConnectorTest, AnImpossibleServerNameIsRefused) {
  const carpool::TlsConnector connector{.host = "", .port = 1};
  EXPECT_THROW(connector.validate(), std::invalid_argument);
}

}  // namespace

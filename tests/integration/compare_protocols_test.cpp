// needs: boost_thread_backend fiber_backend
// sanitizers: none
/// carpool-compare's protocols, each against a real server: a request is answered on every backend, a wrong URL is
/// named.
#include "../../tools/compare/endpoint.hpp"
#include "../../tools/compare/exchange.hpp"
#include "../../tools/compare/preflight.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "real_server.hpp"

namespace carpool::compare {
namespace {

std::string address(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }
std::string credentials() { return RealServer::user() + ':' + RealServer::password() + '@'; }

/// The URL of a real server for each protocol that needs one.
struct Scheme {
  std::string kind;
  std::string (*url)(const RealServer&);
};
const std::map<std::string, Scheme> schemes = {
    {"redis", {"redis", [](const RealServer& s) { return "redis://" + credentials() + address(s.port()) + "/1"; }}},
    {"rediss",
     {"redis",
      [](const RealServer& s) {
        return "rediss://" + credentials() + address(s.tls_port()) + "/1?ssl_ca_certs=" + s.file("ca.pem");
      }}},
    {"mysql",
     {"mariadb", [](const RealServer& s) { return "mysql://" + credentials() + address(s.port()) + "/carpool"; }}},
    {"http", {"nginx", [](const RealServer& s) { return "http://" + address(s.port()) + "/index.html"; }}},
    {"https",
     {"nginx",
      [](const RealServer& s) { return "https://" + address(s.tls_port()) + "/?ca_file=" + s.file("ca.pem"); }}},
    {"postgres",
     {"postgres", [](const RealServer& s) { return "postgres://" + credentials() + address(s.port()) + "/carpool"; }}},
};

class CompareProtocols : public testing::TestWithParam<std::string> {};

template <class Backend>
void ask_twice(const Endpoint& endpoint) {
  const auto deadline = [] { return after(Backend::now(), std::chrono::seconds(20)); };
  const EndpointConnector connector(endpoint);
  auto conversation = connector.connect<Backend>(deadline());
  Exchange exchange(100, 7);
  for (int i = 0; i < 2; ++i) {
    EXPECT_NO_THROW(exchange.run(*conversation, deadline()));
    EXPECT_TRUE(connector.is_connected(conversation));
    EXPECT_TRUE(connector.reusable(conversation));
  }
}

TEST_P(CompareProtocols, AskARealServerOnEveryBackend) {
  if (find_protocol(GetParam()) == nullptr) GTEST_SKIP() << GetParam() << " is not built in: its library is not here";
  const Scheme& scheme = schemes.at(GetParam());
  CARPOOL_SKIP_WITHOUT(scheme.kind);
  const std::string url = scheme.url(RealServer::shared(scheme.kind));
  const Endpoint endpoint = Endpoint::parse(url);
  EXPECT_EQ(endpoint.to_string().find(RealServer::password()), std::string::npos);
  EXPECT_NO_THROW(check_server(endpoint, 100));
  ask_twice<SingleBackend>(endpoint);
  ask_twice<ThreadBackend>(endpoint);
  ask_twice<BoostThreadBackend>(endpoint);
  ask_twice<FiberBackend>(endpoint);
}

INSTANTIATE_TEST_SUITE_P(Of, CompareProtocols, testing::Values("redis", "rediss", "mysql", "postgres", "http", "https"),
                         [](const auto& scheme) { return scheme.param; });

TEST(CompareProtocolList, AFileIsAskedToo) {
  if (find_protocol("sqlite") == nullptr) GTEST_SKIP() << "sqlite is not built in: its library is not here";
  const std::string file = testing::TempDir() + "carpool_compare_" + std::to_string(::getpid()) + ".db";
  const Endpoint endpoint = Endpoint::parse("sqlite://" + file);
  ask_twice<SingleBackend>(endpoint);
  ask_twice<ThreadBackend>(endpoint);
  ask_twice<BoostThreadBackend>(endpoint);
  ask_twice<FiberBackend>(endpoint);
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file + suffix);
}

TEST(CompareProtocolList, EveryOneThatIsListedIsTestedHereOrByTheToolsOwnServer) {
  for (const Protocol& protocol : protocols()) {
    for (const std::string& scheme : protocol.schemes) {
      const bool elsewhere = scheme == "tcp" || scheme == "unix" || scheme == "sqlite" || scheme == "hive";
      const bool alias = scheme == "mariadb" || scheme == "postgresql";
      EXPECT_TRUE(schemes.count(scheme) == 1 || alias || elsewhere) << scheme;
    }
  }
}

}  // namespace
}  // namespace carpool::compare

// sanitizers: not thread
/// A connector with a bad option is refused by the pool's constructor, by the field's name, and not by the first
/// acquire.
#include <carpool/connection_pool.hpp>
#include <carpool/endpoints_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/single_backend.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/unix_connector.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "thrown.hpp"

namespace {

template <class Connector>
using Pool = carpool::ConnectionPool<carpool::SingleBackend, carpool::LifoStack, Connector>;

/// What the constructor of a pool with it throws as std::invalid_argument; nothing where it throws nothing.
template <class Connector>
std::string refusal(Connector connector) {
  return refusal_by([&] { Pool<Connector> pool(std::move(connector)); });
}

TEST(BadConnectors, AreRefusedByThePoolsConstructor) {
  using carpool::TcpConnector;
  EXPECT_EQ(refusal(TcpConnector{.host = "127.0.0.1", .port = 1}), "");
  EXPECT_NE(refusal(TcpConnector{.host = "", .port = 1}).find("host"), std::string::npos);
  EXPECT_NE(refusal(TcpConnector{.host = "127.0.0.1", .port = 0}).find("port"), std::string::npos);
  EXPECT_NE(refusal(carpool::UnixConnector{.path = ""}).find("path"), std::string::npos);
}

TEST(BadConnectors, AreRefusedBehindSeveralEndpointsToo) {
  using Several = carpool::EndpointsConnector<carpool::TcpConnector>;
  EXPECT_EQ(refusal(Several({{.host = "a", .port = 1}, {.host = "b", .port = 1}})), "");
  EXPECT_NE(refusal(Several({{.host = "a", .port = 1}, {.host = "", .port = 1}})).find("host"), std::string::npos);
}

struct Plain {
  using Connection = int;
  [[nodiscard]] static int connect(carpool::TimePoint) { return 1; }
  [[nodiscard]] static bool is_connected(int) noexcept { return true; }
};

TEST(BadConnectors, WithoutValidateTheConnectorIsTakenAsItIs) { EXPECT_EQ(refusal(Plain{}), ""); }

}  // namespace

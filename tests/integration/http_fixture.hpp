/// A real nginx, and connections to it, for one test on one backend.
#pragma once

#include <carpool/connection_pool.hpp>
#include <carpool/http_client.hpp>
#include <carpool/http_connector.hpp>
#include <carpool/lifo_stack.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "io_backends.hpp"
#include "real_server.hpp"

template <class B>
class HttpFixture : public testing::Test {
 protected:
  using Backend = B;
  using Connection = carpool::HttpConnection<B>;
  using Pool = carpool::ConnectionPool<B, carpool::LifoStack, carpool::HttpConnector>;

  void SetUp() override {
    CARPOOL_SKIP_WITHOUT("nginx");
    server_ = &RealServer::shared("nginx");
  }

  /// To the real server, or to a proxy before it.
  [[nodiscard]] carpool::HttpConnector connector(std::uint16_t port = 0) const {
    return {.host = "127.0.0.1", .port = port == 0 ? server_->port() : port};
  }
  [[nodiscard]] carpool::HttpConnector encrypted(std::uint16_t port = 0) const {
    return {.host = "localhost",
            .port = port == 0 ? server_->tls_port() : port,
            .tls = carpool::HttpTls{.ca_file = server_->file("ca.pem")}};
  }
  [[nodiscard]] static Connection connect(const carpool::HttpConnector& connector) {
    return connector.template connect<B>(in(std::chrono::seconds(20)));
  }
  [[nodiscard]] Connection connect() const { return connect(connector()); }

  static carpool::TimePoint in(carpool::Duration time) { return B::now() + time; }

  /// A question whose answer nobody else gets, put to a connection or to a client.
  template <class Asked>
  void exchange(Asked& asked, std::optional<carpool::TimePoint> deadline = {}) {
    const std::string nonce = std::to_string(++nonces_);
    const carpool::HttpResponse answer = asked.get("/echo?nonce=" + nonce, deadline);
    ASSERT_EQ(answer.status, 200);
    ASSERT_EQ(answer.body, "GET " + nonce) << "the answer to somebody else's question";
  }

  RealServer* server_ = nullptr;
  std::atomic<int> nonces_ = 0;
};

/// What the tests of TLS share: connectors to a TlsServer, and why they fail.
#pragma once

#include <carpool/tls_connector.hpp>

#include <chrono>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

#include "thrown.hpp"
#include "tls_server.hpp"

template <class Backend>
class TlsFixture : public testing::Test {
 protected:
  using Stream = carpool::StreamConnection<Backend, carpool::TlsSocket<Backend>>;

  static carpool::TimePoint in(carpool::Duration time) { return Backend::now() + time; }
  static carpool::TimePoint soon_enough() { return in(std::chrono::seconds(10)); }
  static std::string file(const std::string& name) { return TlsCertificates::shared().certificate(name); }
  static std::string key(const std::string& name) { return TlsCertificates::shared().key(name); }

  static carpool::TlsConnector to(std::uint16_t port) {
    return {.host = "127.0.0.1", .port = port, .tls = {.ca_file = file("ca")}};
  }
  static carpool::TlsConnector to(const TlsServer& server) { return to(server.port()); }
  static Stream open(const carpool::TlsConnector& connector) { return connector.connect<Backend>(soon_enough()); }

  static std::string exchange(Stream& stream, const std::string& line) {
    stream.write_all(line + '\n', soon_enough());
    return stream.read_until("\n", 1 << 20, soon_enough());
  }

  static std::error_code refusal(const carpool::TlsConnector& connector) {
    return code_thrown_by([&] { return open(connector); });
  }
};

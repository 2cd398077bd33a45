/// What the tests of TLS share: connectors to a TlsServer, and what an operation threw.
#pragma once

#include <carpool/tls_connector.hpp>

#include <chrono>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

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

  template <class Error, class Work>
  static Error thrown_by(Work work) {
    try {
      work();
    } catch (const Error& error) {
      return error;
    } catch (const std::exception& error) {
      ADD_FAILURE() << "something else was thrown: " << error.what();
    }
    ADD_FAILURE() << "nothing was thrown";
    throw std::logic_error("nothing was thrown");
  }

  static std::error_code refusal(const carpool::TlsConnector& connector) {
    try {
      (void)open(connector);
    } catch (const std::system_error& error) {
      return error.code();
    }
    return {};
  }
};

/// What the tests of TCP and Unix streams share: a server, connections to it, and what an operation threw.
#pragma once

#include <carpool/common/stream_connection.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/time.hpp>

#include <chrono>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

#include "loopback_server.hpp"

template <class Backend>
class StreamFixture : public testing::Test {
 protected:
  using Stream = carpool::StreamConnection<Backend>;

  static carpool::TimePoint in(carpool::Duration time) { return Backend::now() + time; }
  static carpool::TimePoint soon_enough() { return in(std::chrono::seconds(10)); }

  carpool::TcpConnector connector() const { return {.host = "127.0.0.1", .port = server_.port()}; }
  Stream connect() const { return connector().template connect<Backend>(soon_enough()); }

  static std::string exchange(Stream& stream, const std::string& line) {
    stream.write_all(line + '\n', soon_enough());
    return stream.read_until("\n", 1 << 20, soon_enough());
  }

  /// What work throws. A failure, and no error, where it throws nothing.
  template <class Work>
  static std::system_error thrown_by(Work work) {
    try {
      work();
    } catch (const std::system_error& error) {
      return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return {std::error_code(), "nothing"};
  }

  LoopbackServer server_;
};

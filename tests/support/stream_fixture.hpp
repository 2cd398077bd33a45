/// What the tests of TCP and Unix streams share: a server and connections to it.
#pragma once

#include <carpool/common/stream_connection.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/time.hpp>

#include <chrono>
#include <string>

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

  LoopbackServer server_;
};

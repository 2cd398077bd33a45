// needs: thrift_connector
/// Whatever a Thrift server answers, in whichever framing and encoding (the first byte says), is an answer or an error.
#include <carpool/thrift/connection.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <utility>

#include "../support/byte_backend.hpp"
#include "../support/thrift_echo.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using Connection = carpool::ThriftConnection<thrift_echo::Client, ByteBackend>;
  if (size == 0) return 0;
  const auto framing = (data[0] & 1U) != 0 ? carpool::ThriftFraming::framed : carpool::ThriftFraming::buffered;
  const auto encoding = (data[0] & 2U) != 0 ? carpool::ThriftEncoding::compact : carpool::ThriftEncoding::binary;
  ByteBackend::Socket socket(std::as_bytes(std::span(data, size).subspan(1)));
  Connection connection(Connection::Stream(Connection::Socket(std::move(socket)), {.one_way = true}), framing, encoding,
                        {.max_message_bytes = 1 << 20, .max_elements = 1 << 16}, std::chrono::seconds(1));
  try {
    if ((data[0] & 4U) != 0) (void)connection.client().many();
    for (;;) (void)connection.client().say("x");  // until the bytes are at their end
  } catch (const std::exception&) {
    return 0;
  }
}

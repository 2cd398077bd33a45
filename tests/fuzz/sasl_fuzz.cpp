// needs: tcp_connector
/// Whatever a server says in a SASL negotiation, it is accepted, refused or malformed, and nothing else happens.
#include <carpool/common/stream_connection.hpp>
#include <carpool/hive/detail/sasl_plain.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>

#include "../support/byte_backend.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    carpool::StreamConnection<ByteBackend> stream(ByteBackend::Socket(std::as_bytes(std::span(data, size))));
    carpool::negotiate_sasl_plain(stream, "user", "password", carpool::never);
  } catch (const std::exception&) {
    return 0;
  }
  return 0;
}

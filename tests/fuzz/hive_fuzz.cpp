// needs: hive_connector
/// Whatever a HiveServer2 answers, with SASL or without (the first byte says): rows that can be looked at, or an error.
#include <carpool/hive_connector.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <utility>

#include "../support/byte_backend.hpp"

namespace {

using Channel = carpool::detail::HiveChannel<ByteBackend>;

void look_at(const carpool::HiveRows& rows) {
  for (std::size_t cell = 0; cell < rows.size() * rows.columns(); ++cell) {
    (void)rows.value(cell / rows.columns(), cell % rows.columns());
  }
}

void converse(Channel::Stream stream, bool plain) {
  if (plain) carpool::negotiate_sasl_plain(stream, "hive", "x", carpool::never);
  const auto framing = plain ? carpool::ThriftFraming::framed : carpool::ThriftFraming::buffered;
  Channel channel(std::move(stream), framing, {.max_message_bytes = 1 << 20, .max_elements = 1 << 16},
                  std::chrono::seconds(1));
  carpool::detail::HiveSession<ByteBackend> session(std::move(channel), {.max_rows = 1000});
  session.open(carpool::never);
  carpool::HiveConnection<ByteBackend> connection(std::move(session), {});
  look_at(connection.databases());
  look_at(connection.query("select 1"));
  connection.close_gracefully();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  ByteBackend::Socket socket(std::as_bytes(std::span(data, size).subspan(1)));
  try {
    converse(Channel::Stream(Channel::Socket(std::move(socket)), {.one_way = true}), (data[0] & 1U) != 0);
  } catch (const std::exception&) {
    return 0;
  }
  return 0;
}

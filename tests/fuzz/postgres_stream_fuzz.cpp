// needs: postgres_connector
/// Whatever a server says after its welcome, a query ends with an answer or an error, in time.
#include <carpool/postgres_connector.hpp>
#include <carpool/thread_backend.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string>

#include "../support/loopback_server.hpp"

namespace {

/// libpq reserves what a message claims to be, without touching it; libFuzzer would take that for memory. The claims of
/// gigabytes have a test of their own.
bool claims_much(const std::string& stream) {
  constexpr std::size_t much = 1 << 20;
  for (std::size_t at = 0; at + 5 <= stream.size();) {
    std::size_t length = 0;
    for (std::size_t i = 1; i <= 4; ++i) length = length << 8U | static_cast<unsigned char>(stream[at + i]);
    if (length > much) return true;
    at += length + 1;
  }
  return false;
}

using Backend = carpool::ThreadBackend;

/// Throws what the server's fault is.
void converse(const carpool::PostgresConnector& connector) {
  const carpool::TimePoint deadline = Backend::now() + std::chrono::seconds(5);
  auto connection = connector.connect<Backend>(deadline);
  (void)connection.is_connected();
  const auto result = connection.query("SELECT 1", {}, deadline);
  for (const auto row : result) {
    if (result.columns() > 0 && !row.is_null(0)) (void)row.get<std::string>(0);
  }
  (void)connection.wait_notification(Backend::now());
  (void)connection.take_notices();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static LoopbackServer server;
  const std::string welcome("R\0\0\0\x08\0\0\0\0Z\0\0\0\5I", 15);
  const std::string answer = welcome + std::string(reinterpret_cast<const char*>(data), size);
  if (claims_much(answer)) return 0;
  server.reply_with({.answer = answer, .cut_after = answer.size()});
  try {
    converse({.host = "127.0.0.1",
              .port = server.port(),
              .user = "u",
              .options = {{"sslmode", "disable"}},
              .max_reply_bytes = 1 << 20});
  } catch (const std::exception&) {
    return 0;
  }
  return 0;
}

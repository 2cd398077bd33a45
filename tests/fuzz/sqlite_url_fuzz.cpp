// needs: sqlite_connector
/// Whatever a user writes as the URL of a database is understood or refused.
#include <carpool/sqlite_connector.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto connector = carpool::SqliteConnector::from_url({reinterpret_cast<const char*>(data), size});
    if (connector.path.empty() || connector.path.find('\0') != std::string::npos) std::abort();
  } catch (const std::invalid_argument&) {
    return 0;  // refused, as most of it should be
  }
  return 0;
}

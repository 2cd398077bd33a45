// needs: postgres_connector
/// URLs from users, libpq's error texts and a server's values, whatever is in them, are understood or refused.
#include <carpool/postgres_connector.hpp>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

template <class T>
void read_as(std::string_view text) {
  try {
    (void)carpool::detail::value_in<T>(text);
  } catch (const carpool::PostgresConversionError&) {
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)carpool::detail::refusal_in(text);
  (void)carpool::postgres_identifier(text);
  read_as<bool>(text);
  read_as<std::int16_t>(text);
  read_as<double>(text);
  read_as<std::vector<std::byte>>(text);
  try {
    carpool::PostgresConnector::from_url(text).validate();
  } catch (const std::invalid_argument&) {
    return 0;  // refused, as most of it should be
  }
  return 0;
}

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
void read_as(Oid type, std::string_view text) {
  try {
    (void)carpool::SqlField("fuzz", carpool::detail::postgres_view(type, text)).as<T>();
  } catch (const carpool::SqlValueError&) {
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)carpool::detail::refusal_in(text);
  (void)carpool::postgres_identifier(text);
  read_as<bool>(carpool::detail::postgres_bool, text);
  read_as<std::int16_t>(carpool::detail::postgres_int2, text);
  read_as<double>(carpool::detail::postgres_float8, text);
  read_as<std::vector<std::byte>>(carpool::detail::postgres_bytea, text);
  try {
    carpool::PostgresConnector::from_url(text).validate();
  } catch (const std::invalid_argument&) {
    return 0;  // refused, as most of it should be
  }
  return 0;
}

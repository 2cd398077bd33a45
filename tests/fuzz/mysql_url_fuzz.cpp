// needs: mysql_connector
/// Whatever a user writes as a MySQL URL is understood or refused, and no refusal shows a password.
#include <carpool/mysql/detail/sql.hpp>
#include <carpool/mysql_connector.hpp>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)carpool::detail::leaves_session_clean(text);
  try {
    carpool::MysqlConnector::from_url(text).validate();
  } catch (const std::invalid_argument&) {
    return 0;  // refused, as most of it should be
  }
  return 0;
}

// needs: http_connector
/// Whatever a user writes as an HTTP URL or asks for is understood or refused, and is never two requests.
#include <carpool/http_connector.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)carpool::detail::is_excepted_from_proxy("www.example.com", text);
  try {
    const carpool::HttpConnector connector = carpool::HttpConnector::from_url(text);
    if (connector.host.find_first_of("@/\r\n \0") != std::string::npos) std::abort();
  } catch (const std::invalid_argument&) {  // refused, as most of it should be
  }
  try {
    const std::string part(text);
    const carpool::HttpRequest request{.path = part, .headers = {{"X-Part", part}}};
    request.validate();
    if (part.find_first_of("\r\n") != std::string::npos) std::abort();
  } catch (const std::invalid_argument&) {
    return 0;
  }
  return 0;
}

// needs: redis_connector
/// Whatever a user writes as the URL of a Redis is a sound connector or refused.
#include <carpool/redis/sentinel.hpp>
#include <carpool/redis_connector.hpp>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    carpool::RedisConnector::from_url(text).validate();
  } catch (const std::invalid_argument&) {  // refused, as most of it should be
  }
  try {
    carpool::RedisSentinel::from_url(text).validate();
  } catch (const std::invalid_argument&) {
    return 0;
  }
  return 0;
}

// needs: redis_connector
/// Whatever a server sends in place of a Redis reply is parsed or refused within the limits, and alike in any crumbs.
#include <carpool/redis/detail/parser.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace {

constexpr carpool::RedisLimits limits{.bytes = 4096, .elements = 256, .depth = 5};

struct Heard {
  std::vector<carpool::RedisReply> replies;
  bool refused = false;
};

/// Feeds crumbs of that size, as a connection would.
Heard hear(std::span<const std::byte> bytes, std::size_t crumb) {
  Heard heard;
  carpool::RedisParser parser(limits);
  try {
    while (!bytes.empty()) {
      const std::size_t next = std::min(crumb, bytes.size());
      parser.feed(bytes.first(next));
      bytes = bytes.subspan(next);
      while (std::optional<carpool::RedisReply> reply = parser.next()) heard.replies.push_back(std::move(*reply));
    }
  } catch (const carpool::RedisProtocolError&) {
    heard.refused = true;
  }
  return heard;
}

std::size_t elements(const carpool::RedisReply& reply) {
  if (!reply.is_array()) return 0;
  std::size_t count = reply.elements().size();
  for (const carpool::RedisReply& element : reply.elements()) count += elements(element);
  return count;
}

template <class T>
void convert(const carpool::RedisReply& reply) {
  try {
    (void)reply.as<T>();
  } catch (const carpool::RedisTypeError&) {
    return;
  } catch (const carpool::RedisError&) {
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  const Heard whole = hear(bytes, size + 1);
  const Heard crumbs = hear(bytes, 3);
  if (whole.replies != crumbs.replies || (whole.refused && !crumbs.refused)) std::abort();
  for (const carpool::RedisReply& reply : whole.replies) {
    if (elements(reply) > limits.elements) std::abort();
    convert<std::string>(reply);
    convert<std::int16_t>(reply);
    convert<std::optional<double>>(reply);
    convert<std::vector<std::pair<std::string, int>>>(reply);
    (void)reply.description();
  }
  return 0;
}

/// A Redis reply as a C++ value: RedisReply::as<T>().
#pragma once

#include <carpool/common/number_text.hpp>
#include <carpool/redis/reply.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

template <>
struct RedisConversion<RedisReply> {
  static RedisReply from(const RedisReply& reply) { return reply; }
};

/// Whatever the server said, as long as it is no error.
template <>
struct RedisConversion<void> {
  static void from(const RedisReply&) noexcept {}
};

template <>
struct RedisConversion<std::string> {
  static std::string from(const RedisReply& reply) {
    if (reply.kind() == RedisReply::Kind::integer) return std::to_string(reply.integer());
    if (reply.kind() != RedisReply::Kind::string && reply.kind() != RedisReply::Kind::status) reply.fail("a string");
    return reply.text();
  }
};

/// OK is true; so is every number but 0; nil (SET ... NX that did not set) is false.
template <>
struct RedisConversion<bool> {
  static bool from(const RedisReply& reply) {
    if (reply.is_nil()) return false;
    if (reply.kind() == RedisReply::Kind::integer) return reply.integer() != 0;
    if (reply.kind() != RedisReply::Kind::status) reply.fail("yes or no");
    return reply.text() == "OK";
  }
};

/// Redis keeps numbers as text, so text that is wholly a number is one.
template <class T>
T redis_number(const RedisReply& reply, const char* wanted) {
  if (reply.kind() != RedisReply::Kind::string && reply.kind() != RedisReply::Kind::status) reply.fail(wanted);
  const std::string& text = reply.text();
  T value{};
  const auto [end, error] = read_number(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) reply.fail(wanted);
  return value;
}

template <std::integral T>
  requires(!std::same_as<T, bool>)
struct RedisConversion<T> {
  static T from(const RedisReply& reply) {
    if (reply.kind() != RedisReply::Kind::integer) return redis_number<T>(reply, "a number of that size");
    const std::int64_t value = reply.integer();
    if (!std::in_range<T>(value)) reply.fail("a number of that size");
    return static_cast<T>(value);
  }
};

template <std::floating_point T>
struct RedisConversion<T> {
  static T from(const RedisReply& reply) {
    if (reply.kind() == RedisReply::Kind::integer) return static_cast<T>(reply.integer());
    return redis_number<T>(reply, "a number");
  }
};

template <class T>
struct RedisConversion<std::optional<T>> {
  static std::optional<T> from(const RedisReply& reply) {
    if (reply.is_nil()) return std::nullopt;
    return reply.as<T>();
  }
};

/// An array; nil, which is what some commands call no array, is empty.
template <class T>
struct RedisConversion<std::vector<T>> {
  static std::vector<T> from(const RedisReply& reply) {
    std::vector<T> values;
    if (reply.is_nil()) return values;
    values.reserve(reply.elements().size());
    for (const RedisReply& element : reply.elements()) values.push_back(one(element));
    return values;
  }

 private:
  /// An error among the elements (of EXEC, say) is an element where replies were asked for.
  static T one(const RedisReply& element) {
    if constexpr (std::same_as<T, RedisReply>) {
      return element;
    } else {
      return element.as<T>();
    }
  }
};

template <class First, class Second>
struct RedisConversion<std::pair<First, Second>> {
  static std::pair<First, Second> from(const RedisReply& reply) {
    const std::vector<RedisReply>& both = reply.elements();
    if (both.size() != 2) reply.fail("a pair");
    return {both[0].as<First>(), both[1].as<Second>()};
  }
};

/// Key, value, key, value ...
template <class Map>
struct RedisMapConversion {
  static Map from(const RedisReply& reply) {
    Map map;
    if (reply.is_nil()) return map;
    const std::vector<RedisReply>& flat = reply.elements();
    if (flat.size() % 2 != 0) reply.fail("keys and values");
    for (std::size_t i = 0; i < flat.size(); i += 2) {
      map.emplace(flat[i].as<typename Map::key_type>(), flat[i + 1].as<typename Map::mapped_type>());
    }
    return map;
  }
};

template <class Key, class Value>
struct RedisConversion<std::map<Key, Value>> : RedisMapConversion<std::map<Key, Value>> {};
template <class Key, class Value>
struct RedisConversion<std::unordered_map<Key, Value>> : RedisMapConversion<std::unordered_map<Key, Value>> {};

}  // namespace carpool::inline v0_1::detail

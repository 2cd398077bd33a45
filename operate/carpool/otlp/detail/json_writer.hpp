/// Writes JSON, member by member.
#pragma once

#include <carpool/text/json_nesting.hpp>
#include <carpool/text/json_text.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace carpool::inline v0_1::detail {

/// In the encoding that OTLP asks for: 64-bit integers are strings, names are in lowerCamelCase, enumerators are
/// numbers (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). Written by hand, because it needs three
/// kinds of values, and a library of documents would build each message twice. Each call may throw std::bad_alloc.
class JsonWriter : public JsonNesting<JsonWriter> {
 public:
  JsonWriter& key(std::string_view name) {
    separate();
    ((text_ += '"') += name) += '"';
    return expect_value();
  }
  JsonWriter& text(std::string_view value) {
    separate();
    text_ += '"';
    put_json_text(value, [this](std::string_view piece) { text_ += piece; });
    text_ += '"';
    return *this;
  }
  JsonWriter& integer(std::int64_t value) { return raw('"' + std::to_string(value) + '"'); }
  JsonWriter& integer(std::uint64_t value) { return raw('"' + std::to_string(value) + '"'); }
  JsonWriter& number(int value) { return raw(std::to_string(value)); }
  JsonWriter& number(double value) {
    std::array<char, 32> digits;
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    static_cast<void>(error);
    return raw({digits.data(), end});
  }
  JsonWriter& flag(bool value) { return raw(value ? "true" : "false"); }

  JsonWriter& attribute(std::string_view name, const std::variant<std::string, std::int64_t>& value) {
    open('{').key("key").text(name).key("value").open('{');
    if (const auto* words = std::get_if<std::string>(&value)) key("stringValue").text(*words);
    if (const auto* count = std::get_if<std::int64_t>(&value)) key("intValue").integer(*count);
    return close('}').close('}');
  }
};

}  // namespace carpool::inline v0_1::detail

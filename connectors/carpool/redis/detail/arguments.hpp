/// The words of a Redis command, from C++ values to the bytes on the wire.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace carpool::detail {

template <class T>
concept RedisText = std::convertible_to<const T&, std::string_view>;
template <class T>
concept RedisBytes = std::convertible_to<const T&, std::span<const std::byte>>;
template <class T>
concept RedisNumber = (std::integral<T> || std::floating_point<T>)&&!std::same_as<T, bool>;
template <class T>
concept RedisOne = RedisText<T> || RedisBytes<T> || RedisNumber<T>;
/// Several words: the keys of DEL, say.
template <class T>
concept RedisMany = !RedisOne<T> && requires(const T& range) {
  requires RedisOne<std::remove_cvref_t<decltype(*std::begin(range))>>;
  std::end(range);
};

}  // namespace carpool::detail

namespace carpool {

/// What may be said to Redis: text and bytes (std::string, a literal, a span or vector of std::byte), a number, or a
/// range of those for as many words. A bool is none: Redis has no word for it, and 1, "true" or "yes" is yours to say.
template <class T>
concept RedisArgument = detail::RedisOne<T> || detail::RedisMany<T>;

}  // namespace carpool

namespace carpool::detail {

/// Writes one command after another into one string. redisFormatCommandArgv would allocate for each, and a pipeline
/// is to be one write; a test holds the bytes against it.
class RedisWriter {
 public:
  template <RedisArgument... Arguments>
  static void write(std::string& out, const Arguments&... arguments) {
    head(out, '*', (words(arguments) + ...));
    (put(out, arguments), ...);
  }

  /// The first words of the command that begins at start: its name, and what may change the name's meaning.
  [[nodiscard]] static std::array<std::string_view, 4> first_words(std::string_view out,
                                                                   std::size_t start = 0) noexcept {
    std::array<std::string_view, 4> words;
    std::size_t at = number(out, start).second;
    for (std::string_view& word : words) {
      if (at >= out.size() || out[at] != '$') break;
      const auto [size, begin] = number(out, at);
      word = out.substr(begin, size);
      at = begin + size + 2;
    }
    return words;
  }

  /// How many words the command that begins at start has.
  [[nodiscard]] static std::size_t count(std::string_view out, std::size_t start = 0) noexcept {
    return number(out, start).first;
  }

  /// How many words an argument makes.
  template <RedisArgument Argument>
  [[nodiscard]] static std::size_t words(const Argument& argument) {
    if constexpr (RedisOne<Argument>) {
      return 1;
    } else {
      std::size_t count = 0;
      for (auto word = std::begin(argument); word != std::end(argument); ++word) ++count;
      return count;
    }
  }

 private:
  static void head(std::string& out, char type, std::size_t number) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out += type;
    out.append(digits.data(), end);
    out += "\r\n";
  }

  static void put_text(std::string& out, std::string_view text) {
    head(out, '$', text.size());
    out += text;
    out += "\r\n";
  }

  template <class Argument>
  static void put(std::string& out, const Argument& argument) {
    if constexpr (std::same_as<Argument, char>) {
      put_text(out, std::string_view(&argument, 1));
    } else if constexpr (RedisText<Argument>) {
      put_text(out, std::string_view(argument));
    } else if constexpr (RedisBytes<Argument>) {
      const std::span<const std::byte> bytes(argument);
      put_text(out, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    } else if constexpr (RedisNumber<Argument>) {
      std::array<char, 512> digits;  // a long double written out in full is shorter
      const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), argument).ptr;
      put_text(out, {digits.data(), static_cast<std::size_t>(end - digits.data())});
    } else {
      for (const auto& word : argument) put(out, word);
    }
  }

  /// The number of the head at start, and where the next thing begins.
  static std::pair<std::size_t, std::size_t> number(std::string_view out, std::size_t start) noexcept {
    std::size_t value = 0;
    const auto* const end = out.data() + out.size();
    const auto* const after = std::from_chars(out.data() + std::min(start + 1, out.size()), end, value).ptr;
    return {value, static_cast<std::size_t>(after - out.data()) + 2};
  }
};

}  // namespace carpool::detail

/// The words of a Redis command, from C++ values to the bytes on the wire.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace carpool::inline v0_1::detail {

template <class T>
concept RedisText = std::convertible_to<const T&, std::string_view>;
template <class T>
concept RedisBytes = std::convertible_to<const T&, std::span<const std::byte>>;
template <class T>
concept RedisNumber = (std::integral<T> || std::floating_point<T>) && !std::same_as<T, bool>;
template <class T>
concept RedisOne = RedisText<T> || RedisBytes<T> || RedisNumber<T>;
/// Several words: the keys of DEL, say.
template <class T>
concept RedisMany = !RedisOne<T> && requires(const T& range) {
  requires RedisOne<std::remove_cvref_t<decltype(*std::begin(range))>>;
  std::end(range);
};

}  // namespace carpool::inline v0_1::detail

namespace carpool::inline v0_1 {

/// What may be said to Redis: text and bytes (std::string, a literal, a span or vector of std::byte), a number, or a
/// range of those for as many words. A bool is none: Redis has no word for it, and 1, "true" or "yes" is yours to say.
template <class T>
concept RedisArgument = detail::RedisOne<T> || detail::RedisMany<T>;

}  // namespace carpool::inline v0_1

namespace carpool::inline v0_1::detail {

/// Calls take(std::string_view) for each word that the argument makes.
template <RedisArgument Argument, class Take>
void each_redis_word(const Argument& argument, const Take& take) {
  if constexpr (std::same_as<Argument, char>) {
    take(std::string_view(&argument, 1));
  } else if constexpr (RedisText<Argument>) {
    take(std::string_view(argument));
  } else if constexpr (RedisBytes<Argument>) {
    const std::span<const std::byte> bytes(argument);
    take(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  } else if constexpr (RedisNumber<Argument>) {
    std::array<char, 512> digits;  // a long double written out in full is shorter
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), argument).ptr;
    take(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
  } else {
    for (const auto& word : argument) each_redis_word(word, take);
  }
}

/// Whether that is one of the words, exactly so.
template <RedisArgument... Arguments>
[[nodiscard]] bool has_redis_word(std::string_view wanted, const Arguments&... arguments) {
  bool found = false;
  const auto look = [&](std::string_view word) { found = found || word == wanted; };
  (each_redis_word(arguments, look), ...);
  return found;
}

/// Writes one command after another into one string. redisFormatCommandArgv would allocate for each, and a pipeline
/// is to be one write; a test holds the bytes against it.
class RedisWriter {
 public:
  template <RedisArgument... Arguments>
  static void write(std::string& out, const Arguments&... arguments) {
    head(out, '*', (words(arguments) + ...));
    const auto put = [&out](std::string_view word) { put_text(out, word); };
    (each_redis_word(arguments, put), ...);
  }

  /// The same into a string of before, whose memory is kept unless it is large.
  template <RedisArgument... Arguments>
  static void rewrite(std::string& out, const Arguments&... arguments) {
    constexpr std::size_t worth_keeping = 65536;
    out.clear();
    if (out.capacity() > worth_keeping) out.shrink_to_fit();
    write(out, arguments...);
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
};

/// A word of a command, in upper case. Of one longer than any that matters here only the beginning is kept.
class RedisWord {
 public:
  static constexpr std::size_t capacity = 24;

  constexpr void assign(std::string_view text) noexcept {
    size_ = std::min(text.size(), capacity);
    for (std::size_t i = 0; i < size_; ++i) letters_[i] = upper(text[i]);
  }
  template <RedisOne One>
  void assign_one(const One& one) noexcept {
    if constexpr (std::same_as<One, char>) {
      assign(std::string_view(&one, 1));
    } else if constexpr (RedisText<One>) {
      assign(std::string_view(one));
    } else if constexpr (RedisBytes<One>) {
      const std::span<const std::byte> bytes(one);
      assign({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    } else {
      const auto end = std::to_chars(letters_.data(), letters_.data() + capacity, one);
      size_ = end.ec == std::errc() ? static_cast<std::size_t>(end.ptr - letters_.data()) : 0;
    }
  }
  [[nodiscard]] std::string_view view() const noexcept { return {letters_.data(), size_}; }
  /// Sorts as the first eight letters do, in one comparison.
  [[nodiscard]] constexpr std::uint64_t key() const noexcept {
    std::uint64_t key = 0;
    for (std::size_t i = 0; i < 8; ++i) key = key << 8U | static_cast<unsigned char>(letters_[i]);
    return key;
  }

 private:
  [[nodiscard]] static constexpr char upper(char c) noexcept {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }

  std::array<char, capacity> letters_{};
  std::size_t size_ = 0;
};

/// A command's first words, and how many it has: its name, and what may change the name's meaning.
class RedisWords {
 public:
  template <RedisArgument... Arguments>
  explicit RedisWords(const Arguments&... arguments) {
    (take(arguments), ...);
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// In upper case; empty where there is none. i: below 4.
  [[nodiscard]] std::string_view operator[](std::size_t i) const noexcept { return first_[i].view(); }

 private:
  template <class Argument>
  void take(const Argument& argument) {
    if constexpr (RedisMany<Argument>) {
      for (const auto& one : argument) take(one);
    } else {
      if (size_ < first_.size()) first_[size_].assign_one(argument);
      ++size_;
    }
  }

  std::array<RedisWord, 4> first_;
  std::size_t size_ = 0;
};

}  // namespace carpool::inline v0_1::detail

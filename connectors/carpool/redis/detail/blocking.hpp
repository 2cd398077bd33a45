/// The words of a command that makes a Redis server wait, with the time to wait where that command wants it.
#pragma once

#include <carpool/redis/detail/arguments.hpp>
#include <carpool/redis/detail/command_table.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carpool::inline v0_1::detail {

/// left: std::nullopt for ever, which Redis calls 0. So the shortest time is 1 ms, also where none is left.
[[nodiscard]] inline std::string redis_time_to_wait(RedisWait wait, std::optional<Duration> left) {
  if (!left) return "0";
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(*left);
  const std::int64_t milliseconds = std::max<std::int64_t>(1, whole.count());
  if (wait == RedisWait::milliseconds_last || wait == RedisWait::block_option) return std::to_string(milliseconds);
  std::array<char, 32> digits;
  const double seconds = static_cast<double>(milliseconds) / 1000;
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), seconds).ptr};
}

[[nodiscard]] inline bool is_redis_word(std::string_view word, std::string_view wanted) noexcept {
  RedisWord upper;
  upper.assign(word);
  return upper.view() == wanted;
}

/// The options of XREAD and XREADGROUP come before STREAMS; names of a group and its consumer are no options.
inline void add_block_option(std::vector<std::string>& words, const std::string& time) {
  const bool of_group = words.size() > 4 && is_redis_word(words[1], "GROUP");
  const auto options = words.begin() + (of_group ? 4 : 1);
  const auto is = [](std::string_view wanted) {
    return [wanted](const std::string& word) { return is_redis_word(word, wanted); };
  };
  const auto streams = std::find_if(options, words.end(), is("STREAMS"));
  if (std::find_if(options, streams, is("BLOCK")) != streams)
    refuse_command(words[0], "say it without BLOCK, which is made from the time to wait");
  words.insert(streams, {"BLOCK", time});
}

/// A command as blocking_until says it. Throws std::invalid_argument for one that does not wait, or says BLOCK itself.
template <RedisArgument... Arguments>
[[nodiscard]] std::vector<std::string> with_time_to_wait(RedisWait wait, std::optional<Duration> left,
                                                         const Arguments&... arguments) {
  std::vector<std::string> words;
  const auto keep = [&words](std::string_view word) { words.emplace_back(word); };
  (each_redis_word(arguments, keep), ...);
  const std::string time = redis_time_to_wait(wait, left);
  switch (wait) {
    case RedisWait::none: refuse_command(words[0], "it does not make the server wait");
    case RedisWait::seconds_last:
    case RedisWait::milliseconds_last: words.push_back(time); break;
    case RedisWait::seconds_first: words.insert(words.begin() + 1, time); break;
    case RedisWait::block_option: add_block_option(words, time); break;
  }
  return words;
}

}  // namespace carpool::inline v0_1::detail

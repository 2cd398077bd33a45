/// The options behind a URL's question mark, each taken by name and type; what nobody takes is refused.
#pragma once

#include <carpool/common/url.hpp>
#include <carpool/time.hpp>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// Errors:   std::invalid_argument naming the scheme, the option and what it may be; never its value.
class UrlOptions {
 public:
  /// Copies the options. Each getter takes its own away, so that refuse_others() sees what is unknown.
  explicit UrlOptions(const Url& url) : scheme_(url.scheme), options_(url.options) {}

  /// The last one of that name, as the last word counts.
  [[nodiscard]] std::optional<std::string> text(std::string_view name) {
    std::optional<std::string> value;
    std::erase_if(options_, [&](auto& option) {
      if (option.first != name) return false;
      value = std::move(option.second);
      return true;
    });
    return value;
  }

  /// A whole number, decimal digits alone, from least to most.
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view name, std::uint64_t least = 0,
                                                    std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) {
    const auto value = text(name);
    if (!value) return {};
    const auto number = parsed<std::uint64_t>(*value);
    if (!number || *number < least || *number > most)
      refuse(name, "is not a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return number;
  }

  /// "true", "yes", "on" or "1", and their opposites.
  [[nodiscard]] std::optional<bool> flag(std::string_view name) {
    const auto value = text(name);
    if (!value) return {};
    for (const std::string_view yes : {"true", "yes", "on", "1"}) {
      if (*value == yes) return true;
    }
    for (const std::string_view no : {"false", "no", "off", "0"}) {
      if (*value == no) return false;
    }
    refuse(name, "is neither true nor false");
  }

  /// "250ms", "30s", "5min"; a bare number is seconds. Longer than nothing.
  [[nodiscard]] std::optional<Duration> duration(std::string_view name) {
    const auto value = text(name);
    if (!value) return {};
    const std::size_t digits = std::min(value->find_first_not_of("0123456789"), value->size());
    const auto count = parsed<std::uint32_t>(std::string_view(*value).substr(0, digits));
    const auto unit = unit_of(std::string_view(*value).substr(digits));
    const bool fits = count && unit && *count > 0 && *count <= Duration::max() / *unit;
    if (!fits) refuse(name, "is not a time such as 250ms, 30s or 5min");
    return *unit * static_cast<Duration::rep>(*count);
  }

  /// To be called when all that is known has been taken.
  void refuse_others() const {
    if (!options_.empty()) refuse(options_.front().first, "is unknown");
  }

  /// For a caller that knows more of an option. Throws: std::invalid_argument, always.
  [[noreturn]] void refuse(std::string_view name, const std::string& reason) const {
    throw std::invalid_argument("URL: " + scheme_ + " option " + std::string(name) + ' ' + reason);
  }

 private:
  template <class Number>
  [[nodiscard]] static std::optional<Number> parsed(std::string_view digits) {
    Number number = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stopped, error] = std::from_chars(digits.data(), end, number);
    if (digits.empty() || error != std::errc() || stopped != end) return {};
    return number;
  }

  [[nodiscard]] static std::optional<Duration> unit_of(std::string_view name) {
    if (name.empty() || name == "s") return std::chrono::seconds(1);
    if (name == "ms") return std::chrono::milliseconds(1);
    if (name == "min") return std::chrono::minutes(1);
    return {};
  }

  std::string scheme_;
  std::vector<std::pair<std::string, std::string>> options_;
};

}  // namespace carpool::inline v0_1

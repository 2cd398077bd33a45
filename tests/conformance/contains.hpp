/// Looks for parts in a text, for every test.
#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

/// Whether the text has all the parts; a failure shows the first that is missing, and the text.
template <class... Parts>
[[nodiscard]] testing::AssertionResult contains(std::string_view text, const Parts&... parts) {
  std::string missing;
  const auto look = [&](std::string_view part) {
    if (missing.empty() && text.find(part) == std::string_view::npos) missing = "no '" + std::string(part) + "' in '";
  };
  (look(parts), ...);
  if (missing.empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << missing << text << "'";
}

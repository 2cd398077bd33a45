/// A measured figure with its spread over the rounds, and what counts as a difference.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace carpool::compare {

/// The median of several rounds, and the lowest and highest of them.
struct Figure {
  double median = 0;
  double low = 0;
  double high = 0;

  [[nodiscard]] static Figure of(std::vector<double> values) {
    if (values.empty()) return {};
    std::sort(values.begin(), values.end());
    const auto middle = values.size() / 2;
    const double median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    return {median, values.front(), values.back()};
  }

  /// Half the spread as a share of the median: the "plus or minus" of the figure.
  [[nodiscard]] double spread() const noexcept { return median > 0 ? (high - low) / 2 / median : 0; }
};

/// Below this share two medians are called equal however little they spread.
inline constexpr double smallest_difference = 0.03;

/// Whether two figures differ beyond noise: their ranges do not overlap and their medians are more than 3 % (or what is
/// said) apart. With one round each there is no range, so nothing but a factor of 1.5 is believed.
[[nodiscard]] inline bool differs(const Figure& a, const Figure& b, double smallest = smallest_difference) noexcept {
  const double larger = std::max(a.median, b.median), lesser = std::min(a.median, b.median);
  if (lesser <= 0) return larger > 0;
  const bool single_round = a.low == a.high && b.low == b.high;
  if (single_round) return larger / lesser >= 1.5;
  return (a.low > b.high || b.low > a.high) && larger / lesser > 1 + smallest;
}

/// Larger by how many percent, rounded: 12 means 12 % more.
[[nodiscard]] inline int percent_more(double larger, double smaller) noexcept {
  return smaller > 0 ? static_cast<int>(std::lround((larger / smaller - 1) * 100)) : 0;
}

}  // namespace carpool::compare

/// Maps figures to places on an axis, with ticks at round values.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace carpool::compare {

/// An axis from `low` to `high` drawn from pixel `begin` to pixel `end`.
class Scale {
 public:
  enum class Kind : std::uint8_t {
    linear,       ///< equal steps are equal differences
    logarithmic,  ///< equal steps are equal ratios; low must be above 0
  };

  /// From 0 to a round value at or above largest.
  [[nodiscard]] static Scale linear(double largest, double begin, double end) {
    const double step = round_step(std::max(largest, 1e-12));
    return {Kind::linear, 0, step * std::ceil(std::max(largest, 1e-12) / step - 1e-9), step, begin, end};
  }

  /// From the power of ten at or below smallest to the one at or above largest; at least one decade.
  [[nodiscard]] static Scale logarithmic(double smallest, double largest, double begin, double end) {
    const double low = std::pow(10, std::floor(std::log10(std::max(smallest, 1e-12)) + 1e-9));
    const double high = std::pow(10, std::ceil(std::log10(std::max(largest, low * 10)) - 1e-9));
    return {Kind::logarithmic, low, high, 10, begin, end};
  }

  /// The pixel of a value; values outside the axis are put at its ends.
  [[nodiscard]] double at(double value) const noexcept {
    value = std::clamp(value, low_, high_);
    const double share =
        kind_ == Kind::linear ? (value - low_) / (high_ - low_) : std::log(value / low_) / std::log(high_ / low_);
    return begin_ + share * (end_ - begin_);
  }

  [[nodiscard]] std::vector<double> ticks() const {
    std::vector<double> ticks;
    if (kind_ == Kind::logarithmic) {
      for (double tick = low_; tick <= high_ * 1.0001; tick *= step_) ticks.push_back(tick);
    } else {
      const auto count = static_cast<int>(std::lround(high_ / step_));
      for (int i = 0; i <= count; ++i) ticks.push_back(i * step_);
    }
    return ticks;
  }

  [[nodiscard]] double begin() const noexcept { return begin_; }
  [[nodiscard]] double end() const noexcept { return end_; }

 private:
  Scale(Kind kind, double low, double high, double step, double begin, double end)
      : kind_(kind), low_(low), high_(high), step_(step), begin_(begin), end_(end) {}

  /// 1, 2 or 5 times a power of ten, such that about five steps reach the largest value.
  static double round_step(double largest) {
    const double rough = largest / 5, power = std::pow(10, std::floor(std::log10(rough)));
    const double lead = rough / power;
    return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
  }

  Kind kind_;
  double low_, high_, step_, begin_, end_;
};

}  // namespace carpool::compare

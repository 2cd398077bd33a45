/// Horizontal bars in groups, each with the range of its rounds.
#pragma once

#include "figure.hpp"
#include "scale.hpp"
#include "svg.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace carpool::compare {

/// One bar.
struct Bar {
  std::string label;
  Figure figure;
  std::optional<std::size_t> series{};  ///< a colour of its own
};

/// Bars of one colour under one heading.
struct BarGroup {
  std::string heading;
  std::size_t series = 0;  ///< which of the four colours
  std::vector<Bar> bars;
};

struct BarChart {
  std::string title;
  std::string axis;                           ///< what the figures are, with their unit
  std::function<std::string(double)> number;  ///< at the end of a bar and in its tip
  std::function<std::string(double)> tick;    ///< on the axis
  std::vector<BarGroup> groups;
  std::optional<double> wanted;  ///< a limit to draw, named by wanted_label
  std::string wanted_label;
  std::string range = "rounds";  ///< what the thin line spans
};

namespace detail {

/// The measures that all charts with rows share, so that they line up under one another.
inline constexpr double chart_left = 108, chart_right = 60, row_height = 20, group_gap = 26;

inline void draw_axis(Svg& svg, const Scale& scale, double top, double bottom, const std::string& name,
                      const std::function<std::string(double)>& number) {
  const auto ticks = scale.ticks();
  double free_from = 0;  // a number that would touch the one before it is left out
  for (const double tick : ticks) {
    const auto words = number(tick);
    const double half = 3.5 * static_cast<double>(columns_of(words));
    svg.line(scale.at(tick), top, scale.at(tick), bottom, "grid");
    if (scale.at(tick) - half < free_from) continue;
    svg.text(scale.at(tick), bottom + 16, words, "soft", Anchor::middle);
    free_from = scale.at(tick) + half + 4;
  }
  svg.line(scale.begin(), top, scale.begin(), bottom, "axis");
  svg.text(svg.width() / 2, bottom + 34, name, "soft", Anchor::middle);
}

/// Long labels push the bars to the right.
inline double left_of(const BarChart& chart) {
  std::size_t longest = 0;
  for (const auto& group : chart.groups) {
    for (const auto& bar : group.bars) longest = std::max(longest, columns_of(bar.label));
  }
  return std::max(chart_left, 7.6 * static_cast<double>(longest) + 8);
}

inline double largest_in(const BarChart& chart) {
  double largest = chart.wanted.value_or(0);
  for (const auto& group : chart.groups) {
    for (const auto& bar : group.bars) largest = std::max({largest, bar.figure.high, bar.figure.median});
  }
  return largest;
}

template <class Groups>
double height_of_groups(const Groups& groups, std::size_t rows) {
  return static_cast<double>(groups.size()) * group_gap + static_cast<double>(rows) * row_height;
}

inline void draw_bar(Svg& svg, const BarChart& chart, const BarGroup& group, const Bar& bar, const Scale& scale,
                     double y) {
  const auto& f = bar.figure;
  const auto tip = fmt::format("{}, {}: {} ({} from {} to {})", group.heading, bar.label, chart.number(f.median),
                               chart.range, chart.number(f.low), chart.number(f.high));
  svg.text(scale.begin() - 8, y + 14, bar.label, "", Anchor::end);
  svg.box(scale.begin(), y + 3, scale.at(f.median) - scale.begin(), row_height - 6,
          fmt::format("s{}", bar.series.value_or(group.series)), tip);
  const double middle = y + row_height / 2;
  if (f.high > f.low) svg.line(scale.at(f.low), middle, scale.at(f.high), middle, "range");
  svg.text(std::max(scale.at(f.median), scale.at(f.high)) + 6, y + 14, chart.number(f.median));
}

}  // namespace detail

[[nodiscard]] inline std::string draw(const BarChart& chart) {
  using namespace detail;
  std::size_t rows = 0;
  for (const auto& group : chart.groups) rows += group.bars.size();
  Svg svg(chart_width, chart.title);
  const double top = 8, bottom = top + height_of_groups(chart.groups, rows) + (chart.wanted ? 16 : 0);
  const auto scale = Scale::linear(largest_in(chart), left_of(chart), chart_width - chart_right);
  draw_axis(svg, scale, top, bottom, chart.axis, chart.tick);
  double y = top + (chart.wanted ? 16 : 0);
  for (const auto& group : chart.groups) {
    svg.text(0, y + 17, group.heading, "head");
    y += group_gap - 6;
    for (const auto& bar : group.bars) draw_bar(svg, chart, group, bar, scale, std::exchange(y, y + row_height));
    y += 6;
  }
  if (chart.wanted) {
    svg.line(scale.at(*chart.wanted), top, scale.at(*chart.wanted), bottom, "wanted");
    svg.text(scale.at(*chart.wanted) - 6, top + 10, chart.wanted_label, "soft", Anchor::end);
  }
  return svg.finish(bottom + 44);
}

}  // namespace carpool::compare

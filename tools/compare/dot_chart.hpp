/// Percentiles on a logarithmic axis: one row per combination, one mark per percentile.
#pragma once

#include "bar_chart.hpp"
#include "scale.hpp"
#include "svg.hpp"

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace carpool::compare {

/// How the marks of a row are told apart without colour.
enum class Mark : std::uint8_t {
  ring,     ///< p50
  disc,     ///< p99
  diamond,  ///< p99.9
  stroke,   ///< the maximum
};

/// One row: as many values as the chart has marks, ascending, each above 0.
struct DotRow {
  std::string label;
  std::vector<double> values;
};

struct DotGroup {
  std::string heading;
  std::size_t series = 0;
  std::vector<DotRow> rows;
};

struct DotChart {
  std::string title;
  std::string axis;
  std::function<std::string(double)> number;
  std::vector<std::string> names;  ///< of the marks, in the order of Mark
  std::vector<DotGroup> groups;
};

namespace detail {

inline std::string corners_of_diamond(double x, double y, double size) {
  return fmt::format("{:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f}", x, y - size, x + size, y, x, y + size,
                     x - size, y);
}

inline void draw_mark(Svg& svg, Mark mark, double x, double y, std::size_t series, std::string_view tip) {
  switch (mark) {
    case Mark::ring: return svg.circle(x, y, 4.5, fmt::format("hollow l{}", series), tip);
    case Mark::disc: return svg.circle(x, y, 5, fmt::format("s{}", series), tip);
    case Mark::diamond: return svg.polygon(corners_of_diamond(x, y, 6.5), fmt::format("s{}", series), tip);
    case Mark::stroke: return svg.box(x - 1.5, y - 7, 3, 14, fmt::format("s{}", series), tip);
  }
}

inline void draw_dot_row(Svg& svg, const DotChart& chart, const DotGroup& group, const DotRow& row, const Scale& scale,
                         double y) {
  const double middle = y + row_height / 2;
  svg.text(scale.begin() - 8, y + 14, row.label, "", Anchor::end);
  if (row.values.empty()) return;
  svg.line(scale.at(row.values.front()), middle, scale.at(row.values.back()), middle, "link");
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    const auto tip =
        fmt::format("{}, {}: {} {}", group.heading, row.label, chart.names[i], chart.number(row.values[i]));
    draw_mark(svg, static_cast<Mark>(i), scale.at(row.values[i]), middle, group.series, tip);
  }
}

inline void draw_mark_legend(Svg& svg, const DotChart& chart) {
  double x = chart_left;
  for (std::size_t i = 0; i < chart.names.size(); ++i) {
    draw_mark(svg, static_cast<Mark>(i), x + 6, 12, 0, chart.names[i]);
    svg.text(x + 18, 16, chart.names[i], "soft");
    x += 34 + 8 * static_cast<double>(chart.names[i].size());
  }
}

/// Values of a row ascend, so its ends are enough.
inline Scale scale_of(const DotChart& chart) {
  double smallest = 1e300, largest = 0;
  for (const auto& group : chart.groups) {
    for (const auto& row : group.rows) {
      smallest = row.values.empty() ? smallest : std::min(smallest, row.values.front());
      largest = row.values.empty() ? largest : std::max(largest, row.values.back());
    }
  }
  if (largest <= 0) smallest = largest = 1;
  return Scale::logarithmic(smallest, largest, chart_left, chart_width - chart_right);
}

}  // namespace detail

[[nodiscard]] inline std::string draw(const DotChart& chart) {
  using namespace detail;
  std::size_t rows = 0;
  for (const auto& group : chart.groups) rows += group.rows.size();
  Svg svg(chart_width, chart.title);
  const double top = 28, bottom = top + height_of_groups(chart.groups, rows);
  const auto scale = scale_of(chart);
  draw_mark_legend(svg, chart);
  draw_axis(svg, scale, top, bottom, chart.axis, chart.number);
  double y = top;
  for (const auto& group : chart.groups) {
    svg.text(0, y + 17, group.heading, "head");
    y += group_gap - 6;
    for (const auto& row : group.rows) draw_dot_row(svg, chart, group, row, scale, std::exchange(y, y + row_height));
    y += 6;
  }
  return svg.finish(bottom + 44);
}

}  // namespace carpool::compare

/// Lines over equal steps, such as doubling sizes: how a figure grows.
#pragma once

#include "bar_chart.hpp"
#include "figure.hpp"
#include "scale.hpp"
#include "svg.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace carpool::compare {

/// One line: a figure for each step, in order.
struct Series {
  std::string name;
  std::size_t colour = 0;
  std::vector<Figure> figures;
  std::optional<std::size_t> marked;  ///< the step that the words speak of
};

struct LineChart {
  std::string title;
  std::string x_axis, y_axis;
  std::function<std::string(double)> number;
  std::vector<std::string> steps;
  std::vector<Series> series;
};

namespace detail {

/// Where the lines are drawn.
struct Plot {
  double left = 66, right = chart_width - 8, top = 14, bottom = 260;
  std::size_t steps = 1;

  [[nodiscard]] double x_of(std::size_t step) const noexcept {
    const double share = steps > 1 ? static_cast<double>(step) / static_cast<double>(steps - 1) : 0.5;
    return left + 20 + share * (right - left - 40);
  }
};

inline double largest_in(const LineChart& chart) {
  double largest = 0;
  for (const auto& series : chart.series) {
    for (const auto& figure : series.figures) largest = std::max(largest, figure.high);
  }
  return largest;
}

inline void draw_frame(Svg& svg, const LineChart& chart, const Plot& plot, const Scale& scale) {
  for (const double tick : scale.ticks()) {
    svg.line(plot.left, scale.at(tick), plot.right, scale.at(tick), "grid");
    svg.text(plot.left - 8, scale.at(tick) + 4, chart.number(tick), "soft", Anchor::end);
  }
  for (std::size_t i = 0; i < chart.steps.size(); ++i) {
    svg.text(plot.x_of(i), plot.bottom + 18, chart.steps[i], "soft", Anchor::middle);
  }
  svg.line(plot.left, plot.bottom, plot.right, plot.bottom, "axis");
  svg.text((plot.left + plot.right) / 2, plot.bottom + 38, chart.x_axis, "soft", Anchor::middle);
}

inline void draw_series(Svg& svg, const LineChart& chart, const Series& series, const Plot& plot, const Scale& scale) {
  std::string points;
  for (std::size_t i = 0; i < series.figures.size(); ++i) {
    const auto& figure = series.figures[i];
    const double x = plot.x_of(i);
    points += fmt::format("{:.1f},{:.1f} ", x, scale.at(figure.median));
    if (figure.high > figure.low)
      svg.line(x, scale.at(figure.low), x, scale.at(figure.high), fmt::format("range l{}", series.colour));
  }
  svg.polyline(points, fmt::format("line l{}", series.colour));
  for (std::size_t i = 0; i < series.figures.size(); ++i) {
    const auto& figure = series.figures[i];
    const auto tip = fmt::format("{}, {}: {} (rounds from {} to {})", series.name, chart.steps[i],
                                 chart.number(figure.median), chart.number(figure.low), chart.number(figure.high));
    const bool marked = series.marked == i;
    svg.circle(plot.x_of(i), scale.at(figure.median), marked ? 7 : 4,
               marked ? fmt::format("hollow l{}", series.colour) : fmt::format("s{}", series.colour), tip);
  }
}

/// Below the axis. Returns where it ends.
inline double draw_line_legend(Svg& svg, const LineChart& chart, const Plot& plot) {
  double y = plot.bottom + 62;
  bool any_marked = false;
  for (const auto& series : chart.series) {
    svg.line(plot.left, y, plot.left + 22, y, fmt::format("line l{}", series.colour));
    svg.text(plot.left + 30, y + 4, series.name);
    any_marked = any_marked || series.marked.has_value();
    y += 20;
  }
  if (!any_marked) return y;
  svg.circle(plot.left + 11, y, 7, "hollow l0", "enough");
  svg.text(plot.left + 30, y + 4, "enough", "soft");
  return y + 20;
}

}  // namespace detail

[[nodiscard]] inline std::string draw(const LineChart& chart) {
  using namespace detail;
  Svg svg(chart_width, chart.title);
  Plot plot;
  plot.steps = chart.steps.size();
  const auto scale = Scale::linear(largest_in(chart), plot.bottom, plot.top);
  draw_frame(svg, chart, plot, scale);
  for (const auto& series : chart.series) draw_series(svg, chart, series, plot, scale);
  return svg.finish(draw_line_legend(svg, chart, plot));
}

}  // namespace carpool::compare

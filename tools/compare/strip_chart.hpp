/// What happened when: one strip per combination, one cell per part of the run.
#pragma once

#include "bar_chart.hpp"
#include "svg.hpp"
#include "worker_log.hpp"

#include <string>
#include <vector>

namespace carpool::compare {

struct Strip {
  std::string heading, label;
  Timeline timeline{};
};

/// The server is down from one share of the run (0 to 1) to the other.
struct StripChart {
  std::string title;
  double seconds = 0;
  double down_from = 0, down_until = 0;
  std::vector<Strip> strips;
};

namespace detail {

inline void draw_cell(Svg& svg, const TimelineBin& bin, double fullest, double x, double y, double width,
                      const std::string& tip) {
  if (bin.served > 0) {
    const double share = std::min(1.0, static_cast<double>(bin.served) / fullest);
    svg.box(x, y, width, row_height - 6, "good", tip, 0.25 + 0.75 * share);
  }
  if (bin.failed > 0) svg.box(x, y + (bin.served > 0 ? 9 : 0), width, bin.served > 0 ? 5 : row_height - 6, "bad", tip);
}

inline void draw_strip(Svg& svg, const StripChart& chart, const Strip& strip, double y) {
  std::uint64_t fullest = 1;
  for (const auto& bin : strip.timeline) fullest = std::max(fullest, bin.served);
  const double width = (chart_width - chart_right - chart_left) / static_cast<double>(timeline_bins);
  svg.text(chart_left - 8, y + 12, strip.label, "", Anchor::end);
  for (std::size_t i = 0; i < timeline_bins; ++i) {
    const auto& bin = strip.timeline[i];
    const double from = chart.seconds * static_cast<double>(i) / static_cast<double>(timeline_bins);
    const auto tip = fmt::format("{}, {}: after {:.2f} s {} served, {} failed", strip.heading, strip.label, from,
                                 bin.served, bin.failed);
    draw_cell(svg, bin, static_cast<double>(fullest), chart_left + width * static_cast<double>(i), y, width - 1, tip);
  }
}

inline void draw_outage(Svg& svg, const StripChart& chart, double top, double bottom) {
  const double length = chart_width - chart_right - chart_left;
  const double from = chart_left + length * chart.down_from, until = chart_left + length * chart.down_until;
  svg.line(from, top, from, bottom, "wanted");
  svg.line(until, top, until, bottom, "wanted");
  svg.text(from + 5, top + 10, "server dies", "soft");
  svg.text(until + 5, top + 10, "server is back", "soft");
}

inline void draw_strip_legend(Svg& svg, double y, double seconds) {
  svg.text(chart_left, y, "0 s", "soft");
  svg.text(chart_width - chart_right, y, fmt::format("{:.3g} s", seconds), "soft", Anchor::end);
  y += 22;
  svg.box(chart_left, y - 11, 22, 12, "good", "served");
  svg.text(chart_left + 28, y, "served (paler: fewer)", "soft");
  svg.box(chart_left + 170, y - 11, 22, 12, "bad", "failed");
  svg.text(chart_left + 198, y, "failed", "soft");
}

}  // namespace detail

[[nodiscard]] inline std::string draw(const StripChart& chart) {
  using namespace detail;
  Svg svg(chart_width, chart.title);
  const double top = 4;
  double y = top + 16;
  std::string heading;
  for (const auto& strip : chart.strips) {
    if (strip.heading != heading) {
      heading = strip.heading;
      svg.text(0, y + 17, heading, "head");
      y += group_gap;
    }
    draw_strip(svg, chart, strip, y);
    y += row_height;
  }
  draw_outage(svg, chart, top, y);
  draw_strip_legend(svg, y + 18, chart.seconds);
  return svg.finish(y + 50);
}

}  // namespace carpool::compare

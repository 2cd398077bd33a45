/// What happened when in a simulation: counts per second (or any other step), as text and as SVG.
#pragma once

#include <carpool/simulation/run.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// Made inside or outside of the simulation; add() is called inside. Times count from the simulation's start.
class SimulationTimeline {
 public:
  /// Counts events per `step` of simulated time.
  explicit SimulationTimeline(Duration step = std::chrono::seconds(1)) : step_(step) {}

  /// So many more of these, now.
  void add(const std::string& series, std::uint64_t count = 1) { add_at(series, Simulation::current().now(), count); }
  /// One at each of these times.
  void add_all(const std::string& series, const std::vector<TimePoint>& times) {
    for (const TimePoint time : times) add_at(series, time, 1);
  }

  /// Over the whole run; 0 where the series is unknown.
  [[nodiscard]] std::uint64_t total(const std::string& series) const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : counts_of(series)) sum += count;
    return sum;
  }
  /// The most in one step.
  [[nodiscard]] std::uint64_t most(const std::string& series) const {
    const auto& counts = counts_of(series);
    return counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
  }
  /// The time from the first step with any to the end of the last.
  [[nodiscard]] Duration span(const std::string& series) const {
    const auto& counts = counts_of(series);
    const auto any = [](std::uint64_t count) { return count > 0; };
    const auto first = std::find_if(counts.begin(), counts.end(), any);
    const auto last = std::find_if(counts.rbegin(), counts.rend(), any).base();
    return first == counts.end() ? Duration::zero() : (last - first) * step_;
  }

  /// One line per step, a column with a bar for each series.
  [[nodiscard]] std::string to_text() const {
    std::string text = "      time";
    for (const Series& each : all_) text += "  " + padded(each.name, 7 + bar_width);
    text += '\n';
    for (std::size_t i = 0; i < length(); ++i) {
      char time[32];
      std::snprintf(time, sizeof time, "%8.6g s",
                    std::chrono::duration<double>(step_).count() * static_cast<double>(i));
      text += time;
      for (const Series& each : all_) text += "  " + cell(each, i);
      text += '\n';
    }
    return text;
  }

  /// One chart per series, one below the other, over the same time.
  [[nodiscard]] std::string to_svg() const {
    const std::size_t height = all_.size() * chart_height + 40;
    std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + std::to_string(chart_width + 40) +
                      ' ' + std::to_string(height) +
                      "\" font-family=\"sans-serif\" font-size=\"12\" style=\"background:#fff\">\n";
    for (std::size_t i = 0; i < all_.size(); ++i) svg += chart(all_[i], i);
    const auto seconds = std::chrono::duration<double>(step_ * static_cast<Duration::rep>(length())).count();
    svg += text_at(20, height - 8, "0 s") + text_at(chart_width - 20, height - 8, number(seconds) + " s");
    return svg + "</svg>\n";
  }

 private:
  struct Series {
    std::string name;
    std::vector<std::uint64_t> counts;
  };
  static constexpr std::size_t bar_width = 16;
  static constexpr std::size_t chart_width = 400;  // a telephone shows it legibly
  static constexpr std::size_t chart_height = 110;

  void add_at(const std::string& name, TimePoint time, std::uint64_t count) {
    auto known = std::find_if(all_.begin(), all_.end(), [&](const Series& each) { return each.name == name; });
    if (known == all_.end()) known = all_.insert(all_.end(), {name, {}});
    const Duration since = time - TimePoint{} - Simulation::current().options().start;
    const auto index = static_cast<std::size_t>(std::max(since, Duration::zero()) / step_);
    if (known->counts.size() <= index) known->counts.resize(index + 1);
    known->counts[index] += count;
  }
  [[nodiscard]] const std::vector<std::uint64_t>& counts_of(const std::string& name) const {
    static const std::vector<std::uint64_t> none;
    const auto known = std::find_if(all_.begin(), all_.end(), [&](const Series& each) { return each.name == name; });
    return known == all_.end() ? none : known->counts;
  }
  [[nodiscard]] std::size_t length() const noexcept {
    std::size_t longest = 0;
    for (const Series& each : all_) longest = std::max(longest, each.counts.size());
    return longest;
  }

  [[nodiscard]] static std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(width, text.size()), ' ');
    return text;
  }
  [[nodiscard]] std::string cell(const Series& series, std::size_t at) const {
    const std::uint64_t count = at < series.counts.size() ? series.counts[at] : 0;
    const std::uint64_t highest = std::max<std::uint64_t>(most(series.name), 1);
    char text[32];
    std::snprintf(text, sizeof text, "%6llu ", static_cast<unsigned long long>(count));
    return text + padded(std::string((count * bar_width + highest - 1) / highest, '#'), bar_width);
  }

  [[nodiscard]] static std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    return text;
  }
  [[nodiscard]] static std::string text_at(std::size_t x, std::size_t y, const std::string& words) {
    return "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\">" + escaped(words) + "</text>\n";
  }
  [[nodiscard]] static std::string escaped(const std::string& words) {
    std::string text;
    for (const char letter : words) text += letter == '<' ? "&lt;" : letter == '&' ? "&amp;" : std::string(1, letter);
    return text;
  }
  [[nodiscard]] std::string chart(const Series& series, std::size_t row) const {
    constexpr std::size_t bars = chart_height - 30;
    const std::size_t bottom = (row + 1) * chart_height;
    const auto highest = static_cast<double>(std::max<std::uint64_t>(most(series.name), 1));
    const double width = static_cast<double>(chart_width) / static_cast<double>(std::max<std::size_t>(length(), 1));
    std::string svg = text_at(20, bottom - bars - 6,
                              series.name + ", at most " + number(highest) + " per " +
                                  number(std::chrono::duration<double>(step_).count()) + " s");
    for (std::size_t i = 0; i < series.counts.size(); ++i) {
      const double size = static_cast<double>(series.counts[i]) / highest * static_cast<double>(bars);
      svg += "<rect x=\"" + number(20 + width * static_cast<double>(i)) + "\" y=\"" +
             number(static_cast<double>(bottom) - size) + "\" width=\"" + number(width * 0.9) + "\" height=\"" +
             number(size) + "\" fill=\"" + colour(row) + "\"/>\n";
    }
    return svg;
  }
  [[nodiscard]] static const char* colour(std::size_t row) noexcept {
    constexpr const char* colours[] = {"#2a7f62", "#c8553d", "#3d6cb9", "#8d6a9f", "#b08a2e"};
    return colours[row % std::size(colours)];
  }

  Duration step_;
  std::vector<Series> all_;  // by first appearance
};

}  // namespace carpool::inline v0_1

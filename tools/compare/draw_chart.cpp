/// carpool-chart: draws horizontal bars as carpool-compare's reports do. Reads a chart as JSON, writes it as SVG.
///
///     {"title": "", "axis": "", "caption": "", "source": "", "range": "",
///      "groups": [{"heading": "", "bars": [{"label": "", "ours": true, "low": 1, "median": 2, "high": 3}]}]}
#include "bar_chart.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <exception>
#include <iostream>
#include <string>

namespace {

using namespace carpool::compare;
using Json = nlohmann::json;

/// Three digits that count, and no zeros behind them: 0.125, 12.5, 1,250.
std::string short_number(double value) {
  if (value == 0) return "0";
  const int digits = std::max(0, 2 - static_cast<int>(std::floor(std::log10(std::abs(value)))));
  if (digits == 0) return human_count(value);
  auto text = fmt::format("{:.{}f}", value, digits);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

Bar bar_from(const Json& json) {
  return {json.at("label"), {json.at("median"), json.at("low"), json.at("high")}, json.at("ours") ? 1U : 0U};
}

BarGroup group_from(const Json& json) {
  BarGroup group{json.at("heading"), 0, {}};
  for (const auto& bar : json.at("bars")) group.bars.push_back(bar_from(bar));
  return group;
}

BarChart chart_from(const Json& json) {
  BarChart chart{json.at("title"), json.at("axis"), short_number, short_number, {}, {}, {}, json.at("range")};
  for (const auto& group : json.at("groups")) chart.groups.push_back(group_from(group));
  return chart;
}

}  // namespace

int main() {
  try {
    const auto json = Json::parse(std::cin);
    std::cout << standalone_svg(draw(chart_from(json)), json.at("title").get<std::string>(),
                                json.at("caption").get<std::string>(), json.at("source").get<std::string>());
    return std::cout.flush() ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "carpool-chart: " << error.what() << '\n';
    return 1;
  }
}

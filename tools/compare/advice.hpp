/// Says in words what the figures show, and calls noise noise.
#pragma once

#include "recommendation.hpp"
#include "results.hpp"
#include "steady_advice.hpp"
#include "text.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace carpool::compare {

namespace detail {

inline void advise_on_churn(Advice& advice, const Row& chosen, const Workload& workload) {
  const double seconds = workload.seconds / static_cast<double>(workload.rounds) + detail::in_seconds(warm_up_time);
  advice.push_back(fmt::format("Every {}-th lease was discarded: {} connections were opened per second.",
                               workload.discard_every, human_count(chosen.opened.median / seconds)));
}

/// The lowest and the highest of a figure over the rows, as "a" or "a to b".
inline std::string range_over(const std::vector<Row>& rows, const std::function<double(const Row&)>& figure,
                              const std::function<std::string(double)>& number) {
  double low = 1e300, high = 0;
  for (const auto& row : rows) {
    low = std::min(low, figure(row));
    high = std::max(high, figure(row));
  }
  return number(low) == number(high) ? number(low) : number(low) + " to " + number(high);
}

/// Nobody waits for a connection on a backend whose callers come one after the other, so it is not counted.
inline std::string about_spread_of_service(const Results& results, Charset charset) {
  std::vector<Row> at_once;
  for (const auto& row : results.rows) {
    if (row.combination.backend != BackendKind::single) at_once.push_back(row);
  }
  if (at_once.size() < 2) return {};
  const auto all = [](const Row& row) { return row.all_served.median; };
  return fmt::format("The combinations whose callers come at once had served all after {}.",
                     range_over(at_once, all, [&](double time) { return human_time(time, charset); }));
}

inline void advise_on_spike(Advice& advice, const Results& results, const Row& chosen, Charset charset) {
  const std::size_t wanted = results.workload.min_idle + 1;
  advice.push_back(
      fmt::format("Choose {}: {} callers at once on a cold pool were all served after {}, with {:.0f} "
                  "connections opened (at most {} wanted).",
                  to_string(chosen.combination), chosen.workers, human_time(chosen.all_served.median, charset),
                  chosen.opened.high, wanted));
  if (const auto spread = about_spread_of_service(results, charset); !spread.empty()) advice.push_back(spread);
  std::vector<std::string> storms;
  for (const auto& row : results.rows) {
    if (row.opened.high > static_cast<double>(wanted)) {
      storms.push_back(fmt::format("{} ({:.0f})", to_string(row.combination), row.opened.high));
    }
  }
  advice.push_back(storms.empty() ? fmt::format("No combination opened more than {} connections: no storm.", wanted)
                                  : "These opened more than wanted: " + join(storms) + ".");
  advice.push_back(
      fmt::format("So {:.0f} connections are enough for this spike, although the pool might have opened {}.",
                  chosen.opened.median, results.workload.pool_size));
}

inline std::string about_downtime(const Results& results, Charset charset) {
  const auto time = [&](double nanoseconds) { return human_time(nanoseconds, charset); };
  const auto p99 = [](const Row& row) { return static_cast<double>(row.outage->wait.quantile(0.99).count()); };
  const auto dials = [](const Row& row) { return row.outage->connects_per_second; };
  const auto rate = [](double value) { return fmt::format("{:.0f}", value); };
  return fmt::format(
      "While the server was down 99 % of the callers knew it within {}, depending on the combination, and the "
      "server was asked {} times per second however many callers there were.",
      range_over(results.rows, p99, time), range_over(results.rows, dials, rate));
}

inline std::string about_return(const Results& results, Charset charset) {
  std::vector<std::string> never;
  std::vector<Row> whole;
  for (const auto& row : results.rows) {
    row.outage->all_again ? whole.push_back(row) : never.push_back(to_string(row.combination));
  }
  const auto time = [&](double nanoseconds) { return human_time(nanoseconds, charset); };
  const auto all = [](const Row& row) { return static_cast<double>(row.outage->all_again->count()); };
  std::string text;
  if (!whole.empty()) {
    text = fmt::format(
        "After its return every worker was served again within {}; the pool probes every {} to {}, so when in "
        "that pause the server returns is luck, not policy.",
        range_over(whole, all, time), time(static_cast<double>(outage_backoff_initial.count())),
        time(static_cast<double>(outage_backoff_max.count())));
  }
  if (!never.empty()) text += (text.empty() ? "" : " ") + ("Not within the run: " + join(never)) + ".";
  return text;
}

inline void advise_on_outage(Advice& advice, const Results& results, const Row& chosen, Charset charset) {
  advice.push_back(fmt::format(
      "Choose {}: of the combinations that recovered without delay it served most before the outage, "
      "or as many for less CPU: {} requests/s, {} of CPU per request.",
      to_string(chosen.combination), human_count(chosen.rate.median), human_time(chosen.cpu.median, charset)));
  advice.push_back(about_downtime(results, charset));
  advice.push_back(about_return(results, charset));
  if (results.workload.rounds == 1) {
    advice.push_back("One round each has no range: only a factor of 1.5 or more is believed.");
  }
}

inline std::string about_noise(const Results& results, Charset charset) {
  return fmt::format(
      "Noise: between rounds a combination's requests/s moved by {}{:.0f} % (the median row); figures whose "
      "ranges overlap count as equal.{}",
      charset == Charset::unicode ? "±" : "+-", noise_of(results) * 100,
      is_noisy(results) ? " That is much: measure again with more --rounds or --seconds on a quieter machine." : "");
}

inline void advise_on_trust(Advice& advice, const Results& results, Charset charset) {
  if (results.workload.rounds > 1 && results.workload.scenario != Scenario::spike) {
    advice.push_back(about_noise(results, charset));
  }
  if (results.machine.used_by_others > 0.10) {
    advice.push_back(
        fmt::format("Caution: other programs used {:.0f} % of the processors meanwhile; that harms requests/s "
                    "and waits more than CPU per request.",
                    results.machine.used_by_others * 100));
  }
  if (!results.machine.optimised) advice.push_back("Caution: this program was built without optimisation.");
}

}  // namespace detail

/// What to conclude from the results. Empty where there are no rows.
[[nodiscard]] inline Advice advise(const Results& results, Charset charset) {
  Advice advice;
  const Row* chosen = recommend(results);
  if (chosen == nullptr) return advice;
  const Scenario scenario = results.workload.scenario;
  if (scenario == Scenario::spike) detail::advise_on_spike(advice, results, *chosen, charset);
  if (scenario == Scenario::outage) detail::advise_on_outage(advice, results, *chosen, charset);
  if (scenario == Scenario::steady || scenario == Scenario::churn) {
    detail::SteadyAdvice(results, *chosen, charset).append_to(advice);
    detail::advise_on_size(advice, results, *chosen, charset);
  }
  if (scenario == Scenario::churn) detail::advise_on_churn(advice, *chosen, results.workload);
  detail::advise_on_trust(advice, results, charset);
  return advice;
}

}  // namespace carpool::compare

/// Says in words what the figures show, and calls noise noise.
#pragma once

#include "recommendation.hpp"
#include "results.hpp"
#include "text.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace carpool::compare {

/// Whole sentences, the most important first.
using Advice = std::vector<std::string>;

namespace detail {

/// "12 % fewer requests/s", or "as many requests/s within noise".
inline std::string compare_rates(const Figure& other, const Figure& chosen) {
  if (!differs(other, chosen)) return "requests/s no different beyond noise";
  if (other.median > chosen.median) return fmt::format("{} % more requests/s", percent_more(other.median, chosen.median));
  return fmt::format("{:.0f} % fewer requests/s", (1 - other.median / chosen.median) * 100);
}

inline std::string compare_lower_is_better(const Figure& other, const Figure& chosen, std::string_view what) {
  if (!differs(other, chosen)) return fmt::format("{} no different beyond noise", what);
  if (other.median > 2 * chosen.median && chosen.median > 0) {
    return fmt::format("{:.1f} times the {}", other.median / chosen.median, what);
  }
  if (other.median > chosen.median) return fmt::format("{} % more {}", percent_more(other.median, chosen.median), what);
  return fmt::format("{:.0f} % less {}", (1 - other.median / chosen.median) * 100, what);
}

class SteadyAdvice {
 public:
  SteadyAdvice(const Results& results, const Row& chosen, Charset charset)
      : results_(results), chosen_(chosen), charset_(charset) {}

  void append_to(Advice& advice) const {
    advice.push_back(choice());
    compare_backends(advice);
    compare_beside(advice, &Combination::queue, "queue");
    compare_beside(advice, &Combination::eviction, "eviction");
    if (const Row* single = best_of(BackendKind::single); single != nullptr && single != &chosen_) {
      advice.push_back(about_single(*single));
    }
  }

 private:
  [[nodiscard]] std::string time(double nanoseconds) const { return human_time(nanoseconds, charset_); }

  [[nodiscard]] std::string choice() const {
    return fmt::format("Choose {} for this workload: {} requests/s, {} of CPU per request, 99.9 % of the leases within {}.",
                       to_string(chosen_.combination), human_count(chosen_.rate.median), time(chosen_.cpu.median),
                       time(chosen_.p999.median));
  }

  [[nodiscard]] const Row* best_of(BackendKind backend) const {
    RowList rows;
    for (const auto& row : results_.rows) {
      if (row.combination.backend == backend) rows.push_back(&row);
    }
    return recommend(results_.workload.scenario, std::move(rows));
  }

  void compare_backends(Advice& advice) const {
    for (const auto& entry : backends) {
      const Row* other = best_of(entry.kind);
      if (other == nullptr || entry.kind == chosen_.combination.backend || entry.kind == BackendKind::single) continue;
      advice.push_back(fmt::format("The best with {} ({}): {}; {}.", entry.name, to_string(other->combination),
                                   compare_rates(other->rate, chosen_.rate),
                                   compare_lower_is_better(other->cpu, chosen_.cpu, "CPU per request")));
    }
  }

  /// One sentence on an axis of which several values were run with the chosen backend.
  template <class Field>
  void compare_beside(Advice& advice, Field field, std::string_view axis) const {
    const RowList rows = rows_beside(results_, chosen_.combination, field);
    if (rows.size() < 2) return;
    std::vector<std::string> differences;
    for (const Row* row : rows) {
      if (row == &chosen_) continue;
      const auto found = differences_of(*row);
      if (!found.empty()) differences.push_back(std::string(name_of(row->combination.*field)) + " " + found);
    }
    const auto beside = fmt::format("{} with {}", axis, name_of(chosen_.combination.backend));
    advice.push_back(differences.empty()
                         ? fmt::format("The {} makes no difference beyond noise here.", beside)
                         : fmt::format("The {}, against {}: {}; what is not named is noise.", beside,
                                       name_of(chosen_.combination.*field), join(differences, "; ")));
  }

  [[nodiscard]] std::string differences_of(const Row& row) const {
    std::vector<std::string> found;
    if (differs(row.rate, chosen_.rate)) found.push_back(compare_rates(row.rate, chosen_.rate));
    if (differs(row.cpu, chosen_.cpu)) found.push_back(compare_lower_is_better(row.cpu, chosen_.cpu, "CPU"));
    if (differs(row.p999, chosen_.p999)) {
      found.push_back(fmt::format("waits {} at p99.9 (against {})", time(row.p999.median), time(chosen_.p999.median)));
    }
    return join(found);
  }

  [[nodiscard]] std::string about_single(const Row& single) const {
    return fmt::format("single has one worker by nature, so it is no rival: {} requests/s, {} of CPU per request, "
                       "nobody waits.",
                       human_count(single.rate.median), time(single.cpu.median));
  }

  const Results& results_;
  const Row& chosen_;
  Charset charset_;
};

inline std::string about_size(const Sweep& sweep, Charset charset) {
  const SweepPoint* point = enough(sweep);
  if (point == nullptr) return {};
  const auto& last = sweep.points.back();
  auto text = fmt::format("A pool of {} is enough for {} workers ({}): {} requests/s", point->pool_size, point->row.workers,
                          to_string(sweep.combination), human_count(point->row.rate.median));
  if (point == &last) {
    return text + fmt::format("; that is the largest that was tried, and {:.1f} of it were in use on average.",
                              point->row.in_use.median);
  }
  const bool noise = !differs(last.row.rate, point->row.rate);
  const double change = (last.row.rate.median / point->row.rate.median - 1) * 100;
  text += noise ? fmt::format(", and {} give no more beyond noise", last.pool_size)
                : fmt::format(", and {} give {:+.0f} %", last.pool_size, change);
  return text + fmt::format(". 99 % of the leases came within {}; with {} within {}.",
                            human_time(point->row.p99.median, charset), last.pool_size,
                            human_time(last.row.p99.median, charset));
}

inline std::string about_use(const Row& chosen) {
  return fmt::format("In the pool of {} that was compared, {:.1f} connections were in use on average.", chosen.pool_size,
                     chosen.in_use.median);
}

inline void advise_on_churn(Advice& advice, const Row& chosen, const Workload& workload) {
  const double seconds = workload.seconds / static_cast<double>(workload.rounds) + detail::in_seconds(warm_up_time);
  advice.push_back(fmt::format("Every {}-th lease was discarded: {} connections were opened per second.",
                               workload.discard_every, human_count(chosen.opened.median / seconds)));
}

inline void advise_on_spike(Advice& advice, const Results& results, const Row& chosen, Charset charset) {
  const std::size_t wanted = results.workload.min_idle + 1;
  advice.push_back(fmt::format("Choose {}: {} callers at once on a cold pool were all served after {}, with {:.0f} "
                               "connections opened (at most {} wanted).",
                               to_string(chosen.combination), chosen.workers, human_time(chosen.all_served.median, charset),
                               chosen.opened.high, wanted));
  std::vector<std::string> storms;
  for (const auto& row : results.rows) {
    if (row.opened.high > static_cast<double>(wanted)) {
      storms.push_back(fmt::format("{} ({:.0f})", to_string(row.combination), row.opened.high));
    }
  }
  advice.push_back(storms.empty() ? fmt::format("No combination opened more than {} connections: no storm.", wanted)
                                  : "These opened more than wanted: " + join(storms) + ".");
  advice.push_back(fmt::format("So {:.0f} connections are enough for this spike, although the pool might have opened {}.",
                               chosen.opened.median, results.workload.pool_size));
}

inline std::string about_recovery(const Row& row, Charset charset) {
  const auto time = [&](Duration length) { return human_time(static_cast<double>(length.count()), charset); };
  const auto& outage = *row.outage;
  if (!outage.first_again) return fmt::format("{}: nobody was served again within the run.", to_string(row.combination));
  const auto all = outage.all_again ? "every worker after " + time(*outage.all_again) : "not every worker within the run";
  return fmt::format("{}: after the server's return the first request was served after {}, {}; while it was down "
                     "callers knew within {} (p99), and it was asked {:.1f} times per second.",
                     to_string(row.combination), time(*outage.first_again), all, time(outage.wait.quantile(0.99)),
                     outage.connects_per_second);
}

inline void advise_on_outage(Advice& advice, const Results& results, const Row& chosen, Charset charset) {
  advice.push_back(fmt::format("Choose {}: it was whole again first, among those that noise does not separate the "
                               "cheapest.",
                               to_string(chosen.combination)));
  for (const auto& group : group_rows(results.rows)) {
    const Row* best = recommend(Scenario::outage, group.rows);
    if (best->outage) advice.push_back(about_recovery(*best, charset));
  }
  advice.push_back("One round each: only a factor of 1.5 or more is believed.");
}

inline void advise_on_trust(Advice& advice, const Results& results) {
  std::vector<double> spreads;
  for (const auto& row : results.rows) spreads.push_back(row.rate.spread());
  const double spread = Figure::of(std::move(spreads)).median;
  if (results.workload.rounds > 1 && results.workload.scenario != Scenario::spike) {
    advice.push_back(fmt::format("Noise: between rounds a combination's requests/s moved by +-{:.0f} % (the median row); "
                                 "figures whose ranges overlap count as equal.",
                                 spread * 100));
  }
  if (results.machine.used_by_others > 0.10) {
    advice.push_back(fmt::format("Caution: other programs used {:.0f} % of the processors meanwhile; CPU per request is "
                                 "still good, requests/s and waits less so.",
                                 results.machine.used_by_others * 100));
  }
  if (!results.machine.optimised) advice.push_back("Caution: this program was built without optimisation.");
}

inline void advise_on_size(Advice& advice, const Results& results, const Row& chosen, Charset charset) {
  const Sweep* sweep = sweep_for(results, chosen.combination.backend);
  const auto size = sweep != nullptr ? about_size(*sweep, charset) : std::string();
  advice.push_back(size.empty() ? about_use(chosen) : size);
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
  detail::advise_on_trust(advice, results);
  return advice;
}

}  // namespace carpool::compare

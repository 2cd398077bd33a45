/// The words on a load that goes on: which policies, how they differ, what size of pool is enough.
#pragma once

#include "recommendation.hpp"
#include "results.hpp"
#include "text.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carpool::compare {

/// Whole sentences, the most important first.
using Advice = std::vector<std::string>;

namespace detail {

/// "12 % fewer requests/s", or "as many requests/s within noise".
inline std::string compare_rates(const Figure& other, const Figure& chosen) {
  if (!differs(other, chosen)) return "requests/s no different beyond noise";
  if (other.median > chosen.median)
    return fmt::format("{} % more requests/s", percent_more(other.median, chosen.median));
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

/// Tails are coarse: they are made by few requests.
inline constexpr double noticeable_wait = 0.25;

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
    return fmt::format("{} {} for this workload: {} requests/s, {} of CPU per request, 99.9 % of the leases within {}.",
                       is_noisy(results_) ? "A hint only, for the noise is large: choose" : "Choose",
                       to_string(chosen_.combination), human_count(chosen_.rate.median), time(chosen_.cpu.median),
                       tail(chosen_));
  }

  /// Over all rounds, as it stands in the table.
  [[nodiscard]] std::string tail(const Row& row) const {
    return time(static_cast<double>(row.wait.quantile(0.999).count()));
  }

  [[nodiscard]] const Row* best_of(BackendKind backend) const {
    return recommend(results_.workload.scenario, rows_of(results_, backend));
  }

  void compare_backends(Advice& advice) const {
    for (const auto& entry : backends) {
      const Row* other = best_of(entry.kind);
      if (other == nullptr || entry.kind == chosen_.combination.backend || entry.kind == BackendKind::single) continue;
      advice.push_back(fmt::format("The best with {} ({}): {}; {}{}.", entry.name, to_string(other->combination),
                                   compare_rates(other->rate, chosen_.rate),
                                   compare_lower_is_better(other->cpu, chosen_.cpu, "CPU per request"),
                                   why_not(*other)));
    }
  }

  /// "No different" is not transitive: a row may equal the chosen one and yet be slower than the fastest.
  [[nodiscard]] std::string why_not(const Row& other) const {
    const bool looks_better =
        !differs(other.rate, chosen_.rate) && differs(other.cpu, chosen_.cpu) && other.cpu.median < chosen_.cpu.median;
    if (!looks_better) return {};
    if (other.failures.total() > 0) return "; but some of its requests failed";
    for (const auto& row : results_.rows) {
      const bool rival = row.combination.backend != BackendKind::single;
      if (rival && row.rate.median > other.rate.median && differs(row.rate, other.rate)) {
        return "; but the fastest of all is faster than it beyond noise";
      }
    }
    return "; but noise leaves no order between them";
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
    advice.push_back(differences.empty() ? fmt::format("The {} makes no difference beyond noise here.", beside)
                                         : fmt::format("The {}, against {}: {}; what is not named is noise.", beside,
                                                       name_of(chosen_.combination.*field), join(differences, "; ")));
  }

  [[nodiscard]] std::string differences_of(const Row& row) const {
    std::vector<std::string> found;
    if (differs(row.rate, chosen_.rate)) found.push_back(compare_rates(row.rate, chosen_.rate));
    if (differs(row.cpu, chosen_.cpu)) found.push_back(compare_lower_is_better(row.cpu, chosen_.cpu, "CPU"));
    if (differs(row.p999, chosen_.p999, noticeable_wait)) {
      found.push_back(fmt::format("p99.9 of the waits {} (against {})", tail(row), tail(chosen_)));
    }
    return join(found);
  }

  [[nodiscard]] std::string about_single(const Row& single) const {
    return fmt::format(
        "single has one worker by nature, so it is no rival: {} requests/s, {} of CPU per request, "
        "nobody waits.",
        human_count(single.rate.median), time(single.cpu.median));
  }

  const Results& results_;
  const Row& chosen_;
  Charset charset_;
};

inline std::string p99_of(const Row& row, Charset charset) {
  return human_time(static_cast<double>(row.wait.quantile(0.99).count()), charset);
}

/// The next smaller size, where noise may be the only reason that it is not enough.
inline std::string about_smaller(const Sweep& sweep, const SweepPoint& point) {
  if (&point == &sweep.points.front()) return {};
  const SweepPoint& smaller = *(&point - 1);
  if (differs(smaller.row.rate, point.row.rate)) return {};
  return fmt::format(" {} gave {:.0f} % fewer, which noise may explain.", smaller.pool_size,
                     (1 - smaller.row.rate.median / point.row.rate.median) * 100);
}

inline std::string about_largest(const Sweep& sweep, const SweepPoint& point) {
  const bool one_each = point.pool_size == point.row.workers;
  return fmt::format("No smaller pool than {}{} is enough ({}): {} requests/s, {:.1f} connections in use on average.",
                     point.pool_size, one_each ? ", a connection for every worker," : ", the largest that was tried,",
                     to_string(sweep.combination), human_count(point.row.rate.median), point.row.in_use.median);
}

inline std::string about_size(const Sweep& sweep, Charset charset) {
  const SweepPoint* point = enough(sweep);
  if (point == nullptr) return {};
  const auto& last = sweep.points.back();
  if (point == &last) return about_largest(sweep, *point) + about_smaller(sweep, *point);
  const double change = (last.row.rate.median / point->row.rate.median - 1) * 100;
  return fmt::format(
             "A pool of {} is enough for {} workers ({}): {} requests/s, and {} give {:+.0f} %. "
             "99 % of the leases came within {}; with {} within {}.",
             point->pool_size, point->row.workers, to_string(sweep.combination), human_count(point->row.rate.median),
             last.pool_size, change, p99_of(point->row, charset), last.pool_size, p99_of(last.row, charset)) +
         about_smaller(sweep, *point);
}

inline std::string about_use(const Row& chosen) {
  return fmt::format("In the pool of {} that was compared, {:.1f} connections were in use on average.",
                     chosen.pool_size, chosen.in_use.median);
}

inline void advise_on_size(Advice& advice, const Results& results, const Row& chosen, Charset charset) {
  const Sweep* sweep = sweep_for(results, chosen.combination.backend);
  const auto size = sweep != nullptr ? about_size(*sweep, charset) : std::string();
  advice.push_back(size.empty() ? about_use(chosen) : size);
}

}  // namespace detail

}  // namespace carpool::compare

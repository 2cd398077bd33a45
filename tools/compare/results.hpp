/// Everything that a run of the tool found out: what the table, the report and the advice are made from.
#pragma once

#include "machine.hpp"
#include "row.hpp"
#include "workload.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace carpool::compare {

struct Results {
  Machine machine;
  Workload workload;
  std::string server;         ///< "embedded loopback server" or the URL
  bool embedded = true;       ///< the server is this process's own
  std::vector<Row> rows;      ///< in the order of combinations_of
  std::vector<Sweep> sweeps;  ///< empty where none was asked for
};

/// What a table has one row for; the rest of the combination goes into the heading of a group.
enum class RowAxis : std::uint8_t {
  queue,     ///< groups by backend and eviction
  eviction,  ///< groups by backend and queue, where there is one queue and several evictions
};

/// Rows that stand together under one heading.
struct RowGroup {
  std::string heading;
  BackendKind backend = BackendKind::thread;
  std::vector<const Row*> rows;
};

namespace detail {

template <class Field>
std::size_t count_distinct(const std::vector<Row>& rows, Field field) {
  std::vector<int> seen;
  for (const auto& row : rows) {
    const int value = static_cast<int>(row.combination.*field);
    if (std::find(seen.begin(), seen.end(), value) == seen.end()) seen.push_back(value);
  }
  return seen.size();
}

}  // namespace detail

[[nodiscard]] inline RowAxis axis_of(const std::vector<Row>& rows) {
  const bool one_queue = detail::count_distinct(rows, &Combination::queue) == 1;
  const bool evictions_vary = detail::count_distinct(rows, &Combination::eviction) > 1;
  return one_queue && evictions_vary ? RowAxis::eviction : RowAxis::queue;
}

[[nodiscard]] inline std::string label_of(const Row& row, RowAxis axis) {
  return std::string(axis == RowAxis::queue ? name_of(row.combination.queue) : name_of(row.combination.eviction));
}

/// The rows in their order, cut into groups. The pointers live as long as rows does.
[[nodiscard]] inline std::vector<RowGroup> group_rows(const std::vector<Row>& rows) {
  const RowAxis axis = axis_of(rows);
  const bool evictions_vary = detail::count_distinct(rows, &Combination::eviction) > 1;
  std::vector<RowGroup> groups;
  const auto heading_of = [&](const Combination& c) {
    auto heading = std::string(name_of(c.backend));
    if (axis == RowAxis::eviction) heading += " + " + std::string(name_of(c.queue));
    if (axis == RowAxis::queue && evictions_vary) heading += ", eviction " + std::string(name_of(c.eviction));
    return heading;
  };
  for (const auto& row : rows) {
    const auto heading = heading_of(row.combination);
    auto found = std::find_if(groups.begin(), groups.end(), [&](const RowGroup& g) { return g.heading == heading; });
    if (found == groups.end()) found = groups.insert(groups.end(), {heading, row.combination.backend, {}});
    found->rows.push_back(&row);
  }
  return groups;
}

}  // namespace carpool::compare

// sanitizers: none
/// What carpool-compare advises never contradicts its own table: whatever was measured, noise and all.
#include "../../tools/compare/recommendation.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <random>
#include <string>
#include <vector>

namespace carpool::compare {
namespace {

constexpr int tables = 3000;

/// Tables as a noisy machine makes them: medians close to each other, ranges that overlap or do not.
class Chance {
 public:
  explicit Chance(unsigned seed) : engine_(seed) {}

  double between(double low, double high) { return std::uniform_real_distribution<double>(low, high)(engine_); }

  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(engine_); }

  Figure figure(double about) {
    const double median = about * between(0.8, 1.25);
    return {median, median * between(0.6, 1.0), median * between(1.0, 1.6)};
  }

  Row row(const Combination& combination) {
    Row row;
    row.combination = combination;
    row.workers = 32;
    row.pool_size = 8;
    row.rate = figure(100'000);
    row.cpu = figure(8'000);
    row.p999 = figure(2e6);
    row.opened = figure(8);
    row.all_served = figure(200e6);
    row.wait.record(Duration(static_cast<Duration::rep>(between(0.5e6, 8e6))));
    row.outage.emplace();
    if (below(4) > 0) row.outage->all_again = Duration(static_cast<Duration::rep>(between(50e6, 600e6)));
    if (below(10) == 0) row.failures.note(WrongReply());
    return row;
  }

  std::vector<Row> table() {
    std::vector<Row> rows;
    for (const auto& backend : backends) {
      for (const auto& queue : queues) rows.push_back(row({backend.kind, queue.kind, EvictionKind::standard}));
    }
    rows.resize(1 + below(rows.size()));
    return rows;
  }

 private:
  std::mt19937 engine_;
};

RowList pointers_to(const std::vector<Row>& rows) {
  RowList list;
  for (const auto& row : rows) list.push_back(&row);
  return list;
}

/// In each figure at least as good, and in one better.
bool beats(Scenario scenario, const Row& a, const Row& b) {
  const auto tail = [](const Row& row) { return row.wait.quantile(0.999); };
  if (scenario == Scenario::spike) {
    return a.opened.median <= b.opened.median && a.all_served.median < b.all_served.median &&
           a.cpu.median <= b.cpu.median;
  }
  const bool recovered = scenario != Scenario::outage || (a.outage->all_again && !b.outage->all_again) ||
                         (a.outage->all_again && b.outage->all_again && *a.outage->all_again <= *b.outage->all_again);
  return recovered && a.rate.median > b.rate.median && a.cpu.median <= b.cpu.median && tail(a) <= tail(b);
}

bool is_rival(Scenario scenario, const Row& row, const Row& chosen) {
  if (row.combination.backend == BackendKind::single) return false;
  return scenario == Scenario::outage || row.failures.total() == 0 || chosen.failures.total() > 0;
}

TEST(CompareChoice, NoRowOfTheTableBeatsItInEveryFigure) {
  Chance chance(1);
  for (int i = 0; i < tables; ++i) {
    const auto rows = chance.table();
    for (const auto scenario : {Scenario::steady, Scenario::spike, Scenario::churn, Scenario::outage}) {
      const Row* chosen = recommend(scenario, pointers_to(rows));
      ASSERT_NE(chosen, nullptr);
      for (const auto& row : rows) {
        ASSERT_FALSE(is_rival(scenario, row, *chosen) && beats(scenario, row, *chosen))
            << to_string(row.combination) << " beats " << to_string(chosen->combination) << " in table " << i;
      }
    }
  }
}

TEST(CompareChoice, OfRowsThatNoiseDoesNotSeparateTheFirstIsNotChosenForBeingTheFirst) {
  Chance chance(2);
  Row first = chance.row({BackendKind::fiber, QueueKind::lifo, EvictionKind::standard});
  first.failures = {};
  Row second = first;
  second.combination.queue = QueueKind::fifo;
  first.rate = {117'576, 80'000, 140'000};
  second.rate = {125'411, 90'000, 150'000};
  first.cpu = {5'000, 4'000, 6'000};
  second.cpu = {5'050, 4'000,
                6'000};  // alike: one figure in the other's favour is no reason to take three times the wait
  first.wait.record(std::chrono::microseconds(6'550));
  second.wait = {};
  second.wait.record(std::chrono::microseconds(2'100));
  EXPECT_EQ(recommend(Scenario::steady, {&first, &second})->combination, second.combination);
}

TEST(CompareSize, NoOtherSizeThatWasMeasuredIsMoreThanFivePercentBetter) {
  Chance chance(3);
  const Combination combination{BackendKind::fiber, QueueKind::lifo, EvictionKind::standard};
  for (int i = 0; i < tables; ++i) {
    Sweep sweep{combination, {}};
    for (const std::size_t size : {1U, 2U, 4U, 8U, 16U, 32U}) {
      sweep.points.push_back({size, chance.row(combination)});
      sweep.points.back().row.pool_size = size;
    }
    const std::vector<Row> rows{chance.row(combination)};
    take_from_table(sweep, rows);
    const SweepPoint* found = enough(sweep);
    ASSERT_NE(found, nullptr);
    for (const auto& point : sweep.points) {
      ASSERT_LE(point.row.rate.median, found->row.rate.median / 0.95 * 1.0001) << point.pool_size << " in " << i;
    }
    ASSERT_LE(rows.front().rate.median, found->row.rate.median / 0.95 * 1.0001) << "the table's, in " << i;
  }
}

}  // namespace
}  // namespace carpool::compare

/// How long callers waited lately: the difference between two looks at what a pool has counted since it began.
#pragma once

#include <carpool/metrics/histogram.hpp>
#include <carpool/time.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Used by one thread at a time. It remembers two looks at each pool, so it knows nothing before the second.
class RecentWaits {
 public:
  using Clock = std::chrono::steady_clock;
  struct Window {
    Duration length{};
    HistogramSnapshot waits;
  };

  /// What was counted in the last 5 to 11 s, where somebody looks each second; since the look before, where that was
  /// longer ago. Empty at the first look.
  [[nodiscard]] Window look(const std::string& pool, const HistogramSnapshot& all, Clock::time_point now) {
    auto& looks = pools_[pool];
    looks.seen = round_;
    if (looks.newer.at == Clock::time_point{} || is_another_pool(looks.newer.all, all)) {
      looks.older = looks.newer = {now, all};
    } else if (now - looks.newer.at >= turn) {
      looks.older = std::exchange(looks.newer, {now, all});
    }
    return {now - looks.older.at, difference(all, looks.older.all)};
  }
  /// Forgets the pools that were not looked at since the last call.
  void end_round() {
    std::erase_if(pools_, [this](const auto& each) { return each.second.seen != round_; });
    ++round_;
  }

 private:
  static constexpr Duration turn = std::chrono::seconds(5);

  struct Look {
    Clock::time_point at{};
    HistogramSnapshot all;
  };
  struct Looks {
    Look older, newer;
    std::size_t seen = 0;
  };

  /// Of the same name, but made later: counts never go down.
  [[nodiscard]] static bool is_another_pool(const HistogramSnapshot& before, const HistogramSnapshot& now) noexcept {
    for (std::size_t i = 0; i < now.counts.size(); ++i) {
      if (now.counts[i] < before.counts[i]) return true;
    }
    return false;
  }
  [[nodiscard]] static HistogramSnapshot difference(HistogramSnapshot now, const HistogramSnapshot& before) noexcept {
    for (std::size_t i = 0; i < now.counts.size(); ++i) now.counts[i] -= before.counts[i];
    now.sum -= before.sum;
    return now;
  }

  std::map<std::string, Looks> pools_;
  std::size_t round_ = 1;
};

}  // namespace carpool::inline v0_1::detail

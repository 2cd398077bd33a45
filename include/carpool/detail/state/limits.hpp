/// How many connections there may be, and how many of them idle: law 1 on plain numbers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

namespace carpool::inline v0_1::detail {

/// `occupied` slots are not empty; `lasting` of them are not closing either.
class Limits {
 public:
  constexpr Limits(std::size_t max_size, std::optional<std::size_t> max_idle) noexcept : max_idle_(max_idle) {
    resize(max_size);
  }

  constexpr void resize(std::size_t max_size) noexcept {
    max_size_ = max_size;
    most_idle_ = std::min(max_size, max_idle_.value_or(max_size));
  }
  [[nodiscard]] constexpr std::size_t max_size() const noexcept { return max_size_; }
  [[nodiscard]] constexpr bool has_free_slot(std::size_t occupied) const noexcept { return occupied < max_size_; }
  [[nodiscard]] constexpr std::size_t free_slots(std::size_t occupied) const noexcept {
    return max_size_ - std::min(max_size_, occupied);
  }
  [[nodiscard]] constexpr bool full(std::size_t lasting) const noexcept { return lasting >= max_size_; }
  [[nodiscard]] constexpr bool over_size(std::size_t lasting) const noexcept { return lasting > max_size_; }
  [[nodiscard]] constexpr bool has_room_for_idle(std::size_t idle) const noexcept { return idle < most_idle_; }
  [[nodiscard]] constexpr bool keeps_all_idle() const noexcept { return most_idle_ == max_size_; }
  /// Connects to endpoints in trouble may last as long as connect_timeout, and fail: half of the slots are not theirs.
  [[nodiscard]] constexpr std::size_t most_probes() const noexcept { return std::max<std::size_t>(1, max_size_ / 2); }

 private:
  std::optional<std::size_t> max_idle_;
  std::size_t max_size_ = 0;
  std::size_t most_idle_ = 0;  // max_idle, or max_size if that is less
};

}  // namespace carpool::inline v0_1::detail

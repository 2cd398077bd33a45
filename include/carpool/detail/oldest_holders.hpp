/// Who holds what: facts that are copied under the lock, and made into Holders after it.
#pragma once

#include <carpool/errors.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace carpool::inline v0_1::detail {

/// A slot that is leased, as it is under the lock.
template <class PoolSlot>
[[nodiscard]] Holder holder_of(const PoolSlot& slot, TimePoint now) noexcept {
  return {slot.lease.site(), std::max(Duration::zero(), now - slot.lease.since()), slot.id, slot.last_worker};
}

/// Of the leases it is shown, those that have been out longest, as many as it has room for.
class OldestHolders {
 public:
  static constexpr std::size_t capacity = 32;

  void add(const Holder& holder) noexcept {
    if (count_ == capacity) {
      if (holder.age <= held_.front().age) return;
      std::pop_heap(held_.begin(), held_.end(), is_older);
      --count_;
    }
    held_[count_++] = holder;
    std::push_heap(held_.begin(), end(), is_older);
  }
  /// The oldest first.
  [[nodiscard]] std::vector<Holder> sorted() const {
    std::vector<Holder> holders(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(count_));
    std::sort(holders.begin(), holders.end(), is_older);
    return holders;
  }

  [[nodiscard]] static bool is_older(const Holder& a, const Holder& b) noexcept { return a.age > b.age; }

 private:
  using Row = std::array<Holder, capacity>;

  [[nodiscard]] Row::iterator end() noexcept { return held_.begin() + static_cast<std::ptrdiff_t>(count_); }

  Row held_;  // a heap of the first count_, the youngest in front
  std::size_t count_ = 0;
};

}  // namespace carpool::inline v0_1::detail

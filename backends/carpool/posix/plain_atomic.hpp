/// An atomic for where nobody else is: std::atomic's members on a plain value.
#pragma once

#include <atomic>
#include <utility>

namespace carpool::inline v0_1::detail {

/// The memory orders are ignored.
template <class T>
class PlainAtomic {
 public:
  PlainAtomic() = default;
  constexpr PlainAtomic(T value) noexcept : value_(value) {}
  PlainAtomic(const PlainAtomic&) = delete;
  PlainAtomic& operator=(const PlainAtomic&) = delete;

  [[nodiscard]] T load(std::memory_order = std::memory_order_seq_cst) const noexcept { return value_; }
  void store(T value, std::memory_order = std::memory_order_seq_cst) noexcept { value_ = value; }
  T exchange(T value, std::memory_order = std::memory_order_seq_cst) noexcept { return std::exchange(value_, value); }

  bool compare_exchange_strong(T& expected, T desired, std::memory_order = std::memory_order_seq_cst) noexcept {
    if (value_ == expected) return value_ = desired, true;
    return expected = value_, false;
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success, std::memory_order) noexcept {
    return compare_exchange_strong(expected, desired, success);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order order = std::memory_order_seq_cst) noexcept {
    return compare_exchange_strong(expected, desired, order);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order success, std::memory_order) noexcept {
    return compare_exchange_strong(expected, desired, success);
  }

  T fetch_add(T amount, std::memory_order = std::memory_order_seq_cst) noexcept {
    return std::exchange(value_, static_cast<T>(value_ + amount));
  }
  T fetch_sub(T amount, std::memory_order = std::memory_order_seq_cst) noexcept {
    return std::exchange(value_, static_cast<T>(value_ - amount));
  }

 private:
  T value_{};
};

}  // namespace carpool::inline v0_1::detail

/// Tells a reactor that a descriptor's number may mean another file than when it registered it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace carpool::inline v0_1::detail {

/// The kernel hands the lowest free number to the next socket, so a reactor that remembers "7 is registered" may have
/// registered a file that is long gone, and would wait for it for ever. Who closes a descriptor bumps its counter; who
/// trusts a registration compares. One table for the process, because connections are made on one thread, used on
/// another and closed on a third.
///
/// Numbers that differ by a multiple of `size` share a counter: that makes a reactor register once too often, never too
/// seldom, and in return the table needs no memory and cannot fail. After 2^32 bumps between two looks a counter would
/// seem unchanged.
class DescriptorGenerations {
 public:
  using Generation = std::uint32_t;

  /// (1) To be said before close(2). Release, though the kernel's own locks order a close before the reuse already.
  void bump(int descriptor) noexcept { counter(descriptor).fetch_add(1, std::memory_order_release); }

  /// (2) synchronizes-with (1): who was given the new file by whoever closed the old one sees the bump.
  [[nodiscard]] Generation of(int descriptor) noexcept { return counter(descriptor).load(std::memory_order_acquire); }

 private:
  static constexpr std::size_t size = 16384;

  [[nodiscard]] std::atomic<Generation>& counter(int descriptor) noexcept {
    return counters_[static_cast<std::size_t>(descriptor) % size];
  }

  std::array<std::atomic<Generation>, size> counters_{};  // any thread, at any time
};

inline constinit DescriptorGenerations descriptor_generations;

}  // namespace carpool::inline v0_1::detail

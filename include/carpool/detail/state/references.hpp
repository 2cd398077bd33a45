/// Who keeps a pool's core alive: plain numbers, under the pool's lock.
#pragma once

#include <cstddef>

namespace carpool::inline v0_1::detail {

/// The core lives on after its ConnectionPool for the leases and callers that are still out. Callers inside acquire's
/// slow path, drain or prewarm retain it here. A slot that is not empty keeps it too; the SlotTable counts these.
class References {
 public:
  constexpr void retain() noexcept { ++count_; }
  constexpr void release() noexcept { --count_; }
  /// The ConnectionPool object is gone.
  constexpr void owner_goes() noexcept { owner_gone_ = true; }
  [[nodiscard]] constexpr bool owner_gone() const noexcept { return owner_gone_; }
  [[nodiscard]] constexpr bool none(std::size_t occupied) const noexcept {
    return owner_gone_ && count_ == 0 && occupied == 0;
  }

 private:
  bool owner_gone_ = false;
  std::size_t count_ = 0;
};

}  // namespace carpool::inline v0_1::detail

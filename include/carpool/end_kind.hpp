/// The two ways in which a pool is ended by its user, and what they wait for.
#pragma once

#include <cstddef>
#include <cstdint>

namespace carpool::inline v0_1 {

/// How a pool ends, and until when one waits for it.
enum class EndKind : std::uint8_t {
  drain,  ///< as ConnectionPool::drain: until no lease is out
  close,  ///< as ConnectionPool::close, and until no connection is left: leases are back, goodbyes said, connects ended
};

/// What a wait for a pool's end came to.
struct Ended {
  std::size_t left = 0;     ///< leases that were still out (drain), or connections that were still there (close)
  bool called_off = false;  ///< it was called off before it came to its end
};

}  // namespace carpool::inline v0_1

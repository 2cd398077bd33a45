/// How much a Thrift server may claim before it is not believed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>

namespace carpool::inline v0_1 {

/// For designated initialisers, in this order.
struct ThriftLimits {
  std::size_t max_message_bytes = 64UL << 20U;  ///< of one answer
  std::size_t max_elements = 1UL << 20U;        ///< of one list, set or map
  std::uint32_t max_depth = 64;                 ///< of structures within structures

  /// Throws std::invalid_argument naming the field and the bound; owner is the connector.
  void validate(const std::string& owner) const {
    constexpr std::size_t most = std::numeric_limits<std::int32_t>::max();
    if (max_message_bytes < 1 || max_message_bytes > most) {
      throw std::invalid_argument(owner + ": limits.max_message_bytes must be 1 to " + std::to_string(most));
    }
    if (max_elements < 1 || max_elements > most) {
      throw std::invalid_argument(owner + ": limits.max_elements must be 1 to " + std::to_string(most));
    }
    if (max_depth < 1 || max_depth > 10000) {
      throw std::invalid_argument(owner + ": limits.max_depth must be 1 to 10000");
    }
  }
};

}  // namespace carpool::inline v0_1

/// What is said of a suspected leak where no observer wants to hear of it.
#pragma once

#include <carpool/detail/diagnosis.hpp>

#include <cstdint>
#include <cstdio>
#include <new>
#include <string>

namespace carpool::inline v0_1::detail {

/// "carpool 'orders': connection 12, leased at main.cpp:143, is out for 5.0 s (leak_detection_threshold 2.0 s)"
[[nodiscard]] inline std::string leak_text(const PoolOptions& options, std::uint64_t id, const SourceLocation& site,
                                           Duration age) {
  return "carpool '" + options.name + "': connection " + std::to_string(id) + ", leased at " + to_text(site) +
         ", is out for " + to_text(age) + " (leak_detection_threshold " +
         to_text(options.leak_detection_threshold.value_or(forever)) + ")\n";
}

/// One line to standard error, in one call: lines of several threads do not mix.
inline void report_leak(const PoolOptions& options, std::uint64_t id, const SourceLocation& site,
                        Duration age) noexcept {
  try {
    std::fputs(leak_text(options, id, site, age).c_str(), stderr);
  } catch (const std::bad_alloc&) {
    std::fputs("carpool: a lease is out for longer than leak_detection_threshold\n", stderr);
  }
}

}  // namespace carpool::inline v0_1::detail

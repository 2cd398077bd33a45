/// What a LogObserver writes, how, and how much.
#pragma once

#include <carpool/log/level.hpp>

#include <cstddef>

namespace carpool::inline v0_1 {

/// For designated initialisers, in this order.
struct LogOptions {
  LogFormat format = LogFormat::logfmt;  ///< of each line
  LogLevel least = LogLevel::info;       ///< what matters less is not written
  std::size_t lines_per_second = 10;     ///< of each kind of event; what comes beyond is counted, and said in one line
  bool timestamp = true;  ///< each line begins with UTC to the millisecond; off for a sink that has its own
};

}  // namespace carpool::inline v0_1

/// Whether this run's callers await, instead of sleeping: CARPOOL_CALLERS_AWAIT in the environment.
#pragma once

#include <cstdlib>
#include <string_view>

enum class CallersAwait : char {
  none,          ///< not set
  every_second,  ///< "mixed"
  all,           ///< "awaiting"
};

inline const CallersAwait callers_await = [] {
  const char* const set = std::getenv("CARPOOL_CALLERS_AWAIT");
  const std::string_view word = set == nullptr ? "" : set;
  if (word == "mixed") return CallersAwait::every_second;
  return word == "awaiting" ? CallersAwait::all : CallersAwait::none;
}();

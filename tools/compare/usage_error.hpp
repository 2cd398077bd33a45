/// The two ways in which carpool-compare ends badly, each with its exit code.
#pragma once

#include <stdexcept>

namespace carpool::compare {

/// The user asked for something impossible: one line that names the option and the bound, exit code 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  static constexpr int exit_code = 2;
};

/// What was asked for is possible, but a run of it failed: exit code 1.
class RunFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  static constexpr int exit_code = 1;
};

}  // namespace carpool::compare

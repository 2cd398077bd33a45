/// What failed connects leave behind, shared by everybody whom it concerns.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <string>

namespace carpool::inline v0_1::detail {

struct ConnectFailure {
  std::string message;       // of the last try
  std::exception_ptr cause;  // what the connector threw; null where it returned a dead connection
  std::size_t attempts = 0;  // tries made in the series, so far
  bool authentication = false;
  bool ended = true;  // false: the series goes on, and nobody has been told yet
};

using FailurePointer = std::shared_ptr<const ConnectFailure>;

}  // namespace carpool::inline v0_1::detail

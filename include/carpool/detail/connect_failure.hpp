/// What a failed series of connects leaves behind, shared by everybody whom it concerns.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <string>

namespace carpool::detail {

struct ConnectFailure {
  std::string message;       // of the last try
  std::exception_ptr cause;  // what the connector threw; null where it returned a dead connection
  std::size_t attempts = 0;  // tries made in the series, this one included
  bool authentication = false;
};

using FailurePointer = std::shared_ptr<const ConnectFailure>;

}  // namespace carpool::detail

/// The admin page over the pools that are being measured.
#pragma once

#include "usage_error.hpp"

#include <memory>
#include <string>

namespace carpool::compare {

/// A page that is there as long as this lives.
class Watch {
 public:
  Watch() noexcept = default;
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  virtual ~Watch() = default;
};

/// Serves it on loopback, and prints its URL to standard error. Throws UsageError where this program was built without
/// civetweb.
[[nodiscard]] std::unique_ptr<Watch> open_watch();

}  // namespace carpool::compare

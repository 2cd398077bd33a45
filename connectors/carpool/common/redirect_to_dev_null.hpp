/// Keeps a client library's last words on a connection from its server.
#pragma once

#include <fcntl.h>
#include <unistd.h>

namespace carpool::inline v0_1::detail {

/// Puts /dev/null behind the descriptor's number: the library may write to it and close it. false: the system has no
/// descriptor to give, and the number means what it meant.
[[nodiscard]] inline bool redirect_to_dev_null(int descriptor) noexcept {
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nowhere < 0) return false;
  const bool redirected = ::dup3(nowhere, descriptor, O_CLOEXEC) >= 0;
  ::close(nowhere);
  return redirected;
}

}  // namespace carpool::inline v0_1::detail

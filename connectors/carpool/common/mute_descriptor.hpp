/// Makes a client library's last words on a connection reach nobody.
#pragma once

#include <fcntl.h>
#include <unistd.h>

namespace carpool::detail {

/// Puts /dev/null behind the descriptor's number. false: the system has no descriptor to give.
[[nodiscard]] inline bool mute_descriptor(int descriptor) noexcept {
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nowhere < 0) return false;
  const bool muted = ::dup3(nowhere, descriptor, O_CLOEXEC) >= 0;
  ::close(nowhere);
  return muted;
}

}  // namespace carpool::detail

/// Closes a forked child's copy of a socket and keeps its descriptor's number taken.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace carpool::inline v0_1::detail {

/// Puts /dev/null behind the number if a socket is behind it: the number was read from an object that another thread
/// may have been changing. Where the system has no descriptor to give, the socket stays open.
inline void redirect_socket_to_dev_null(int descriptor) noexcept {
  struct stat status{};
  if (descriptor < 0 || ::fstat(descriptor, &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nowhere < 0) return;
  ::dup3(nowhere, descriptor, O_CLOEXEC);
  ::close(nowhere);
}

}  // namespace carpool::inline v0_1::detail

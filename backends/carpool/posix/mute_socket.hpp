/// Lets go of a forked child's copy of a socket, but not of its number.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace carpool::detail {

/// Puts /dev/null behind the number, if there is a socket behind it: it was read from an object that another thread may
/// have been changing. Where the system has no descriptor to give, it stays.
inline void mute_socket(int descriptor) noexcept {
  struct stat status {};
  if (descriptor < 0 || ::fstat(descriptor, &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nowhere < 0) return;
  ::dup3(nowhere, descriptor, O_CLOEXEC);
  ::close(nowhere);
}

}  // namespace carpool::detail

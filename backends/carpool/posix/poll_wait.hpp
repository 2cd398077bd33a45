/// Waiting for one descriptor on an OS thread of its own: poll(2) with a deadline.
#pragma once

#include <carpool/posix/clock.hpp>
#include <carpool/time.hpp>

#include <cerrno>
#include <ctime>
#include <system_error>

#include <poll.h>

namespace carpool::inline v0_1::detail {

/// The events that came, of those asked for and POLLERR, POLLHUP, POLLNVAL; 0 = the deadline passed. A deadline in the
/// past looks once. Throws std::system_error if the kernel lacks memory.
[[nodiscard]] inline unsigned poll_wait(int fd, unsigned events, TimePoint deadline) {
  if (fd < 0) return POLLNVAL;  // which poll(2) would not look at until the deadline
  pollfd entry{.fd = fd, .events = static_cast<short>(events), .revents = 0};
  for (;;) {
    // ppoll() counts in nanoseconds from when it is called, so it ends after the deadline and never just before it,
    // where a loop around poll()'s milliseconds would either return early or spin.
    const std::timespec left = timespec_of(time_left(deadline));
    const int ready = ::ppoll(&entry, 1, deadline == never ? nullptr : &left, nullptr);
    if (ready > 0) return static_cast<unsigned short>(entry.revents);
    if (ready == 0) return 0;
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "poll");
  }
}

}  // namespace carpool::inline v0_1::detail

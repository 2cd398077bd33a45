/// The question that a connector answers at each hand-out, asked of a bare descriptor.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

namespace carpool::inline v0_1 {

/// For is_connected() of a connector whose client library owns its descriptor: whether the peer is there and has said
/// nothing since its last answer was read. False where it has closed or reset the connection, where a byte lies unread
/// that nobody asked for, and for -1. Reads nothing, waits for nothing: one system call, two where something came.
///
/// Only for streams that are silent between two exchanges. What a library holds in its own buffers, decrypted by TLS
/// above all, it does not see.
[[nodiscard]] inline bool peer_is_quiet(int descriptor) noexcept {
  if (descriptor < 0) return false;
  pollfd asked{.fd = descriptor, .events = POLLIN | POLLRDHUP, .revents = 0};
  while (::poll(&asked, 1, 0) < 0) {
    if (errno != EINTR) return false;
  }
  if (asked.revents == 0) return true;
  if (asked.revents != POLLIN) return false;
  char byte = 0;  // readable may be a false alarm; a byte and the end are none
  return ::recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR);
}

}  // namespace carpool::inline v0_1

/// The way from OpenSSL to a socket: without SIGPIPE, and with the error kept where no other fiber can overwrite it.
#pragma once

#include <openssl/bio.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <new>
#include <string>

namespace carpool::inline v0_1::detail {

class TlsSessions;

/// What one connection's BIO and callbacks know. It stays where it is for as long as its SSL lives.
struct TlsWire {
  int descriptor = -1;
  int error = 0;       ///< errno of the last operation that failed for good
  bool ended = false;  ///< the peer has ended the stream
  TlsSessions* sessions = nullptr;
  std::string endpoint;  ///< whose sessions

  [[nodiscard]] static TlsWire& of(BIO* bio) noexcept { return *static_cast<TlsWire*>(::BIO_get_data(bio)); }
};

/// As BIO_read asks for it: what came, or -1 with the retry flag where nothing has come yet.
inline int wire_outcome(BIO* bio, ssize_t moved, int error, int retry_flag) noexcept {
  ::BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
  if (moved >= 0) return static_cast<int>(moved);
  if (error == EAGAIN || error == EINTR) {
    ::BIO_set_flags(bio, retry_flag | BIO_FLAGS_SHOULD_RETRY);
  } else {
    TlsWire::of(bio).error = error;
  }
  return -1;
}

inline int wire_read(BIO* bio, char* into, int size) noexcept {
  const ssize_t got = ::recv(TlsWire::of(bio).descriptor, into, static_cast<std::size_t>(size), 0);
  const int error = errno;
  if (got == 0) TlsWire::of(bio).ended = true;
  return wire_outcome(bio, got, error, BIO_FLAGS_READ);
}

inline int wire_write(BIO* bio, const char* from, int size) noexcept {
  const ssize_t took = ::send(TlsWire::of(bio).descriptor, from, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  const int error = errno;
  return wire_outcome(bio, took, error, BIO_FLAGS_WRITE);
}

inline long wire_control(BIO* bio, int command, long, void*) noexcept {
  if (command == BIO_CTRL_FLUSH) return 1;  // nothing is kept back
  if (command == BIO_CTRL_EOF) return TlsWire::of(bio).ended ? 1 : 0;
  return 0;
}

inline int wire_create(BIO* bio) noexcept { return ::BIO_set_init(bio, 1), 1; }

/// One for all connections; it is never freed, because a connection may outlive every other static object.
[[nodiscard]] inline const BIO_METHOD* wire_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR, "carpool");
    if (made == nullptr) throw std::bad_alloc();
    ::BIO_meth_set_read(made, wire_read);
    ::BIO_meth_set_write(made, wire_write);
    ::BIO_meth_set_ctrl(made, wire_control);
    ::BIO_meth_set_create(made, wire_create);
    return made;
  }();
  return method;
}

}  // namespace carpool::inline v0_1::detail

/// Thrift's transport over one of TlsServer's sessions, so that what serves Thrift in the clear serves it over TLS too.
#pragma once

#include <cstdint>

#include <openssl/ssl.h>
#include <thrift/transport/TTransportException.h>
#include <thrift/transport/TVirtualTransport.h>

/// Used by the session's own thread, and no longer than the session lives. A client's end, said or not, is the end.
class TlsTransport : public apache::thrift::transport::TVirtualTransport<TlsTransport> {
 public:
  explicit TlsTransport(SSL* session) noexcept : session_(session) {}

  [[nodiscard]] bool isOpen() const override { return true; }  // NOLINT(readability-identifier-naming): Thrift's name

  std::uint32_t read(std::uint8_t* into, std::uint32_t size) {
    const int got = ::SSL_read(session_, into, static_cast<int>(size));
    return got > 0 ? static_cast<std::uint32_t>(got) : 0;
  }
  void write(const std::uint8_t* from, std::uint32_t size) {
    using apache::thrift::transport::TTransportException;
    if (::SSL_write(session_, from, static_cast<int>(size)) > 0) return;
    throw TTransportException(TTransportException::NOT_OPEN, "the client has left");
  }

 private:
  SSL* session_;
};

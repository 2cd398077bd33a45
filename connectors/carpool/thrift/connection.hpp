/// A generated Thrift client on a connection of ours.
#pragma once

#include <carpool/common/stream_connection.hpp>
#include <carpool/thrift/protocol.hpp>
#include <carpool/thrift/transport.hpp>
#include <carpool/time.hpp>
#include <carpool/tls/optional_socket.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace carpool::inline v0_1 {

/// client() is what `thrift --gen cpp` made, with a transport that waits through the backend.
///
/// Errors:   what the service declares, TApplicationException where the server could not serve the call; else
///           std::system_error naming the peer (std::errc::timed_out at the deadline), TTransportException or
///           TProtocolException for an answer that is malformed or too large. After these the connection is not
///           reusable.
/// Threads:  one worker at a time.
template <class Client, class Backend>
class ThriftConnection {
 public:
  using Socket = OptionalTlsSocket<Backend>;           ///< plain, or encrypted where the connector has tls
  using Stream = StreamConnection<Backend, Socket>;    ///< reads and writes with deadlines
  using Transport = ThriftTransport<Backend, Stream>;  ///< what the generated client calls

  /// By ThriftConnector. Makes a protocol and a Client over the connected stream; does no I/O.
  ThriftConnection(Stream stream, ThriftFraming framing, ThriftEncoding encoding, const ThriftLimits& limits,
                   Duration io_timeout)
      : transport_(std::make_shared<Transport>(std::move(stream), framing, limits, io_timeout)),
        client_(std::make_unique<Client>(detail::make_thrift_protocol(transport_, encoding, limits))) {}

  /// Its calls until the next client() end at the deadline; without one, each within io_timeout.
  [[nodiscard]] Client& client(std::optional<TimePoint> deadline = {}) noexcept {
    transport_->set_deadline(deadline);
    return *client_;
  }

  [[nodiscard]] bool is_connected() const noexcept { return transport_->is_connected(); }
  /// Whether each call has been answered whole and nothing else has come.
  [[nodiscard]] bool reusable() const noexcept { return transport_->settled(); }

  /// -1 where it is closed.
  [[nodiscard]] int native_handle() const noexcept { return transport_->stream().native_handle(); }
  [[nodiscard]] std::string peer() const { return transport_->stream().peer(); }  ///< as error texts name the server
  /// For what TLS tells: encrypted().
  [[nodiscard]] Socket& socket() noexcept { return transport_->stream().socket(); }

  void invalidate(TimePoint deadline) { transport_->stream().socket().close_gracefully(deadline); }
  /// In a forked child: the parent's connection goes on as if nothing had happened.
  void abandon() noexcept { transport_->stream().close(); }

 private:
  std::shared_ptr<Transport> transport_;
  std::unique_ptr<Client> client_;
};

}  // namespace carpool::inline v0_1

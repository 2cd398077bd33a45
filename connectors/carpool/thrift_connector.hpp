/// Opens connections to a user's own Thrift service, with the client that Thrift generated for it.
#pragma once

#include <carpool/common/address_text.hpp>
#include <carpool/concepts.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/thrift/connection.hpp>
#include <carpool/thrift/limits.hpp>
#include <carpool/time.hpp>
#include <carpool/tls/context.hpp>
#include <carpool/tls/options.hpp>

#include <thrift/TApplicationException.h>
#include <thrift/Thrift.h>
#include <thrift/protocol/TProtocolException.h>
#include <thrift/transport/TTransportException.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace carpool::inline v0_1 {

namespace detail {

/// A socket, with TLS on top where options are given.
template <class Backend>
[[nodiscard]] OptionalTlsSocket<Backend> dial_with_optional_tls(const TcpConnector& tcp,
                                                                const std::optional<TlsOptions>& tls,
                                                                const TlsContext& context, TimePoint deadline) {
  auto socket = tcp.dial<Backend>(deadline);
  if (!tls) return OptionalTlsSocket<Backend>(std::move(socket));
  return OptionalTlsSocket<Backend>(
      TlsSocket<Backend>::handshake(std::move(socket), context, *tls, tcp.host, deadline));
}

/// Whether the server has said it, in a whole answer: an exception that the service declares or "I cannot serve this".
[[nodiscard]] inline bool is_thrift_answer(std::exception_ptr error) noexcept {
  using apache::thrift::TApplicationException;
  try {
    std::rethrow_exception(std::move(error));
  } catch (const apache::thrift::transport::TTransportException&) {
    return false;
  } catch (const apache::thrift::protocol::TProtocolException&) {
    return false;
  } catch (const TApplicationException& refusal) {
    const auto type = refusal.getType();
    return type != TApplicationException::BAD_SEQUENCE_ID && type != TApplicationException::WRONG_METHOD_NAME &&
           type != TApplicationException::INVALID_MESSAGE_TYPE;
  } catch (const apache::thrift::TException&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace detail

/// For designated initialisers, in this order. Client is generated: `thrift --gen cpp my_service.thrift`.
///
///   using Connector = carpool::ThriftConnector<MyServiceClient>;
///   carpool::ConnectionPool<carpool::FiberBackend, carpool::LifoStack, Connector> pool(
///       {.host = "127.0.0.1", .port = 9090}, {.max_size = 8});
///   auto lease = pool.acquire();
///   lease->client().my_method(arguments);
///
/// Errors:   connect throws std::invalid_argument naming the field for a bad option, else as TcpConnector and
///           TlsConnector do. Nothing is said to the server before the first call.
template <class Client>
struct ThriftConnector {
  template <class Backend>
  using Connection = ThriftConnection<Client, Backend>;

  std::string host;                                        ///< a name or a number, without brackets
  std::uint16_t port = 0;                                  ///< 1 to 65535
  ThriftFraming framing = ThriftFraming::buffered;         ///< as the server has it; framed for non-blocking servers
  ThriftEncoding encoding = ThriftEncoding::binary;        ///< as the server has it
  std::optional<TlsOptions> tls = {};                      ///< std::nullopt: in the clear
  ThriftLimits limits = {};                                ///< of what the server may send
  Duration io_timeout = std::chrono::seconds(30);          ///< bounds each call that is given no deadline of its own
  std::optional<TcpKeepalive> keepalive = TcpKeepalive{};  ///< std::nullopt: an idle server is never asked
  TlsContext context = {};                                 ///< shared by copies

  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(TimePoint deadline) const {
    validate();
    using Stream = typename Connection<Backend>::Stream;
    Stream stream(detail::dial_with_optional_tls<Backend>(tcp(), tls, context, deadline),
                  {.io_timeout = io_timeout, .one_way = true});  // the transport counts the answers
    return Connection<Backend>(std::move(stream), framing, encoding, limits, io_timeout);
  }

  /// For the pool's error texts.
  [[nodiscard]] std::string describe() const { return detail::address_text(host, port); }

  /// What the service declares, and what the server says instead of an answer, leave the connection as it was.
  template <class Backend>
  [[nodiscard]] Verdict handle_exception(ThriftConnection<Client, Backend>& connection,
                                         std::exception_ptr error) const noexcept {
    return connection.reusable() && detail::is_thrift_answer(std::move(error)) ? Verdict::keep : Verdict::close;
  }

  /// Throws std::invalid_argument naming the field and the bound; connect begins with it.
  void validate() const {
    tcp().validate();
    limits.validate("ThriftConnector");
    if (tls) tls->validate();
  }

 private:
  [[nodiscard]] TcpConnector tcp() const {
    return {.host = host, .port = port, .keepalive = keepalive, .io_timeout = io_timeout};
  }
};

}  // namespace carpool::inline v0_1

/// Calls to a HiveServer2 over one connection: one at a time, numbered, each with a deadline.
#pragma once

#include <carpool/common/stream_connection.hpp>
#include <carpool/hive/detail/codec.hpp>
#include <carpool/hive/types.hpp>
#include <carpool/thrift/limits.hpp>
#include <carpool/thrift/protocol.hpp>
#include <carpool/thrift/transport.hpp>
#include <carpool/time.hpp>
#include <carpool/tls/optional_socket.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Knows no session.
///
/// Errors:   HiveError where the server answers with an error; TApplicationException where it cannot serve the call,
///           or answers another; std::system_error, TTransportException and TProtocolException as ThriftConnection.
/// Threads:  one worker at a time.
template <class Backend>
class HiveChannel {
 public:
  using Socket = OptionalTlsSocket<Backend>;
  using Stream = StreamConnection<Backend, Socket>;
  using Transport = ThriftTransport<Backend, Stream>;

  HiveChannel(Stream stream, ThriftFraming framing, const ThriftLimits& limits, Duration io_timeout)
      : transport_(std::make_shared<Transport>(std::move(stream), framing, limits, io_timeout)),
        protocol_(make_thrift_protocol(transport_, ThriftEncoding::binary, limits)) {}

  /// A call and its answer, whose status is good.
  template <class WriteFields, class OnField>
  void call(const char* method, TimePoint deadline, WriteFields write_fields, OnField on_field) {
    const HiveStatus status = ask(method, deadline, write_fields, on_field);
    if (!status.good()) fail(method, status);
  }
  template <class WriteFields>
  void call(const char* method, TimePoint deadline, WriteFields write_fields) {
    call(method, deadline, write_fields, [](std::int16_t, ThriftType) { return false; });
  }

  /// The same; the status may be anything.
  template <class WriteFields, class OnField>
  [[nodiscard]] HiveStatus ask(const char* method, TimePoint deadline, WriteFields write_fields, OnField on_field) {
    in_doubt_ = true;
    send(method, deadline, write_fields);
    const auto in_protocol = [&](std::int16_t id, ThriftType type) { return on_field(id, type); };
    HiveStatus status = read_hive_answer(*protocol_, method, sequence_, in_protocol);
    in_doubt_ = false;
    if (status.session_lost()) session_lost_ = true;
    return status;
  }

  /// Half a call, of which nobody waits for the answer: the channel is not settled from here on.
  template <class WriteFields>
  void send(const char* method, TimePoint deadline, WriteFields write_fields) {
    transport_->set_deadline(deadline);
    write_hive_call(*protocol_, method, ++sequence_, write_fields);
    transport_->flush();
  }

  [[noreturn]] void fail(const char* method, const HiveStatus& status) const {
    const std::string reason = without_stack(status.message);
    throw HiveError(status.any_code(), named(method) + (reason.empty() ? "no reason given" : reason));
  }
  /// "Hive at 127.0.0.1:10000: FetchResults: "
  [[nodiscard]] std::string named(const char* method) const { return "Hive at " + peer() + ": " + method + ": "; }

  [[nodiscard]] ThriftProtocol& protocol() noexcept { return *protocol_; }
  [[nodiscard]] Stream& stream() noexcept { return transport_->stream(); }
  [[nodiscard]] const Stream& stream() const noexcept { return transport_->stream(); }
  [[nodiscard]] std::string peer() const { return stream().peer(); }

  [[nodiscard]] bool is_connected() const noexcept { return transport_->is_connected(); }
  [[nodiscard]] bool settled() const noexcept { return transport_->settled(); }
  /// The last call ended in an exception other than the server's own refusal.
  [[nodiscard]] bool in_doubt() const noexcept { return in_doubt_; }
  /// The server has said that it knows our session no more.
  [[nodiscard]] bool session_lost() const noexcept { return session_lost_; }

 private:
  /// Some servers send where in them it happened, a hundred lines of it.
  static std::string without_stack(const std::string& message) {
    const std::string text = message.substr(0, message.find("\n\tat "));
    return text.substr(0, text.find_last_not_of(" \n\t") + 1);
  }

  std::shared_ptr<Transport> transport_;
  std::shared_ptr<ThriftProtocol> protocol_;
  std::int32_t sequence_ = 0;
  bool session_lost_ = false;
  bool in_doubt_ = false;  ///< a call was begun, and not answered by what can be understood
};

}  // namespace carpool::inline v0_1::detail

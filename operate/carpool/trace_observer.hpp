/// An observer that tells a tracer: acquires, uses and connects as spans.
#pragma once

#include <carpool/errors.hpp>
#include <carpool/metrics/connect_failure_class.hpp>
#include <carpool/observer.hpp>
#include <carpool/text/server_address.hpp>
#include <carpool/text/without_credentials.hpp>
#include <carpool/trace/tracer.hpp>

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace carpool::inline v0_1 {

/// Spans, below that under which the caller works (TraceScope, or the tracer's own notion of it):
///   acquire   of each acquire, from its call until it has a connection or an error;
///   use       of each lease until it is given back; below its acquire where the caller worked under none;
///   connect   of each attempt, below what the worker that makes it works under: nothing, as a rule, so it begins a
///             trace, which the connection's number ties to the acquires and uses.
/// Attributes: db.client.connection.pool.name, server.address, server.port, carpool.connection.id, error.type. A user
///             or a password that a connector's words have in them are left out. An error is the span's status, and,
///             where something was thrown, the event "exception".
/// A ping has no event that tells of it, so it has no span: it is a part of its acquire's.
/// Cost:     of a lease that is sampled out, what the tracer's start costs; no clock is read and nothing is allocated.
/// Limits:   a coroutine's acquire is told where the coroutine goes on, so its caller's span is found if it is current
///           there. The lease that a span belongs to may end on any thread.
template <Tracer T>
class TraceObserver {
 public:
  using Span = typename T::Span;  ///< the tracer's
  /// The span of the lease that has the connection.
  struct Attachment {
    Span use{};  ///< one that does not record where none has it, or it was sampled out
  };

  /// tracer: copied or moved; it is the observer's own.
  explicit TraceObserver(T tracer) noexcept : tracer_(std::move(tracer)) {}

  // --- the pool's events ---------------------------------------------------------------------------------

  /// Makes the span "acquire", and begins "use".
  void acquired(const ConnectionInfo& connection, Attachment& attachment, Duration wait) noexcept {
    if constexpr (requires(T& tracer) { bool{tracer.sampled_out()}; }) {
      if (tracer_.sampled_out()) [[likely]]
        return;
    }
    begin_use(connection, attachment, wait);
  }
  /// Ends "use".
  void released(const ConnectionInfo&, Attachment& attachment, Duration) noexcept { end_use(attachment); }
  /// Makes the span "acquire", which failed.
  void acquire_failed(const PoolInfo& pool, AcquireFailure why, Duration waited) noexcept {
    Span acquire = tracer_.start({.name = "acquire", .kind = SpanKind::internal, .ago = waited}, nullptr);
    if (!acquire.recording()) return;
    describe(acquire, pool.name, pool.server);
    acquire.fail(to_string(why), {}, {});
    acquire.end();
  }
  /// Makes the span "connect".
  void connection_ready(const ConnectionInfo& connection, Duration took) noexcept {
    Span connect = start_connect(connection, took);
    if (connect.recording()) connect.end();
  }
  /// Makes the span "connect", which failed.
  void connection_failed(const ConnectionInfo& connection, std::string_view why, const std::exception_ptr& cause,
                         Duration took) noexcept {
    Span connect = start_connect(connection, took);
    if (!connect.recording()) return;
    try {
      connect.fail(to_string(connect_failure_class(cause)), name_of(cause), detail::without_credentials(why));
    } catch (...) {  // no memory for the words
      connect.fail(to_string(connect_failure_class(cause)), name_of(cause), {});
    }
    connect.end();
  }
  /// Of one whose lease took it out of the pool the use is over for us.
  void connection_closed(const ConnectionInfo&, Attachment& attachment, CloseReason) noexcept { end_use(attachment); }

 private:
  [[gnu::noinline]] void begin_use(const ConnectionInfo& connection, Attachment& attachment, Duration wait) noexcept {
    Span acquire = tracer_.start({.name = "acquire", .kind = SpanKind::internal, .ago = wait}, nullptr);
    if (!acquire.recording()) return;
    describe(acquire, connection);
    acquire.end();
    attachment.use = tracer_.start({.name = "use", .kind = SpanKind::internal}, &acquire);
    if (attachment.use.recording()) describe(attachment.use, connection);
  }
  static void end_use(Attachment& attachment) noexcept {
    if (!attachment.use.recording()) [[likely]]
      return;
    attachment.use.end();
    attachment.use = Span();
  }
  [[nodiscard]] Span start_connect(const ConnectionInfo& connection, Duration took) noexcept {
    Span connect = tracer_.start({.name = "connect", .kind = SpanKind::client, .ago = took}, nullptr);
    if (connect.recording()) describe(connect, connection);
    return connect;
  }
  static void describe(Span& span, const ConnectionInfo& connection) noexcept {
    describe(span, connection.pool, connection.server);
    span.set("carpool.connection.id", static_cast<std::int64_t>(connection.id));
  }
  static void describe(Span& span, std::string_view pool, std::string_view server) noexcept {
    span.set("db.client.connection.pool.name", pool);
    if (server.empty()) return;
    const detail::ServerAddress address = detail::read_server_address(server);
    span.set("server.address", address.address);
    if (address.port) span.set("server.port", std::int64_t{*address.port});
  }
  /// Without RTTI, and without what compilers make of names.
  [[nodiscard]] static std::string_view name_of(const std::exception_ptr& cause) noexcept {
    if (cause == nullptr) return {};
    try {
      std::rethrow_exception(cause);
    } catch (const AuthenticationError&) {
      return "carpool::AuthenticationError";
    } catch (const ConnectRefused&) {
      return "carpool::ConnectRefused";
    } catch (const std::system_error&) {
      return "std::system_error";
    } catch (const std::exception&) {
      return "std::exception";
    } catch (...) {
      return "unknown";
    }
  }

  T tracer_;
};

}  // namespace carpool::inline v0_1

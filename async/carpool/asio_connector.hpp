/// Connections that live on an executor of Boost.Asio's: what a pool does with them are coroutines there.
#pragma once

#include <carpool/asio/detail/calls.hpp>
#include <carpool/asio/detail/connection.hpp>
#include <carpool/concepts.hpp>
#include <carpool/time.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <concepts>
#include <type_traits>
#include <utility>
#include <variant>

// Each reason stands on the line of its requirement, because that line is what compilers print.
// clang-format off

namespace carpool::inline v0_1 {

/// What an AsioConnector is made of:
///
///   struct MyProtocol {
///     using Connection = ...;   for example an AsioStream
///     asio::awaitable<Connection> connect(asio::any_io_executor where) const;
///     asio::awaitable<bool> ping(Connection&) const;         the rest is optional
///     asio::awaitable<bool> reset(Connection&) const;
///     asio::awaitable<void> invalidate(Connection&) const;   a goodbye
///   };
///
/// With a type Target, connect has a leading const Target&. What a connector has beside these (is_connected, reusable,
/// dirty, lifetime, matches, describe, validate ...) it has as a Connector has it; and as there, the connection may
/// answer in its place.
template <class C>
concept AsioProtocol = requires {
  typename C::Connection;                                          // An AsioProtocol needs a type Connection: what it opens
  requires std::is_class_v<C> && !std::is_final_v<C>;              // An AsioProtocol needs to be a class that is not final: the connector is derived from it
  requires std::copy_constructible<C>;                             // An AsioProtocol needs to be copyable: each coroutine has its own
  requires std::movable<typename C::Connection>;                   // AsioProtocol::Connection needs to be movable: a coroutine takes it away and gives it back
  requires std::is_class_v<typename C::Connection> && !std::is_final_v<typename C::Connection>;  // AsioProtocol::Connection needs to be a class that is not final: the pool's connection is derived from it
  requires detail::AsioConnects<C> || detail::AsioConnectsToTarget<C>;  // An AsioProtocol needs asio::awaitable<Connection> connect(asio::any_io_executor) const, with a leading const Target& where it has targets
};

// clang-format on

/// For pools on any concurrent backend. The worker that connects, pings, resets or closes runs the protocol's coroutine
/// on a strand of the executor and sleeps until it is done. At the deadline the worker cancels the coroutine
/// (cancellation_type::terminal) and leaves it to the executor, with the connection that it has.
///
///   using Connector = carpool::AsioConnector<carpool::AsioTcp>;
///   carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Connector> pool(
///       Connector(context.get_executor(), {.host = "localhost", .port = 7}), {.max_size = 4});
///   auto lease = co_await carpool::co_acquire(pool);
///   co_await lease->write_all(asio::buffer("hello\n", 6));
///   std::string reply = co_await lease->read_until("\n");
///
/// Errors:   what the coroutine throws; std::system_error with std::errc::timed_out at the deadline, and with
///           std::errc::operation_canceled where the pool goes.
/// Threads:  as every Connector. The executor's threads run the coroutines, and must not wait for a connection by
///           acquire(): co_acquire does not block them.
/// Lifetime: the executor's context must outlive the pool, and run while connections are wanted. The pool's destructor
///           calls interrupt() first and so waits for no coroutine, also where it runs on the context's only thread.
///           Goodbyes that are not over by then are dropped: where they matter, call drain() and wait until
///           stats().size() is 0.
template <AsioProtocol C>
class AsioConnector : public C {
 public:
  using Wrapped = C;  ///< what it cannot do, this cannot
  template <class Backend>
  using Connection = detail::AsioConnection<Backend, typename C::Connection>;

  /// The protocol's connections live on `executor`. Does no I/O.
  explicit AsioConnector(boost::asio::any_io_executor executor, C protocol = {})
      : C(std::move(protocol)), executor_(std::move(executor)) {}

  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(TimePoint deadline) const
    requires detail::AsioConnects<C>
  {
    return Connection<Backend>(calls_.await<Backend, Inner>(
        executor_, deadline, "connect", [protocol = C(*this)](auto where) { return protocol.connect(where); }));
  }
  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(const target_t<C>& target, TimePoint deadline) const
    requires detail::AsioConnectsToTarget<C>
  {
    return Connection<Backend>(calls_.await<Backend, Inner>(
        executor_, deadline, "connect",
        [protocol = C(*this), target](auto where) { return protocol.connect(target, where); }));
  }

  template <class Backend>
  [[nodiscard]] bool is_connected(
      const detail::AsioConnection<Backend, typename C::Connection>& connection) const noexcept {
    const Inner& inner = connection;
    if constexpr (requires(const C& protocol) { protocol.is_connected(inner); }) {
      static_assert(noexcept(C::is_connected(inner)), "An AsioProtocol's is_connected must be noexcept");
      return detail::AsioLending::is_here(connection) && C::is_connected(inner);
    } else {
      return detail::AsioLending::is_here(connection) && inner.is_connected();
    }
  }

  template <class Backend>
    requires detail::AsioPings<C>
  [[nodiscard]] bool ping(detail::AsioConnection<Backend, typename C::Connection>& connection,
                          TimePoint deadline) const {
    return lend(connection, deadline, "ping", [](const C& protocol, Inner& inner) {
      if constexpr (detail::AsioProtocolPings<C>) {
        return protocol.ping(inner);
      } else {
        return inner.ping();
      }
    });
  }
  template <class Backend>
    requires detail::AsioResets<C>
  [[nodiscard]] bool reset(detail::AsioConnection<Backend, typename C::Connection>& connection,
                           TimePoint deadline) const {
    return lend(connection, deadline, "reset", [](const C& protocol, Inner& inner) {
      if constexpr (detail::AsioProtocolResets<C>) {
        return protocol.reset(inner);
      } else {
        return inner.reset();
      }
    });
  }
  template <class Backend>
    requires detail::AsioInvalidates<C>
  void invalidate(detail::AsioConnection<Backend, typename C::Connection>& connection, TimePoint deadline) const {
    static_cast<void>(lend(connection, deadline, "invalidate", [](const C& protocol, Inner& inner) {
      if constexpr (detail::AsioProtocolInvalidates<C>) {
        return detail::then_true(protocol.invalidate(inner));
      } else {
        return detail::then_true(inner.invalidate());
      }
    }));
  }

  /// Every worker that waits for a coroutine of this very object gives up at once, and each that comes later. Copies
  /// are not interrupted with it: the pool's destructor means its own.
  void interrupt() const noexcept { calls_.interrupt(); }

 private:
  using Inner = typename C::Connection;

  /// The coroutine has the connection; it is given back if the worker waits still. Else it ends with the coroutine.
  template <class Backend, class Use>
  [[nodiscard]] bool lend(detail::AsioConnection<Backend, Inner>& connection, TimePoint deadline, const char* what,
                          Use use) const {
    auto answer = calls_.await<Backend, detail::AsioAnswer<Inner>>(
        executor_, deadline, what,
        [protocol = C(*this), inner = detail::AsioLending::take(connection), use](auto) mutable {
          return detail::use_asio_connection(protocol, inner, use);
        });
    detail::AsioLending::give_back(connection, std::move(answer.connection));
    return answer.good;
  }

  boost::asio::any_io_executor executor_;
  mutable detail::AsioCalls calls_;
};

}  // namespace carpool::inline v0_1

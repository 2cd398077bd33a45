/// What an AsioConnector's protocol can do, and the connection that a pool keeps of it.
#pragma once

#include <carpool/concepts.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <concepts>
#include <utility>

// One line, one member.
// clang-format off

namespace carpool::inline v0_1::detail {

template <class T>
using Coroutine = boost::asio::awaitable<T>;

template <class C>
concept AsioConnects = !has_target<C> && requires(const C& protocol, boost::asio::any_io_executor where) { { protocol.connect(where) } -> std::same_as<Coroutine<typename C::Connection>>; };
template <class C>
concept AsioConnectsToTarget = has_target<C> && requires(const C& protocol, const target_t<C>& target, boost::asio::any_io_executor where) { { protocol.connect(target, where) } -> std::same_as<Coroutine<typename C::Connection>>; };

template <class C>
concept AsioProtocolPings = requires(const C& protocol, typename C::Connection& connection) { { protocol.ping(connection) } -> std::same_as<Coroutine<bool>>; };
template <class C>
concept AsioProtocolResets = requires(const C& protocol, typename C::Connection& connection) { { protocol.reset(connection) } -> std::same_as<Coroutine<bool>>; };
template <class C>
concept AsioProtocolInvalidates = requires(const C& protocol, typename C::Connection& connection) { { protocol.invalidate(connection) } -> std::same_as<Coroutine<void>>; };

template <class C>
concept AsioPings = AsioProtocolPings<C> || requires(typename C::Connection& connection) { { connection.ping() } -> std::same_as<Coroutine<bool>>; };
template <class C>
concept AsioResets = AsioProtocolResets<C> || requires(typename C::Connection& connection) { { connection.reset() } -> std::same_as<Coroutine<bool>>; };
template <class C>
concept AsioInvalidates = AsioProtocolInvalidates<C> || requires(typename C::Connection& connection) { { connection.invalidate() } -> std::same_as<Coroutine<void>>; };

// clang-format on

/// The protocol's own connection, as the pool keeps it. It adds no name that a user of a lease could stumble over.
template <class Backend, class Inner>
class AsioConnection : public Inner {
 public:
  explicit AsioConnection(Inner&& connection) : Inner(std::move(connection)) {}

 private:
  friend struct AsioLending;

  bool taken_by_coroutine_ = false;
};

/// A coroutine takes the connection away while it pings, resets or closes it: so the connection may be left with the
/// coroutine when the worker stops waiting.
struct AsioLending {
  template <class Backend, class Inner>
  [[nodiscard]] static Inner take(AsioConnection<Backend, Inner>& connection) {
    connection.taken_by_coroutine_ = true;
    return std::move(static_cast<Inner&>(connection));
  }
  template <class Backend, class Inner>
  static void give_back(AsioConnection<Backend, Inner>& connection, Inner&& inner) {
    static_cast<Inner&>(connection) = std::move(inner);
    connection.taken_by_coroutine_ = false;
  }
  template <class Backend, class Inner>
  [[nodiscard]] static bool is_here(const AsioConnection<Backend, Inner>& connection) noexcept {
    return !connection.taken_by_coroutine_;
  }
};

/// What a coroutine gives back.
template <class Inner>
struct AsioAnswer {
  Inner connection;
  bool good;
};

template <class C, class Inner, class Use>
Coroutine<AsioAnswer<Inner>> use_asio_connection(const C& protocol, Inner& connection, Use use) {
  const bool good = co_await use(protocol, connection);
  co_return AsioAnswer<Inner>{std::move(connection), good};
}

inline Coroutine<bool> then_true(Coroutine<void> goodbye) {
  co_await std::move(goodbye);
  co_return true;
}

}  // namespace carpool::inline v0_1::detail

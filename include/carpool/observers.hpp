/// Several observers of one pool, each of which hears what it asks for.
#pragma once

#include <carpool/detail/events.hpp>
#include <carpool/observer.hpp>

#include <cstddef>
#include <exception>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace carpool::inline v0_1 {

/// Tells each event to its members in their order. An event that no member hears costs nothing.
///   carpool::ConnectionPool<Backend, Queue, Connector, carpool::DefaultEviction,
///                           carpool::Observers<carpool::MetricsObserver, MyLog>> pool(connector, options);
///   pool.observer().get<carpool::MetricsObserver>()
template <ObserverPolicy... Members>
class Observers {
  template <std::size_t I>
  using Index = std::integral_constant<std::size_t, I>;

 public:
  /// Of members whose events are fewer than its own: the pool does not take what nobody hears for a mistake.
  using Wrapped = NoObserver;
  /// Each member's own, or nothing.
  using Attachment = std::tuple<detail::attachment_t<Members>...>;

  Observers() = default;  ///< each member default constructed
  /// Each member as given.
  explicit Observers(Members... members)
    requires(sizeof...(Members) > 0)
      : members_(std::move(members)...) {}

  /// The member of this type, of which there must be one.
  template <class Member>
  [[nodiscard]] const Member& get() const noexcept {
    return std::get<Member>(members_);
  }

  // clang-format off
  /// To its members: a caller came in.
  void acquire_started(const PoolInfo& pool) noexcept
    requires(detail::hears_acquire_started<Members> || ...) { tell_of_pool<detail::TellAcquireStarted>(pool); }
  /// To its members: it got no lease.
  void acquire_failed(const PoolInfo& pool, AcquireFailure why, Duration waited) noexcept
    requires(detail::hears_acquire_failed<Members> || ...) { each([&](auto& o, auto) { detail::tell_acquire_failed(o, pool, why, waited); }); }
  /// To its members: it got one.
  void acquired(const ConnectionInfo& connection, Attachment& attachments, Duration wait) noexcept
    requires(detail::hears_acquired<Members> || ...) { tell_of_connection<detail::TellAcquired>(connection, attachments, wait); }
  /// To its members: a lease ended.
  void released(const ConnectionInfo& connection, Attachment& attachments, Duration held) noexcept
    requires(detail::hears_released<Members> || ...) { tell_of_connection<detail::TellReleased>(connection, attachments, held); }
  /// To its members: an attempt to connect begins.
  void connection_created(const ConnectionInfo& connection, Attachment& attachments) noexcept
    requires(detail::hears_connection_created<Members> || ...) { tell_of_connection<detail::TellConnectionCreated>(connection, attachments); }
  /// To its members: it succeeded.
  void connection_ready(const ConnectionInfo& connection, Attachment& attachments, Duration took) noexcept
    requires(detail::hears_connection_ready<Members> || ...) { tell_of_connection<detail::TellConnectionReady>(connection, attachments, took); }
  /// To its members: it did not.
  void connection_failed(const ConnectionInfo& connection, Attachment& attachments, std::string_view why, const std::exception_ptr& cause, Duration took) noexcept
    requires(detail::hears_connection_failed<Members> || ...) { each([&](auto& o, auto i) { detail::tell_connection_failed(o, connection, std::get<i()>(attachments), why, cause, took); }); }
  /// To its members: the connection is gone.
  void connection_closed(const ConnectionInfo& connection, Attachment& attachments, CloseReason reason) noexcept
    requires(detail::hears_connection_closed<Members> || ...) { tell_of_connection<detail::TellConnectionClosed>(connection, attachments, reason); }
  /// To its members: constructed or resumed.
  void pool_ready(const PoolInfo& pool) noexcept
    requires(detail::hears_pool_ready<Members> || ...) { tell_of_pool<detail::TellPoolReady>(pool); }
  /// To its members: clear() or retire_all().
  void pool_cleared(const PoolInfo& pool) noexcept
    requires(detail::hears_pool_cleared<Members> || ...) { tell_of_pool<detail::TellPoolCleared>(pool); }
  /// To its members: close().
  void pool_closed(const PoolInfo& pool) noexcept
    requires(detail::hears_pool_closed<Members> || ...) { tell_of_pool<detail::TellPoolClosed>(pool); }
  /// To its members: a lease is out for too long.
  void leak_suspected(const ConnectionInfo& connection, const SourceLocation& site, Duration age) noexcept
    requires(detail::hears_leak_suspected<Members> || ...) { each([&](auto& o, auto) { detail::tell_leak_suspected(o, connection, site, age); }); }
  // clang-format on

 private:
  /// tell(member, its index).
  template <class Tell>
  void each(Tell tell) noexcept {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (tell(std::get<I>(members_), Index<I>()), ...);
    }(std::index_sequence_for<Members...>());
  }
  template <class Tell>
  void tell_of_pool(const PoolInfo& pool) noexcept {
    each([&](auto& o, auto) { detail::tell_of_pool<Tell>(o, pool); });
  }
  template <class Tell, class... Args>
  void tell_of_connection(const ConnectionInfo& connection, Attachment& attachments, const Args&... args) noexcept {
    each(
        [&](auto& o, auto i) { detail::tell_of_connection<Tell>(o, connection, std::get<i()>(attachments), args...); });
  }

  std::tuple<Members...> members_;
};

}  // namespace carpool::inline v0_1

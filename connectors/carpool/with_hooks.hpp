/// Any connector, with calls of the user's own at four moments of a connection's life.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/connector_calls.hpp>
#include <carpool/time.hpp>

#include <concepts>
#include <exception>
#include <utility>

namespace carpool::inline v0_1 {

namespace detail {

struct HookNames {
  int on_connect, before_acquire, after_release, on_close;
};
template <class H>
concept HooksNameOnConnect =
    (Heritable<H> && !requires { &Beside<H, HookNames>::on_connect; }) || requires { &H::on_connect; };
template <class H>
concept HooksNameBeforeAcquire =
    (Heritable<H> && !requires { &Beside<H, HookNames>::before_acquire; }) || requires { &H::before_acquire; };
template <class H>
concept HooksNameAfterRelease =
    (Heritable<H> && !requires { &Beside<H, HookNames>::after_release; }) || requires { &H::after_release; };
template <class H>
concept HooksNameOnClose =
    (Heritable<H> && !requires { &Beside<H, HookNames>::on_close; }) || requires { &H::on_close; };

// One line, one hook. The form is looked at where the connection's type is known, at the first connect's compilation.
// clang-format off
template <class H, class X>
concept HooksConnect = requires(const H& hooks, X& connection, TimePoint deadline) { hooks.on_connect(connection, deadline); };
template <class H, class X>
concept HooksAcquire = requires(const H& hooks, X& connection, TimePoint deadline) { { hooks.before_acquire(connection, deadline) } -> std::convertible_to<bool>; };
template <class H, class X>
concept HooksRelease = requires(const H& hooks, X& connection, TimePoint deadline) { { hooks.after_release(connection, deadline) } -> std::convertible_to<bool>; };
template <class H, class X>
concept HooksClose = requires(const H& hooks, X& connection, TimePoint deadline) { hooks.on_close(connection, deadline); };

template <class H, class X>
constexpr void check_hooks() noexcept {
  static_assert(HooksConnect<H, X> || !HooksNameOnConnect<H>, "Hooks have on_connect, but not as void on_connect(Connection&, TimePoint deadline) const: no connect would call it");
  static_assert(HooksAcquire<H, X> || !HooksNameBeforeAcquire<H>, "Hooks have before_acquire, but not as bool before_acquire(Connection&, TimePoint deadline) const: no acquire would ask it");
  static_assert(HooksRelease<H, X> || !HooksNameAfterRelease<H>, "Hooks have after_release, but not as bool after_release(Connection&, TimePoint deadline) const: no release would ask it");
  static_assert(HooksClose<H, X> || !HooksNameOnClose<H>, "Hooks have on_close, but not as void on_close(Connection&, TimePoint deadline) const: no close would call it");
  static_assert(HooksConnect<H, X> || HooksAcquire<H, X> || HooksRelease<H, X> || HooksClose<H, X> || HooksNameOnConnect<H> || HooksNameBeforeAcquire<H> || HooksNameAfterRelease<H> || HooksNameOnClose<H>, "Hooks have none of on_connect, before_acquire, after_release and on_close");
}
// clang-format on

}  // namespace detail

/// A connection of the wrapped connector, with all that it can do, that knows its backend.
template <class Backend, class Inner>
class HookedConnection : public Inner {
 public:
  explicit HookedConnection(Inner inner) : Inner(std::move(inner)) {}  ///< by WithHooks

  [[nodiscard]] Inner& inner() noexcept { return *this; }  ///< the wrapped connector's own connection
  [[nodiscard]] const Inner& inner() const noexcept { return *this; }
};

/// The connector with Hooks: a class with any of these members, each called without the pool's lock, with the
/// connection of the wrapped connector in hand.
///
///   void on_connect(Connection&, TimePoint deadline) const      after the log-in. A throw is the connect's failure
///   bool before_acquire(Connection&, TimePoint deadline) const  before each lease. false, or a throw: the connection
///                                                               is closed, and the caller gets another one
///   bool after_release(Connection&, TimePoint deadline) const   after each lease, by a background worker, behind the
///                                                               connector's own reset. false, or a throw: it is closed
///   void on_close(Connection&, TimePoint deadline) const        before a healthy connection is closed, by the pool's
///                                                               close_timeout. Not where it is dead, was discarded or
///                                                               was refused by a hook, and not in a forked child
///
///   struct Tenant {
///     bool before_acquire(auto& connection, carpool::TimePoint deadline) const {
///       connection.query("SELECT set_config('app.tenant', $1, false)", {tenant()}, deadline);
///       return true;
///     }
///   };
///   using Connector = carpool::WithHooks<carpool::PostgresConnector, Tenant>;
///   carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Connector> pool(
///       Connector(carpool::PostgresConnector::from_url(url)), {.max_size = 16});
///
/// Waits:    on_connect for what is left of connect_timeout; before_acquire and after_release for validation_timeout,
///           and before_acquire no longer than its caller. A caller with less time than validation_timeout, one that
///           does not sleep, and try_acquire leave before_acquire to a background worker: so it runs on another thread,
///           and try_acquire finds the connection ready at its next call. A worker that pings or resets a connection
///           asks before_acquire too: so it may be asked without an acquire that follows.
/// Cost:     with after_release no connection is kept in a worker's cache: each lease ends with a background job.
/// Threads:  several workers call the hooks at once. The pool copies them: share what they count by a pointer.
/// Lifetime: after the pool's destructor no hook is called.
template <class Connector, class Hooks>
class WithHooks : public Connector {
 public:
  using Wrapped = Connector;  ///< what it cannot do, this one cannot
  /// What it opens.
  template <class Backend>
  using Connection = HookedConnection<Backend, connection_t<Connector, Backend>>;

  /// The pool keeps a copy of both.
  explicit WithHooks(Connector connector, Hooks hooks = {})
      : Connector(std::move(connector)), hooks_(std::move(hooks)) {}

  [[nodiscard]] const Hooks& hooks() const noexcept { return hooks_; }  ///< Lifetime: the connector's

  /// The connector's, and on_connect behind it. Throws what either does.
  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(TimePoint deadline) const
    requires detail::WithoutTargets<Connector>
  {
    return open<Backend>(target_t<Connector>{}, deadline);
  }
  /// The same to a target.
  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(const target_t<Connector>& target, TimePoint deadline) const
    requires detail::has_target<Connector>
  {
    return open<Backend>(target, deadline);
  }

  /// The connector's own answer goes before the hook's.
  template <class Backend, class Inner>
    requires(detail::HooksAcquire<Hooks, Inner> || detail::Vets<Connector, Backend>)
  [[nodiscard]] bool before_acquire(HookedConnection<Backend, Inner>& connection, TimePoint deadline) const {
    if (!Calls<Backend>::before_acquire(*this, connection.inner(), deadline)) return false;
    if constexpr (detail::HooksAcquire<Hooks, Inner>) return hooks_.before_acquire(connection.inner(), deadline);
    return true;
  }

  /// Always, where there is an after_release to be asked.
  template <class Backend, class Inner>
    requires(detail::HooksRelease<Hooks, Inner> || detail::Resets<Connector, Backend>)
  [[nodiscard]] bool dirty(const HookedConnection<Backend, Inner>& connection) const noexcept {
    return detail::HooksRelease<Hooks, Inner> || Calls<Backend>::dirty(*this, connection.inner());
  }
  /// The connector's, where the connection is dirty, and then after_release.
  template <class Backend, class Inner>
    requires(detail::HooksRelease<Hooks, Inner> || detail::Resets<Connector, Backend>)
  [[nodiscard]] bool reset(HookedConnection<Backend, Inner>& connection, TimePoint deadline) const {
    Inner& inner = connection.inner();
    if (Calls<Backend>::dirty(*this, inner) && !Calls<Backend>::reset(*this, inner, deadline)) return false;
    if constexpr (detail::HooksRelease<Hooks, Inner>) return hooks_.after_release(inner, deadline);
    return true;
  }

  /// on_close, and then the connector's goodbye.
  template <class Backend, class Inner>
    requires(detail::HooksClose<Hooks, Inner> || detail::Invalidates<Connector, Backend>)
  void invalidate(HookedConnection<Backend, Inner>& connection, TimePoint deadline) const {
    if constexpr (detail::HooksClose<Hooks, Inner>) {
      try {
        hooks_.on_close(connection.inner(), deadline);
      } catch (const std::exception&) {  // the goodbye is said all the same
      }
    }
    Calls<Backend>::invalidate(*this, connection.inner(), deadline);
  }

 private:
  template <class Backend>
  using Calls = detail::ConnectorCalls<Connector, Backend>;

  template <class Backend>
  [[nodiscard]] Connection<Backend> open(const target_t<Connector>& target, TimePoint deadline) const {
    using Inner = connection_t<Connector, Backend>;
    detail::check_hooks<Hooks, Inner>();
    Inner inner = Calls<Backend>::connect(*this, target, deadline);
    if constexpr (detail::HooksConnect<Hooks, Inner>) hooks_.on_connect(inner, deadline);
    return Connection<Backend>(std::move(inner));
  }

  [[no_unique_address]] Hooks hooks_;
};

}  // namespace carpool::inline v0_1

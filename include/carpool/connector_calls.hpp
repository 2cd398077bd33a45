/// The one place where the optional members of a connector and of its connections are called, and what their absence
/// means.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/errors.hpp>

#include <concepts>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>

namespace carpool::inline v0_1::detail {

/// What a look at a connection with its connector has come to.
enum class Look : std::uint8_t {
  good,    ///< it may be handed out
  dead,    ///< it has not answered a ping
  vetoed,  ///< its connector does not want it handed out
  paused,  ///< the server makes it wait for the answer to a ping: nothing is known
};

/// Each call goes to the connector's member, else to the connection's own of that name, else to what "Absent" says.
template <class Connector, class Backend>
struct ConnectorCalls {
  using Connection = connection_t<Connector, Backend>;
  using Target = target_t<Connector>;

  static constexpr bool pings = Pings<Connector, Backend>;
  static constexpr bool vets = Vets<Connector, Backend>;
  static constexpr bool resets = Resets<Connector, Backend>;
  static constexpr bool invalidates = Invalidates<Connector, Backend>;
  /// A connection tells by its state whether it is in the middle of an exchange: no exception need be in flight for
  /// that.
  static constexpr bool knows_if_torn =
      requires(const Connector& connector, const Connection& connection) { connector.reusable(connection); } ||
      requires(const Connector& connector, const Connection& connection) { connector.in_step(connection); } ||
      requires(const Connection& connection) { connection.reusable(); } ||
      requires(const Connection& connection) { connection.in_step(); };

  static Connection connect(const Connector& connector, const Target& target, TimePoint deadline) {
    if constexpr (ConnectsToTargetThroughBackend<Connector, Backend>) {
      return connector.template connect<Backend>(target, deadline);
    } else if constexpr (ConnectsToTarget<Connector, Backend>) {
      return connector.connect(target, deadline);
    } else if constexpr (ConnectsThroughBackend<Connector, Backend>) {
      return connector.template connect<Backend>(deadline);
    } else {
      return connector.connect(deadline);
    }
  }

  /// Where it connects to, for error texts: "127.0.0.1:6379". Absent, or where describe() throws: the empty text.
  static std::string describe(const Connector& connector, const Target& target) noexcept {
    try {
      if constexpr (requires {
                      { connector.describe(target) } -> std::convertible_to<std::string>;
                    }) {
        return connector.describe(target);
      } else if constexpr (requires {
                             { connector.describe() } -> std::convertible_to<std::string>;
                           }) {
        return connector.describe();
      }
    } catch (...) {  // the caller is about to report an error that matters more
    }
    return {};
  }

  /// Throws std::invalid_argument for a bad option. Absent: the first connect finds out.
  static void validate([[maybe_unused]] const Connector& connector) {
    if constexpr (Validates<Connector, Backend>) connector.validate();
  }

  static bool matches([[maybe_unused]] const Connector& connector, [[maybe_unused]] const Connection& connection,
                      [[maybe_unused]] const Target& target) {
    if constexpr (!has_target<Connector>) {
      return true;
    } else if constexpr (ConnectorMatches<Connector, Backend>) {
      return connector.matches(connection, target);
    } else {
      return connection.matches(target);
    }
  }

  static bool is_connected([[maybe_unused]] const Connector& connector, const Connection& connection) noexcept {
    if constexpr (ConnectorTellsConnected<Connector, Backend>) {
      return connector.is_connected(connection);
    } else {
      return connection.is_connected();
    }
  }

  /// Absent: a connection that is connected may be used again.
  static bool reusable([[maybe_unused]] const Connector& connector, const Connection& connection) noexcept {
    if constexpr (ConnectorTellsReusable<Connector, Backend>) {
      return connector.reusable(connection);
    } else if constexpr (AnswersReusable<Connection>) {
      return connection.reusable();
    } else {
      return is_connected(connector, connection);
    }
  }

  /// Whether nothing is outstanding, so that an exception that ends a lease says nothing against the connection.
  /// Absent: it may be.
  static bool in_step([[maybe_unused]] const Connector& connector,
                      [[maybe_unused]] const Connection& connection) noexcept {
    if constexpr (ConnectorTellsInStep<Connector, Backend>) {
      return connector.in_step(connection);
    } else if constexpr (AnswersInStep<Connection>) {
      return connection.in_step();
    } else {
      return false;
    }
  }

  /// Absent: a connector that resets does so after every use; one that cannot reset has nothing to clean.
  static bool dirty([[maybe_unused]] const Connector& connector,
                    [[maybe_unused]] const Connection& connection) noexcept {
    if constexpr (!resets) {
      return false;
    } else if constexpr (ConnectorTellsDirty<Connector, Backend>) {
      return connector.dirty(connection);
    } else if constexpr (AnswersDirty<Connection>) {
      return connection.dirty();
    } else {
      return true;
    }
  }

  /// Absent: the servers do not learn it.
  static void set_pool_name([[maybe_unused]] Connector& connector, [[maybe_unused]] const std::string& name) {
    if constexpr (TakesPoolName<Connector>) connector.set_pool_name(name);
  }

  /// False, or a std::exception: the connection is to be closed. ServerPaused, and anything else that is thrown, passes
  /// through: a worker's interruption must not be swallowed.
  static bool ping([[maybe_unused]] const Connector& connector, [[maybe_unused]] Connection& connection,
                   [[maybe_unused]] TimePoint deadline) {
    try {
      if constexpr (ConnectorPings<Connector, Backend>) {
        return connector.ping(connection, deadline);
      } else if constexpr (pings) {
        return connection.ping(deadline);
      }
    } catch (const ServerPaused&) {
      throw;
    } catch (const std::exception&) {
      return false;
    }
    return true;
  }

  /// False, or a std::exception: the connection is to be closed. Absent: it may be handed out.
  static bool before_acquire([[maybe_unused]] const Connector& connector, [[maybe_unused]] Connection& connection,
                             [[maybe_unused]] TimePoint deadline) {
    try {
      if constexpr (ConnectorVets<Connector, Backend>) {
        return connector.before_acquire(connection, deadline);
      } else if constexpr (vets) {
        return connection.before_acquire(deadline);
      }
    } catch (const std::exception&) {
      return false;
    }
    return true;
  }

  /// A ping, where it is wanted, and then before_acquire, by one deadline.
  static Look look(const Connector& connector, Connection& connection, TimePoint deadline, bool with_ping) {
    try {
      if (with_ping && !ping(connector, connection, deadline)) return Look::dead;
    } catch (const ServerPaused&) {
      return Look::paused;
    }
    return before_acquire(connector, connection, deadline) ? Look::good : Look::vetoed;
  }

  static bool reset([[maybe_unused]] const Connector& connector, [[maybe_unused]] Connection& connection,
                    [[maybe_unused]] TimePoint deadline) {
    try {
      if constexpr (ConnectorResets<Connector, Backend>) {
        return connector.reset(connection, deadline);
      } else if constexpr (resets) {
        return connection.reset(deadline);
      }
    } catch (const std::exception&) {
      return false;
    }
    return true;
  }

  /// Closes gracefully. What it throws, of whatever type, is dropped: the pool closes the connection next, and there is
  /// no caller to tell.
  static void invalidate([[maybe_unused]] const Connector& connector, [[maybe_unused]] Connection& connection,
                         [[maybe_unused]] TimePoint deadline) noexcept {
    try {
      if constexpr (ConnectorInvalidates<Connector, Backend>) {
        connector.invalidate(connection, deadline);
      } else if constexpr (invalidates) {
        connection.invalidate(deadline);
      }
    } catch (...) {  // the peer may be gone: nothing is lost
      return;
    }
  }

  /// In a forked child: close(2) only. Absent: the connection is left alone, because its destructor might speak.
  static void abandon([[maybe_unused]] const Connector& connector, [[maybe_unused]] Connection& connection) noexcept {
    if constexpr (ConnectorAbandons<Connector, Backend>) {
      connector.abandon(connection);
    } else if constexpr (AnswersAbandon<Connection>) {
      connection.abandon();
    }
  }

  /// In a forked child: of a connection that a missing thread was using, the descriptor alone is let go of. Absent: it
  /// stays open until the child ends.
  static void mute(const Connection& connection) noexcept {
    if constexpr (Abandons<Connector, Backend> && requires {
                    { connection.native_handle() } noexcept -> std::same_as<int>;
                    Backend::redirect_to_dev_null(0);
                  }) {
      Backend::redirect_to_dev_null(connection.native_handle());
    }
  }

  /// The pool ends, and is about to wait for what is in flight. Absent: that ends at its deadline.
  static void interrupt([[maybe_unused]] const Connector& connector) noexcept {
    if constexpr (Interrupts<Connector>) connector.interrupt();
  }

  /// Absent: what in_step says. A handler that throws: close.
  static Verdict handle_exception([[maybe_unused]] const Connector& connector, Connection& connection,
                                  [[maybe_unused]] std::exception_ptr error) noexcept {
    try {
      if constexpr (ConnectorHandlesExceptions<Connector, Backend>) {
        return connector.handle_exception(connection, std::move(error));
      } else if constexpr (AnswersHandleException<Connection>) {
        return connection.handle_exception(std::move(error));
      }
    } catch (...) {
      return Verdict::close;
    }
    return in_step(connector, connection) ? Verdict::keep : Verdict::close;
  }

  /// How long this connection may live, as the connector knows (a server's announcement, a token's expiry). Absent: no
  /// limit.
  static Duration lifetime([[maybe_unused]] const Connector& connector, [[maybe_unused]] const Connection& connection) {
    if constexpr (ConnectorTellsLifetime<Connector, Backend>) {
      return connector.lifetime(connection);
    } else if constexpr (AnswersLifetime<Connection>) {
      return connection.lifetime();
    } else {
      return forever;
    }
  }
};

}  // namespace carpool::inline v0_1::detail

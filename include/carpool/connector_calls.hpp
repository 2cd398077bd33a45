/// The one place where a connector's optional members are looked for, and what their absence means.
#pragma once

#include <carpool/concepts.hpp>

#include <concepts>
#include <exception>
#include <optional>
#include <string>

namespace carpool::detail {

template <class Connector, class Backend>
struct ConnectorCalls {
  using Connection = connection_t<Connector, Backend>;
  using Target = target_t<Connector>;

  static constexpr bool pings = Pings<Connector, Backend>;
  static constexpr bool resets = Resets<Connector, Backend>;
  static constexpr bool says_goodbye = SaysGoodbye<Connector, Backend>;

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

  /// Where it connects to, for error texts: "127.0.0.1:6379". Absent, or in trouble: no word of it.
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
    } catch (...) {  // the error that is being told matters more
    }
    return {};
  }

  static bool matches(const Connector& connector, const Connection& connection, const Target& target) {
    if constexpr (has_target<Connector>) {
      return connector.matches(connection, target);
    } else {
      return true;
    }
  }

  /// Throws std::invalid_argument for a bad option. Absent: the first connect finds out.
  static void validate([[maybe_unused]] const Connector& connector) {
    if constexpr (Validates<Connector, Backend>) connector.validate();
  }

  /// Absent: whatever is connected may be used again.
  static bool reusable(const Connector& connector, const Connection& connection) noexcept {
    if constexpr (TellsReusable<Connector, Backend>) {
      return connector.reusable(connection);
    } else {
      return connector.is_connected(connection);
    }
  }

  /// Whether nothing is outstanding, so that an exception that ends a lease says nothing against the connection.
  /// Absent: nobody knows.
  static bool in_step([[maybe_unused]] const Connector& connector,
                      [[maybe_unused]] const Connection& connection) noexcept {
    if constexpr (TellsInStep<Connector, Backend>) {
      return connector.in_step(connection);
    } else {
      return false;
    }
  }

  /// Absent: a connector that resets does so after every use; one that cannot reset has nothing to clean.
  static bool dirty(const Connector& connector, const Connection& connection) noexcept {
    if constexpr (!resets) {
      return false;
    } else if constexpr (TellsDirty<Connector, Backend>) {
      return connector.dirty(connection);
    } else {
      return true;
    }
  }

  /// False, or a std::exception: the connection is to be closed. Anything else that is thrown passes through, because
  /// a worker's interruption must not be swallowed.
  static bool ping(const Connector& connector, Connection& connection, TimePoint deadline) {
    if constexpr (pings) {
      try {
        return connector.ping(connection, deadline);
      } catch (const std::exception&) {
        return false;
      }
    } else {
      return true;
    }
  }

  static bool reset(const Connector& connector, Connection& connection, TimePoint deadline) {
    if constexpr (resets) {
      try {
        return connector.reset(connection, deadline);
      } catch (const std::exception&) {
        return false;
      }
    } else {
      return true;
    }
  }

  /// The polite goodbye. What it throws, of whatever type, is of no interest: the connection is closed next, and
  /// whoever closes it can tell nobody.
  static void invalidate(const Connector& connector, Connection& connection, TimePoint deadline) noexcept {
    if constexpr (says_goodbye) {
      try {
        connector.invalidate(connection, deadline);
      } catch (...) {  // the peer may be gone: nothing is lost
        return;
      }
    }
  }

  /// In a forked child: close(2) only. Absent: the connection is left alone, because its destructor might speak.
  static void abandon(const Connector& connector, Connection& connection) noexcept {
    if constexpr (Abandons<Connector, Backend>) connector.abandon(connection);
  }

  /// In a forked child: of a connection that a missing thread was using, the descriptor alone is let go of. Absent: it
  /// stays open until the child ends.
  static void mute(const Connection& connection) noexcept {
    if constexpr (requires(const Connector& connector, Connection& mine) {
                    connector.abandon(mine);
                    { mine.native_handle() }
                    noexcept->std::same_as<int>;
                    Backend::redirect_to_dev_null(0);
                  }) {
      Backend::redirect_to_dev_null(connection.native_handle());
    }
  }

  /// Absent: what in_step says. In doubt: close.
  static Verdict handle_exception(const Connector& connector, Connection& connection,
                                  std::exception_ptr error) noexcept {
    if constexpr (HandlesExceptions<Connector, Backend>) {
      try {
        return connector.handle_exception(connection, std::move(error));
      } catch (...) {
        return Verdict::close;
      }
    } else {
      return in_step(connector, connection) ? Verdict::keep : Verdict::close;
    }
  }

  /// How long this connection may live, as the connector knows (a server's announcement, a token's expiry).
  static Duration lifetime(const Connector& connector, const Connection& connection) {
    if constexpr (TellsLifetime<Connector, Backend>) {
      return connector.lifetime(connection);
    } else {
      return forever;
    }
  }
};

}  // namespace carpool::detail

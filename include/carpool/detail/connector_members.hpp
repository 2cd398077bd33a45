/// What a connector may have beside what it must: how each optional member is called, on the connector or on its
/// connection, and whether its name is there.
#pragma once

#include <carpool/detail/connector_types.hpp>
#include <carpool/detail/member_names.hpp>
#include <carpool/time.hpp>

#include <concepts>
#include <exception>
#include <string>

// One line, one member.
// clang-format off

namespace carpool::inline v0_1::detail {

// --- of the connector: each is asked with the connection -------------------------------------------------

template <class C, class B>
concept ConnectorTellsConnected = requires(const C& connector, const connection_t<C, B>& connection) { { connector.is_connected(connection) } noexcept -> std::convertible_to<bool>; };
template <class C, class B>
concept ConnectorPings = requires(const C& connector, connection_t<C, B>& connection, TimePoint deadline) { { connector.ping(connection, deadline) } -> std::convertible_to<bool>; };
template <class C, class B>
concept ConnectorVets = requires(const C& connector, connection_t<C, B>& connection, TimePoint deadline) { { connector.before_acquire(connection, deadline) } -> std::convertible_to<bool>; };
template <class C, class B>
concept ConnectorResets = requires(const C& connector, connection_t<C, B>& connection, TimePoint deadline) { { connector.reset(connection, deadline) } -> std::convertible_to<bool>; };
template <class C, class B>
concept ConnectorTellsDirty = requires(const C& connector, const connection_t<C, B>& connection) { { connector.dirty(connection) } -> std::convertible_to<bool>; };
template <class C, class B>
concept ConnectorTellsReusable = requires(const C& connector, const connection_t<C, B>& connection) { { connector.reusable(connection) } -> std::convertible_to<bool>; };
template <class C, class B>
concept ConnectorTellsInStep = requires(const C& connector, const connection_t<C, B>& connection) { { connector.in_step(connection) } -> std::convertible_to<bool>; };
template <class C, class B>
concept ConnectorHandlesExceptions = requires(const C& connector, connection_t<C, B>& connection, std::exception_ptr error) { { connector.handle_exception(connection, error) } -> std::same_as<Verdict>; };
template <class C, class B>
concept ConnectorTellsLifetime = requires(const C& connector, const connection_t<C, B>& connection) { { connector.lifetime(connection) } -> std::convertible_to<Duration>; };
template <class C, class B>
concept ConnectorInvalidates = requires(const C& connector, connection_t<C, B>& connection, TimePoint deadline) { connector.invalidate(connection, deadline); };
template <class C, class B>
concept ConnectorAbandons = requires(const C& connector, connection_t<C, B>& connection) { connector.abandon(connection); };
template <class C, class B>
concept ConnectorMatches = requires(const C& connector, const connection_t<C, B>& connection, const target_t<C>& target) { { connector.matches(connection, target) } -> std::convertible_to<bool>; };
template <class C, class B>
concept Validates = requires(const C& connector) { connector.validate(); };
template <class C, class B>
concept Describes = requires(const C& connector, const target_t<C>& target) { { connector.describe(target) } -> std::convertible_to<std::string>; } ||
                    requires(const C& connector) { { connector.describe() } -> std::convertible_to<std::string>; };

template <class C>
concept TakesPoolName = requires(C& connector, const std::string& name) { connector.set_pool_name(name); };

template <class C>
concept Interrupts = requires(const C& connector) { { connector.interrupt() } noexcept; };

// --- of the connection, which answers where the connector has no such member ------------------------------

template <class X>
concept AnswersConnected = requires(const X& connection) { { connection.is_connected() } noexcept -> std::convertible_to<bool>; };
template <class X>
concept AnswersPing = requires(X& connection, TimePoint deadline) { { connection.ping(deadline) } -> std::convertible_to<bool>; };
template <class X>
concept AnswersBeforeAcquire = requires(X& connection, TimePoint deadline) { { connection.before_acquire(deadline) } -> std::convertible_to<bool>; };
template <class X>
concept AnswersReset = requires(X& connection, TimePoint deadline) { { connection.reset(deadline) } -> std::convertible_to<bool>; };
template <class X>
concept AnswersDirty = requires(const X& connection) { { connection.dirty() } -> std::convertible_to<bool>; };
template <class X>
concept AnswersReusable = requires(const X& connection) { { connection.reusable() } -> std::convertible_to<bool>; };
template <class X>
concept AnswersInStep = requires(const X& connection) { { connection.in_step() } -> std::convertible_to<bool>; };
template <class X>
concept AnswersHandleException = requires(X& connection, std::exception_ptr error) { { connection.handle_exception(error) } -> std::same_as<Verdict>; };
template <class X>
concept AnswersLifetime = requires(const X& connection) { { connection.lifetime() } -> std::convertible_to<Duration>; };
template <class X>
concept AnswersInvalidate = requires(X& connection, TimePoint deadline) { connection.invalidate(deadline); };
template <class X>
concept AnswersAbandon = requires(X& connection) { connection.abandon(); };
template <class X, class Target>
concept AnswersMatches = requires(const X& connection, const Target& target) { { connection.matches(target) } -> std::convertible_to<bool>; };

// --- of either: what the pool calls ------------------------------------------------------------------------

template <class C, class B>
concept Pings = ConnectorPings<C, B> || AnswersPing<connection_t<C, B>>;
template <class C, class B>
concept Vets = ConnectorVets<C, B> || AnswersBeforeAcquire<connection_t<C, B>>;
template <class C, class B>
concept Resets = ConnectorResets<C, B> || AnswersReset<connection_t<C, B>>;
template <class C, class B>
concept TellsDirty = ConnectorTellsDirty<C, B> || AnswersDirty<connection_t<C, B>>;
template <class C, class B>
concept TellsReusable = ConnectorTellsReusable<C, B> || AnswersReusable<connection_t<C, B>>;
template <class C, class B>
concept TellsInStep = ConnectorTellsInStep<C, B> || AnswersInStep<connection_t<C, B>>;
template <class C, class B>
concept HandlesExceptions = ConnectorHandlesExceptions<C, B> || AnswersHandleException<connection_t<C, B>>;
template <class C, class B>
concept TellsLifetime = ConnectorTellsLifetime<C, B> || AnswersLifetime<connection_t<C, B>>;
template <class C, class B>
concept Invalidates = ConnectorInvalidates<C, B> || AnswersInvalidate<connection_t<C, B>>;
template <class C, class B>
concept Abandons = ConnectorAbandons<C, B> || AnswersAbandon<connection_t<C, B>>;
template <class C, class B>
concept Matches = ConnectorMatches<C, B> || AnswersMatches<connection_t<C, B>, target_t<C>>;

// clang-format on

}  // namespace carpool::inline v0_1::detail

/// What a connector may have beside what it must: how each optional member is called, and whether its name is there.
#pragma once

#include <carpool/detail/connector_types.hpp>
#include <carpool/detail/member_names.hpp>
#include <carpool/time.hpp>

#include <concepts>
#include <exception>
#include <string>

// One line, one member.
// clang-format off

namespace carpool::detail {

template <class C, class B>
concept Pings = requires(const C& connector, connection_t<C, B>& connection, TimePoint deadline) { { connector.ping(connection, deadline) } -> std::convertible_to<bool>; };
template <class C, class B>
concept Resets = requires(const C& connector, connection_t<C, B>& connection, TimePoint deadline) { { connector.reset(connection, deadline) } -> std::convertible_to<bool>; };
template <class C, class B>
concept TellsDirty = requires(const C& connector, const connection_t<C, B>& connection) { { connector.dirty(connection) } -> std::convertible_to<bool>; };
template <class C, class B>
concept TellsReusable = requires(const C& connector, const connection_t<C, B>& connection) { { connector.reusable(connection) } -> std::convertible_to<bool>; };
template <class C, class B>
concept TellsInStep = requires(const C& connector, const connection_t<C, B>& connection) { { connector.in_step(connection) } -> std::convertible_to<bool>; };
template <class C, class B>
concept HandlesExceptions = requires(const C& connector, connection_t<C, B>& connection, std::exception_ptr error) { { connector.handle_exception(connection, error) } -> std::same_as<Verdict>; };
template <class C, class B>
concept TellsLifetime = requires(const C& connector, const connection_t<C, B>& connection) { { connector.lifetime(connection) } -> std::convertible_to<Duration>; };
template <class C, class B>
concept SaysGoodbye = requires(const C& connector, connection_t<C, B>& connection, TimePoint deadline) { connector.invalidate(connection, deadline); };
template <class C, class B>
concept Abandons = requires(const C& connector, connection_t<C, B>& connection) { connector.abandon(connection); };
template <class C, class B>
concept Validates = requires(const C& connector) { connector.validate(); };
template <class C, class B>
concept Describes = requires(const C& connector, const target_t<C>& target) { { connector.describe(target) } -> std::convertible_to<std::string>; } ||
                    requires(const C& connector) { { connector.describe() } -> std::convertible_to<std::string>; };

// --- by name ---------------------------------------------------------------------------------------------

struct ConnectorNames {
  int ping, reset, dirty, reusable, in_step, handle_exception, lifetime, invalidate, abandon, validate, describe;
};

// Nothing can be inherited from a final class: there only what is public, and not overloaded, is found.
template <class C, class B>
concept NamesPing = (Heritable<C> && !requires { &Beside<C, ConnectorNames>::ping; }) || requires { &C::ping; } || requires { &C::template ping<B>; };
template <class C, class B>
concept NamesReset = (Heritable<C> && !requires { &Beside<C, ConnectorNames>::reset; }) || requires { &C::reset; } || requires { &C::template reset<B>; };
template <class C, class B>
concept NamesDirty = (Heritable<C> && !requires { &Beside<C, ConnectorNames>::dirty; }) || requires { &C::dirty; } || requires { &C::template dirty<B>; };
template <class C, class B>
concept NamesReusable = (Heritable<C> && !requires { &Beside<C, ConnectorNames>::reusable; }) || requires { &C::reusable; } || requires { &C::template reusable<B>; };
template <class C, class B>
concept NamesInStep = (Heritable<C> && !requires { &Beside<C, ConnectorNames>::in_step; }) || requires { &C::in_step; } || requires { &C::template in_step<B>; };
template <class C, class B>
concept NamesHandleException = (Heritable<C> && !requires { &Beside<C, ConnectorNames>::handle_exception; }) || requires { &C::handle_exception; } || requires { &C::template handle_exception<B>; };
template <class C, class B>
concept NamesLifetime = (Heritable<C> && !requires { &Beside<C, ConnectorNames>::lifetime; }) || requires { &C::lifetime; } || requires { &C::template lifetime<B>; };
template <class C, class B>
concept NamesInvalidate = (Heritable<C> && !requires { &Beside<C, ConnectorNames>::invalidate; }) || requires { &C::invalidate; } || requires { &C::template invalidate<B>; };
template <class C, class B>
concept NamesAbandon = (Heritable<C> && !requires { &Beside<C, ConnectorNames>::abandon; }) || requires { &C::abandon; } || requires { &C::template abandon<B>; };
template <class C, class B>
concept NamesValidate = (Heritable<C> && !requires { &Beside<C, ConnectorNames>::validate; }) || requires { &C::validate; } || requires { &C::template validate<B>; };
template <class C, class B>
concept NamesDescribe = (Heritable<C> && !requires { &Beside<C, ConnectorNames>::describe; }) || requires { &C::describe; } || requires { &C::template describe<B>; };

// --- there as documented, or not there; each a bool, so that a compiler has nothing to say behind the reason ----------

template <class C, class B>
inline constexpr bool ping_fits = Pings<C, B> || !NamesPing<C, B> || !NamesPing<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool reset_fits = Resets<C, B> || !NamesReset<C, B> || !NamesReset<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool dirty_fits = TellsDirty<C, B> || !NamesDirty<C, B> || !NamesDirty<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool reusable_fits = TellsReusable<C, B> || !NamesReusable<C, B> || !NamesReusable<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool in_step_fits = TellsInStep<C, B> || !NamesInStep<C, B> || !NamesInStep<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool handle_exception_fits = HandlesExceptions<C, B> || !NamesHandleException<C, B> || !NamesHandleException<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool lifetime_fits = TellsLifetime<C, B> || !NamesLifetime<C, B> || !NamesLifetime<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool invalidate_fits = SaysGoodbye<C, B> || !NamesInvalidate<C, B> || !NamesInvalidate<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool abandon_fits = Abandons<C, B> || !NamesAbandon<C, B> || !NamesAbandon<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool validate_fits = Validates<C, B> || !NamesValidate<C, B> || !NamesValidate<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool describe_fits = Describes<C, B> || !NamesDescribe<C, B> || !NamesDescribe<wrapped_t<C>, B>;

// clang-format on

}  // namespace carpool::detail

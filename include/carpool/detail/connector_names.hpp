/// Whether what a connector or its connection has under an optional member's name can be called as documented.
#pragma once

#include <carpool/detail/connector_members.hpp>
#include <carpool/detail/connector_types.hpp>
#include <carpool/detail/member_names.hpp>

// One line, one member.
// clang-format off

namespace carpool::inline v0_1::detail {

struct ConnectorNames {
  int is_connected, ping, reset, dirty, reusable, in_step, handle_exception, lifetime, invalidate, abandon, validate, describe, interrupt, before_acquire, set_pool_name;
};

// T is a connector or a connection. Nothing can be inherited from a final class: there only what is public, and not
// overloaded, is found.
template <class T, class B>
concept NamesIsConnected = (Heritable<T> && !requires { &Beside<T, ConnectorNames>::is_connected; }) || requires { &T::is_connected; } || requires { &T::template is_connected<B>; };
template <class T, class B>
concept NamesPing = (Heritable<T> && !requires { &Beside<T, ConnectorNames>::ping; }) || requires { &T::ping; } || requires { &T::template ping<B>; };
template <class T, class B>
concept NamesReset = (Heritable<T> && !requires { &Beside<T, ConnectorNames>::reset; }) || requires { &T::reset; } || requires { &T::template reset<B>; };
template <class T, class B>
concept NamesDirty = (Heritable<T> && !requires { &Beside<T, ConnectorNames>::dirty; }) || requires { &T::dirty; } || requires { &T::template dirty<B>; };
template <class T, class B>
concept NamesReusable = (Heritable<T> && !requires { &Beside<T, ConnectorNames>::reusable; }) || requires { &T::reusable; } || requires { &T::template reusable<B>; };
template <class T, class B>
concept NamesInStep = (Heritable<T> && !requires { &Beside<T, ConnectorNames>::in_step; }) || requires { &T::in_step; } || requires { &T::template in_step<B>; };
template <class T, class B>
concept NamesHandleException = (Heritable<T> && !requires { &Beside<T, ConnectorNames>::handle_exception; }) || requires { &T::handle_exception; } || requires { &T::template handle_exception<B>; };
template <class T, class B>
concept NamesLifetime = (Heritable<T> && !requires { &Beside<T, ConnectorNames>::lifetime; }) || requires { &T::lifetime; } || requires { &T::template lifetime<B>; };
template <class T, class B>
concept NamesInvalidate = (Heritable<T> && !requires { &Beside<T, ConnectorNames>::invalidate; }) || requires { &T::invalidate; } || requires { &T::template invalidate<B>; };
template <class T, class B>
concept NamesAbandon = (Heritable<T> && !requires { &Beside<T, ConnectorNames>::abandon; }) || requires { &T::abandon; } || requires { &T::template abandon<B>; };
template <class T, class B>
concept NamesValidate = (Heritable<T> && !requires { &Beside<T, ConnectorNames>::validate; }) || requires { &T::validate; } || requires { &T::template validate<B>; };
template <class T, class B>
concept NamesDescribe = (Heritable<T> && !requires { &Beside<T, ConnectorNames>::describe; }) || requires { &T::describe; } || requires { &T::template describe<B>; };
template <class T, class B>
concept NamesInterrupt = (Heritable<T> && !requires { &Beside<T, ConnectorNames>::interrupt; }) || requires { &T::interrupt; } || requires { &T::template interrupt<B>; };
template <class T, class B>
concept NamesBeforeAcquire = (Heritable<T> && !requires { &Beside<T, ConnectorNames>::before_acquire; }) || requires { &T::before_acquire; } || requires { &T::template before_acquire<B>; };
template <class T, class B>
concept NamesSetPoolName = (Heritable<T> && !requires { &Beside<T, ConnectorNames>::set_pool_name; }) || requires { &T::set_pool_name; } || requires { &T::template set_pool_name<B>; };

// --- the connector's: there as documented, or not there; each a bool, so that a compiler has nothing to say behind the
//     reason ------------------------------------------------------------------------------------------------

template <class C, class B>
inline constexpr bool is_connected_fits = ConnectorTellsConnected<C, B> || (AnswersConnected<connection_t<C, B>> && !NamesIsConnected<C, B>);
template <class C, class B>
inline constexpr bool ping_fits = ConnectorPings<C, B> || !NamesPing<C, B> || !NamesPing<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool reset_fits = ConnectorResets<C, B> || !NamesReset<C, B> || !NamesReset<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool dirty_fits = ConnectorTellsDirty<C, B> || !NamesDirty<C, B> || !NamesDirty<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool reusable_fits = ConnectorTellsReusable<C, B> || !NamesReusable<C, B> || !NamesReusable<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool in_step_fits = ConnectorTellsInStep<C, B> || !NamesInStep<C, B> || !NamesInStep<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool handle_exception_fits = ConnectorHandlesExceptions<C, B> || !NamesHandleException<C, B> || !NamesHandleException<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool lifetime_fits = ConnectorTellsLifetime<C, B> || !NamesLifetime<C, B> || !NamesLifetime<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool invalidate_fits = ConnectorInvalidates<C, B> || !NamesInvalidate<C, B> || !NamesInvalidate<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool abandon_fits = ConnectorAbandons<C, B> || !NamesAbandon<C, B> || !NamesAbandon<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool validate_fits = Validates<C, B> || !NamesValidate<C, B> || !NamesValidate<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool describe_fits = Describes<C, B> || !NamesDescribe<C, B> || !NamesDescribe<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool interrupt_fits = Interrupts<C> || !NamesInterrupt<C, B> || !NamesInterrupt<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool before_acquire_fits = ConnectorVets<C, B> || !NamesBeforeAcquire<C, B> || !NamesBeforeAcquire<wrapped_t<C>, B>;
template <class C, class B>
inline constexpr bool set_pool_name_fits = TakesPoolName<C> || !NamesSetPoolName<C, B> || !NamesSetPoolName<wrapped_t<C>, B>;

// --- the connection's: as documented, or not there, or no business of the pool's --------------------------

// A connector that answers is_connected itself may open whatever there is, std::unique_ptr and its reset() too.
template <class C, class B>
inline constexpr bool answers_for_connection = ConnectorTellsConnected<wrapped_t<C>, B>;
template <class C, class B>
using own_t = connection_t<wrapped_t<C>, B>;

template <class C, class B>
inline constexpr bool own_ping_fits = Pings<C, B> || answers_for_connection<C, B> || !NamesPing<own_t<C, B>, B>;
template <class C, class B>
inline constexpr bool own_reset_fits = Resets<C, B> || answers_for_connection<C, B> || !NamesReset<own_t<C, B>, B>;
template <class C, class B>
inline constexpr bool own_dirty_fits = TellsDirty<C, B> || answers_for_connection<C, B> || !NamesDirty<own_t<C, B>, B>;
template <class C, class B>
inline constexpr bool own_reusable_fits = TellsReusable<C, B> || answers_for_connection<C, B> || !NamesReusable<own_t<C, B>, B>;
template <class C, class B>
inline constexpr bool own_in_step_fits = TellsInStep<C, B> || answers_for_connection<C, B> || !NamesInStep<own_t<C, B>, B>;
template <class C, class B>
inline constexpr bool own_handle_exception_fits = HandlesExceptions<C, B> || answers_for_connection<C, B> || !NamesHandleException<own_t<C, B>, B>;
template <class C, class B>
inline constexpr bool own_lifetime_fits = TellsLifetime<C, B> || answers_for_connection<C, B> || !NamesLifetime<own_t<C, B>, B>;
template <class C, class B>
inline constexpr bool own_invalidate_fits = Invalidates<C, B> || answers_for_connection<C, B> || !NamesInvalidate<own_t<C, B>, B>;
template <class C, class B>
inline constexpr bool own_before_acquire_fits = Vets<C, B> || answers_for_connection<C, B> || !NamesBeforeAcquire<own_t<C, B>, B>;
template <class C, class B>
inline constexpr bool own_abandon_fits = Abandons<C, B> || answers_for_connection<C, B> || !NamesAbandon<own_t<C, B>, B>;

// clang-format on

}  // namespace carpool::inline v0_1::detail

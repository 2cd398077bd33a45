/// What a connector's own types are: its connection on a backend, its target, its verdict.
#pragma once

#include <carpool/time.hpp>

#include <concepts>
#include <variant>

namespace carpool::inline v0_1 {

/// What a connector says of a connection whose user threw.
enum class Verdict {
  keep,   ///< the exception says nothing against the connection: it may be pooled
  close,  ///< the connection may be in any state: close it
};

namespace detail {

// clang-format off
template <class C, class B>
struct ConnectionOf {};
template <class C, class B>
  requires requires { typename C::Connection; }
struct ConnectionOf<C, B> {
  using type = typename C::Connection;
};
template <class C, class B>
  requires requires { typename C::template Connection<B>; }
struct ConnectionOf<C, B> {
  using type = typename C::template Connection<B>;
};

template <class C>
struct TargetOf {
  using type = std::monostate;
};
template <class C>
  requires requires { typename C::Target; }
struct TargetOf<C> {
  using type = typename C::Target;
};
// clang-format on

}  // namespace detail

/// The connection type that connector C opens on backend B.
template <class C, class B>
using connection_t = typename detail::ConnectionOf<C, B>::type;

/// What distinguishes C's endpoints; std::monostate where it has only one.
template <class C>
using target_t = typename detail::TargetOf<C>::type;

namespace detail {

template <class C>
inline constexpr bool has_target = !std::same_as<target_t<C>, std::monostate>;

/// Optional, `static constexpr bool target_is_optional = true` of a connector with targets: Target{} is one that it
/// connects to by itself, and is meant where acquire is given none.
// clang-format off
template <class C>
concept TargetIsOptional = requires { requires C::target_is_optional; };
template <class C>
concept WithoutTargets = !has_target<C> || TargetIsOptional<C>;  // The connector has targets: a member without a leading target cannot know which one is meant
// clang-format on

}  // namespace detail

}  // namespace carpool::inline v0_1

/// Whether a type has a member of some name, of whatever kind: so that one that is written otherwise than documented
/// can be told from one that is not there.
#pragma once

#include <type_traits>

namespace carpool::inline v0_1::detail {

/// Inherits each of Names' data members beside T's. Where T has one of that name too, be it a function, overloaded, a
/// template, static or private, the name is ambiguous here, and its address cannot be taken.
template <class T, class Names>
struct Beside : T, Names {};

template <class T>
concept Heritable = std::is_class_v<T> && !std::is_final_v<T>;

/// What T wraps, as its public type Wrapped says, and what that wraps; T itself where it wraps nothing. A member that a
/// wrapper has only where what it wraps has one is else there by name alone, and would be taken for one written
/// wrongly.
template <class T>
struct WrappedIn {
  using type = T;
};
// clang-format off
template <class T>
  requires requires { typename T::Wrapped; }
struct WrappedIn<T> : WrappedIn<typename T::Wrapped> {};
// clang-format on
template <class T>
using wrapped_t = typename WrappedIn<T>::type;

}  // namespace carpool::inline v0_1::detail

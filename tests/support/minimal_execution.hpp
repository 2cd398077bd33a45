/// As much of P2300 as acquire_sender uses, for machines that have no library of it: names and rules, no algorithms.
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include "minimal_stop_source.hpp"

// NOLINTBEGIN(readability-identifier-naming): the standard's names
namespace minimal_execution {

struct sender_t {};
struct receiver_t {};
struct operation_state_t {};

template <class... Signatures>
struct completion_signatures {};

struct set_value_t {
  template <class Receiver, class... Values>
  void operator()(Receiver&& receiver, Values&&... values) const noexcept {
    static_assert(noexcept(std::forward<Receiver>(receiver).set_value(std::forward<Values>(values)...)));
    static_assert(!std::is_lvalue_reference_v<Receiver>);
    std::forward<Receiver>(receiver).set_value(std::forward<Values>(values)...);
  }
};
struct set_error_t {
  template <class Receiver, class Error>
  void operator()(Receiver&& receiver, Error&& error) const noexcept {
    static_assert(noexcept(std::forward<Receiver>(receiver).set_error(std::forward<Error>(error))));
    static_assert(!std::is_lvalue_reference_v<Receiver>);
    std::forward<Receiver>(receiver).set_error(std::forward<Error>(error));
  }
};
struct set_stopped_t {
  template <class Receiver>
  void operator()(Receiver&& receiver) const noexcept {
    static_assert(noexcept(std::forward<Receiver>(receiver).set_stopped()));
    static_assert(!std::is_lvalue_reference_v<Receiver>);
    std::forward<Receiver>(receiver).set_stopped();
  }
};
inline constexpr set_value_t set_value{};
inline constexpr set_error_t set_error{};
inline constexpr set_stopped_t set_stopped{};

template <class... Queries>
struct env {};
struct get_env_t {
  template <class Provider>
  [[nodiscard]] auto operator()(const Provider& provider) const noexcept {
    if constexpr (requires { provider.get_env(); }) {
      return provider.get_env();
    } else {
      return env<>{};
    }
  }
};
inline constexpr get_env_t get_env{};
template <class Provider>
using env_of_t = decltype(get_env(std::declval<Provider>()));

struct get_scheduler_t {
  template <class Environment>
    requires requires(const Environment& of, get_scheduler_t self) { of.query(self); }
  [[nodiscard]] auto operator()(const Environment& environment) const noexcept {
    return environment.query(*this);
  }
};
struct get_stop_token_t {
  template <class Environment>
  [[nodiscard]] auto operator()(const Environment& environment) const noexcept {
    if constexpr (requires { environment.query(*this); }) {
      return environment.query(*this);
    } else {
      return never_stop_token{};
    }
  }
};
inline constexpr get_scheduler_t get_scheduler{};
inline constexpr get_stop_token_t get_stop_token{};
template <class Environment>
using stop_token_of_t = decltype(get_stop_token(std::declval<Environment>()));
template <class Token, class F>
using stop_callback_for_t = typename Token::template callback_type<F>;

struct connect_t {
  template <class Sender, class Receiver>
    requires std::derived_from<typename std::remove_cvref_t<Sender>::sender_concept, sender_t> &&
             std::derived_from<typename Receiver::receiver_concept, receiver_t>
  [[nodiscard]] auto operator()(Sender&& sender, Receiver receiver) const {
    using Operation = decltype(std::forward<Sender>(sender).connect(std::move(receiver)));
    static_assert(std::derived_from<typename Operation::operation_state_concept, operation_state_t>);
    return std::forward<Sender>(sender).connect(std::move(receiver));
  }
};
inline constexpr connect_t connect{};
template <class Sender, class Receiver>
using connect_result_t = decltype(connect(std::declval<Sender>(), std::declval<Receiver>()));

struct start_t {
  template <class Operation>
  void operator()(Operation& operation) const noexcept {
    static_assert(noexcept(operation.start()));
    operation.start();
  }
};
inline constexpr start_t start{};

struct schedule_t {
  template <class Scheduler>
  [[nodiscard]] auto operator()(Scheduler&& scheduler) const {
    return std::forward<Scheduler>(scheduler).schedule();
  }
};
inline constexpr schedule_t schedule{};
template <class Scheduler>
using schedule_result_t = decltype(schedule(std::declval<Scheduler>()));

/// The sender alone: nobody here connects it.
struct just_t {
  struct Sender {
    using sender_concept = sender_t;
  };
  [[nodiscard]] Sender operator()() const noexcept { return {}; }
};
inline constexpr just_t just{};

}  // namespace minimal_execution
// NOLINTEND(readability-identifier-naming)

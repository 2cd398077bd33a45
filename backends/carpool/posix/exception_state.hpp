/// The C++ runtime's record of the exceptions in flight, one per fiber instead of one per thread.
#pragma once

#include <cxxabi.h>
#if __has_include(<boost/version.hpp>)
#include <boost/version.hpp>
#endif

// libc++'s <cxxabi.h> keeps it to itself. Both runtimes have it, as the ABI wants (section 2.5.2).
namespace __cxxabiv1 {  // NOLINT(bugprone-reserved-identifier)
struct __cxa_eh_globals;
extern "C" __cxa_eh_globals* __cxa_get_globals() noexcept;  // NOLINT(readability-redundant-declaration)
}  // namespace __cxxabiv1

namespace carpool::inline v0_1::detail {

/// The head of __cxa_eh_globals as the Itanium C++ ABI lays it down (section 2.2.2).
struct ExceptionState {
  void* caught = nullptr;
  unsigned int uncaught = 0;

  [[nodiscard]] bool any() const noexcept { return caught != nullptr || uncaught != 0; }
};

/// Boost.Context exchanges this state at each switch from version 1.88 on; done twice, the counters would underflow.
#ifdef BOOST_VERSION
inline constexpr bool boost_exchanges_exception_state = BOOST_VERSION >= 108800;
#else
inline constexpr bool boost_exchanges_exception_state = false;
#endif

/// The running fiber's, without asking the runtime for it anew at each call.
[[nodiscard]] inline ExceptionState& exception_state() noexcept {
  thread_local constinit ExceptionState* state = nullptr;
  if (state == nullptr) state = reinterpret_cast<ExceptionState*>(__cxxabiv1::__cxa_get_globals());
  return *state;
}

/// std::uncaught_exceptions() for a fifth of the price.
[[nodiscard]] inline int uncaught_exceptions() noexcept { return static_cast<int>(exception_state().uncaught); }

/// To be called at each switch. Without it a fiber that is suspended in a catch block finds, when it goes on, the
/// exception that another fiber caught meanwhile, or one that is already freed.
inline void exchange_exception_state(ExceptionState& leaving, const ExceptionState& coming) noexcept {
  if constexpr (boost_exchanges_exception_state) return;
  ExceptionState& running = exception_state();
  leaving = running;
  running = coming;
}

}  // namespace carpool::inline v0_1::detail

/// Workers that can be interrupted while they wait, as boost::threads can; where they cannot, nothing.
#pragma once

#include <carpool/errors.hpp>

#include <new>
#include <system_error>

namespace carpool::inline v0_1::detail {

/// What such a backend has: Interruption, the exception that ends a wait; Uninterrupted, an object in whose lifetime
/// its worker's waits are no interruption points; interrupt_again(), for a worker that has caught an Interruption and
/// cannot let it pass.
template <class Backend>
concept Interruptible = requires {
  typename Backend::Interruption;
  typename Backend::Uninterrupted;
  Backend::interrupt_again();
};

template <class Backend>
struct InterruptionsOf {
  struct Interruption {};  // nobody throws it
  struct Uninterrupted {
    Uninterrupted() noexcept {}  // NOLINT(modernize-use-equals-default): else it would be an unused variable
  };
  static void interrupt_again() noexcept {}
};
template <Interruptible Backend>
struct InterruptionsOf<Backend> {
  using Interruption = typename Backend::Interruption;
  using Uninterrupted = typename Backend::Uninterrupted;
  static void interrupt_again() noexcept { Backend::interrupt_again(); }
};

/// For what must come to its end, and must not throw, whatever others ask of its worker meanwhile.
template <class Backend>
using Uninterrupted = typename InterruptionsOf<Backend>::Uninterrupted;

/// Inside a catch block: the code of what was caught. An interruption is asked for again, because who gets a code does
/// not stop as an exception would have stopped it: its next interruption point will.
template <class Backend>
[[nodiscard]] std::error_code code_of_caught() noexcept {
  using Interruptions = InterruptionsOf<Backend>;
  try {
    throw;
  } catch (const PoolError& error) {
    return error.code();
  } catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
  } catch (const std::system_error& error) {
    return error.code();
  } catch (const typename Interruptions::Interruption&) {
    Interruptions::interrupt_again();
    return PoolErrc::interrupted;
  } catch (...) {  // thrown by a connector's or a target's own member: it has no code
    return std::make_error_code(std::errc::operation_canceled);
  }
}

}  // namespace carpool::inline v0_1::detail

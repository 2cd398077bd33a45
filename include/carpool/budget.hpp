/// Lets the other workers of a thread have their turn while one finds all that it asks for there at once.
#pragma once

namespace carpool::inline v0_1 {

/// What one request and its answer take of a worker's budget: as much as one turn allows.
inline constexpr unsigned budget_of_exchange = 2;

/// A connector calls it before an operation that may end without Backend::wait: before a write or a read 1, before a
/// library's call that does both budget_of_exchange. Where the workers of a thread share it (FiberBackend), a worker
/// that has used up its turn's budget lets the others go on first; a worker that has to wait begins a new turn anyway.
/// Never suspends while an exception is in flight or being handled. Elsewhere it does nothing.
template <class Backend>
void consume_budget(unsigned operations = 1) noexcept {
  if constexpr (requires { Backend::consume_budget(operations); }) Backend::consume_budget(operations);
}

}  // namespace carpool::inline v0_1

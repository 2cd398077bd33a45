/// The connection of a temporary lease, for the rest of its statement: programs have -> for that.
#pragma once

template <class Lease>
[[nodiscard]] auto& held_by(const Lease& lease) noexcept {
  return *lease;
}

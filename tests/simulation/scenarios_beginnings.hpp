/// How scenarios begin, where that is not what they are about: depth-first tries one schedule of it.
#pragma once

#include "simulation_scene.hpp"

/// A connection that is out when the scenario begins.
template <class B, class S>
[[nodiscard]] typename S::Lease taken_before(S& scene) {
  const auto start = unsearched<B>();
  return scene.pool().acquire();
}

/// One that is idle then.
template <class B, class S>
void used_before(S& scene, carpool::Duration ago = carpool::Duration::zero()) {
  const auto start = unsearched<B>();
  scene.use(0s);
  advance_time<B>(ago);
}

/// For a deep search: the pool's own tasks go on only where no caller can. That is so in every kind of search, so a
/// scenario has this as a variant only.
template <class B, bool callers_first>
void maybe_callers_first() {
  if constexpr (callers_first) others_come_last<B>();
}

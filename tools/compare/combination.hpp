/// One choice of policies, and the choices that a run goes through.
#pragma once

#include "axes.hpp"

#include <string>
#include <vector>

namespace carpool::compare {

/// The policies of one pool.
struct Combination {
  BackendKind backend = BackendKind::thread;
  QueueKind queue = QueueKind::lifo;
  EvictionKind eviction = EvictionKind::standard;

  friend bool operator==(const Combination&, const Combination&) = default;
};

/// "fiber + lifo", and the eviction where it is not the default one.
[[nodiscard]] inline std::string to_string(const Combination& combination) {
  auto text = std::string(name_of(combination.backend)) + " + " + std::string(name_of(combination.queue));
  if (combination.eviction != EvictionKind::standard) text += " + " + std::string(name_of(combination.eviction));
  return text;
}

/// Which values of each axis take part; an empty axis means its default set.
struct Selection {
  std::vector<BackendKind> backends;
  std::vector<QueueKind> queues;
  std::vector<EvictionKind> evictions;
};

template <class Kind>
[[nodiscard]] std::vector<Kind> all_kinds() {
  std::vector<Kind> kinds;
  for (const auto& entry : names_of(Kind{})) kinds.push_back(entry.kind);
  return kinds;
}

/// All backends and queues with the default eviction, where the user named none.
[[nodiscard]] inline Selection with_defaults(Selection selection) {
  if (selection.backends.empty()) selection.backends = all_kinds<BackendKind>();
  if (selection.queues.empty()) selection.queues = all_kinds<QueueKind>();
  if (selection.evictions.empty()) selection.evictions = {EvictionKind::standard};
  return selection;
}

/// Every combination of a selection, ordered by backend, queue, eviction.
[[nodiscard]] inline std::vector<Combination> combinations_of(const Selection& chosen) {
  std::vector<Combination> all;
  const auto add_evictions = [&](BackendKind backend, QueueKind queue) {
    for (const auto eviction : chosen.evictions) all.push_back({backend, queue, eviction});
  };
  for (const auto backend : chosen.backends) {
    for (const auto queue : chosen.queues) add_evictions(backend, queue);
  }
  return all;
}

}  // namespace carpool::compare

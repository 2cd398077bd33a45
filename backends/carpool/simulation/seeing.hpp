/// What a task of a simulation sees of what others stored: the inner workings of Simulation.
#pragma once

#include <carpool/simulation/run.hpp>
#include <carpool/simulation/words.hpp>

#include <string>
#include <vector>

namespace carpool::inline v0_1 {

/// A word that is about to go has no use for delayed stores.
inline void Simulation::forget_word(const void* word) noexcept {
  for (auto& task : tasks_) std::erase_if(task->stores, [&](const auto& store) { return store.word == word; });
}

/// What the running task sees of its own stores to this word; an invariant sees everybody's.
inline const detail::DelayedStore* Simulation::delayed_store(const void* word) const noexcept {
  const detail::DelayedStore* found = self_->delayed_store(word);
  if (!inspecting_) return found;
  for (const auto& task : tasks_) {
    if (found == nullptr) found = task->delayed_store(word);
  }
  return found;
}

inline void Simulation::delay(detail::DelayedStore store) {
  constexpr std::size_t room = 8;
  if (self_->stores.empty()) self_->stores.reserve(room + 1);
  store.made_at = self_->operations;
  self_->stores.push_back(store);
  if (self_->stores.size() > room) self_->flush_one();
}

/// Which of so many messages a load sees; 0 is the latest.
inline std::size_t Simulation::choose_message(std::size_t count) {
  if (count < 2) return 0;
  ++step_;
  const bool searched = unsearched_ == 0 || options_.search != SimulationSearch::depth_first;
  if (!searched || strategy_.indifferent(step_, true)) return 0;
  using Kind = detail::SimulatedAlternative::Kind;
  alternatives_.assign(count, {Kind::stale, self_->id});
  alternatives_[0].kind = Kind::run;
  const std::size_t choice = strategy_.choose({alternatives_, true, step_, 1});
  if (choice == 0) return 0;
  trace_.add(step_, choice);
  hash_ = (hash_ ^ choice) * 1099511628211U;
  if (tells_) tell("it sees an old value, " + std::to_string(choice) + " before the latest");
  return choice;
}

/// Whether what is done there is done without that.
inline bool Simulation::weakens(Operation operation, const SourceLocation& site, const char* order) {
  if (options_.orders == nullptr || inspecting_) return false;
  return options_.orders->weakens(detail::words_for(site).substr(3) + " " + std::string(detail::to_string(operation)) +
                                  " " + order);
}

}  // namespace carpool::inline v0_1

/// What wakes a pool's reaper, and nothing else of it.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/time.hpp>

#include <concepts>

namespace carpool::inline v0_1::detail {

/// A backend may have a ReaperService: its Client has `virtual TimePoint step() noexcept`, which the service calls when
/// it has been called for, and at the latest at the time that step() returned last.
template <class Backend>
concept ServesReapers = requires(typename Backend::ReaperService::Client& client) {
  Backend::ReaperService::enroll(client);
  { Backend::ReaperService::dismiss(client) } noexcept;
  { client.call() } noexcept -> std::same_as<typename Backend::Wakeup>;
};

/// Of a reaper that is a task of its own.
template <class Backend>
struct ParkedReaper {
  /// By any worker.
  [[nodiscard]] auto call() noexcept { return parking.unpark(); }

  typename Backend::ParkingSlot parking;  // the reaper's own
};

template <class Backend>
struct ReaperSignalOf {
  using type = ParkedReaper<Backend>;
};
template <ServesReapers Backend>
struct ReaperSignalOf<Backend> {
  using type = typename Backend::ReaperService::Client;
};

template <class Backend>
using ReaperSignal = typename ReaperSignalOf<Backend>::type;

}  // namespace carpool::inline v0_1::detail

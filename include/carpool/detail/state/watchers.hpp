/// Those who wait for the pool as a whole: drain for the last lease, prewarm for its connections.
#pragma once

#include <carpool/detail/state/wakeups.hpp>

#include <utility>

namespace carpool::inline v0_1::detail {

/// On the stack of its caller; the link is used under the pool's lock.
template <class Types>
struct Watcher {
  typename Types::Backend::ParkingSlot parking;
  Watcher* next = nullptr;
};

/// All under the pool's lock. Every change rouses every watcher: there are few, and each knows what it waits for.
template <class Types>
class Watchers {
 public:
  using Watcher = detail::Watcher<Types>;

  void add(Watcher& watcher) noexcept { watcher.next = std::exchange(first_, &watcher); }
  void remove(Watcher& watcher) noexcept {
    Watcher** link = &first_;
    while (*link != &watcher) link = &(*link)->next;
    *link = watcher.next;
  }
  void rouse(Wakeups<typename Types::Backend>& wakeups) noexcept {
    for (Watcher* watcher = first_; watcher != nullptr; watcher = watcher->next) {
      wakeups.add(watcher->parking.unpark());
    }
  }

 private:
  Watcher* first_ = nullptr;
};

}  // namespace carpool::inline v0_1::detail

/// How far a pool has got with its end: how long goodbyes may still take, and whether its policies may be called.
#pragma once

#include <carpool/detail/settings.hpp>
#include <carpool/detail/state/pool_slot.hpp>

#include <algorithm>
#include <cstdint>

namespace carpool::inline v0_1::detail {

/// Written under the pool's lock; read by any worker, perhaps a moment late.
template <class Types>
class PoolEnd {
 public:
  using Backend = typename Types::Backend;
  using Calls = typename Types::Calls;

  [[nodiscard]] bool forked() const noexcept { return fork_generation_ != Backend::fork_generation(); }
  /// Either this is a forked child, or the ConnectionPool is gone: then leases end in another way. One look for both,
  /// because each lease makes it.
  [[nodiscard]] bool stranded() const noexcept { return lives_in_.get() != Backend::fork_generation(); }
  /// The ConnectionPool is gone: the policies must not be called any more.
  [[nodiscard]] bool owner_gone() const noexcept { return lives_in_.get() == nowhere; }

  /// The pool closes, or begins to drain.
  void begin() noexcept {
    if (ended_at_.get() == never) ended_at_.set(Backend::now());
  }
  void owner_goes() noexcept { lives_in_.set(nowhere); }

  /// Without the lock. The connections that are closed because the pool ends have one deadline, however many they are
  /// and however few background workers say their goodbyes; what comes too late for it goes without a word. `limit` is
  /// the caller's own deadline, where it is the caller who closes.
  void say_goodbye([[maybe_unused]] const Settings<Types>& settings, [[maybe_unused]] PoolSlot<Types>& slot,
                   [[maybe_unused]] TimePoint limit) const noexcept {
    if constexpr (Calls::invalidates) {
      const TimePoint now = Backend::now();
      const TimePoint ended = ended_at_.get();
      const TimePoint begun = ended == never ? now : std::max(ended, slot.idle_since);
      const TimePoint deadline = std::min(limit, after(begun, settings.options.close_timeout));
      if (now >= deadline || !Calls::is_connected(settings.connector, *slot.connection)) return;
      Calls::invalidate(settings.connector, *slot.connection, deadline);
    }
  }

 private:
  static constexpr std::uint64_t nowhere = ~std::uint64_t{0};  // no generation of a process

  const std::uint64_t fork_generation_ = Backend::fork_generation();
  Relaxed<Backend, std::uint64_t> lives_in_{fork_generation_};  // the same, until the ConnectionPool goes
  Relaxed<Backend, TimePoint> ended_at_{never};                 // never: it has not ended
};

}  // namespace carpool::inline v0_1::detail

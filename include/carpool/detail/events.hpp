/// Tells an observer what happened, if it has the member; nothing, at no cost, if it has not.
#pragma once

#include <carpool/observer.hpp>

#include <cstdint>
#include <exception>
#include <string_view>
#include <type_traits>

namespace carpool::inline v0_1::detail {

/// Of a connection: in the fullest form that the observer has.
template <class Tell, class Observer, class... Args>
void tell_of_connection(Observer& o, const ConnectionInfo& info, [[maybe_unused]] attachment_t<Observer>& attachment,
                        const Args&... args) noexcept {
  if constexpr (hears_with_attachment<Tell, Observer, const Args&...>) {
    Tell()(o, args..., info, attachment);
  } else if constexpr (hears_with_info<Tell, Observer, const Args&...>) {
    Tell()(o, args..., info);
  } else if constexpr (hears_of_connection<Tell, Observer, const Args&...>) {
    Tell()(o, args..., info.id);
  }
}
template <class Tell, class Observer, class... Args>
void tell_of_pool(Observer& o, const PoolInfo& info, const Args&... args) noexcept {
  if constexpr (std::is_invocable_v<Tell, Observer&, const Args&..., const PoolInfo&>) {
    Tell()(o, args..., info);
  } else if constexpr (std::is_invocable_v<Tell, Observer&, const Args&...>) {
    Tell()(o, args...);
  }
}
template <class Observer>
void tell_acquire_failed(Observer& o, const PoolInfo& info, AcquireFailure why, Duration waited) noexcept {
  if constexpr (hears_of_pool<TellAcquireFailedAfter, Observer, AcquireFailure, Duration>) {
    tell_of_pool<TellAcquireFailedAfter>(o, info, why, waited);
  } else {
    tell_of_pool<TellAcquireFailed>(o, info, why);
  }
}
template <class Observer>
void tell_connection_failed(Observer& o, const ConnectionInfo& info, attachment_t<Observer>& attachment,
                            std::string_view why, const std::exception_ptr& cause, Duration took) noexcept {
  if constexpr (hears_failure_whole<Observer>) {
    tell_of_connection<TellConnectionFailed>(o, info, attachment, why, cause, took);
  } else if constexpr (hears_failure_text<Observer>) {
    tell_of_connection<TellConnectionFailedBy>(o, info, attachment, why, took);
  } else {
    tell_of_connection<TellConnectionFailedBy>(o, info, attachment, cause, took);
  }
}
/// The lease is another worker's: so its connection's attachment is not to be had.
template <class Observer>
void tell_leak_suspected(Observer& o, const ConnectionInfo& info, const SourceLocation& site, Duration age) noexcept {
  if constexpr (std::is_invocable_v<TellLeakSuspected, Observer&, const SourceLocation&, Duration,
                                    const ConnectionInfo&>) {
    TellLeakSuspected()(o, site, age, info);
  } else if constexpr (hears_leak_suspected<Observer>) {
    TellLeakSuspected()(o, site, age);
  }
}

/// A pool's: with its settings, and the slot that is spoken of.
template <class Observer>
struct Events {
  static constexpr bool wants_wait = hears_acquired<Observer>;
  static constexpr bool wants_held = hears_released<Observer>;
  static constexpr bool wants_leaks = hears_leak_suspected<Observer>;
  static constexpr bool wants_failures = hears_acquire_failed<Observer>;
  static constexpr bool wants_connection_info = detail::wants_connection_info<Observer>;

  template <class Settings>
  static void acquire_started(Settings& pool) noexcept {
    tell_of_pool<TellAcquireStarted>(pool.observer, pool.info());
  }
  template <class Settings, class Slot>
  static void acquired(Settings& pool, Slot& slot, Duration wait) noexcept {
    tell<TellAcquired>(pool, slot, wait);
  }
  template <class Settings>
  static void acquire_failed(Settings& pool, AcquireFailure why, Duration waited) noexcept {
    tell_acquire_failed(pool.observer, pool.info(), why, waited);
  }
  template <class Settings, class Slot>
  static void released(Settings& pool, Slot& slot, Duration held) noexcept {
    tell<TellReleased>(pool, slot, held);
  }
  template <class Settings, class Slot>
  static void connection_created(Settings& pool, Slot& slot) noexcept {
    tell<TellConnectionCreated>(pool, slot);
  }
  template <class Settings, class Slot>
  static void connection_ready(Settings& pool, Slot& slot, Duration took) noexcept {
    tell<TellConnectionReady>(pool, slot, took);
  }
  template <class Settings, class Slot>
  static void connection_failed(Settings& pool, Slot& slot, std::string_view why, const std::exception_ptr& cause,
                                Duration took) noexcept {
    NoAttachment none;
    tell_connection_failed(pool.observer, info_of(pool, slot), attachment_of(slot, none), why, cause, took);
  }
  template <class Settings, class Slot>
  static void connection_closed(Settings& pool, Slot& slot, CloseReason reason) noexcept {
    tell<TellConnectionClosed>(pool, slot, reason);
  }
  template <class Settings>
  static void pool_ready(Settings& pool) noexcept {
    tell_of_pool<TellPoolReady>(pool.observer, pool.info());
  }
  template <class Settings>
  static void pool_cleared(Settings& pool) noexcept {
    tell_of_pool<TellPoolCleared>(pool.observer, pool.info());
  }
  template <class Settings>
  static void pool_closed(Settings& pool) noexcept {
    tell_of_pool<TellPoolClosed>(pool.observer, pool.info());
  }
  template <class Settings>
  static void leak_suspected(Settings& pool, const ConnectionInfo& info, const SourceLocation& site,
                             Duration age) noexcept {
    tell_leak_suspected(pool.observer, info, site, age);
  }

  template <class Settings, class Slot>
  [[nodiscard]] static ConnectionInfo info_of(const Settings& pool, const Slot& slot) noexcept {
    if constexpr (wants_connection_info) {
      return {slot.id, pool.options.name, slot.observed.server};
    } else {
      return {slot.id, {}, {}};
    }
  }

 private:
  template <class Tell, class Settings, class Slot, class... Args>
  static void tell(Settings& pool, Slot& slot, const Args&... args) noexcept {
    NoAttachment none;
    tell_of_connection<Tell>(pool.observer, info_of(pool, slot), attachment_of(slot, none), args...);
  }
  template <class Slot>
  [[nodiscard]] static attachment_t<Observer>& attachment_of([[maybe_unused]] Slot& slot,
                                                             [[maybe_unused]] NoAttachment& none) noexcept {
    if constexpr (has_attachment<Observer>) {
      return slot.observed.attachment;
    } else {
      return none;
    }
  }
};

}  // namespace carpool::inline v0_1::detail

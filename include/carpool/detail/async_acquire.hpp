/// An acquire that no worker sleeps for: it looks when it is resumed, and says when it is over.
#pragma once

#include <carpool/continuation.hpp>
#include <carpool/detail/acquire.hpp>
#include <carpool/detail/exceptions_in_flight.hpp>
#include <carpool/lease.hpp>

#include <atomic>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace carpool::inline v0_1::detail {

/// ready() may be called once, and where it is false, or was not called, begin() once; where that is false, proceed()
/// once for each time that the continuation was resumed, until one is true; then take() once. Where begin() or
/// proceed() is false, the continuation may have been resumed already, and *this be gone. All three run what users
/// wrote (is_connected, matches, an eviction), but no connect, ping or goodbye, and they wait for nobody.
template <class Types>
class AsyncAcquire {
 public:
  using Backend = typename Types::Backend;
  using Lifecycle = detail::Lifecycle<Types>;
  using PoolSlot = detail::PoolSlot<Types>;
  using Target = typename Types::Target;

  static_assert(Backend::concurrent,
                "An acquire that nobody sleeps for needs a backend that connects in the background");

  AsyncAcquire(Lifecycle& pool, Target target, Timeout<Backend> timeout, const SourceLocation& site,
               Continuation& continuation)
      : pool_(pool), target_(std::move(target)), timeout_(timeout), site_(site), continuation_(continuation) {}
  AsyncAcquire(const AsyncAcquire&) = delete;
  AsyncAcquire& operator=(const AsyncAcquire&) = delete;
  /// What is over, and was not taken, is given back; what has been told to begin is told to end.
  ~AsyncAcquire() {
    if (!told_) return;
    if (slot_ != nullptr) {
      slot_->exceptions =
          static_cast<std::uint8_t>(exceptions_in_flight<Backend>());  // nobody has used it: they say nothing about it
      static_cast<void>(carpool::Lease<LeaseReturn<Types>>(take()));
    } else if (!pool_.forked()) {
      wait_.reset();
      tell_failure();
    }
  }

  /// True: a connection was there.
  [[nodiscard]] bool ready() noexcept {
    tell_beginning();
    return over([&] { return Acquire<Types>::take_if_ready(pool_, target_, site_); });
  }
  [[nodiscard]] bool begin() noexcept {
    if (!told_) tell_beginning();
    settings_ = pool_.keep_settings();
    wait_.emplace(pool_, target_, timeout_, site_, &continuation_);
    begun_.store(true, std::memory_order_seq_cst);  // (1)
    if (called_off_.load(std::memory_order_seq_cst)) wait_->call_off();
    return over([&] { return wait_->look(false); });
  }
  [[nodiscard]] bool proceed() noexcept {
    return over([&] {
      if (pool_.forked()) throw_called_off(pool_.settings().options);
      return wait_->look(true);
    });
  }
  /// By any worker, until take() begins. Either this sees (1), or begin() sees that it was called off.
  void call_off() noexcept {
    called_off_.store(true, std::memory_order_seq_cst);
    if (begun_.load(std::memory_order_seq_cst) && !pool_.forked()) wait_->call_off();
  }
  /// Of one that has begun and is not over. True: the continuation will not be resumed any more, and *this may go.
  /// False: it has been handed out.
  [[nodiscard]] bool withdraw() noexcept { return pool_.forked() || wait_->withdraw(); }

  /// Throws what the acquire ended with.
  [[nodiscard]] PoolSlot& take() {
    wait_.reset();  // passes on what it was given, and may be the end of the core
    if (error_ != nullptr) {
      tell_failure();
      std::rethrow_exception(std::exchange(error_, nullptr));
    }
    told_ = false;
    PoolSlot& slot = *std::exchange(slot_, nullptr);  // keeps the core alive
    if constexpr (Events::wants_wait) Events::acquired(pool_.settings(), slot, timeout_.waited());
    return slot;
  }

 private:
  using Events = detail::Events<typename Types::Observer>;
  using Flag = typename Backend::template Atomic<bool>;

  /// False: *this may be gone.
  template <class Look>
  [[nodiscard]] bool over(Look look) noexcept {
    try {
      PoolSlot* const slot = look();
      if (slot == nullptr) return false;
      slot_ = slot;
    } catch (...) {
      error_ = std::current_exception();
      if (settings_ == nullptr) settings_ = pool_.keep_settings();
    }
    return true;
  }
  void tell_beginning() noexcept {
    told_ = true;
    Events::acquire_started(pool_.settings());
  }
  void tell_failure() noexcept {
    told_ = false;
    if constexpr (Events::wants_failures) {
      const auto settings = settings_ != nullptr ? settings_ : pool_.keep_settings();
      if (!settings->owner_gone.get()) Events::acquire_failed(*settings, why(), timeout_.waited());
    }
  }
  [[nodiscard]] AcquireFailure why() const noexcept {
    try {
      if (error_ != nullptr) std::rethrow_exception(error_);
    } catch (const PoolError& error) {
      return failure_of(error);
    } catch (...) {
    }
    return AcquireFailure::interrupted;
  }

  Lifecycle& pool_;
  const Target target_;
  Timeout<Backend> timeout_;
  const SourceLocation site_;
  Continuation& continuation_;
  bool told_ = false;  // of its beginning, and not of its end yet
  Flag begun_{false};
  Flag called_off_{false};
  PoolSlot* slot_ = nullptr;
  std::exception_ptr error_;
  std::shared_ptr<Settings<Types>> settings_;  // the core may be gone when this has failed
  std::optional<AcquireWait<Types>> wait_;
};

}  // namespace carpool::inline v0_1::detail

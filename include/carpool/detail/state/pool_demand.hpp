/// The part of the books that knows how much there may be: whether the pool serves at all, how many connections it may
/// have, how many are wanted, and which connect comes next.
#pragma once

#include <carpool/detail/cache/cache_switch.hpp>
#include <carpool/detail/state/instant.hpp>
#include <carpool/pool_options.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace carpool::inline v0_1::detail {

/// All under the pool's lock.
template <class Types>
class PoolDemand : public CacheSwitch<Types> {
  using Books = CacheSwitch<Types>;

 public:
  using typename Books::Backend;
  using typename Books::Endpoint;
  using typename Books::PoolSlot;
  using Instant = detail::Instant<Backend>;

  PoolDemand(const PoolOptions& options, WorkerCache<Types>& cache, bool may_cache)
      : Books(options, cache, may_cache), options_(options) {
    resize(options.max_size);
  }

  // --- the pool as a whole -----------------------------------------------------------------------------

  [[nodiscard]] bool serving() const noexcept { return (gate_ & ~prewarming_bit) == 0; }
  [[nodiscard]] bool closed() const noexcept { return (gate_ & closed_bit) != 0; }
  [[nodiscard]] bool full() const noexcept { return lasting() >= max_size_; }
  [[nodiscard]] bool over_size() const noexcept { return lasting() > max_size_; }
  [[nodiscard]] bool finished() const noexcept { return (gate_ & (closed_bit | draining_bit)) != 0; }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
  [[nodiscard]] std::size_t max_size() const noexcept { return max_size_; }

  void suspend() noexcept { gate_ |= suspended_bit; }
  /// Two steps, so that an observer can be told between them: from the first on nothing is suspended any more, but the
  /// pool serves only after the last of those who resume it has been through the second. False: there is nothing to
  /// resume.
  [[nodiscard]] bool begin_resuming() noexcept {
    if ((gate_ & suspended_bit) == 0 || finished()) return false;
    gate_ = (gate_ & ~suspended_bit) + one_resuming;
    return true;
  }
  void resume() noexcept {
    gate_ -= one_resuming;
    allow_probes();
  }
  void retire_all() noexcept {
    this->new_generation();
    allow_probes();
  }
  void drain() noexcept { gate_ |= draining_bit; }
  void close() noexcept { gate_ |= closed_bit; }
  void resize(std::size_t max_size) noexcept {
    max_size_ = max_size;
    most_idle_ = std::min(max_size, options_.max_idle.value_or(max_size));
  }

  // --- connects ----------------------------------------------------------------------------------------

  /// The endpoint whose connect should start now, in a free slot or in one that make_room() yields; null if none.
  [[nodiscard]] Endpoint* next_to_connect() noexcept {
    if (!serving()) return nullptr;
    if constexpr (!has_target<typename Types::Connector>) {
      Instant now;
      planner_.sort_in(endpoints_.sole(), now);
    }
    const bool free = has_free_slot();
    const bool for_idle = free && has_room_for_more_idle();
    if (asks_ > 0 && !for_idle) forget_asks();
    return planner_.next({free || may_make_room(), for_idle, probes_ < most_probes()});
  }
  [[nodiscard]] bool has_free_slot() const noexcept { return slots_.occupied() < max_size_; }
  /// For a waiter of another endpoint.
  void make_room() noexcept { this->put_closing(*idle_ages_.oldest_unneeded(), CloseReason::surplus); }

  /// Law 15: while the circuit is open no caller waits for a connect that may not start.
  [[nodiscard]] bool circuit_open(Endpoint& endpoint, Instant& now) noexcept {
    return endpoint.breaker.open(now) && endpoint.connecting == 0 && endpoint.idle.size() == 0 &&
           (has_free_slot() || idle_ages_.oldest_unneeded() != nullptr);
  }
  /// Somebody who does not wait would like one connection more, if a connect could start now.
  void ask_for_one(Endpoint& endpoint, Instant& now) noexcept {
    const bool may_start = serving() && max_size_ - std::min(max_size_, slots_.occupied()) > asks_ &&
                           has_room_for_more_idle() && !endpoint.breaker.pausing(now);
    if (!may_start || deficit(endpoint.demand()) > 0 || endpoint.idle.size() > 0) return;
    endpoint.asked = true;
    ++asks_;
    planner_.update(endpoint);
  }
  void answer(Endpoint& endpoint) noexcept {
    if (std::exchange(endpoint.asked, false)) --asks_;
  }
  /// After its idle targets have changed.
  void recompute_idle_target(Endpoint& endpoint) noexcept {
    endpoint.idle_target = std::max(options_.min_idle, endpoint.greatest_idle_target());
    planner_.update(endpoint);
  }
  /// While a prewarm wants idle connections, each that is taken must be noticed: so none is taken on the fast path.
  void begin_prewarm() noexcept { ++prewarms_, gate_ |= prewarming_bit; }
  void end_prewarm() noexcept {
    if (--prewarms_ == 0) gate_ &= ~prewarming_bit;
  }
  /// Those that were dead for long, and that nobody asks for, go; finish_close(failure) gets what their connectors
  /// threw, whose end is the user's code. Returns when to look again.
  template <class FinishClose>
  [[nodiscard]] TimePoint forget_dead(TimePoint now, FinishClose finish_close) {
    while (Endpoint* const endpoint = planner_.first_remembered()) {
      if (now < endpoint->forget_at(options_)) return endpoint->forget_at(options_);
      finish_close(std::move(endpoint->failure));
      planner_.remove(*endpoint);
      endpoints_.drop(*endpoint);
    }
    return never;
  }

 protected:
  using Books::endpoints_, Books::slots_, Books::planner_, Books::idle_ages_, Books::probes_;

  [[nodiscard]] bool is_uncontended() const noexcept { return (gate_ | waiting_) == 0; }
  [[nodiscard]] bool suspended() const noexcept { return gate_ >= suspended_bit; }
  [[nodiscard]] bool draining() const noexcept { return (gate_ & draining_bit) != 0; }
  [[nodiscard]] bool has_room_for_idle(const Endpoint& endpoint) const noexcept {
    if (!endpoint.waiters.empty()) return true;  // it will not stay idle
    return slots_.count(SlotState::idle) < most_idle_ && !over_size();
  }
  [[nodiscard]] bool keeps_all_idle() const noexcept { return most_idle_ == max_size_; }
  const PoolOptions& options_;
  std::size_t waiting_ = 0;  // in all lines

 private:
  static constexpr std::size_t closed_bit = 1, draining_bit = 2, prewarming_bit = 4, suspended_bit = 8;
  static constexpr std::size_t one_resuming = 16;  // the bits above these count those between the steps of resuming

  /// What was true of the servers, or of our credentials, may be so no more.
  void allow_probes() noexcept {
    endpoints_.for_each([this](Endpoint& endpoint) {
      endpoint.breaker.allow();
      planner_.update(endpoint);
    });
  }

  /// How many there will be when what is being closed is gone.
  [[nodiscard]] std::size_t lasting() const noexcept { return slots_.occupied() - slots_.count(SlotState::closing); }
  [[nodiscard]] bool has_room_for_more_idle() const noexcept {
    return slots_.count(SlotState::idle) + slots_.count(SlotState::connecting) < most_idle_;
  }
  /// As many are closed at once as there are waiters for whom no slot is free or becoming so.
  [[nodiscard]] bool may_make_room() noexcept {
    return planner_.shortage() > slots_.count(SlotState::closing) && !over_size() &&
           idle_ages_.oldest_unneeded() != nullptr;
  }
  /// Connects to endpoints in trouble may last as long as connect_timeout, and fail: half of the slots are not theirs.
  [[nodiscard]] std::size_t most_probes() const noexcept { return std::max<std::size_t>(1, max_size_ / 2); }
  /// A try_acquire asks for now: where there is no room any more, that is forgotten.
  void forget_asks() noexcept {
    planner_.for_each_wanting_idle([this](Endpoint& endpoint) {
      answer(endpoint);
      planner_.update(endpoint);
      this->drop_if_unused(endpoint);
    });
  }

  std::size_t asks_ = 0;      // endpoints that are asked for one more
  std::size_t prewarms_ = 0;  // prewarms under way
  std::size_t gate_ =
      0;  // the bits above, which stop serving; as wide as waiting_, so that is_uncontended() is one test
  std::size_t max_size_ = 0;
  std::size_t most_idle_ = 0;  // max_idle, or max_size if that is less
};

}  // namespace carpool::inline v0_1::detail

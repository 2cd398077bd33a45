/// The part of the books that knows how much there may be: whether the pool serves at all, how many connections it may
/// have, how many are wanted, and which connect comes next.
#pragma once

#include <carpool/detail/instant.hpp>
#include <carpool/detail/seat_books.hpp>
#include <carpool/pool_options.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace carpool::detail {

/// All under the pool's lock.
template <class Types>
class DemandBooks : public SeatBooks<Types> {
  using Books = SeatBooks<Types>;

 public:
  using typename Books::Backend;
  using typename Books::Endpoint;
  using typename Books::Place;
  using Instant = detail::Instant<Backend>;

  DemandBooks(const PoolOptions& options, Seats<Types>& seats, bool may_seat)
      : Books(seats, may_seat), options_(options) {
    resize(options.max_size);
  }

  // --- the pool as a whole -----------------------------------------------------------------------------

  [[nodiscard]] bool serving() const noexcept { return gate_ == 0; }
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

  /// Whether it is worth looking for one that may start: some endpoint may want it, and max_connecting allows it.
  [[nodiscard]] bool wants_connects() const noexcept {
    return waiting_ + wanted_idle_ > 0 && serving() && ledger_.count(PlaceState::connecting) < options_.max_connecting;
  }
  /// The endpoint whose connect should start now, the one whose first waiter has waited longest; null if none.
  [[nodiscard]] Endpoint* next_to_connect() noexcept {
    if (!wants_connects()) return nullptr;
    Instant now;
    Endpoint* best = nullptr;
    endpoints_.for_each([&](Endpoint& endpoint) {
      if (may_connect(endpoint, now) && (best == nullptr || before(endpoint, *best))) best = &endpoint;
    });
    return best;
  }
  [[nodiscard]] bool has_free_place() const noexcept { return ledger_.occupied() < max_size_; }

  /// The idle connection of another endpoint that has been idle longest and that nobody there waits for.
  [[nodiscard]] Place* least_needed_elsewhere(const Endpoint& endpoint) noexcept {
    if constexpr (!has_target<typename Types::Connector>) {
      return nullptr;
    } else {
      Place* least = nullptr;
      for (Place& place : ledger_) {
        if (place.state != PlaceState::idle || place.endpoint == &endpoint || !place.endpoint->line.empty()) continue;
        if (least == nullptr || place.idle_since < least->idle_since) least = &place;
      }
      return least;
    }
  }
  /// Law 15: while the breaker is open nobody waits for a connect that may not start.
  [[nodiscard]] bool hopeless(Endpoint& endpoint, Instant& now) noexcept {
    return endpoint.breaker.open(now) && endpoint.connecting == 0 && endpoint.idle.size() == 0 &&
           (has_free_place() || least_needed_elsewhere(endpoint) != nullptr);
  }
  /// Somebody who does not wait would like a connection, if there is none and none is coming.
  void ask_for_one(Endpoint& endpoint, Instant& now) noexcept {
    if (endpoint.missing() > 0 || endpoint.idle.size() > 0 || !has_free_place()) return;
    if (!endpoint.breaker.open(now)) ask(endpoint);
  }
  void ask(Endpoint& endpoint) noexcept {
    if (!std::exchange(endpoint.asked, true)) ++wanted_idle_;
  }
  void answer(Endpoint& endpoint) noexcept {
    if (std::exchange(endpoint.asked, false)) --wanted_idle_;
  }
  /// After its wishes have changed.
  void heed_wishes(Endpoint& endpoint) noexcept {
    wanted_idle_ -= endpoint.wanted_idle;
    endpoint.wanted_idle = std::max(options_.min_idle, endpoint.greatest_wish());
    wanted_idle_ += endpoint.wanted_idle;
  }

 protected:
  using Books::endpoints_, Books::ledger_;

  [[nodiscard]] bool calm() const noexcept { return (gate_ | waiting_) == 0; }
  [[nodiscard]] bool suspended() const noexcept { return gate_ >= suspended_bit; }
  [[nodiscard]] bool draining() const noexcept { return (gate_ & draining_bit) != 0; }
  [[nodiscard]] bool has_room_for_idle(const Endpoint& endpoint) const noexcept {
    if (!endpoint.line.empty()) return true;  // it will not stay idle
    return ledger_.count(PlaceState::idle) < most_idle_ && !over_size();
  }
  [[nodiscard]] bool keeps_all_idle() const noexcept { return most_idle_ == max_size_; }
  const PoolOptions& options_;
  std::size_t waiting_ = 0;  // in all lines

 private:
  /// What was true of the servers, or of our credentials, may be so no more.
  void allow_probes() noexcept {
    endpoints_.for_each([](Endpoint& endpoint) { endpoint.breaker.allow(); });
  }

  static constexpr std::size_t closed_bit = 1, draining_bit = 2, suspended_bit = 4;
  static constexpr std::size_t one_resuming = 8;  // the bits above these count those between the steps of resuming

  /// How many there will be when what is being closed is gone.
  [[nodiscard]] std::size_t lasting() const noexcept { return ledger_.occupied() - ledger_.count(PlaceState::closing); }
  /// The clock last: a pool that is full and waited for asks all the time.
  [[nodiscard]] bool may_connect(Endpoint& endpoint, Instant& now) noexcept {
    if (endpoint.missing() == 0) return false;
    const bool somebody_waits = endpoint.line.size() > endpoint.idle.size() + endpoint.connecting;
    const std::size_t idle_soon = ledger_.count(PlaceState::idle) + ledger_.count(PlaceState::connecting);
    if (!somebody_waits && (idle_soon >= most_idle_ || is_first_try(endpoint))) return false;
    const bool room =
        has_free_place() || (full() && !endpoint.line.empty() && least_needed_elsewhere(endpoint) != nullptr);
    return room && endpoint.connecting < endpoint.breaker.limit(now, options_.max_connecting);
  }
  /// Idle ones that nobody waits for can wait for it: so wrong credentials cost one log-in, not max_connecting.
  [[nodiscard]] static bool is_first_try(const Endpoint& endpoint) noexcept {
    return endpoint.connecting > 0 && !endpoint.breaker.proven();
  }
  [[nodiscard]] static bool before(const Endpoint& a, const Endpoint& b) noexcept {
    if (a.line.empty() || b.line.empty()) return !a.line.empty();
    return a.line.front()->ticket < b.line.front()->ticket;
  }

  std::size_t wanted_idle_ = 0;  // sum over the endpoints, each asked one included
  std::size_t gate_ = 0;  // the bits above, any of which stops serving; as wide as waiting_, so that calm() is one test
  std::size_t max_size_ = 0;
  std::size_t most_idle_ = 0;  // max_idle, or max_size if that is less
};

}  // namespace carpool::detail

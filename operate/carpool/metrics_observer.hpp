/// An observer that counts: how long callers wait, how long connections are used and made, what failed and why.
#pragma once

#include <carpool/metrics/connect_failure_class.hpp>
#include <carpool/metrics/detail/seat_counts.hpp>
#include <carpool/metrics/detail/thread_seats.hpp>
#include <carpool/metrics/pool_metrics.hpp>
#include <carpool/observer.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>

namespace carpool::inline v0_1 {

/// For one pool:
///   carpool::ConnectionPool<Backend, Queue, Connector, carpool::DefaultEviction, carpool::MetricsObserver> pool(...);
///   const carpool::PoolMetrics metrics = pool.observer().metrics();
/// or, beside others, in carpool::Observers. Exporters find it by themselves.
/// Cost:    no lock and no allocation after construction; the memory is fixed, some 90 kB. Of each thread's leases one
///          in 16 is timed by a clock: the others count as if they had been used for as long as that one. What was used
///          for longer than 64 ms is counted by itself, by the pool's coarse clock. So counts are exact, and the
///          distribution of short uses is one of samples.
/// Threads: up to 15 threads of the process count each for itself; those that come when there are as many share a
///          place, and pay for one locked instruction.
class MetricsObserver {
 public:
  using Clock = std::chrono::steady_clock;  ///< of the times in use
  /// What is kept with a connection.
  struct Attachment {
    Clock::time_point lease_since{};  ///< of a lease that is timed; else the clock's epoch
    Clock::time_point ready_since{};  ///< of the connection
  };

  MetricsObserver() : counts_(std::make_unique<Counts>()) {}

  /// All that was counted so far. May be called by any thread at any time. Never throws.
  [[nodiscard]] PoolMetrics metrics() const noexcept {
    PoolMetrics all;
    for (std::size_t i = 0; i < counts_->seats.size(); ++i) {
      if (!detail::ThreadSeats::is_used(i)) continue;
      counts_->seats[i].wait_time.add_to(all.wait_time);
      counts_->seats[i].use_time.add_to(all.use_time);
    }
    counts_->create_time.add_to(all.create_time);
    counts_->connection_duration.add_to(all.connection_duration);
    load(counts_->acquire_failures, all.acquire_failures);
    load(counts_->connect_failures, all.connect_failures);
    load(counts_->closed, all.closed);
    all.leaks_suspected = counts_->leaks_suspected.load(std::memory_order_relaxed);
    return all;
  }

  // --- the pool's events ---------------------------------------------------------------------------------

  /// Counts: a wait, and perhaps the beginning of a use that is timed.
  void acquired(const ConnectionInfo&, Attachment& attachment, Duration wait) noexcept {
    if (const std::size_t seat = detail::ThreadSeats::mine_so_far();
        seat < detail::ThreadSeats::exclusive && wait <= Duration::zero() && counts_->seats[seat].count_ready())
        [[likely]] {
      attachment.lease_since = {};
    } else {
      acquired_otherwise(attachment, wait);
    }
  }
  /// Counts: a use.
  void released(const ConnectionInfo&, Attachment& attachment, Duration held) noexcept {
    if (const std::size_t seat = detail::ThreadSeats::mine_so_far();
        seat < detail::ThreadSeats::exclusive && held < long_use && attachment.lease_since == Clock::time_point{})
        [[likely]] {
      counts_->seats[seat].count_as_last_timed();
    } else {
      released_otherwise(attachment, held);
    }
  }
  /// Counts: by reason.
  void acquire_failed(AcquireFailure why, Duration) noexcept { count(counts_->acquire_failures, why); }
  /// Counts: how long it took.
  void connection_ready(const ConnectionInfo&, Attachment& attachment, Duration took) noexcept {
    counts_->create_time.count<true>(took);
    attachment.ready_since = Clock::now();
  }
  /// Counts: by class.
  void connection_failed(std::uint64_t, const std::exception_ptr& cause, Duration) noexcept {
    count(counts_->connect_failures, connect_failure_class(cause));
  }
  /// Counts: by reason, and how long it was open.
  void connection_closed(const ConnectionInfo&, Attachment& attachment, CloseReason reason) noexcept {
    count(counts_->closed, reason);
    if (reason == CloseReason::connect_failed || reason == CloseReason::detached) return;
    counts_->connection_duration.count<true>(Clock::now() - attachment.ready_since);
  }
  /// Counts: one.
  void leak_suspected(const SourceLocation&, Duration) noexcept {
    counts_->leaks_suspected.fetch_add(1, std::memory_order_relaxed);
  }

 private:
  static constexpr std::uint64_t timed_one_in = 16;
  static constexpr Duration long_use = std::chrono::milliseconds(64);  // a coarse clock of 4 ms is 6.25 % off

  template <std::size_t size>
  using Row = std::array<std::atomic<std::uint64_t>, size>;
  struct Counts {
    std::array<detail::SeatCounts, detail::ThreadSeats::count> seats;
    detail::SeatHistogram create_time;
    detail::SeatHistogram connection_duration;
    Row<acquire_failure_count> acquire_failures{};
    Row<connect_failure_class_count> connect_failures{};
    Row<close_reason_count> closed{};
    std::atomic<std::uint64_t> leaks_suspected{0};
  };

  // Out of line: what is rare would else make the compiler inline less of the pool's own fast path.
  [[gnu::noinline]] void acquired_otherwise(Attachment& attachment, Duration wait) noexcept {
    in_seat([&]<bool shared>(detail::SeatCounts& seat) {
      seat.wait_time.count<shared>(wait);
      attachment.lease_since = seat.times_next(timed_one_in) ? Clock::now() : Clock::time_point{};
    });
  }
  [[gnu::noinline]] void released_otherwise(const Attachment& attachment, Duration held) noexcept {
    in_seat([&]<bool shared>(detail::SeatCounts& seat) {
      seat.use_time.count<shared>(held >= long_use ? held : timed_use(seat, attachment));
    });
  }
  template <class Count>
  void in_seat(Count count) noexcept {
    const std::size_t seat = detail::ThreadSeats::mine();
    if (seat < detail::ThreadSeats::exclusive) [[likely]] {
      count.template operator()<false>(counts_->seats[seat]);
    } else {
      count.template operator()<true>(counts_->seats[seat]);
    }
  }
  [[nodiscard]] static Duration timed_use(detail::SeatCounts& seat, const Attachment& attachment) noexcept {
    if (attachment.lease_since == Clock::time_point{}) return Duration(seat.last_timed.load(std::memory_order_relaxed));
    const Duration use = Clock::now() - attachment.lease_since;
    seat.remember(use);
    return use;
  }
  template <std::size_t size, class Which>
  static void count(Row<size>& row, Which which) noexcept {
    row[static_cast<std::size_t>(which)].fetch_add(1, std::memory_order_relaxed);
  }
  template <std::size_t size>
  static void load(const Row<size>& row, std::array<std::uint64_t, size>& into) noexcept {
    for (std::size_t i = 0; i < size; ++i) into[i] = row[i].load(std::memory_order_relaxed);
  }

  std::unique_ptr<Counts> counts_;
};

}  // namespace carpool::inline v0_1

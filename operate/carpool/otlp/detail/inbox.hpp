/// What others leave for an exporter's thread: spans, and wishes to send them soon.
#pragma once

#include <carpool/otlp/counts.hpp>
#include <carpool/posix/fork_generation.hpp>
#include <carpool/time.hpp>
#include <carpool/trace/span_record.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

/// Bounded. Lives as long as a tracer that feeds it, also beyond the exporter: then it takes nothing any more.
class OtlpInbox final : public SpanSink {
 public:
  using Clock = std::chrono::steady_clock;
  /// What the exporter's thread finds when it wakes.
  struct Orders {
    std::uint64_t flush = 0;       ///< everything is to be sent for this flush, and those before it
    std::uint64_t upto = 0;        ///< how many spans, since the beginning, were there when it was asked for
    bool stop = false;             ///< and then it is to end
    TimePoint deadline = never;    ///< of that
    std::size_t waiting = 0;       ///< spans
    TimePoint oldest = never;      ///< since when the first of them has waited
    std::uint64_t overflowed = 0;  ///< spans for which the queue had no room since the last look
  };

  OtlpInbox(std::size_t max_queue, std::size_t max_batch) : max_queue_(max_queue), max_batch_(max_batch) {}

  // --- by any thread ---------------------------------------------------------------------------------------

  /// In a forked child, whose parent may have held the lock, nothing happens.
  void record(SpanRecord&& span) noexcept override {
    if (forked()) return;
    const std::scoped_lock lock(mutex_);
    ++counts_.spans_recorded;
    if (orders_.stop || !take(std::move(span))) {
      ++counts_.spans_dropped;
      ++orders_.overflowed;
      return;
    }
    if (spans_.size() == 1) orders_.oldest = Clock::now();
    if (spans_.size() == 1 || spans_.size() == max_batch_) to_exporter_.notify_one();
  }
  /// Everything so far is to be sent; false: it was not by then.
  bool flush(TimePoint deadline) {
    std::unique_lock lock(mutex_);
    const std::uint64_t mine = ++orders_.flush;
    orders_.upto = taken_ + spans_.size();
    to_exporter_.notify_one();
    return to_others_.wait_until(lock, deadline, [&] { return flushed_ >= mine || ended_; }) && flushed_ >= mine;
  }
  /// The same, and nothing is taken any more.
  bool stop(TimePoint deadline) {
    {
      const std::scoped_lock lock(mutex_);
      if (!orders_.stop) orders_.deadline = deadline;
      orders_.stop = true;
    }
    return flush(deadline);
  }
  [[nodiscard]] OtlpCounts counts() const {
    const std::scoped_lock lock(mutex_);
    return counts_;
  }
  [[nodiscard]] bool forked() const noexcept { return generation_ != detail::fork_generation(); }

  // --- by the exporter's thread ----------------------------------------------------------------------------

  /// Returns at `due`, or before if there is more to do than `known`: a batch of spans where `wants_batch`, their first
  /// one, a flush, a stop.
  [[nodiscard]] Orders await(TimePoint due, const Orders& known, bool wants_batch) {
    std::unique_lock lock(mutex_);
    to_exporter_.wait_until(lock, std::min(due, farthest()), [&] {
      return orders_.flush != known.flush || orders_.stop != known.stop ||
             (wants_batch && (spans_.size() >= max_batch_ || (!spans_.empty() && known.waiting == 0)));
    });
    Orders orders = orders_;
    orders.waiting = spans_.size();
    orders_.overflowed = 0;
    return orders;
  }
  [[nodiscard]] std::size_t waiting() const {
    const std::scoped_lock lock(mutex_);
    return spans_.size();
  }
  /// How many spans were taken since the beginning.
  [[nodiscard]] std::uint64_t taken() const {
    const std::scoped_lock lock(mutex_);
    return taken_;
  }
  [[nodiscard]] std::vector<SpanRecord> take_batch() {
    const std::scoped_lock lock(mutex_);
    const auto size = static_cast<std::ptrdiff_t>(std::min(spans_.size(), max_batch_));
    std::vector<SpanRecord> batch(std::make_move_iterator(spans_.begin()),
                                  std::make_move_iterator(spans_.begin() + size));
    spans_.erase(spans_.begin(), spans_.begin() + size);
    taken_ += batch.size();
    orders_.oldest = Clock::now();
    return batch;
  }
  template <class Change>
  void count(Change change) {
    const std::scoped_lock lock(mutex_);
    change(counts_);
  }
  void note_flushed(std::uint64_t flush) {
    const std::scoped_lock lock(mutex_);
    flushed_ = flush;
    to_others_.notify_all();
  }
  /// Nothing is sent any more; how many spans are left.
  std::size_t end() {
    const std::scoped_lock lock(mutex_);
    ended_ = orders_.stop = true;
    to_others_.notify_all();
    const std::size_t left = spans_.size();
    counts_.spans_dropped += left;
    spans_.clear();
    return left;
  }

 private:
  /// False: there is no room.
  [[nodiscard]] bool take(SpanRecord&& span) noexcept {
    if (spans_.size() >= max_queue_) return false;
    try {
      spans_.push_back(std::move(span));
      return true;
    } catch (...) {
      return false;
    }
  }
  /// Some clocks cannot wait until the end of time.
  [[nodiscard]] static TimePoint farthest() { return Clock::now() + std::chrono::hours(1); }

  const std::size_t max_queue_;
  const std::size_t max_batch_;
  const std::uint64_t generation_ = detail::fork_generation();
  mutable std::mutex mutex_;  // for all below
  std::condition_variable to_exporter_;
  std::condition_variable to_others_;
  std::deque<SpanRecord> spans_;
  std::uint64_t taken_ = 0;
  OtlpCounts counts_;
  Orders orders_;
  std::uint64_t flushed_ = 0;
  bool ended_ = false;
};

}  // namespace carpool::inline v0_1::detail

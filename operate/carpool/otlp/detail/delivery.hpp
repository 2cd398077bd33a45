/// One message on its way to a collector, until that has taken it or time is over.
#pragma once

#include <carpool/otlp/detail/answer.hpp>
#include <carpool/otlp/detail/channel.hpp>
#include <carpool/otlp/options.hpp>
#include <carpool/thread_backend.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Of spans, or of metrics: each has its own, so that one does not wait for the other's retries. Used by the exporter's
/// thread.
class OtlpDelivery {
 public:
  enum class End : std::uint8_t {
    pending,   ///< there is another try, at due()
    taken,     ///< if only in part: rejected()
    refused,   ///< the collector will not have it
    given_up,  ///< give_up_after is over
  };

  OtlpDelivery(const OtlpOptions& options, OtlpChannel& channel, std::string path)
      : options_(options), channel_(channel), path_(std::move(path)) {}

  [[nodiscard]] bool loaded() const noexcept { return !body_.empty(); }
  [[nodiscard]] std::size_t items() const noexcept { return items_; }               ///< in it
  [[nodiscard]] TimePoint due() const noexcept { return loaded() ? due_ : never; }  ///< when to try
  [[nodiscard]] std::uint64_t rejected() const noexcept { return rejected_; }       ///< of the last that was taken
  [[nodiscard]] const std::string& error() const noexcept { return error_; }        ///< of the last try that failed
  [[nodiscard]] bool retries() const noexcept { return tries_ > 0; }                ///< the next try is not the first

  /// In place of what may be there. It waits for as long as that would have.
  void load(std::string body, std::size_t items) {
    body_ = std::move(body);
    items_ = items;
    tries_ = 0;
    const TimePoint now = ThreadBackend::now();
    due_ = std::max(now, not_before_);
    give_up_at_ = after(now, options_.give_up_after);
  }
  void unload() noexcept { body_.clear(); }

  /// One request, by the deadline.
  [[nodiscard]] End attempt(TimePoint deadline) {
    const TimePoint end = std::min(deadline, after(ThreadBackend::now(), options_.request_timeout));
    std::optional<Duration> rest;
    ++tries_;
    try {
      const HttpResponse answer = channel_.post(path_, body_, end);
      const OtlpVerdict verdict = otlp_verdict(answer.status);
      rejected_ = verdict == OtlpVerdict::taken ? read_rejected(answer.body) : 0;
      if (verdict != OtlpVerdict::retry) failures_ = 0, not_before_ = TimePoint();
      if (verdict == OtlpVerdict::taken) return finish(End::taken);
      error_ = "the collector answered with status " + std::to_string(answer.status);
      if (verdict == OtlpVerdict::refused) return finish(End::refused);
      ++failures_;
      rest = read_retry_after(answer.header("Retry-After"), std::chrono::system_clock::now());
      if (rest) rest = std::max(*rest, backoff());  // 0 seconds are no reason to hurry
    } catch (const HttpUnanswered& error) {         // a kept connection that had just ended, as a rule
      error_ = error.what();
      if (++failures_ == 1) rest = Duration::zero();
    } catch (const std::exception& error) {
      error_ = error.what();
      ++failures_;
    }
    due_ = not_before_ = after(ThreadBackend::now(), rest ? *rest : backoff());
    return due_ > give_up_at_ ? finish(End::given_up) : End::pending;
  }

 private:
  [[nodiscard]] End finish(End end) noexcept {
    unload();
    return end;
  }
  /// Doubling, and shortened by up to half at random, as a pool's connects.
  [[nodiscard]] Duration backoff() const {
    const Duration most = options_.retry.max;
    Duration length = options_.retry.initial;
    for (unsigned i = 1; i < failures_ && length < most; ++i) length = length > most / 2 ? most : 2 * length;
    const auto half = static_cast<std::uint64_t>(length.count()) / 2;
    return length - Duration(static_cast<Duration::rep>(ThreadBackend::random() % (half + 1)));
  }

  const OtlpOptions& options_;
  OtlpChannel& channel_;
  const std::string path_;
  std::string body_;
  std::size_t items_ = 0;
  unsigned tries_ = 0;      // of this message
  unsigned failures_ = 0;   // in a row, of whichever messages
  TimePoint not_before_{};  // what the last failure asks of the message that comes after it, too
  TimePoint due_ = never;
  TimePoint give_up_at_ = never;
  std::uint64_t rejected_ = 0;
  std::string error_;
};

}  // namespace carpool::inline v0_1::detail

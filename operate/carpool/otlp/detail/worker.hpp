/// What an exporter's thread does.
#pragma once

#include <carpool/otlp/detail/channel.hpp>
#include <carpool/otlp/detail/delivery.hpp>
#include <carpool/otlp/detail/encode_metrics.hpp>
#include <carpool/otlp/detail/encode_spans.hpp>
#include <carpool/otlp/detail/inbox.hpp>
#include <carpool/otlp/detail/loss_report.hpp>
#include <carpool/otlp/detail/pool_readings.hpp>
#include <carpool/otlp/options.hpp>
#include <carpool/pool_registry.hpp>
#include <carpool/thread_backend.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

/// Waits until something is due, and sends it. Used by the exporter's thread, but for cut().
class OtlpWorker {
 public:
  OtlpWorker(const OtlpOptions& options, PoolRegistry registry, std::shared_ptr<OtlpInbox> inbox)
      : options_(options), registry_(std::move(registry)), inbox_(std::move(inbox)) {}

  void run() noexcept {
    for (;;) {
      try {
        orders_ = inbox_->await(next_due(), orders_, !spans_.loaded());
        if (orders_.overflowed > 0) losses_.add(orders_.overflowed, 0, "more spans came than were sent");
        if (orders_.stop && ThreadBackend::now() >= orders_.deadline) break;
        load();
        send(spans_, [this](End end) { count_spans(end); });
        send(metrics_, [this](End end) { count_reading(end); });
        if (!wants_flush() || spans_.loaded() || metrics_.loaded() || inbox_->taken() < orders_.upto) continue;
        inbox_->note_flushed(flushed_ = orders_.flush);
        if (orders_.stop) break;
      } catch (const std::exception& error) {  // no memory, as a rule: the next round may have some
        losses_.add(0, 0, error.what());
        ThreadBackend::sleep_until(after(ThreadBackend::now(), std::chrono::milliseconds(100)));
      }
    }
    end();
  }
  /// What is being sent fails at once. By any thread.
  void cut() noexcept { channel_.cut(); }

 private:
  using End = OtlpDelivery::End;

  [[nodiscard]] bool wants_flush() const noexcept { return orders_.flush > flushed_; }
  /// Spans go when their first one has waited for long enough, or as many wait as go together, or at once.
  [[nodiscard]] TimePoint spans_due() const noexcept {
    if (spans_.loaded()) return spans_.due();
    if (orders_.waiting == 0) return never;
    const bool now = wants_flush() || orders_.waiting >= options_.max_batch;
    return now ? TimePoint() : after(orders_.oldest, options_.spans_delay);
  }
  [[nodiscard]] TimePoint next_due() const noexcept {
    const TimePoint end = orders_.stop ? orders_.deadline : never;
    return std::min({spans_due(), metrics_.due(), next_reading_, end});
  }

  void load() {
    const TimePoint now = ThreadBackend::now();
    if (!spans_.loaded() && spans_due() <= now) load_spans();
    if (now >= next_reading_ || read_for_ < orders_.flush) {
      read_for_ = orders_.flush;
      next_reading_ = after(now, options_.metrics_interval);
      load_reading();
    }
  }
  void load_spans() {
    const std::vector<SpanRecord> batch = inbox_->take_batch();
    orders_.waiting = inbox_->waiting();
    if (batch.empty()) return;
    try {
      spans_.load(encode_spans(options_, batch), batch.size());
    } catch (...) {
      lose_spans(batch.size(), "no memory");
      throw;
    }
  }
  /// In place of one that was not sent yet: counts are cumulative.
  void load_reading() {
    const auto now = std::chrono::system_clock::now();
    const std::vector<PoolReading> readings = reader_.read(registry_, now);
    if (metrics_.loaded()) count_reading(End::given_up);
    metrics_.unload();
    if (!readings.empty()) metrics_.load(encode_metrics(options_, readings, now), readings.size());
  }

  template <class Count>
  void send(OtlpDelivery& delivery, Count count) {
    if (!delivery.loaded() || delivery.due() > ThreadBackend::now()) return;
    const bool again = delivery.retries();
    const End end = delivery.attempt(orders_.stop ? orders_.deadline : never);
    inbox_->count([&](OtlpCounts& counts) {
      counts.retries += again ? 1 : 0;
      if (end != End::taken) counts.last_error = delivery.error();
    });
    if (end != End::pending) count(end);
  }
  void count_spans(End end) {
    const std::uint64_t all = spans_.items();
    if (end == End::given_up) return lose_spans(all, spans_.error());
    const std::uint64_t rejected = end == End::refused ? all : std::min<std::uint64_t>(spans_.rejected(), all);
    inbox_->count([&](OtlpCounts& counts) {
      counts.spans_sent += all - rejected;
      counts.spans_rejected += rejected;
    });
    if (rejected > 0) losses_.add(rejected, 0, end == End::refused ? spans_.error() : "the collector rejected them");
  }
  void count_reading(End end) {
    inbox_->count([&](OtlpCounts& counts) {
      counts.readings_sent += end == End::taken ? 1 : 0;
      counts.readings_lost += end == End::taken ? 0 : 1;
      if (end == End::taken) counts.points_rejected += metrics_.rejected();
    });
    if (end != End::taken) losses_.add(0, 1, metrics_.error());
  }
  void lose_spans(std::uint64_t lost, const std::string& why) {
    inbox_->count([&](OtlpCounts& counts) { counts.spans_dropped += lost; });
    losses_.add(lost, 0, why);
  }

  /// What is left is lost, and said.
  void end() noexcept {
    try {
      if (spans_.loaded()) lose_spans(spans_.items(), spans_.error());
      if (metrics_.loaded()) count_reading(End::given_up);
      const std::size_t left = inbox_->end();
      if (left > 0) losses_.add(left, 0, "the exporter was stopped before they were sent");
      losses_.finish();
    } catch (...) {
      static_cast<void>(inbox_->end());
    }
  }

  const OtlpOptions& options_;
  const PoolRegistry registry_;
  const std::shared_ptr<OtlpInbox> inbox_;
  OtlpChannel channel_{options_};
  OtlpDelivery spans_{options_, channel_, options_.traces_path};
  OtlpDelivery metrics_{options_, channel_, options_.metrics_path};
  PoolReader reader_{std::chrono::system_clock::now()};
  OtlpLossReport losses_{options_.report};
  OtlpInbox::Orders orders_;
  TimePoint next_reading_ = after(ThreadBackend::now(), options_.metrics_interval);
  std::uint64_t read_for_ = 0;  // the last flush for which the pools were read
  std::uint64_t flushed_ = 0;
};

}  // namespace carpool::inline v0_1::detail

/// Says what an exporter could not deliver.
#pragma once

#include <carpool/thread_backend.hpp>
#include <carpool/time.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace carpool::inline v0_1::detail {

/// At most once a minute. Used by the exporter's thread.
class OtlpLossReport {
 public:
  using Report = std::function<void(std::string_view)>;

  explicit OtlpLossReport(Report report) : report_(std::move(report)) {}

  void add(std::uint64_t spans, std::uint64_t readings, std::string_view why) noexcept {
    spans_ += spans;
    readings_ += readings;
    try {
      why_ = why;
    } catch (...) {  // no memory: the reason before it has to do
    }
    const TimePoint now = ThreadBackend::now();
    if (now < next_) return;
    next_ = after(now, std::chrono::minutes(1));
    tell();
  }
  /// What was not said yet.
  void finish() noexcept {
    if (spans_ + readings_ > 0) tell();
  }

 private:
  void tell() noexcept {
    try {
      std::string words = "carpool: the OTLP exporter lost " + std::to_string(spans_) + " spans and ";
      words += std::to_string(readings_) + " readings of metrics: " + why_;
      spans_ = readings_ = 0;
      report_ ? report_(words) : write_to_stderr(words);
    } catch (...) {
    }
  }
  static void write_to_stderr(const std::string& words) { std::fprintf(stderr, "%s\n", words.c_str()); }

  const Report report_;
  TimePoint next_{};
  std::uint64_t spans_ = 0;
  std::uint64_t readings_ = 0;
  std::string why_;
};

}  // namespace carpool::inline v0_1::detail

/// Numbers for traces and spans.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

#include <unistd.h>

namespace carpool::inline v0_1::detail {

/// SplitMix64 of a counter of each thread: https://doi.org/10.1145/2714064.2660195. Not for secrets.
class RandomIds {
 public:
  /// Three numbers, of which those that nobody looks at cost nothing.
  struct Three {
    std::uint64_t counter;

    [[nodiscard]] constexpr std::uint64_t at(std::uint64_t i) const noexcept { return mix(counter + i * step); }
  };

  [[nodiscard]] static Three draw() noexcept {
    const Three drawn = next();
    skip();
    return drawn;
  }
  /// What draw() will give, and gives again until skip().
  [[nodiscard]] static Three next() noexcept {
    if (counter_ == 0) [[unlikely]]
      counter_ = seed();
    return {counter_};
  }
  static void skip() noexcept { counter_ += 3 * step; }
  /// The same in a forked child, whose threads begin with their parents' counters, is another.
  [[nodiscard]] static std::uint64_t of_this_process(std::uint64_t number) noexcept {
    const std::uint64_t own = mix(number ^ mix(static_cast<std::uint64_t>(::getpid())));
    return own == 0 ? 1 : own;
  }

 private:
  static constexpr std::uint64_t step = 0x9E3779B97F4A7C15U;

  [[nodiscard]] static constexpr std::uint64_t mix(std::uint64_t number) noexcept {
    number = (number ^ (number >> 30U)) * 0xBF58476D1CE4E5B9U;
    number = (number ^ (number >> 27U)) * 0x94D049BB133111EBU;
    return number ^ (number >> 31U);
  }
  [[nodiscard]] [[gnu::noinline]] static std::uint64_t seed() noexcept {
    try {
      std::random_device device;
      return (std::uint64_t{device()} << 32U) | device() | 1U;
    } catch (...) {  // no descriptor is left
      const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
      return mix(static_cast<std::uint64_t>(now) ^ reinterpret_cast<std::uintptr_t>(&counter_)) | 1U;
    }
  }

  static inline constinit thread_local std::uint64_t counter_ = 0;  // 0: not seeded
};

}  // namespace carpool::inline v0_1::detail

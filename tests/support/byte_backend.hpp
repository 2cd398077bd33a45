/// A backend whose sockets read from given bytes and swallow what is written: for those who only look at a parser.
#pragma once

#include <carpool/time.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

/// Time stands still, so no deadline ever passes; at the end of the bytes the stream has ended.
struct ByteBackend {
  class Socket {
   public:
    struct Options {};
    struct Address {
      [[nodiscard]] std::string to_string() const { return "the bytes"; }
    };

    Socket() noexcept = default;
    explicit Socket(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

    [[nodiscard]] std::size_t read_some(std::span<std::byte> into, carpool::TimePoint) noexcept {
      const std::size_t count = std::min(into.size(), bytes_.size());
      std::copy_n(bytes_.begin(), count, into.begin());
      bytes_ = bytes_.subspan(count);
      return count;
    }
    [[nodiscard]] static std::size_t write_some(std::span<const std::byte> from, carpool::TimePoint) noexcept {
      return from.size();
    }
    [[nodiscard]] static bool is_connected() noexcept { return true; }
    [[nodiscard]] static int native_handle() noexcept { return 0; }
    [[nodiscard]] const Address& peer() const noexcept { return address_; }
    void close() noexcept { bytes_ = {}; }

   private:
    std::span<const std::byte> bytes_;
    Address address_;
  };

  [[nodiscard]] static carpool::TimePoint now() noexcept { return {}; }
  static void sleep_until(carpool::TimePoint) noexcept {}
  [[nodiscard]] static unsigned wait(int, unsigned events, carpool::TimePoint) noexcept { return events; }
  static void forget(int) noexcept {}
  template <class Work>
  static decltype(auto) run_blocking(Work&& work) {
    return std::forward<Work>(work)();
  }
};

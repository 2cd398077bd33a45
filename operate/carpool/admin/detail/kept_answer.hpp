/// An answer that is made anew at most so often, however many ask.
#pragma once

#include <carpool/admin/detail/message.hpp>

#include <chrono>
#include <mutex>
#include <utility>

namespace carpool::inline v0_1::detail {

/// To look at a pool takes its lock, and takes back what its workers keep for themselves: a crowd of watchers must not
/// slow it. Threads: any.
class KeptAnswer {
 public:
  template <class Make>
  [[nodiscard]] AdminAnswer get(Make make) {
    const std::scoped_lock lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (!is_made_ || now - made_ >= kept_for) {
      answer_ = make(now);
      made_ = std::chrono::steady_clock::now();
      is_made_ = true;
    }
    return answer_;
  }
  /// It is true no longer.
  void forget() {
    const std::scoped_lock lock(mutex_);
    is_made_ = false;
  }

 private:
  static constexpr std::chrono::milliseconds kept_for{200};

  std::mutex mutex_;
  AdminAnswer answer_;
  std::chrono::steady_clock::time_point made_{};
  bool is_made_ = false;
};

}  // namespace carpool::inline v0_1::detail

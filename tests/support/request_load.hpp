/// Workers that ask a pool for one thing after the other while a test changes the server under them.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

/// request() is called over and over by each worker from the construction on. What it throws is a failed request.
class RequestLoad {
 public:
  struct Figures {
    std::uint64_t served = 0;
    std::uint64_t failed = 0;
    std::chrono::microseconds longest{};  ///< of those that were served
    std::string first_failure = {};
  };

  RequestLoad(int workers, std::function<void()> request) : request_(std::move(request)) {
    for (int i = 0; i < workers; ++i) workers_.emplace_back([this] { run(); });
  }
  RequestLoad(const RequestLoad&) = delete;
  RequestLoad& operator=(const RequestLoad&) = delete;
  ~RequestLoad() { static_cast<void>(end()); }

  [[nodiscard]] std::uint64_t served() const {
    const std::scoped_lock lock(mutex_);
    return figures_.served;
  }
  /// Joins the workers.
  [[nodiscard]] Figures end() {
    running_ = false;
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
    return figures_;
  }

 private:
  using Clock = std::chrono::steady_clock;

  void run() {
    while (running_) {
      const auto begun = Clock::now();
      try {
        request_();
        note(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun));
      } catch (const std::exception& error) {
        note_failure(error.what());
      }
      std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
  }
  void note(std::chrono::microseconds took) {
    const std::scoped_lock lock(mutex_);
    ++figures_.served;
    figures_.longest = std::max(figures_.longest, took);
  }
  void note_failure(const char* what) {
    const std::scoped_lock lock(mutex_);
    if (figures_.failed++ == 0) figures_.first_failure = what;
  }

  const std::function<void()> request_;
  mutable std::mutex mutex_;
  Figures figures_;  // guarded by mutex_
  std::atomic<bool> running_ = true;
  std::vector<std::thread> workers_;
};

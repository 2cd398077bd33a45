/// Processor time of the clients: the process without the embedded server and the conductor.
#pragma once

#include "echo_server.hpp"

#include <ctime>

namespace carpool::compare {

/// Read by the conductor's thread, before and after what is measured.
class CpuMeter {
 public:
  /// A null server is one outside this process.
  explicit CpuMeter(EchoServer* server) noexcept : server_(server) {}

  /// Seconds so far. What the pool's background workers use is in it.
  [[nodiscard]] double client_seconds() const {
    const double server = server_ != nullptr ? server_->cpu_seconds() : 0;
    return seconds(CLOCK_PROCESS_CPUTIME_ID) - seconds(CLOCK_THREAD_CPUTIME_ID) - server;
  }

 private:
  static double seconds(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  }

  EchoServer* server_;
};

}  // namespace carpool::compare

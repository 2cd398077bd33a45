/// What must hold before the first run, so that nobody waits a minute for an error: the server answers, descriptors
/// suffice, the reports can be written.
#pragma once

#include "endpoint_connector.hpp"
#include "exchange.hpp"
#include "options.hpp"

#include <carpool/thread_backend.hpp>

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>

namespace carpool::compare {

/// Sends one request to the user's server. Throws UsageError where it cannot be reached or does not answer.
inline void check_server(const Endpoint& endpoint, std::size_t request_size) {
  const TimePoint deadline = after(ThreadBackend::now(), std::chrono::seconds(3));
  const std::string option = "--url " + endpoint.to_string() + ": ";
  try {
    auto connection = EndpointConnector(endpoint).connect<ThreadBackend>(deadline);
    try {
      Exchange(request_size, 0).run(*connection, deadline);
    } catch (const std::exception& error) {
      throw UsageError(option + "must answer " + endpoint.request() + ": " + error.what());
    }
  } catch (const UsageError&) {
    throw;
  } catch (const std::exception& error) {
    throw UsageError(option + "cannot be reached: " + error.what());
  }
}

/// Raises the limit of open files as far as the system allows. Throws UsageError where that is not enough.
inline void check_descriptors(const Options& options) {
  const rlim_t ends = options.url ? 1 : 2;  // the embedded server has the other end of each connection
  const rlim_t largest =
      options.sweep ? std::max(options.workload.pool_size, options.workload.workers) : options.workload.pool_size;
  const rlim_t needed = ends * largest + 64;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= needed) return;
  throw UsageError("--pool-size '" + std::to_string(options.workload.pool_size) + "': must be at most " +
                   std::to_string((limit.rlim_cur - 64) / ends) + ", because this process may open " +
                   std::to_string(limit.rlim_cur) + " files");
}

/// Throws UsageError where the file cannot be written. Leaves no file behind that was not there.
inline void check_writable(const std::string& option, const std::string& path) {
  const bool existed = std::filesystem::exists(path);
  const bool writable = std::ofstream(path, std::ios::app).good();
  if (!writable) throw UsageError(option + " '" + path + "': must be a file that can be written");
  if (!existed) std::remove(path.c_str());
}

}  // namespace carpool::compare

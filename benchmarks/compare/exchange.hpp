/// One request and its reply: bytes that only this request has, there and back.
#pragma once

#include "failures.hpp"
#include "workload.hpp"

#include <carpool/time.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace carpool::compare {

/// A worker's buffers. The first bytes name the worker and the request, so a reply that was meant for somebody else is
/// noticed.
class Exchange {
 public:
  Exchange(std::size_t size, std::uint64_t worker)
      : request_(size, std::byte{'.'}), reply_(size), next_(worker << 40U) {}

  /// Throws what the connection throws, and WrongReply.
  template <class Connection>
  void run(Connection& connection, TimePoint deadline) {
    const auto number = std::bit_cast<std::array<std::byte, sizeof next_>>(++next_);
    std::copy_n(number.begin(), std::min(number.size(), request_.size()), request_.begin());
    connection.write_all(request_, deadline);
    connection.read_exactly(reply_, deadline);
    if (reply_ != request_) throw WrongReply();
  }

 private:
  std::vector<std::byte> request_, reply_;
  std::uint64_t next_;
};

}  // namespace carpool::compare

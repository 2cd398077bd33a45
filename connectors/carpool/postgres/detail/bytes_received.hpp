/// How much a server has sent, as the kernel counts it.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace carpool::inline v0_1::detail {

/// What the kernel has received on a TCP socket since it was opened; 0 on others.
[[nodiscard]] inline std::uint64_t bytes_received(int descriptor) noexcept {
  constexpr std::size_t offset = 128;  // of tcpi_bytes_received, which the C library's tcp_info does not reach
  std::array<char, offset + sizeof(std::uint64_t)> info{};
  socklen_t size = info.size();
  std::uint64_t count = 0;
  if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, info.data(), &size) == 0 && size == info.size()) {
    std::memcpy(&count, info.data() + offset, sizeof count);
  }
  return count;
}

}  // namespace carpool::inline v0_1::detail

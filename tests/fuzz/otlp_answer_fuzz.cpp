// needs: otlp_exporter
/// Whatever a collector answers, it says when to ask again within bounds, or does not, and how many it rejected.
#include <carpool/otlp/detail/answer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto now = std::chrono::system_clock::time_point(std::chrono::seconds(1'764'417'600));
  if (const auto rest = carpool::detail::read_retry_after(text, now))
    if (*rest < carpool::Duration::zero() || *rest > std::chrono::hours(1)) std::abort();
  (void)carpool::detail::read_rejected(text);
  return 0;
}

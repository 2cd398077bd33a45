/// Whatever a user writes as a URL is understood or refused, and what is understood means the same when written again.
#include <carpool/common/url.hpp>
#include <carpool/common/url_options.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const carpool::Url url = carpool::Url::parse(text);
    const carpool::Url again = carpool::Url::parse(url.to_string());
    if (again.to_string() != url.to_string() || again.hosts != url.hosts || again.password != url.password)
      std::abort();
    carpool::UrlOptions options(url);
    (void)options.duration("t");
    (void)options.number("n", 1, 16);
    (void)options.flag("f");
    options.refuse_others();
  } catch (const std::invalid_argument&) {
    return 0;  // refused, as most of it should be
  }
  return 0;
}

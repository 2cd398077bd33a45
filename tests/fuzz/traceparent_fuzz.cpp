// needs: operate
/// Whatever stands in a header traceparent is a trace context or none, and one that is reads the same again. Text of
/// any kind becomes JSON's and a line of a log.
#include <carpool/log/detail/line.hpp>
#include <carpool/text/server_address.hpp>
#include <carpool/trace/context.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto context = carpool::TraceContext::parse(text)) {
    if (!context->valid() || carpool::TraceContext::parse(context->traceparent()) != context) std::abort();
  }
  if (carpool::detail::read_server_address(text).address.size() > size) std::abort();
  for (const auto format : {carpool::LogFormat::json, carpool::LogFormat::logfmt}) {
    carpool::detail::LogLine line(format);
    const std::string_view written = line.text("pool", text).text("server", text).text("error", text).finish();
    for (const char c : written)
      if (static_cast<unsigned char>(c) < ' ') std::abort();
    if (format == carpool::LogFormat::json && !written.ends_with("\"}")) std::abort();
  }
  return 0;
}

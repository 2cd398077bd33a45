/// Thrift's protocols with one more bound: how many elements a container may claim to have.
#pragma once

#include <carpool/thrift_limits.hpp>

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/protocol/TCompactProtocol.h>
#include <thrift/protocol/TProtocolException.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace carpool {

/// How a message is written.
enum class ThriftEncoding {
  binary,   ///< fixed widths, and only messages that begin with the protocol's version
  compact,  ///< numbers of variable length
};

namespace detail {

/// Generated code makes room for as many elements as a server claims, before one has come; and by Thrift's own count
/// an empty structure may take no bytes at all.
template <class Protocol>
class BoundedThriftProtocol : public Protocol {
 public:
  template <class... Arguments>
  explicit BoundedThriftProtocol(std::size_t max_elements, Arguments&&... arguments)
      : Protocol(std::forward<Arguments>(arguments)...), max_elements_(max_elements) {}

  // Thrift's names.
  // NOLINTBEGIN(readability-identifier-naming)
  std::uint32_t readListBegin_virt(apache::thrift::protocol::TType& type, std::uint32_t& size) override {
    const std::uint32_t bytes = Protocol::readListBegin_virt(type, size);
    return check(size), bytes;
  }
  std::uint32_t readSetBegin_virt(apache::thrift::protocol::TType& type, std::uint32_t& size) override {
    const std::uint32_t bytes = Protocol::readSetBegin_virt(type, size);
    return check(size), bytes;
  }
  std::uint32_t readMapBegin_virt(apache::thrift::protocol::TType& key, apache::thrift::protocol::TType& value,
                                  std::uint32_t& size) override {
    const std::uint32_t bytes = Protocol::readMapBegin_virt(key, value, size);
    return check(size), bytes;
  }
  // NOLINTEND(readability-identifier-naming)

 private:
  void check(std::uint32_t size) const {
    if (size <= max_elements_) return;
    using apache::thrift::protocol::TProtocolException;
    throw TProtocolException(
        TProtocolException::SIZE_LIMIT,
        "a container of " + std::to_string(size) + " elements; at most " + std::to_string(max_elements_) + " are read");
  }

  std::size_t max_elements_;
};

/// Bounded in length, count and depth.
template <class Transport>
[[nodiscard]] std::shared_ptr<apache::thrift::protocol::TProtocol> make_thrift_protocol(
    const std::shared_ptr<Transport>& transport, ThriftEncoding encoding, const ThriftLimits& limits) {
  using apache::thrift::protocol::TBinaryProtocolT;
  using apache::thrift::protocol::TCompactProtocolT;
  const auto longest = static_cast<std::int32_t>(limits.max_message_bytes);
  const auto most = static_cast<std::int32_t>(limits.max_elements);
  if (encoding == ThriftEncoding::compact) {
    return std::make_shared<BoundedThriftProtocol<TCompactProtocolT<Transport>>>(limits.max_elements, transport,
                                                                                 longest, most);
  }
  return std::make_shared<BoundedThriftProtocol<TBinaryProtocolT<Transport>>>(limits.max_elements, transport, longest,
                                                                              most, true, true);
}

}  // namespace detail

}  // namespace carpool

/// Thrift's protocols with one more bound: how many elements a container may claim to have.
#pragma once

#include <carpool/thrift/limits.hpp>

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/protocol/TCompactProtocol.h>
#include <thrift/protocol/TProtocolException.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace carpool::inline v0_1 {

/// How a message is written.
enum class ThriftEncoding {
  binary,   ///< fixed widths, and only messages that begin with the protocol's version
  compact,  ///< numbers of variable length
};

namespace detail {

namespace thrift_protocol = apache::thrift::protocol;

[[noreturn]] inline void refuse_thrift_size(std::uint32_t claimed, std::size_t most) {
  using thrift_protocol::TProtocolException;
  throw TProtocolException(
      TProtocolException::SIZE_LIMIT,
      "a container of " + std::to_string(claimed) + " elements; at most " + std::to_string(most) + " are read");
}

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
  std::uint32_t readListBegin_virt(thrift_protocol::TType& type, std::uint32_t& size) override {
    const std::uint32_t bytes = Protocol::readListBegin_virt(type, size);
    if (size > max_elements_) refuse_thrift_size(size, max_elements_);
    return bytes;
  }
  std::uint32_t readSetBegin_virt(thrift_protocol::TType& type, std::uint32_t& size) override {
    return readListBegin_virt(type, size);  // the same bytes in every encoding
  }
  std::uint32_t readMapBegin_virt(thrift_protocol::TType& key, thrift_protocol::TType& value,
                                  std::uint32_t& size) override {
    const std::uint32_t bytes = Protocol::readMapBegin_virt(key, value, size);
    if (size > max_elements_) refuse_thrift_size(size, max_elements_);
    return bytes;
  }
  /// By virtual calls: Thrift's own would go past the bounds here.
  std::uint32_t skip_virt(thrift_protocol::TType type) override {
    return thrift_protocol::skip(static_cast<thrift_protocol::TProtocol&>(*this), type);
  }
  // NOLINTEND(readability-identifier-naming)

 private:
  std::size_t max_elements_;
};

/// Thrift's binary protocol, but what a server says to be the type of something is looked at before it is taken for
/// an enumerator: Thrift's own casts it unseen, which is undefined for a value that no type has.
template <class Transport>
class StrictBinaryProtocol : public thrift_protocol::TBinaryProtocolT<Transport> {
  using Base = thrift_protocol::TBinaryProtocolT<Transport>;
  using Exception = thrift_protocol::TProtocolException;

 public:
  using Base::Base;

  // Thrift's names.
  // NOLINTBEGIN(readability-identifier-naming)
  std::uint32_t readMessageBegin_virt(std::string& name, thrift_protocol::TMessageType& type,
                                      std::int32_t& sequence) override {
    std::int32_t head = 0;
    std::uint32_t bytes = this->readI32(head);
    const auto word = static_cast<std::uint32_t>(head);
    const std::uint32_t kind = word & 0xffU;
    if (word >> 16U != 0x8001U) throw Exception(Exception::BAD_VERSION, "no message of Thrift's binary protocol");
    if (kind < thrift_protocol::T_CALL || kind > thrift_protocol::T_ONEWAY) refuse("message", kind);
    type = static_cast<thrift_protocol::TMessageType>(kind);
    bytes += this->readString(name);
    return bytes + this->readI32(sequence);
  }
  std::uint32_t readFieldBegin_virt(std::string&, thrift_protocol::TType& type, std::int16_t& id) override {
    const std::uint32_t bytes = read_type(type);
    id = 0;
    return type == thrift_protocol::T_STOP ? bytes : bytes + this->readI16(id);
  }
  std::uint32_t readListBegin_virt(thrift_protocol::TType& type, std::uint32_t& size) override {
    const std::uint32_t bytes = read_type(type);
    return bytes + read_size(size, 1);
  }
  std::uint32_t readSetBegin_virt(thrift_protocol::TType& type, std::uint32_t& size) override {
    return readListBegin_virt(type, size);
  }
  std::uint32_t readMapBegin_virt(thrift_protocol::TType& key, thrift_protocol::TType& value,
                                  std::uint32_t& size) override {
    std::uint32_t bytes = read_type(key);
    bytes += read_type(value);
    return bytes + read_size(size, 2);
  }
  // NOLINTEND(readability-identifier-naming)

 private:
  [[noreturn]] static void refuse(const char* what, std::uint32_t kind) {
    throw Exception(Exception::INVALID_DATA, std::string("a ") + what + " of the unknown type " + std::to_string(kind));
  }
  std::uint32_t read_type(thrift_protocol::TType& type) {
    std::int8_t byte = 0;
    const std::uint32_t bytes = this->readByte(byte);
    if (byte < thrift_protocol::T_STOP || byte > thrift_protocol::T_LIST)
      refuse("value", static_cast<std::uint8_t>(byte));
    type = static_cast<thrift_protocol::TType>(byte);
    return bytes;
  }
  /// Each element takes a byte at least, so no more can come than the message has left.
  std::uint32_t read_size(std::uint32_t& size, long bytes_of_one) {
    std::int32_t claimed = 0;
    const std::uint32_t bytes = this->readI32(claimed);
    if (claimed < 0) throw Exception(Exception::NEGATIVE_SIZE, "a container of less than no elements");
    size = static_cast<std::uint32_t>(claimed);
    this->trans_->checkReadBytesAvailable(claimed * bytes_of_one);
    return bytes;
  }
};

/// Bounded in length, count and depth.
template <class Transport>
[[nodiscard]] std::shared_ptr<apache::thrift::protocol::TProtocol> make_thrift_protocol(
    const std::shared_ptr<Transport>& transport, ThriftEncoding encoding, const ThriftLimits& limits) {
  using thrift_protocol::TCompactProtocolT;
  const auto longest = static_cast<std::int32_t>(limits.max_message_bytes);
  const auto most = static_cast<std::int32_t>(limits.max_elements);
  if (encoding == ThriftEncoding::compact) {
    return std::make_shared<BoundedThriftProtocol<TCompactProtocolT<Transport>>>(limits.max_elements, transport,
                                                                                 longest, most);
  }
  return std::make_shared<BoundedThriftProtocol<StrictBinaryProtocol<Transport>>>(limits.max_elements, transport,
                                                                                  longest, most, true, true);
}

}  // namespace detail

}  // namespace carpool::inline v0_1

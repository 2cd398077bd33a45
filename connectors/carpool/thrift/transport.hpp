/// Thrift's transport over a stream connection: buffered or in frames, with a deadline, and bounded.
#pragma once

#include <carpool/thrift/limits.hpp>
#include <carpool/time.hpp>

#include <thrift/TConfiguration.h>
#include <thrift/transport/TTransportException.h>
#include <thrift/transport/TVirtualTransport.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>

namespace carpool::inline v0_1 {

/// What lies around a message on the wire.
enum class ThriftFraming {
  buffered,  ///< nothing: a message ends where its structure ends
  framed,    ///< its length before it, in four bytes
};

/// Owns the stream. A request is sent whole, at flush(). An operation's deadline is the one that was set, else the
/// given time from each request on.
///
/// Errors:   the stream's, and TTransportException (CORRUPTED_DATA) where the server claims more than the limits
///           allow. After any of them the transport is not settled.
/// Threads:  one worker at a time.
template <class Backend, class Stream>
class ThriftTransport : public apache::thrift::transport::TVirtualTransport<ThriftTransport<Backend, Stream>> {
  using Base = apache::thrift::transport::TVirtualTransport<ThriftTransport<Backend, Stream>>;
  using Exception = apache::thrift::transport::TTransportException;

 public:
  /// By ThriftConnection. Limits bound what the server may claim; does no I/O.
  ThriftTransport(Stream stream, ThriftFraming framing, const ThriftLimits& limits, Duration io_timeout)
      : Base(configuration(limits)),
        stream_(std::move(stream)),
        framed_(framing == ThriftFraming::framed),
        io_timeout_(io_timeout) {
    start_request();
  }

  /// For the operations from here on; nothing: io_timeout for each.
  void set_deadline(std::optional<TimePoint> deadline) noexcept { fixed_deadline_ = deadline; }

  // What Thrift's protocols call, by Thrift's names.
  // NOLINTBEGIN(readability-identifier-naming,readability-const-return-type)
  /// At least one byte, at most size. Waits: for the server, until the deadline.
  std::uint32_t read(std::uint8_t* into, std::uint32_t size) {
    if (size == 0) return 0;
    if (framed_) begin_frame();
    std::size_t wanted = size;
    if (framed_) wanted = std::min<std::size_t>(wanted, frame_left_);
    const std::size_t got = take(into, wanted);
    if (framed_) frame_left_ -= static_cast<std::uint32_t>(got);
    return static_cast<std::uint32_t>(got);
  }

  /// Kept until flush(); no I/O.
  void write(const std::uint8_t* from, std::uint32_t size) {
    request_.append(reinterpret_cast<const char*>(from), size);
  }

  /// Sends the request; a call that is not oneway is awaited from now on. Waits: until the deadline.
  void flush() override {
    const bool one_way = expects_no_answer();
    if (framed_) set_frame_length();
    deadline_ = fixed_deadline_ ? *fixed_deadline_ : after(Backend::now(), io_timeout_);
    if (!one_way) ++awaited_;
    stream_.write_all(request_, deadline_);
    start_request();
  }

  /// An answer has been read to its end.
  std::uint32_t readEnd() override {
    if (awaited_ > 0) --awaited_;
    this->resetConsumedMessageSize();
    return 0;
  }

  /// Not closed by us; the peer is not asked.
  [[nodiscard]] bool isOpen() const override { return stream_.native_handle() >= 0; }
  [[nodiscard]] bool peek() override { return unread() > 0 || isOpen(); }  ///< no I/O: the peer is not asked
  void close() override { stream_.close(); }                               ///< idempotent, and silent
  /// The peer, for Thrift's own texts.
  [[nodiscard]] const std::string getOrigin() const override { return stream_.peer(); }

  /// Always null: Thrift then reads by read().
  const std::uint8_t* borrow(std::uint8_t*, std::uint32_t*) noexcept { return nullptr; }
  /// Throws, because borrow() lends nothing.
  void consume(std::uint32_t) { throw Exception(Exception::INTERNAL_ERROR, "nothing was lent"); }
  // NOLINTEND(readability-identifier-naming,readability-const-return-type)

  /// Each request has been sent whole and answered whole, and nothing has come that belongs to nobody.
  [[nodiscard]] bool settled() const noexcept {
    return awaited_ == 0 && unread() == 0 && frame_left_ == 0 && request_.size() == header() && stream_.reusable();
  }
  /// Nothing has come unasked, and the peer is there. No round trip.
  [[nodiscard]] bool is_connected() const noexcept { return unread() == 0 && stream_.is_connected(); }

  [[nodiscard]] Stream& stream() noexcept { return stream_; }  ///< for what is done to the bytes besides
  [[nodiscard]] const Stream& stream() const noexcept { return stream_; }

 private:
  static std::shared_ptr<apache::thrift::TConfiguration> configuration(const ThriftLimits& limits) {
    const int bytes = static_cast<int>(limits.max_message_bytes);
    return std::make_shared<apache::thrift::TConfiguration>(bytes, bytes, static_cast<int>(limits.max_depth));
  }

  [[nodiscard]] std::size_t unread() const noexcept { return end_ - begin_; }
  [[nodiscard]] std::size_t header() const noexcept { return framed_ ? 4 : 0; }
  void start_request() { request_.assign(header(), '\0'); }

  void set_frame_length() {
    const auto length = static_cast<std::uint32_t>(request_.size() - header());
    for (unsigned i = 0; i < 4; ++i) request_[i] = static_cast<char>(length >> (24U - 8U * i));
  }

  /// Whether the request is a call that the service declares oneway: both encodings say so in their first bytes.
  [[nodiscard]] bool expects_no_answer() const noexcept {
    constexpr int oneway = 4;
    const auto byte = [this](std::size_t i) -> unsigned {
      return header() + i < request_.size() ? static_cast<unsigned char>(request_[header() + i]) : 0U;
    };
    if (byte(0) == 0x82) return byte(1) >> 5U == oneway;                             // compact
    return byte(0) == 0x80 && byte(1) == 0x01 && byte(2) == 0 && byte(3) == oneway;  // binary, strict
  }

  /// A frame may hold less or more than a message: it is where the next length stands, no more.
  void begin_frame() {
    while (frame_left_ == 0) {
      std::array<std::uint8_t, 4> bytes{};
      for (std::size_t have = 0; have < bytes.size();) have += take(bytes.data() + have, bytes.size() - have);
      std::uint32_t length = 0;
      for (const std::uint8_t byte : bytes) length = length << 8U | byte;
      if (length > static_cast<std::uint32_t>(this->getMaxMessageSize())) refuse(length);
      frame_left_ = length;
    }
  }

  [[noreturn]] void refuse(std::uint32_t length) const {
    throw Exception(Exception::CORRUPTED_DATA,
                    stream_.peer() + " claims a frame of " + std::to_string(length) + " bytes; at most " +
                        std::to_string(this->configuration_->getMaxFrameSize()) + " are read");
  }

  /// At least one byte. All bytes count, so that a server cannot go on for ever with frames of nothing.
  std::size_t take(std::uint8_t* into, std::size_t size) {
    if (unread() == 0) fill();
    const std::size_t count = std::min(size, unread());
    this->countConsumedMessageBytes(static_cast<long>(count));
    std::memcpy(into, buffer_.data() + begin_, count);
    begin_ += count;
    return count;
  }

  void fill() {
    begin_ = end_ = 0;
    if (deadline_ != never && Backend::now() >= deadline_) {
      throw std::system_error(std::make_error_code(std::errc::timed_out), "read from " + stream_.peer());
    }
    end_ = stream_.read_some(std::as_writable_bytes(std::span(buffer_)), deadline_);
    if (end_ > 0) return;
    throw std::system_error(std::make_error_code(std::errc::connection_reset),
                            "read from " + stream_.peer() + ": the server ended the stream");
  }

  Stream stream_;
  bool framed_;
  Duration io_timeout_;
  std::optional<TimePoint> fixed_deadline_;
  TimePoint deadline_ = never;
  std::string request_;  ///< what will be sent; begins with room for its length where there are frames
  std::array<char, 8192> buffer_{};
  std::size_t begin_ = 0;  ///< of what has been received and not read
  std::size_t end_ = 0;
  std::uint32_t frame_left_ = 0;
  std::uint32_t awaited_ = 0;  ///< answers
};

}  // namespace carpool::inline v0_1

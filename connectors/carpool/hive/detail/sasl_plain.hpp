/// SASL as Thrift's servers speak it: messages of status, length and payload, and the mechanism PLAIN.
#pragma once

#include <carpool/errors.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace carpool::inline v0_1 {

/// The first byte of each message of a negotiation.
enum class SaslStatus : std::uint8_t {
  start = 1,     ///< the client names its mechanism
  ok = 2,        ///< go on
  bad = 3,       ///< the credentials, or the mechanism, are not accepted
  error = 4,     ///< the other side has not understood
  complete = 5,  ///< the negotiation has succeeded
};

struct SaslMessage {
  SaslStatus status = SaslStatus::error;
  std::string payload = {};
};

/// More than this no server has to say in a negotiation.
inline constexpr std::size_t sasl_max_payload = 64 * 1024;

/// One message's head: what it is and how long its payload.
struct SaslHead {
  static constexpr std::size_t size = 5;

  SaslStatus status;
  std::size_t length;

  /// Throws std::system_error (std::errc::protocol_error) for an unknown status and a length that is negative or
  /// beyond sasl_max_payload, before memory is taken for it.
  [[nodiscard]] static SaslHead parse(std::span<const std::byte, size> bytes) {
    const auto status = static_cast<unsigned>(bytes[0]);
    if (status == 21) refuse("an alert of TLS (RFC 8446, section 5.1), so it expects TLS");
    if (status < 1 || status > 5) refuse("the status " + std::to_string(status));
    std::uint32_t length = 0;
    for (const std::byte byte : bytes.subspan(1)) length = length << 8U | static_cast<std::uint32_t>(byte);
    if (length > sasl_max_payload) refuse("a message of " + std::to_string(length) + " bytes");
    return {static_cast<SaslStatus>(status), length};
  }

 private:
  [[noreturn]] static void refuse(const std::string& claim) {
    throw std::system_error(std::make_error_code(std::errc::protocol_error), "SASL: the server sent " + claim);
  }
};

/// As it goes over the wire.
[[nodiscard]] inline std::string sasl_message(SaslStatus status, std::string_view payload) {
  std::string message(1, static_cast<char>(status));
  for (unsigned shift = 32; shift > 0; shift -= 8) message += static_cast<char>(payload.size() >> (shift - 8));
  return message.append(payload);
}

/// What PLAIN says. Throws std::invalid_argument for what cannot be said with it.
[[nodiscard]] inline std::string sasl_plain_credentials(const std::string& user, const std::string& password) {
  const auto unfit = [](const std::string& text) { return text.empty() || text.find('\0') != std::string::npos; };
  if (unfit(user)) throw std::invalid_argument("SASL PLAIN: user must be given and must not contain a NUL");
  if (unfit(password)) throw std::invalid_argument("SASL PLAIN: password must be given and must not contain a NUL");
  return user + '\0' + user + '\0' + password;
}

namespace detail {

template <class Stream>
[[nodiscard]] SaslMessage read_sasl_message(Stream& stream, TimePoint deadline) {
  std::array<std::byte, SaslHead::size> bytes{};
  stream.read_exactly(bytes, deadline);
  const SaslHead head = SaslHead::parse(bytes);
  SaslMessage message{head.status};
  message.payload = stream.read_exactly(head.length, deadline);
  return message;
}

/// A server's text, fit for a message: it may be anything.
[[nodiscard]] inline std::string printable(std::string text) {
  text.resize(std::min<std::size_t>(text.size(), 1000));
  for (char& one : text) {
    if (static_cast<unsigned char>(one) < ' ' || one == '\x7f') one = ' ';
  }
  return text;
}

}  // namespace detail

/// Negotiates PLAIN on a StreamConnection. Afterwards each side sends frames: a length in four bytes, then as many.
///
/// Errors:   AuthenticationError with the server's words where it refuses; else std::system_error naming the peer
///           (connection_reset also where the server wants no SASL and hangs up on it).
template <class Stream>
void negotiate_sasl_plain(Stream& stream, const std::string& user, const std::string& password, TimePoint deadline) {
  const std::string credentials = sasl_plain_credentials(user, password);
  stream.write_all(sasl_message(SaslStatus::start, "PLAIN") + sasl_message(SaslStatus::ok, credentials), deadline);
  const SaslMessage answer = detail::read_sasl_message(stream, deadline);
  if (answer.status == SaslStatus::complete) return;
  const std::string text = "SASL negotiation with " + stream.peer() + ": " + detail::printable(answer.payload);
  if (answer.status == SaslStatus::bad) throw AuthenticationError(text);
  throw std::system_error(std::make_error_code(std::errc::protocol_error), text);
}

}  // namespace carpool::inline v0_1

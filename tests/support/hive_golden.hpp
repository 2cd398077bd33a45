/// What a client and a HiveServer2 said to each other, recorded byte by byte; and a server that plays such a recording.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include "loopback_listener.hpp"

namespace hive_golden {

[[nodiscard]] inline std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}
[[nodiscard]] inline std::string to_hex(std::string_view bytes) {
  std::string digits;
  for (const char byte : bytes) {
    for (const unsigned half : {static_cast<unsigned char>(byte) / 16U, static_cast<unsigned char>(byte) % 16U}) {
      digits += "0123456789abcdef"[half];
    }
  }
  return digits;
}

/// A recorded message with another number: the recordings have 0 where this library counts.
[[nodiscard]] inline std::string numbered(std::string_view digits, std::uint8_t sequence) {
  std::string message = from_hex(digits);
  const std::size_t name = static_cast<unsigned char>(message.at(7));
  message.at(8 + name + 3) = static_cast<char>(sequence);
  return message;
}
/// The same within its frame.
[[nodiscard]] inline std::string framed(std::string_view digits, std::uint8_t sequence) {
  return from_hex(digits.substr(0, 8)) + numbered(digits.substr(8), sequence);
}

// Session: guid 00..0f, secret f0..ff. Operation: the other way round.
inline constexpr std::string_view open_v1 = "800100010000000b4f70656e53657373696f6e000000000c0001080001000000000000";
inline constexpr std::string_view opened =
    "800100020000000b4f70656e53657373696f6e000000000c00000c00010800010000000000080002000000000c00030c00010b0001000000"
    "10000102030405060708090a0b0c0d0e0f0b000200000010f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff00000000";
inline constexpr std::string_view schemas =
    "800100010000000a476574536368656d6173000000000c00010c00010c00010b000100000010000102030405060708090a0b0c0d0e0f0b00"
    "0200000010f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff00000000";
inline constexpr std::string_view schemas_begun =
    "800100020000000a476574536368656d6173000000000c00000c000108000100000000000c00020c00010b000100000010f0f1f2f3f4f5f6"
    "f7f8f9fafbfcfdfeff0b000200000010000102030405060708090a0b0c0d0e0f000800020000000302000301000000";
inline constexpr std::string_view fetch =
    "800100010000000c4665746368526573756c7473000000000c00010c00010c00010b000100000010f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
    "0b000200000010000102030405060708090a0b0c0d0e0f00080002000000030200030100080002000000000a000300000000000027100000";
inline constexpr std::string_view fetched_rows =  // [default, ""], [web, NULL]
    "800100020000000c4665746368526573756c7473000000000c00000c00010800010000000000020002000c00030a00010000000000000000"
    "0f00020c000000020f00010c000000020c00070b00010000000764656661756c7400000c00070b0001000000000000000f00010c00000002"
    "0c00070b00010000000377656200000c0007000000000000";
inline constexpr std::string_view fetched_none =
    "800100020000000c4665746368526573756c7473000000000c00000c00010800010000000000020002000c00030a00010000000000000000"
    "0f00020c00000000000000";
inline constexpr std::string_view close_operation =
    "800100010000000e436c6f73654f7065726174696f6e000000000c00010c00010c00010b000100000010f0f1f2f3f4f5f6f7f8f9fafbfcfd"
    "feff0b000200000010000102030405060708090a0b0c0d0e0f000800020000000302000301000000";
inline constexpr std::string_view operation_closed =
    "800100020000000e436c6f73654f7065726174696f6e000000000c00000c000108000100000000000000";
inline constexpr std::string_view close_session =
    "800100010000000c436c6f736553657373696f6e000000000c00010c00010c00010b000100000010000102030405060708090a0b0c0d0e0f"
    "0b000200000010f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff00000000";
inline constexpr std::string_view session_closed =
    "800100020000000c436c6f736553657373696f6e000000000c00000c000108000100000000000000";

// With SASL PLAIN, user hive, password x; in frames.
inline constexpr std::string_view plain_handshake = "0100000005504c41494e020000000b6869766500686976650078";
inline constexpr std::string_view plain_accepted = "0500000000";
inline constexpr std::string_view open_plain =
    "00000036800100010000000b4f70656e53657373696f6e000000000c0001080001000000000b000200000004686976650b00030000000178"
    "0000";
inline constexpr std::string_view execute =  // select k,v from t
    "0000007880010001000000104578656375746553746174656d656e74000000000c00010c00010c00010b0001000000100001020304050607"
    "08090a0b0c0d0e0f0b000200000010f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff00000b00020000001173656c656374206b2c762066726f6d20"
    "740d00030b0b000000000000";
inline constexpr std::string_view executed =
    "0000006d80010002000000104578656375746553746174656d656e74000000000c00000c000108000100000000000c00020c00010b000100"
    "000010f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff0b000200000010000102030405060708090a0b0c0d0e0f000800020000000002000301000"
    "000";
inline constexpr std::string_view described =  // k STRING, v INT "c"
    "000000948001000200000014476574526573756c745365744d65746164617461000000000c00000c00010800010000000000"
    "0c00020f00010c000000020b0001000000016b0c00020f00010c000000010c00010800010000000700000008000300000001000b00010000"
    "0001760c00020f00010c000000010c000108000100000003000000080003000000020b0004000000016300000000";
inline constexpr std::string_view fetched_pairs =  // [a, 1], [b, NULL]
    "00000080800100020000000c4665746368526573756c7473000000000c00000c00010800010000000000020002000c00030a000100000000"
    "000000000f00020c000000020f00010c000000020c00070b0001000000016100000c0004080001000000010000000f00010c000000020c00"
    "070b0001000000016200000c0007000000000000";

// Of the current interface definition.
inline constexpr std::string_view open_v6 =  // user hive, database web, sequence 1
    "800100010000000b4f70656e53657373696f6e000000010c0001080001000000050b000200000004686976650d00040b0b000000010000000"
    "c7573653a6461746162617365000000037765620000";
inline constexpr std::string_view fetched_columns =  // sequence 1: [default, tmp, web], ["", NULL, ""], [1, NULL, 3]
    "800100020000000c4665746368526573756c7473000000010c00000c00010800010000000000020002000c00030a00010000000000000000"
    "0f00020c000000000f00030c000000030c00070f00010b000000030000000764656661756c7400000003746d70000000037765620b000200"
    "0000010000000c00070f00010b000000030000000000000000000000000b0002000000010200000c00040f00010800000003000000010000"
    "0000000000030b000200000001020000000000";
inline constexpr std::string_view unknown_method =  // sequence 7
    "80010003000000064765744c6f67000000070b00010000001d496e76616c6964206d6574686f64206e616d653a20274765744c6f67270800"
    "020000000100";
inline constexpr std::string_view get_info =  // CLI_DBMS_NAME, sequence 2
    "8001000100000007476574496e666f000000020c00010c00010c00010b000100000010000102030405060708090a0b0c0d0e0f0b00020000"
    "0010f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff0000080002000000110000";

/// Serves one client: waits for each question, byte for byte, and gives its answer. heard() is what came instead.
class Player {
 public:
  using Exchange = std::pair<std::string, std::string>;  // question, answer

  explicit Player(std::vector<Exchange> exchanges) : exchanges_(std::move(exchanges)) {
    thread_ = std::thread([this] { play(); });
  }
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;
  ~Player() { end(); }

  [[nodiscard]] std::uint16_t port() const noexcept { return listener_.port(); }
  /// Each question as it came, once the client has left.
  [[nodiscard]] const std::vector<std::string>& heard() { return end(), heard_; }

 private:
  void end() {
    if (!thread_.joinable()) return;
    listener_.stop();  // in case that nobody ever came
    thread_.join();
  }

  void play() {
    const int client = listener_.accept();
    if (client < 0) return;
    for (const auto& [question, answer] : exchanges_) {
      std::string& bytes = heard_.emplace_back(question.size(), '\0');
      if (::recv(client, bytes.data(), bytes.size(), MSG_WAITALL) != static_cast<ssize_t>(bytes.size())) break;
      if (::send(client, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) break;
    }
    ::close(client);
  }

  const std::vector<Exchange> exchanges_;
  const LoopbackListener listener_;
  std::vector<std::string> heard_;  // the thread's, until it has ended
  std::thread thread_;
};

}  // namespace hive_golden

/// The server's side of SASL's PLAIN, as Hive frames it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include <thrift/transport/TTransport.h>

namespace hive_sasl {

using Transport = apache::thrift::transport::TTransport;

inline std::string read(Transport& from, std::size_t size) {
  std::string bytes(size, '\0');
  if (size > 0) from.readAll(reinterpret_cast<std::uint8_t*>(bytes.data()), static_cast<std::uint32_t>(size));
  return bytes;
}
inline std::string read_message(Transport& from, char expected) {
  const std::string head = read(from, 5);
  if (head[0] != expected) throw std::runtime_error("invalid status");
  std::size_t size = 0;
  for (const char byte : head.substr(1)) size = size << 8U | static_cast<unsigned char>(byte);
  return read(from, std::min<std::size_t>(size, 10000));
}
inline void say(Transport& to, const std::string& bytes) {
  to.write(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<std::uint32_t>(bytes.size()));
  to.flush();
}
/// Whether the client may go on.
inline bool negotiate_plain(Transport& socket, const std::string& user, const std::string& password) {
  try {
    const std::string mechanism = read_message(socket, 1);
    const std::string credentials = read_message(socket, 2);
    const std::string right = user + '\0' + user + '\0' + password;
    const bool known = mechanism == "PLAIN" && credentials == right;
    say(socket, known ? std::string("\5\0\0\0\0", 5)
                      : std::string("\3\0\0\0\x1a"
                                    "Error validating the login",
                                    31));
    return known;
  } catch (const std::runtime_error&) {
    say(socket, std::string("\4\0\0\0\x13"
                            "Invalid status -128",
                            24));
    return false;
  }
}

}  // namespace hive_sasl

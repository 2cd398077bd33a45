/// What an HTTP connection may be told.
#pragma once

#include <carpool/http/message.hpp>
#include <carpool/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace carpool::inline v0_1 {

/// https: who may vouch for the server, and who we are. The certificate is looked at with the first request.
struct HttpTls {
  std::string ca_file = {};    ///< empty: whom the system trusts
  std::string cert_file = {};  ///< our own certificate, where the server asks for one
  std::string key_file = {};   ///< of cert_file
  bool verify = true;          ///< the certificate must be the host's, vouched for; without it anybody may listen
};

/// An HTTP proxy between us and the server; https goes through it unread (CONNECT).
struct HttpProxy {
  std::string host;           ///< a name or a number, without brackets
  std::uint16_t port = 3128;  ///< 1 to 65535
  std::string user = {};      ///< for Basic authentication; empty: none
  std::string password = {};  ///< for Basic authentication
};

namespace detail {

/// What a session is made with.
struct HttpSettings {
  std::string base;  ///< "https://example.com:8443"
  std::string host;
  std::uint16_t port = 0;
  std::string user = {};
  std::string password = {};
  std::string bearer_token = {};
  std::string unix_path = {};
  std::optional<HttpTls> tls = {};
  std::optional<HttpProxy> proxy = {};
  HttpHeaders headers = {};
  std::size_t max_header_bytes = 0;
  std::size_t max_body_bytes = 0;
  Duration io_timeout = std::chrono::seconds(30);
  Duration lifetime = forever;  // from the connect on
};

}  // namespace detail

}  // namespace carpool::inline v0_1

/// What a TLS connection is to trust, to show and to insist on.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace carpool::inline v0_1 {

enum class TlsVersion {
  tls_1_2,  ///< what nearly every server speaks
  tls_1_3,  ///< one round trip less, and no ciphers of yesterday
};

/// For designated initialisers, in this order. Files are PEM; they are read once per TlsContext, not per connection.
struct TlsOptions {
  std::string ca_file = {};               ///< certificates to trust; with ca_path empty too: the system's
  std::string ca_path = {};               ///< a folder of them, named by hash as openssl-rehash does
  std::string certificate = {};           ///< shown to a server that asks, with its chain; empty: none
  std::string private_key = {};           ///< of the certificate; empty: it stands in the certificate's file
  std::string private_key_password = {};  ///< of an encrypted private key; nobody is ever prompted
  std::string server_name = {};  ///< asked for and verified, a name or an IP address; empty: the connector's host
  bool verify = true;            ///< false: anybody may answer in the server's name
  TlsVersion minimum_version = TlsVersion::tls_1_2;  ///< a server that has only older ones is refused
  std::vector<std::string> alpn = {};                ///< application protocols, best first; empty: none is spoken of
  bool resume_sessions = true;  ///< later handshakes with an endpoint cost less; false: each is a full one

  friend bool operator==(const TlsOptions&, const TlsOptions&) = default;

  /// Throws std::invalid_argument naming the field and the bound.
  void validate() const {
    require(ca_file.find('\0') == std::string::npos, "ca_file must not contain a NUL");
    require(ca_path.find('\0') == std::string::npos, "ca_path must not contain a NUL");
    require(certificate.find('\0') == std::string::npos, "certificate must not contain a NUL");
    require(private_key.find('\0') == std::string::npos, "private_key must not contain a NUL");
    require(server_name.find('\0') == std::string::npos, "server_name must not contain a NUL");
    require(server_name.size() <= 255, "server_name must be at most 255 bytes long");
    require(!certificate.empty() || private_key.empty(), "private_key needs a certificate");
    for (const std::string& protocol : alpn) {
      require(!protocol.empty() && protocol.size() <= 255, "alpn: a protocol must be 1 to 255 bytes long");
    }
  }

 private:
  static void require(bool holds, const char* rule) {
    if (!holds) throw std::invalid_argument(std::string("TlsOptions: ") + rule);
  }
};

}  // namespace carpool::inline v0_1

/// What can be wrong with a TLS stream: the words of OpenSSL as error codes, and the certificate's own error.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <string>
#include <system_error>

namespace carpool::inline v0_1 {

/// OpenSSL's packed error codes; its name is "tls".
[[nodiscard]] inline const std::error_category& tls_category() noexcept {
  class Category final : public std::error_category {
   public:
    [[nodiscard]] const char* name() const noexcept override { return "tls"; }
    [[nodiscard]] std::string message(int code) const override {
      const char* reason = ::ERR_reason_error_string(static_cast<unsigned long>(code));
      return reason != nullptr ? reason : "OpenSSL's error " + std::to_string(code);
    }
  };
  static const Category category;
  return category;
}

/// X509_V_ERR_...: why a certificate was not accepted; its name is "certificate".
[[nodiscard]] inline const std::error_category& certificate_category() noexcept {
  class Category final : public std::error_category {
   public:
    [[nodiscard]] const char* name() const noexcept override { return "certificate"; }
    [[nodiscard]] std::string message(int code) const override { return ::X509_verify_cert_error_string(code); }
  };
  static const Category category;
  return category;
}

/// The server has not proved to be who it was asked to be. Nothing was said to it.
class CertificateError : public std::system_error {
 public:
  using std::system_error::system_error;
};

namespace detail {

/// Empties the thread's queue: what is left in it would be taken for the error of somebody else's next operation.
/// The oldest entry is nearest to the cause. An empty queue gives an empty code.
[[nodiscard]] inline std::error_code take_openssl_error() noexcept {
  const unsigned long error = ::ERR_get_error();
  ::ERR_clear_error();
  if (error == 0) return {};
  if (ERR_SYSTEM_ERROR(error)) return {ERR_GET_REASON(error), std::system_category()};
  // The end of the stream without the peer's word that it is the end: perhaps somebody has cut it.
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    return std::make_error_code(std::errc::connection_reset);
  }
  return {static_cast<int>(error), tls_category()};
}

}  // namespace detail

}  // namespace carpool::inline v0_1

/// One SSL_CTX, made from TlsOptions: what all connections of a pool share.
#pragma once

#include <carpool/tls/detail/sessions.hpp>
#include <carpool/tls/detail/wire.hpp>
#include <carpool/tls/error.hpp>
#include <carpool/tls/options.hpp>

#include <openssl/ssl.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

namespace carpool::inline v0_1::detail {

struct FreeTlsSetup {
  void operator()(SSL_CTX* context) const noexcept { ::SSL_CTX_free(context); }
};

/// Reads the files, so it blocks, for tens of milliseconds with the system's certificates.
///
/// Errors:   std::invalid_argument naming the field and the file.
/// Threads:  any, once it is made.
class TlsSetup {
 public:
  explicit TlsSetup(const TlsOptions& options) : options_(options), context_(::SSL_CTX_new(::TLS_client_method())) {
    if (!context_) throw std::bad_alloc();
    options_.validate();
    ::ERR_clear_error();
    set_modes();
    trust();
    if (!options_.certificate.empty()) show();
    if (!options_.alpn.empty()) offer_protocols();
  }
  TlsSetup(const TlsSetup&) = delete;
  TlsSetup& operator=(const TlsSetup&) = delete;

  [[nodiscard]] SSL_CTX* get() const noexcept { return context_.get(); }
  [[nodiscard]] const TlsOptions& options() const noexcept { return options_; }
  [[nodiscard]] TlsSessions& sessions() noexcept { return sessions_; }

 private:
  void set_modes() {
    SSL_CTX* context = get();
    const bool only_1_3 = options_.minimum_version == TlsVersion::tls_1_3;
    SSL_CTX_set_min_proto_version(context, only_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
    ::SSL_CTX_set_verify(context, options_.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_session_cache_mode(
        context, options_.resume_sessions ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL : SSL_SESS_CACHE_OFF);
    if (options_.resume_sessions) ::SSL_CTX_sess_set_new_cb(context, keep_session);
    ::SSL_CTX_set_default_passwd_cb(context, tell_password);
    ::SSL_CTX_set_default_passwd_cb_userdata(context, &options_);
  }

  void trust() {
    if (!options_.ca_file.empty() && ::SSL_CTX_load_verify_file(get(), options_.ca_file.c_str()) != 1) {
      refuse("ca_file", options_.ca_file);
    }
    if (!options_.ca_path.empty() && ::SSL_CTX_load_verify_dir(get(), options_.ca_path.c_str()) != 1) {
      refuse("ca_path", options_.ca_path);
    }
    if (options_.verify && options_.ca_file.empty() && options_.ca_path.empty()) {
      ::SSL_CTX_set_default_verify_paths(get());
    }
    ::ERR_clear_error();  // the system's store may be partly absent
  }

  void show() {
    const std::string& key = options_.private_key.empty() ? options_.certificate : options_.private_key;
    if (::SSL_CTX_use_certificate_chain_file(get(), options_.certificate.c_str()) != 1) {
      refuse("certificate", options_.certificate);
    }
    if (::SSL_CTX_use_PrivateKey_file(get(), key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        ::SSL_CTX_check_private_key(get()) != 1) {
      refuse("private_key", key);
    }
  }

  void offer_protocols() {
    std::string wire;
    for (const std::string& protocol : options_.alpn) {
      wire.push_back(static_cast<char>(static_cast<unsigned char>(protocol.size())));
      wire += protocol;
    }
    // The one function of OpenSSL that gives 0 where all is well.
    if (::SSL_CTX_set_alpn_protos(get(), reinterpret_cast<const unsigned char*>(wire.data()),
                                  static_cast<unsigned>(wire.size())) != 0) {
      throw std::bad_alloc();
    }
  }

  [[noreturn]] static void refuse(const char* field, const std::string& file) {
    const std::error_code cause = take_openssl_error();
    throw std::invalid_argument(std::string("TlsOptions: ") + field + " '" + file +
                                "' cannot be used: " + (cause ? cause.message() : "it holds nothing of the kind"));
  }

  /// 1: the session is ours to free.
  static int keep_session(SSL* ssl, SSL_SESSION* session) noexcept {
    const auto* wire = static_cast<const TlsWire*>(SSL_get_app_data(ssl));
    if (wire == nullptr || wire->sessions == nullptr || ::SSL_SESSION_is_resumable(session) != 1) return 0;
    try {
      wire->sessions->put(wire->endpoint, TlsSessionPointer(session));
    } catch (const std::bad_alloc&) {  // the pointer has freed it; the next handshake is a full one
    }
    return 1;
  }

  /// Instead of OpenSSL's own, which would ask at the terminal.
  static int tell_password(char* into, int size, int, void* options) noexcept {
    const std::string& password = static_cast<const TlsOptions*>(options)->private_key_password;
    if (password.size() > static_cast<std::size_t>(size)) return 0;
    std::copy(password.begin(), password.end(), into);
    return static_cast<int>(password.size());
  }

  TlsOptions options_;
  std::unique_ptr<SSL_CTX, FreeTlsSetup> context_;
  TlsSessions sessions_;
};

}  // namespace carpool::inline v0_1::detail

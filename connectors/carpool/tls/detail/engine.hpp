/// One connection's SSL, driven step by step: it never waits, and says what it waits for.
#pragma once

#include <carpool/tls/detail/setup.hpp>
#include <carpool/tls/detail/wire.hpp>
#include <carpool/tls/error.hpp>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <system_error>
#include <utility>

namespace carpool::inline v0_1::detail {

/// What a step came to.
enum class TlsStep {
  done,     ///< it is done
  reading,  ///< to be repeated when the socket is readable
  writing,  ///< to be repeated when the socket is writable
  ended,    ///< the peer has said that it will send no more
  failed,   ///< for good: problem() says why
};

/// The numbers of an IPv6 address without the name of a network card: what a certificate can hold.
[[nodiscard]] inline std::string without_zone(const std::string& host) {
  return host.find(':') == std::string::npos ? host : host.substr(0, host.find('%'));
}

/// OpenSSL's queue of errors belongs to the thread, so each step leaves it empty and keeps what was in it.
/// Threads:  one at a time.
class TlsEngine {
 public:
  /// port makes the endpoint, of whose sessions one may be resumed.
  TlsEngine(std::shared_ptr<TlsSetup> setup, int descriptor, const std::string& server_name, const std::string& port)
      : setup_(std::move(setup)), ssl_(::SSL_new(setup_->get())) {
    if (!ssl_) throw std::bad_alloc();
    wire_.descriptor = descriptor;
    wire_.endpoint = server_name + ' ' + port;
    if (setup_->options().resume_sessions) wire_.sessions = &setup_->sessions();
    SSL_set_app_data(ssl_.get(), &wire_);
    attach();
    expect(without_zone(server_name));
    if (wire_.sessions != nullptr) resume();
  }
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;
  /// Says nothing. Without the silent shutdown OpenSSL would take the session for broken, and nobody could resume it.
  ~TlsEngine() {
    if (!ready_ || problem_) return;
    ::SSL_set_quiet_shutdown(ssl_.get(), 1);
    ::SSL_shutdown(ssl_.get());
    give_back();
  }

  [[nodiscard]] TlsStep handshake() noexcept {
    SSL* const ssl = prepare();
    const TlsStep step = outcome(ssl, ::SSL_connect(ssl));
    if (step == TlsStep::done) ready_ = true;
    return step;
  }

  [[nodiscard]] TlsStep read(std::span<std::byte> into, std::size_t& got) noexcept {
    SSL* const ssl = prepare();
    return outcome(ssl, ::SSL_read_ex(ssl, into.data(), into.size(), &got));
  }

  [[nodiscard]] TlsStep write(std::span<const std::byte> from, std::size_t& took) noexcept {
    SSL* const ssl = prepare();
    return outcome(ssl, ::SSL_write_ex(ssl, from.data(), from.size(), &took));
  }

  /// Tells the peer that no more will come, without waiting for the same from it.
  [[nodiscard]] TlsStep close_notify() noexcept {
    SSL* const ssl = prepare();
    const int said = ::SSL_shutdown(ssl);
    return said >= 0 ? TlsStep::done : outcome(ssl, said);
  }

  /// Whether decrypted bytes, or parts of a record, are waiting inside. No system call.
  [[nodiscard]] bool holds_something() const noexcept { return ::SSL_has_pending(ssl_.get()) == 1; }

  /// Takes in what the peer has sent of its own accord (a session ticket, a new key): true where that was all, false
  /// where data, the end or an error came.
  [[nodiscard]] bool nothing_unread() noexcept {
    char byte = 0;
    std::size_t got = 0;
    SSL* const ssl = prepare();
    const TlsStep step = outcome(ssl, ::SSL_peek_ex(ssl, &byte, 1, &got));
    return step == TlsStep::reading || step == TlsStep::writing;
  }

  [[nodiscard]] const std::error_code& problem() const noexcept { return problem_; }
  /// Whether the problem is the server's certificate.
  [[nodiscard]] bool distrusts() const noexcept { return problem_.category() == certificate_category(); }

  [[nodiscard]] bool resumed() const noexcept { return ::SSL_session_reused(ssl_.get()) == 1; }
  [[nodiscard]] const char* version() const noexcept { return ::SSL_get_version(ssl_.get()); }
  [[nodiscard]] std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    ::SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const noexcept { ::SSL_free(ssl); }
  };

  void attach() {
    BIO* bio = ::BIO_new(wire_method());
    if (bio == nullptr) throw std::bad_alloc();
    ::BIO_set_data(bio, &wire_);
    ::SSL_set_bio(ssl_.get(), bio, bio);  // takes it
  }

  /// Whom to ask for and whose certificate to accept. An IP address is never asked for: RFC 6066 knows only names.
  void expect(const std::string& name) {
    X509_VERIFY_PARAM* rules = ::SSL_get0_param(ssl_.get());
    ::X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const bool is_address = ::X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str()) == 1;
    ::ERR_clear_error();
    if (is_address) return;
    const std::string plain = name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
    // SSL_set_tlsext_host_name, whose macro has a cast that users' warnings may forbid.
    const bool told = ::SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                                 const_cast<char*>(plain.c_str())) == 1;
    if (!told || ::X509_VERIFY_PARAM_set1_host(rules, plain.data(), plain.size()) != 1) {
      throw std::invalid_argument("TLS: '" + name + "' cannot be a server's name");
    }
  }

  void resume() {
    const TlsSessionPointer session = wire_.sessions->take(wire_.endpoint);
    if (session) ::SSL_set_session(ssl_.get(), session.get());
  }

  /// TLS 1.2 resumes one session as often as the server likes; its offer comes only with a full handshake.
  void give_back() noexcept {
    if (wire_.sessions == nullptr || !resumed() || ::SSL_version(ssl_.get()) > TLS1_2_VERSION) return;
    TlsSessionPointer session(::SSL_get1_session(ssl_.get()));
    if (!session || ::SSL_SESSION_is_resumable(session.get()) != 1) return;
    try {
      wire_.sessions->put(wire_.endpoint, std::move(session));
    } catch (const std::bad_alloc&) {  // the next handshake is a full one
    }
  }

  SSL* prepare() noexcept {
    ::ERR_clear_error();
    return ssl_.get();
  }

  TlsStep outcome(SSL* ssl, int returned) noexcept {
    if (returned == 1) return TlsStep::done;
    switch (::SSL_get_error(ssl, returned)) {
      case SSL_ERROR_WANT_READ: return TlsStep::reading;
      case SSL_ERROR_WANT_WRITE: return TlsStep::writing;
      case SSL_ERROR_ZERO_RETURN: return TlsStep::ended;
      default: break;
    }
    problem_ = cause();
    return TlsStep::failed;
  }

  /// The most telling of the three places where OpenSSL leaves its reasons.
  [[nodiscard]] std::error_code cause() const noexcept {
    const std::error_code queued = take_openssl_error();
    if (wire_.error != 0) return {wire_.error, std::system_category()};
    const long verdict = ::SSL_get_verify_result(ssl_.get());
    if (!ready_ && verdict != X509_V_OK && setup_->options().verify) {
      return {static_cast<int>(verdict), certificate_category()};
    }
    return queued ? queued : std::make_error_code(std::errc::connection_reset);
  }

  std::shared_ptr<TlsSetup> setup_;
  TlsWire wire_;
  std::unique_ptr<SSL, FreeSsl> ssl_;  // before wire_ goes, its user must be gone
  std::error_code problem_;
  bool ready_ = false;  ///< the handshake is done
};

}  // namespace carpool::inline v0_1::detail

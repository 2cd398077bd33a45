/// A server over TLS in the test's own process, that shows what certificate it is told to: it echoes and obeys some
/// lines, or talks as it is told.
#pragma once

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loopback_listener.hpp"
#include "tls_certificates.hpp"

struct TlsServerManners {
  std::string certificate = "server";
  int version = TLS1_3_VERSION;  ///< the only one that it speaks
  bool wants_client = false;     ///< refuses whoever shows no certificate of the authority
  bool resumes = true;           ///< offers sessions and continues them
  std::string protocol = {};     ///< what it picks of the client's ALPN; empty: it ignores ALPN
  bool ends_after_handshake = false;
  std::function<void(SSL*)> talk = {};  ///< is had with each client instead of echoes, until one of them leaves
};

/// Echoes lines. "update keys", "renegotiate", "goodbye" (a close_notify) and "cut" (none) are done instead.
class TlsServer {
 public:
  explicit TlsServer(TlsServerManners manners = {}) : manners_(std::move(manners)), context_(make_context()) {
    thread_ = std::thread([this] { accept(); });
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;
  ~TlsServer() {
    listener_.stop();
    thread_.join();
    {
      const std::scoped_lock lock(mutex_);
      for (Guest& guest : guests_) ::shutdown(guest.descriptor, SHUT_RDWR);
    }
    for (Guest& guest : guests_) guest.thread.join();
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return listener_.port(); }
  /// Connections whose descriptor is not closed yet.
  [[nodiscard]] std::size_t open() const noexcept { return open_; }
  [[nodiscard]] std::size_t handshakes() const noexcept { return handshakes_; }
  [[nodiscard]] std::size_t resumed() const noexcept { return resumed_; }
  /// Clients that said goodbye before they left.
  [[nodiscard]] std::size_t goodbyes() const noexcept { return goodbyes_; }
  /// What the last client asked for by SNI.
  [[nodiscard]] std::string asked_for() const {
    const std::scoped_lock lock(mutex_);
    return asked_for_;
  }

 private:
  using Context = std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)>;
  using Session = std::unique_ptr<SSL, decltype(&::SSL_free)>;
  struct Guest {
    int descriptor;
    std::thread thread;
  };

  Context make_context() {
    const TlsCertificates& files = TlsCertificates::shared();
    Context made(::SSL_CTX_new(::TLS_server_method()), ::SSL_CTX_free);
    SSL_CTX_set_min_proto_version(made.get(), manners_.version);
    SSL_CTX_set_max_proto_version(made.get(), manners_.version);
    ::SSL_CTX_use_certificate_chain_file(made.get(), files.certificate(manners_.certificate).c_str());
    ::SSL_CTX_use_PrivateKey_file(made.get(), files.key(manners_.certificate).c_str(), SSL_FILETYPE_PEM);
    const unsigned char scope[] = "tests";
    ::SSL_CTX_set_session_id_context(made.get(), scope, sizeof scope);
    if (!manners_.resumes) SSL_CTX_set_session_cache_mode(made.get(), SSL_SESS_CACHE_OFF);
    if (!manners_.resumes) ::SSL_CTX_set_num_tickets(made.get(), 0);
    if (manners_.wants_client) {
      ::SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
      ::SSL_CTX_load_verify_file(made.get(), files.certificate("ca").c_str());
    }
    if (!manners_.protocol.empty()) ::SSL_CTX_set_alpn_select_cb(made.get(), pick_protocol, &manners_.protocol);
    return made;
  }

  static int pick_protocol(SSL*, const unsigned char** picked, unsigned char* size, const unsigned char*, unsigned,
                           void* protocol) {
    const auto& name = *static_cast<const std::string*>(protocol);
    *picked = reinterpret_cast<const unsigned char*>(name.data());
    *size = static_cast<unsigned char>(name.size());
    return SSL_TLSEXT_ERR_OK;
  }

  /// Its threads are written to by clients that leave; only this process' tests decide what SIGPIPE does elsewhere.
  static void mind_no_broken_pipes() {
    sigset_t pipe;
    ::sigemptyset(&pipe);
    ::sigaddset(&pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  }

  void accept() {
    mind_no_broken_pipes();
    for (int guest = 0; (guest = listener_.accept()) >= 0;) {
      const int yes = 1;
      ::setsockopt(guest, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      ++open_;
      const std::scoped_lock lock(mutex_);
      Guest& place = guests_.emplace_back(Guest{guest, {}});
      place.thread = std::thread([this, &place] { serve(place); });
    }
  }

  void serve(Guest& guest) {
    {
      const Session session(::SSL_new(context_.get()), ::SSL_free);
      ::SSL_set_fd(session.get(), guest.descriptor);
      if (::SSL_accept(session.get()) == 1) {
        note(*session);
        if (!manners_.ends_after_handshake) manners_.talk ? manners_.talk(session.get()) : converse(session.get());
        if ((::SSL_get_shutdown(session.get()) & SSL_RECEIVED_SHUTDOWN) != 0) ++goodbyes_;
      }
    }
    const std::scoped_lock lock(mutex_);
    ::close(std::exchange(guest.descriptor, -1));
    --open_;
  }

  void note(SSL& session) {
    ++handshakes_;
    if (::SSL_session_reused(&session) == 1) ++resumed_;
    const char* name = ::SSL_get_servername(&session, TLSEXT_NAMETYPE_host_name);
    const std::scoped_lock lock(mutex_);
    asked_for_ = name == nullptr ? "" : name;
  }

  void converse(SSL* session) {
    std::string heard;
    char bytes[16384];
    int got = 0;
    while ((got = ::SSL_read(session, bytes, sizeof bytes)) > 0) {
      heard.append(bytes, static_cast<std::size_t>(got));
      for (std::size_t end = 0; (end = heard.find('\n')) != std::string::npos; heard.erase(0, end + 1)) {
        if (!answer(session, heard.substr(0, end + 1))) return;
      }
    }
  }

  bool answer(SSL* session, const std::string& line) {
    if (line == "cut\n") return false;
    if (line == "goodbye\n") return ::SSL_shutdown(session), false;
    if (line == "update keys\n") ::SSL_key_update(session, SSL_KEY_UPDATE_REQUESTED);
    if (line == "renegotiate\n") ::SSL_renegotiate(session);
    return ::SSL_write(session, line.data(), static_cast<int>(line.size())) > 0;
  }

  TlsServerManners manners_;  // constant from the constructor on
  Context context_;
  const LoopbackListener listener_;
  std::list<Guest> guests_;  // grown by the accepting thread alone; guarded by mutex_
  std::atomic<std::size_t> open_ = 0;
  std::atomic<std::size_t> handshakes_ = 0;
  std::atomic<std::size_t> resumed_ = 0;
  std::atomic<std::size_t> goodbyes_ = 0;
  mutable std::mutex mutex_;
  std::string asked_for_;  // guarded by mutex_
  std::thread thread_;
};

/// What the TLS connections of one pool share: certificates read once, and sessions to resume.
#pragma once

#include <carpool/time.hpp>
#include <carpool/tls/detail/setup.hpp>
#include <carpool/tls/options.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace carpool::inline v0_1 {

/// A handle: copies share, and so do the copies of a connector that has one as a member. Empty until the first
/// handshake, which reads the files. To reload them, keep a copy of what the pool's connector was given:
///
///   carpool::TlsContext certificates;
///   Pool pool({.host = "db.example", .port = 8443, .tls = {.ca_file = "/etc/app/ca.pem"}, .context = certificates});
///   certificates.reload();              // the files have changed
///   pool.retire_all(1min);              // and so will the connections
///
/// Threads:  any.
class TlsContext {
 public:
  TlsContext() : shared_(std::make_shared<Shared>()) {}

  /// Handshakes that succeeded, and how many of them resumed an earlier session. May be stale.
  [[nodiscard]] std::uint64_t handshakes() const noexcept { return shared_->handshakes.load(); }
  /// Of these, those that resumed.
  [[nodiscard]] std::uint64_t resumptions() const noexcept { return shared_->resumptions.load(); }

  /// Reads the files again: handshakes that begin from now on use what they hold, and resume no session of before.
  /// Connections that are there keep what they have. Nothing to do before the first handshake.
  /// Waits:    for the disk, some 10 ms with the system's certificates; on a fiber, call it by Backend::run_blocking.
  /// Throws:   std::invalid_argument naming the field and the file that cannot be used; nothing has changed then.
  void reload() const { shared_->reload(); }

  /// For connectors: made once for equal options, however many ask at once; where it must be made, through
  /// run_blocking, since that reads files. A change of the server's name alone needs no other one.
  template <class Backend>
  [[nodiscard]] std::shared_ptr<detail::TlsSetup> setup(TlsOptions options) const {
    options.server_name.clear();
    if (auto found = shared_->find(options)) return found;
    return Backend::run_blocking([&] { return shared_->make(options); });
  }

  /// For connectors: a handshake has succeeded.
  void count_handshake(bool resumed) const noexcept {
    shared_->handshakes.fetch_add(1);
    if (resumed) shared_->resumptions.fetch_add(1);
  }

 private:
  using SetupPointer = std::shared_ptr<detail::TlsSetup>;

  struct Shared {
    [[nodiscard]] SetupPointer find(const TlsOptions& options) {
      const std::scoped_lock lock(mutex);
      for (const SetupPointer& setup : setups) {
        if (setup->options() == options) return setup;
      }
      return nullptr;
    }

    [[nodiscard]] SetupPointer make(const TlsOptions& options) {
      const std::scoped_lock making(making_mutex);
      if (auto found = find(options)) return found;
      auto made = std::make_shared<detail::TlsSetup>(options);
      const std::scoped_lock lock(mutex);
      setups.push_back(made);
      return made;
    }

    void reload() {
      const std::scoped_lock making(making_mutex);
      std::vector<SetupPointer> fresh = all();
      for (SetupPointer& setup : fresh) setup = std::make_shared<detail::TlsSetup>(setup->options());
      const std::scoped_lock lock(mutex);
      setups.swap(fresh);
    }
    [[nodiscard]] std::vector<SetupPointer> all() {
      const std::scoped_lock lock(mutex);
      return setups;
    }

    std::mutex making_mutex;           // held while files are read: in run_blocking alone
    std::mutex mutex;                  // held for a few instructions, never across a wait: it serves fibers too
    std::vector<SetupPointer> setups;  // guarded by mutex; one, unless a connector's options were changed
    std::atomic<std::uint64_t> handshakes = 0;
    std::atomic<std::uint64_t> resumptions = 0;
  };

  std::shared_ptr<Shared> shared_;
};

}  // namespace carpool::inline v0_1

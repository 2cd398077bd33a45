/// The sessions that servers offered to resume, by endpoint.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

struct FreeTlsSession {
  void operator()(SSL_SESSION* session) const noexcept { ::SSL_SESSION_free(session); }
};
using TlsSessionPointer = std::unique_ptr<SSL_SESSION, FreeTlsSession>;

/// Bounded: a server may offer as many as it likes. The mutex is held for a few instructions and never across a wait,
/// so a plain one serves fibers too.
class TlsSessions {
 public:
  void put(const std::string& endpoint, TlsSessionPointer session) {
    const std::scoped_lock lock(mutex_);
    if (offers_.size() >= most_endpoints && !offers_.contains(endpoint)) offers_.erase(offers_.begin());
    auto& offers = offers_[endpoint];
    if (offers.size() >= most_per_endpoint) offers.erase(offers.begin());
    offers.push_back(std::move(session));
  }

  /// The newest, or null. It is taken out for good: a TLS 1.3 ticket shown twice would link the two connections; an
  /// older session that has served is put back by whoever took it.
  [[nodiscard]] TlsSessionPointer take(const std::string& endpoint) {
    const std::scoped_lock lock(mutex_);
    const auto found = offers_.find(endpoint);
    if (found == offers_.end() || found->second.empty()) return nullptr;
    TlsSessionPointer session = std::move(found->second.back());
    found->second.pop_back();
    return session;
  }

 private:
  static constexpr std::size_t most_endpoints = 256;
  static constexpr std::size_t most_per_endpoint = 16;

  std::mutex mutex_;
  std::map<std::string, std::vector<TlsSessionPointer>> offers_;  // guarded by mutex_
};

}  // namespace carpool::inline v0_1::detail

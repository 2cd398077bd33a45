/// When a Redis connection is to show its server new credentials, and which.
#pragma once

#include <carpool/common/granted_credentials.hpp>
#include <carpool/credentials.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Made with credentials that end, it is due after 70 to 80 % of their time, so that a provider or a server that is
/// away for a while costs no connection. Else it never is.
template <class Backend>
class RedisRenewal {
 public:
  RedisRenewal() noexcept = default;
  RedisRenewal(const CredentialsProvider& provider, TimePoint expires)
      : provider_(std::make_unique<CredentialsProvider>(provider)) {
    granted(expires);
  }

  /// No system call where the credentials do not end.
  [[nodiscard]] bool due() const noexcept { return due_ != never && Backend::coarse_now() >= due_; }
  [[nodiscard]] bool expired() const noexcept { return expires_ != never && Backend::coarse_now() >= expires_; }

  /// Nothing where the provider throws: it is asked again later.
  [[nodiscard]] std::optional<Credentials> ask(TimePoint deadline) {
    postpone();
    try {
      return ask_for_credentials<Backend>(*provider_, {.deadline = deadline});
    } catch (const std::exception&) {  // the old ones last for a while
      return std::nullopt;
    }
  }
  /// The server has taken them.
  void granted(TimePoint expires) noexcept {
    if (expires == expires_) return;  // the same again: postpone() has said when to ask anew
    expires_ = expires;
    due_ = never;
    if (expires == never) return;
    const TimePoint now = Backend::now();
    due_ = after(now, spread_lifetime<Backend>((expires - now) / 5 * 4));
  }

 private:
  void postpone() noexcept {
    constexpr Duration least = std::chrono::milliseconds(100);
    const TimePoint now = Backend::now();
    due_ = after(now, std::max(least, (expires_ - now) / 4));
  }

  std::unique_ptr<CredentialsProvider> provider_;  ///< null: it is never due
  TimePoint expires_ = never;
  TimePoint due_ = never;
};

}  // namespace carpool::inline v0_1::detail

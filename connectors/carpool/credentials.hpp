/// Who a connector logs in as, asked anew at each connect: passwords that rotate, tokens that expire.
#pragma once

#include <carpool/time.hpp>

#include <functional>
#include <string>

namespace carpool::inline v0_1 {

/// For designated initialisers, in this order.
struct Credentials {
  std::string user = {};      ///< empty: the connector's own
  std::string password = {};  ///< or a token
  /// When they end, on the backend's clock (std::chrono::steady_clock, but in a simulation). A connection that logged
  /// in with them is not handed out after that. Where a server looks at a token at the log-in alone, as Amazon RDS does
  /// with those of IAM, leave this at `never`.
  TimePoint expires = never;
};

/// What a CredentialsProvider is told.
struct CredentialsRequest {
  TimePoint deadline = never;            ///< the connect's, or the ping's: an answer that comes later is of no use
  const Credentials* refused = nullptr;  ///< what the server has just refused; null: nothing. Lifetime: the call's
};

/// A member `credentials` of the connectors that log in. It is asked at each connect. Where the server then refuses the
/// credentials, it is asked once more, with CredentialsRequest::refused: a provider that caches should forget what it
/// has, and one that knows of a rotation may wait for its end, until the deadline. Other credentials are tried at once;
/// the same ones again are the connect's AuthenticationError.
///
/// Waits:    it may; on fibers a helper thread calls it (Backend::run_blocking).
/// Errors:   what it throws is the connect's failure. Its words reach logs: leave secrets out.
/// Threads:  any worker calls it, several at once.
/// Lifetime: the pool keeps a copy, and each connection to Redis another one.
using CredentialsProvider = std::function<Credentials(const CredentialsRequest&)>;

}  // namespace carpool::inline v0_1

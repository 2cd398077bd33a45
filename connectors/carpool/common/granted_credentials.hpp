/// How connectors ask a CredentialsProvider, and how long what it gives may be used.
#pragma once

#include <carpool/credentials.hpp>
#include <carpool/errors.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Throws what the provider throws, and std::runtime_error for credentials that have ended: a connection of these would
/// be closed at once, and opened again.
template <class Backend>
[[nodiscard]] Credentials ask_for_credentials(const CredentialsProvider& provider, const CredentialsRequest& request) {
  Credentials given = Backend::run_blocking([&] { return provider(request); });
  if (given.expires <= Backend::now())
    throw std::runtime_error("the credentials' provider gave some that have expired");
  return given;
}

/// The connector as it is without a provider, with these. Throws what its validate() does.
template <class Connector>
[[nodiscard]] Connector with_credentials(Connector connector, const Credentials& given) {
  if (!given.user.empty()) connector.user = given.user;
  connector.password = given.password;
  connector.credentials = nullptr;
  connector.validate();
  return connector;
}

[[nodiscard]] inline bool same_login(const Credentials& left, const Credentials& right) noexcept {
  return left.user == right.user && left.password == right.password;
}

/// open(credentials), and where the server refuses them, once more if the provider has others by now.
template <class Backend, class Open>
[[nodiscard]] auto open_with_credentials(const CredentialsProvider& provider, TimePoint deadline, Open open) {
  const Credentials first = ask_for_credentials<Backend>(provider, {.deadline = deadline});
  std::optional<std::invoke_result_t<Open&, const Credentials&>> opened;
  std::exception_ptr refusal;
  try {
    opened.emplace(open(first));
  } catch (const AuthenticationError&) {
    refusal = std::current_exception();
  }
  if (opened) return std::move(*opened);
  const Credentials second = ask_for_credentials<Backend>(provider, {.deadline = deadline, .refused = &first});
  if (same_login(first, second)) std::rethrow_exception(refusal);
  return open(second);
}

/// `whole` less up to a tenth at random: what begins together ends apart.
template <class Backend>
[[nodiscard]] Duration spread_lifetime(Duration whole) noexcept {
  if (whole == forever) return whole;
  const Duration::rep tenth = std::max<Duration::rep>(whole.count() / 10, 0);
  const auto draw = static_cast<Duration::rep>(Backend::random() >> 1U);
  return whole - Duration(draw % (tenth + 1));
}

/// How long a connection may live that has just been opened with such credentials, and no longer than `limit`.
template <class Backend>
[[nodiscard]] Duration lifetime_of(TimePoint expires, Duration limit = forever) noexcept {
  if (expires == never) return limit;
  return std::min(limit, spread_lifetime<Backend>(std::max(expires - Backend::now(), Duration::zero())));
}

}  // namespace carpool::inline v0_1::detail

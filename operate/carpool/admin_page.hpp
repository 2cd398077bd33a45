/// A page that shows the pools of a process, live, and steers them where that is allowed.
#pragma once

#include <carpool/admin/detail/router.hpp>
#include <carpool/admin/detail/web_server.hpp>
#include <carpool/admin/options.hpp>
#include <carpool/pool_registry.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace carpool::inline v0_1 {

/// Serves, by HTTP/1.1, as long as it lives:
///   GET /            one page without outside resources: what each pool of the registry does, once a second
///   GET /pools.json  the figures that it draws; docs/how-to/operate.md has its format
///   GET /healthz     200 as long as the process answers
///   GET /readyz      200 while every pool could serve; else 503, with the names of those that could not, and whether
///                    they are closed, suspended, or have no endpoint whose circuit breaker is closed
///   POST /steer/retire, suspend, resume, resize, clear, drain   with AdminPageOptions::steering_token alone
/// What is never shown: credentials, the process's environment and arguments, what goes over connections. Errors of
/// connects are shown in the connector's words, which with this library's connectors contain no password.
/// Threads:  civetweb's, some ten, which take no signals and sleep while nobody asks. They look at the pools, so a pool
///           that is registered must be one that several threads may use: no pool on SingleBackend.
/// Lifetime: pools may come and go while it is shown. The page keeps the registry's contents alive. In a forked child
///           there is no page, and the destructor does nothing.
/// Errors:   400 for what is no request, or not whole within 3 s; 401 without the token; 403 where a host, an origin or
///           steering is not allowed; 404, 405, 411, 413, 431, 500.
class AdminPage {
 public:
  /// Listens when it returns. Throws std::invalid_argument for bad options, and std::runtime_error, with the cause,
  /// where the port cannot be had.
  explicit AdminPage(const PoolRegistry& registry, AdminPageOptions options = {})
      : address_((validate(options), options.address)),
        port_(options.port),
        router_(registry, std::move(options)),
        server_(address_, port_, [this](const detail::AdminRequest& request) { return router_.answer(request); }) {}
  AdminPage(const AdminPage&) = delete;
  AdminPage& operator=(const AdminPage&) = delete;

  /// The one that it got, also where none was named.
  [[nodiscard]] std::uint16_t port() const noexcept { return server_.port(); }
  /// "http://127.0.0.1:8080/"
  [[nodiscard]] std::string url() const {
    const bool is_v6 = address_.find(':') != std::string::npos;
    return "http://" + (is_v6 ? "[" + address_ + "]" : address_) + ":" + std::to_string(port()) + "/";
  }

 private:
  const std::string address_;
  const std::uint16_t port_;
  detail::AdminRouter router_;
  detail::WebServer server_;  // the last one: its threads end before what they use
};

}  // namespace carpool::inline v0_1

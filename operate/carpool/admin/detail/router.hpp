/// Which request gets which answer.
#pragma once

#include <carpool/admin/detail/guard.hpp>
#include <carpool/admin/detail/json.hpp>
#include <carpool/admin/detail/kept_answer.hpp>
#include <carpool/admin/detail/message.hpp>
#include <carpool/admin/detail/page.hpp>
#include <carpool/admin/detail/pool_json.hpp>
#include <carpool/admin/detail/readiness.hpp>
#include <carpool/admin/detail/recent_waits.hpp>
#include <carpool/admin/detail/steering.hpp>
#include <carpool/pool_registry.hpp>
#include <carpool/version.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Threads: any, several at once. Its copy of the registry is the same registry.
class AdminRouter {
 public:
  AdminRouter(PoolRegistry registry, AdminPageOptions options)
      : registry_(std::move(registry)), guard_(std::move(options)) {}

  /// Throws what looking at a pool does.
  [[nodiscard]] AdminAnswer answer(const AdminRequest& request) {
    if (!guard_.knows_host(request)) return admin_error(403, "this page is not known under the Host of the request");
    if (Steering::knows(request.path)) return steer(request);
    const auto make = maker_of(request.path);
    if (make == nullptr) return admin_error(404, "there is /, /pools.json, /healthz, /readyz");
    if (request.method != "GET" && request.method != "HEAD") return not_allowed("GET, HEAD");
    // A browser may come to the page by a link of somebody else's; figures are for the page alone.
    if (request.path != "/" && !AdminGuard::is_same_origin(request)) return from_elsewhere();
    return (this->*make)();
  }

 private:
  using Maker = AdminAnswer (AdminRouter::*)();

  [[nodiscard]] static Maker maker_of(std::string_view path) noexcept {
    if (path == "/") return &AdminRouter::page;
    if (path == "/pools.json") return &AdminRouter::pools;
    if (path == "/healthz") return &AdminRouter::health;
    return path == "/readyz" ? &AdminRouter::readiness : nullptr;
  }
  [[nodiscard]] static AdminAnswer not_allowed(const std::string& methods) {
    auto answer = admin_error(405, "the method must be one of " + methods);
    answer.headers = "Allow: " + methods + "\r\n";
    return answer;
  }
  [[nodiscard]] static AdminAnswer from_elsewhere() {
    return admin_error(403, "the request comes from a page of another origin");
  }

  AdminAnswer page() {
    const std::string nonce = make_nonce();
    return {200, admin_page(nonce), "text/html; charset=utf-8",
            "Content-Security-Policy: " + page_policy(nonce) + "\r\n"};
  }
  AdminAnswer pools() {
    return pools_.get([this](auto now) {
      Json json;
      json.open('{').field("format", 1U).field("carpool", version).field("steering", guard_.steers());
      json.key("pools").open('[');
      PoolJson pool_json(json, recent_, now);
      registry_.for_each([&](const std::string& name, const WatchedPool& pool) { pool_json.add(name, pool); });
      recent_.end_round();
      json.close(']').close('}');
      return AdminAnswer{200, std::move(json).take()};
    });
  }
  AdminAnswer health() { return {200, "{\"alive\":true}"}; }
  AdminAnswer readiness() {
    return readiness_.get([this](auto) {
      Json json;
      bool ready = true;
      json.open('{').key("not_ready").open('[');
      registry_.for_each([&](const std::string& name, const WatchedPool& pool) {
        const auto why = why_not_ready(pool.stats(), pool.endpoints());
        if (why.empty()) return;
        ready = false;
        json.open('{').field("pool", name).field("because", why).close('}');
      });
      json.close(']').field("ready", ready).close('}');
      return AdminAnswer{ready ? 200 : 503, std::move(json).take()};
    });
  }

  AdminAnswer steer(const AdminRequest& request) {
    if (request.method != "POST") return not_allowed("POST");
    if (!guard_.steers()) return admin_error(403, "steering is switched off: AdminPageOptions::steering_token");
    if (!AdminGuard::is_same_origin(request)) return from_elsewhere();
    if (!guard_.has_token(request)) {
      auto answer = admin_error(401, "Authorization must be: Bearer, a space and the steering token");
      answer.headers = "WWW-Authenticate: Bearer\r\n";
      return answer;
    }
    auto answer = Steering::steer(registry_, request);
    pools_.forget();
    readiness_.forget();
    return answer;
  }

  const PoolRegistry registry_;
  const AdminGuard guard_;
  RecentWaits recent_;  // under the lock of pools_
  KeptAnswer pools_;
  KeptAnswer readiness_;
};

}  // namespace carpool::inline v0_1::detail

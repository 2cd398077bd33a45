/// What a pool may be told through an admin page.
#pragma once

#include <carpool/admin/detail/form.hpp>
#include <carpool/admin/detail/json.hpp>
#include <carpool/admin/detail/message.hpp>
#include <carpool/pool_registry.hpp>
#include <carpool/watched_pool.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace carpool::inline v0_1::detail {

[[nodiscard]] inline AdminAnswer admin_error(int status, std::string_view why) {
  Json json;
  json.open('{').field("error", why).close('}');
  return {status, std::move(json).take()};
}

/// POST /steer/<verb>, with pool=<name> in its body, and max_size=<number> for resize.
class Steering {
 public:
  static constexpr std::string_view folder = "/steer/";

  [[nodiscard]] static bool knows(std::string_view path) noexcept {
    return path.starts_with(folder) && verb_of(path) != nullptr;
  }
  [[nodiscard]] static AdminAnswer steer(const PoolRegistry& registry, const AdminRequest& request) {
    const auto pool = form_field(request.body, "pool");
    if (!pool) return admin_error(400, "the body must have pool=<name>, form-urlencoded");
    const Verb& verb = *verb_of(request.path);
    Json json;
    json.open('{').field("pool", *pool).field("done", verb.name);
    try {
      if (!registry.visit(*pool, [&](WatchedPool& found) { verb.tell(found, request.body, json); }))
        return admin_error(404, "no pool has this name");
    } catch (const std::invalid_argument& error) {
      return admin_error(400, error.what());
    }
    json.close('}');
    return {200, std::move(json).take()};
  }

 private:
  struct Verb {
    std::string_view name;
    void (*tell)(WatchedPool&, std::string_view form, Json& answer);
  };

  [[nodiscard]] static const Verb* verb_of(std::string_view path) noexcept {
    static constexpr std::array<Verb, 6> verbs{{
        {"retire", [](WatchedPool& pool, std::string_view, Json&) { pool.retire_all(); }},
        {"suspend", [](WatchedPool& pool, std::string_view, Json&) { pool.suspend(); }},
        {"resume", [](WatchedPool& pool, std::string_view, Json&) { pool.resume(); }},
        {"resize", [](WatchedPool& pool, std::string_view form, Json&) { pool.resize(size_in(form)); }},
        {"clear", [](WatchedPool& pool, std::string_view, Json& json) { json.field("closed", pool.clear()); }},
        {"drain", [](WatchedPool& pool, std::string_view, Json& json) { json.field("leases_out", pool.drain()); }},
    }};
    const auto name = path.substr(folder.size());
    const auto found = std::find_if(verbs.begin(), verbs.end(), [name](const Verb& verb) { return verb.name == name; });
    return found == verbs.end() ? nullptr : &*found;
  }
  /// A pool refuses 0 itself; what is greater is more likely a slip of the hand than what a pool should grow to.
  [[nodiscard]] static std::size_t size_in(std::string_view form) {
    constexpr std::size_t greatest = 1'000'000;
    const std::string text = form_field(form, "max_size").value_or("");
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc() || end != text.data() + text.size() || size > greatest)
      throw std::invalid_argument("max_size must be a whole number from 1 to 1000000");
    return size;
  }
};

}  // namespace carpool::inline v0_1::detail

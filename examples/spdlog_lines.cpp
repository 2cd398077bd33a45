// needs: operate thread_backend
// What becomes of a pool's connections, as lines of spdlog's: its levels, its sinks, its time. At level info a pool in
// good health writes three lines in its life; this one's server goes away for a while.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/log_observer.hpp>
#include <carpool/thread_backend.hpp>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include <spdlog/spdlog.h>

using namespace std::chrono_literals;

struct Sessions {
  struct Connection {};
  std::shared_ptr<bool> away = std::make_shared<bool>(false);
  Connection connect(carpool::TimePoint) const {
    if (*away) throw std::system_error(std::make_error_code(std::errc::connection_refused));
    return {};
  }
  bool is_connected(const Connection&) const noexcept { return !*away; }
  std::string describe() const { return "db.example:5432"; }
};

carpool::LogObserver to_spdlog(carpool::LogLevel least) {
  const auto write = [](carpool::LogLevel level, std::string_view line) {
    constexpr spdlog::level::level_enum levels[] = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                                    spdlog::level::err};
    spdlog::log(levels[static_cast<std::size_t>(level)], "{}", line);
  };
  return carpool::LogObserver({.least = least, .timestamp = false}, write);
}

int main() {
  spdlog::set_pattern("[%l] %v");
  const Sessions sessions;
  carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Sessions, carpool::DefaultEviction,
                          carpool::LogObserver>
      pool(sessions, {.name = "orders", .connect_attempts = 1}, {}, to_spdlog(carpool::LogLevel::info));
  for (int i = 0; i < 1000; ++i) static_cast<void>(pool.acquire());  // nothing is written
  *sessions.away = true;
  std::error_code error;
  const auto lease = pool.acquire(error);
  std::printf("%s\n", error.message().c_str());
}

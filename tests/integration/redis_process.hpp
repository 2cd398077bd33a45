/// A redis-server with a configuration of the test's own: a sentinel, or one that lacks a command.
#pragma once

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loopback_server.hpp"

/// On a spare loopback port and in a temporary folder. It ends with the thread that made it, at the latest.
class RedisProcess {
 public:
  /// configuration: lines of redis.conf. mode: "--sentinel" for one.
  explicit RedisProcess(const std::string& configuration, const char* mode = nullptr) {
    if (::mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("no folder for redis-server");
    std::ofstream(folder_ + "/redis.conf") << "bind 127.0.0.1\nport " << port_ << "\ndir " << folder_ << '\n'
                                           << configuration;
    process_ = ::fork();
    if (process_ == 0) become_redis(mode);
  }
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;
  ~RedisProcess() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    std::filesystem::remove_all(folder_);
  }

  /// Where it will listen in a moment.
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  [[noreturn]] void become_redis(const char* mode) const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int log = ::open((folder_ + "/log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ::dup2(log, STDOUT_FILENO);
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
    ::execlp("redis-server", "redis-server", (folder_ + "/redis.conf").c_str(), mode, nullptr);
    ::_exit(127);
  }

  std::string folder_ = "/tmp/carpool-redis-XXXXXX";
  const std::uint16_t port_ = LoopbackServer().port();  // free again, and not soon given to anybody else
  pid_t process_ = -1;
};

/// A real server of the test's own, on spare loopback ports and in a temporary folder, that can be killed and frozen.
#pragma once

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/// First in a test or in SetUp: leaves it out, and says why, where the server's program is not installed.
#define CARPOOL_SKIP_WITHOUT(kind)                                             \
  if (const std::string missing = RealServer::missing(kind); !missing.empty()) \
  GTEST_SKIP() << missing << " is not installed"

/// kind: "redis", "mariadb", "postgres", "pgbouncer", "nginx", "memcached", "prometheus" or "echo", as scripts/server
/// knows them.
/// What runs is a process group of its own that ends with the thread that started it, at the latest.
class RealServer {
 public:
  /// behind: for a pgbouncer, the port of its postgres; for a prometheus, that of what it scrapes.
  explicit RealServer(std::string kind, std::uint16_t behind = 0) : kind_(std::move(kind)), behind_(behind) {
    std::string name = "/tmp/carpool-" + kind_ + "-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder for " + kind_);
    folder_ = name;
    std::filesystem::permissions(folder_, std::filesystem::perms(0755));
    start();
  }
  RealServer(const RealServer&) = delete;
  RealServer& operator=(const RealServer&) = delete;
  ~RealServer() {
    kill();
    for (const Reservation& one : reserved_) ::close(one.descriptor);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  /// One for all the tests of a program; it must be asked for by the main thread first.
  static RealServer& shared(const std::string& kind) {
    static std::map<std::string, std::unique_ptr<RealServer>> servers;
    auto& server = servers[kind];
    if (!server) server = std::make_unique<RealServer>(kind);
    return *server;
  }

  /// The program that this kind needs and that is not here; nothing where all is well.
  static std::string missing(const std::string& kind) {
    const std::string command = script() + " missing " + kind;
    const std::unique_ptr<FILE, int (*)(FILE*)> answer(::popen(command.c_str(), "r"), &::pclose);
    std::string line(200, '\0');
    if (std::fgets(line.data(), static_cast<int>(line.size()), answer.get()) == nullptr) return "";
    return line.substr(0, line.find('\n'));
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return reserved_[0].port; }
  [[nodiscard]] std::uint16_t tls_port() const noexcept { return reserved_[1].port; }
  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }
  [[nodiscard]] std::string file(const std::string& name) const { return folder_ + '/' + name; }
  /// Of redis and mariadb; of postgres the folder, as libpq wants it.
  [[nodiscard]] std::string unix_path() const { return kind_ == "postgres" ? folder_ : file("socket"); }
  [[nodiscard]] static std::string user() { return "carpool"; }
  [[nodiscard]] static std::string password() { return "in-the-car"; }
  [[nodiscard]] static std::string database() { return "carpool"; }

  /// After kill(): the same ports, the same data. Returns when it can be connected to.
  void start() {
    process_ = ::fork();
    if (process_ == 0) become_server();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!ready()) {
      if (!alive() || std::chrono::steady_clock::now() > deadline) fail();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  /// No goodbye: the kernel resets or closes what was open.
  void kill() {
    if (process_ <= 0) return;
    for (const pid_t one : family(process_)) ::kill(one, SIGKILL);
    ::waitpid(std::exchange(process_, -1), nullptr, 0);
  }

  /// It exists and says nothing, until thaw().
  void freeze() const {
    for (const pid_t one : family(process_)) ::kill(one, SIGSTOP);
    // The signal has been sent when kill returns; each thread goes on until it is taken.
    while (!stands_still()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  void thaw() const {
    for (const pid_t one : family(process_)) ::kill(one, SIGCONT);
  }

  /// scripts/server of the tree that this program was made from.
  static std::string script() {
    const std::filesystem::path there = std::filesystem::path(__FILE__).parent_path() / "../../scripts/server";
    // A compiler's cache may have made that relative to the build's folder, in which this program lies.
    for (auto folder = std::filesystem::read_symlink("/proc/self/exe"); folder.has_relative_path();) {
      folder = folder.parent_path();
      if (exists(folder / there)) return (folder / there).lexically_normal().string();
    }
    throw std::runtime_error("scripts/server is not at " + there.string());
  }

 private:
  [[noreturn]] void become_server() const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int log = ::open(file("log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::close_range(STDERR_FILENO + 1, ~0U, 0);  // none of the test's descriptors stays open here
    const std::string program = script(), plain = std::to_string(port()), tls = std::to_string(tls_port()),
                      behind = std::to_string(behind_);
    ::execl(program.c_str(), program.c_str(), kind_.c_str(), folder_.c_str(), plain.c_str(), tls.c_str(),
            behind.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }

  [[nodiscard]] bool ready() const {
    if (kind_ == "postgres" && read(file("data/postmaster.pid")).find("ready") == std::string::npos) return false;
    const int asking = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port());
    const bool answered = ::connect(asking, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(asking);
    return answered;
  }

  bool alive() {
    if (::waitpid(process_, nullptr, WNOHANG) == 0) return true;
    process_ = -1;
    return false;
  }

  [[noreturn]] void fail() {
    kill();
    std::string said;
    for (const char* log : {"log", "install.log", "certificates.log"}) said += read(file(log));
    throw std::runtime_error(kind_ + " did not start: " + said);
  }

  /// A process and all that descend from it.
  static std::vector<pid_t> family(pid_t process) {
    std::vector<pid_t> all{process};
    const std::string id = std::to_string(process);
    std::istringstream children(read("/proc/" + id + "/task/" + id + "/children"));
    for (pid_t child = 0; children >> child;) {
      for (const pid_t one : family(child)) all.push_back(one);
    }
    return all;
  }

  [[nodiscard]] bool stands_still() const {
    for (const pid_t one : family(process_)) {
      for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(one) + "/task")) {
        const std::string stat = read(task.path() / "stat");
        if (stat.compare(stat.rfind(')') + 2, 1, "T") != 0) return false;
      }
    }
    return true;
  }

  static std::string read(const std::string& path) {
    const std::ifstream file(path);
    return (std::ostringstream() << file.rdbuf()).str();
  }

  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  /// Bound and never listening: the port is ours while the server is down, and a connect to it is refused.
  struct Reservation {
    int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::uint16_t port = 0;

    Reservation() {
      const int yes = 1;
      ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);  // the server sets it too, and may bind
      sockaddr_in address = loopback(0);
      socklen_t size = sizeof address;
      (void)::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), size);
      ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
      port = ntohs(address.sin_port);
    }
  };

  std::string kind_;
  std::uint16_t behind_ = 0;
  std::string folder_;
  const std::array<Reservation, 2> reserved_;  // for all, and for TLS
  pid_t process_ = -1;
};

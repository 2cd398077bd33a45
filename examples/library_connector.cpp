// needs: fiber_backend
// A connector for a C library that owns its descriptor: the library never waits, the backend does. connectors/README.md
// explains it.
#include <carpool/connection_pool.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/peer_is_quiet.hpp>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

// --- The library: a client of an echo service. It shows its descriptor, and says "not yet" instead of waiting. -------

struct EchoClient {
  int descriptor;
  std::thread server;  // what a real one would not have
};

EchoClient* echo_open() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) return nullptr;
  return new EchoClient{ends[0], std::thread([end = ends[1]] {
                          pollfd asked{.fd = end, .events = POLLIN, .revents = 0};
                          for (char byte = 0; ::poll(&asked, 1, -1) == 1 && ::recv(end, &byte, 1, 0) == 1;)
                            (void)::send(end, &byte, 1, MSG_NOSIGNAL);
                          ::close(end);
                        })};
}
int echo_descriptor(const EchoClient* client) { return client->descriptor; }
bool echo_ask(EchoClient* client, char byte) { return ::send(client->descriptor, &byte, 1, MSG_NOSIGNAL) == 1; }
/// 1: here it is; 0: not yet; -1: the server has gone.
int echo_answer(EchoClient* client, char* byte) {
  const ssize_t got = ::recv(client->descriptor, byte, 1, 0);
  return got == 1 ? 1 : got < 0 && errno == EAGAIN ? 0 : -1;
}
void echo_close(EchoClient* client) {
  ::close(client->descriptor);
  client->server.join();
  delete client;
}

// --- The connector ---------------------------------------------------------------------------------------------------

template <class Backend>
class EchoConnection {
 public:
  EchoConnection() : client_(echo_open()) {
    if (client_ == nullptr) throw std::system_error(errno, std::system_category(), "open an echo client");
    Backend::forget(echo_descriptor(client_));  // the number may have been another's
  }
  EchoConnection(EchoConnection&& other) noexcept
      : client_(std::exchange(other.client_, nullptr)), in_doubt_(other.in_doubt_) {}
  EchoConnection& operator=(EchoConnection&& other) noexcept {
    std::swap(client_, other.client_);
    std::swap(in_doubt_, other.in_doubt_);
    return *this;
  }
  ~EchoConnection() {
    if (client_ == nullptr) return;
    Backend::forget(echo_descriptor(client_));  // before the library closes it
    echo_close(client_);
  }

  /// Errors: std::system_error, after which the connection is not used again.
  char echo(char asked, carpool::TimePoint deadline) {
    in_doubt_ = true;  // until the answer is here, whatever leaves this function
    if (!echo_ask(client_, asked)) fail(std::errc::connection_reset);
    char answer = 0;
    for (int got = 0; (got = echo_answer(client_, &answer)) != 1;) {
      if (got < 0) fail(std::errc::connection_reset);
      if (Backend::wait(echo_descriptor(client_), POLLIN, deadline) == 0) fail(std::errc::timed_out);
    }
    in_doubt_ = false;
    return answer;
  }

  [[nodiscard]] bool is_connected() const noexcept { return carpool::peer_is_quiet(echo_descriptor(client_)); }
  [[nodiscard]] bool reusable() const noexcept { return !in_doubt_; }

 private:
  [[noreturn]] static void fail(std::errc code) { throw std::system_error(std::make_error_code(code), "echo"); }

  EchoClient* client_;
  bool in_doubt_ = false;
};

struct EchoConnector {
  template <class Backend>
  using Connection = EchoConnection<Backend>;

  template <class Backend>
  Connection<Backend> connect(carpool::TimePoint) const {
    return {};
  }
};

int main() {
  using Backend = carpool::FiberBackend;
  carpool::ConnectionPool<Backend, carpool::LifoStack, EchoConnector> pool({}, {.name = "echo", .max_size = 2});
  std::string heard(6, ' ');
  const auto ask = [&](std::size_t at, char byte) {
    heard[at] = pool.acquire()->echo(byte, Backend::now() + std::chrono::seconds(5));
  };
  auto one = Backend::spawn([&] { ask(0, 'f'), ask(1, 'i'), ask(2, 'b'); });
  auto other = Backend::spawn([&] { ask(3, 'e'), ask(4, 'r'), ask(5, 's'); });
  one.join(), other.join();
  std::printf("%s over %llu connections\n", heard.c_str(), static_cast<unsigned long long>(pool.stats().created));
}

// needs: http_connector thread_backend
/// Whatever a server answers, it is a bounded answer or an error.
#include <carpool/http/detail/session.hpp>
#include <carpool/thread_backend.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using Socket = carpool::ThreadBackend::Socket;
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0) std::abort();
  const bool said = ::send(ends[1], data, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size);
  ::shutdown(ends[1], SHUT_WR);
  {
    carpool::detail::HttpSession<carpool::ThreadBackend> session(
        Socket(ends[0], Socket::Address::unix_path("/answers")), {.base = "http://host",
                                                                  .host = "host",
                                                                  .port = 80,
                                                                  .unix_path = "/answers",
                                                                  .max_header_bytes = 4096,
                                                                  .max_body_bytes = 8192});
    for (int request = 0; said && request < 3 && session.sound(); ++request) {
      try {
        const carpool::HttpResponse answer =
            session.perform({.path = "/"}, carpool::ThreadBackend::now() + std::chrono::seconds(5));
        if (answer.status < 200 || answer.body.size() > 8192) std::abort();
      } catch (const std::system_error&) {
        if (session.sound()) std::abort();
      }
    }
  }
  ::close(ends[1]);
  return 0;
}

/// civetweb, as an admin page needs it.
#pragma once

#include <carpool/admin/detail/message.hpp>
#include <carpool/admin/detail/server_sockets.hpp>
#include <carpool/admin/detail/signals_untouched.hpp>
#include <carpool/admin/detail/steering.hpp>

#include <civetweb.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace carpool::inline v0_1::detail {

/// Answers each request by one call of the handler, on one of a few threads. Each connection serves one request.
class WebServer {
 public:
  using Handler = std::function<AdminAnswer(const AdminRequest&)>;  // what it throws becomes a 500

  /// Throws std::runtime_error with civetweb's words where the port cannot be had.
  WebServer(const std::string& address, std::uint16_t port, Handler handler) : handler_(std::move(handler)) {
    const bool is_v6 = address.find(':') != std::string::npos;
    start((is_v6 ? "[" + address + "]" : address) + ":" + std::to_string(port));
    mg_server_port bound{};
    if (::mg_get_server_ports(context_, 1, &bound) == 1) port_ = static_cast<std::uint16_t>(bound.port);
    sockets_ = ServerSockets(address, port_);
  }
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;
  /// Waits for the requests that are being answered. In a forked child, which has none of its threads, nothing is done.
  ~WebServer() {
    if (::getpid() != process_) return;
    sockets_.stop_listening();
    ::mg_stop(context_);
    sockets_.close_rest();
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  static constexpr const char* workers = "8";      // threads: so many slow clients may be waited for at once
  static constexpr long long longest_body = 4096;  // a pool's name, and a number
  static constexpr std::size_t longest_headers =
      16384;  // civetweb reads more, because it answers a 400 beyond its bound

  void start(const std::string& where) {
    SignalsUntouched untouched;
    static const unsigned initialised = ::mg_init_library(MG_FEATURES_DEFAULT);  // counts no users that could end it
    static_cast<void>(initialised);
    mg_callbacks callbacks{};
    callbacks.begin_request = &WebServer::serve;
    callbacks.http_error = &WebServer::say_error;
    callbacks.log_message = &WebServer::keep_message;
    callbacks.init_thread = &WebServer::count_thread;
    std::array<const char*, 15> options{
        "listening_ports",   where.c_str(), "num_threads", workers, "request_timeout_ms", "3000",
        "enable_keep_alive", "no",          "tcp_nodelay", "1",     "max_request_size",   "262144",
        "linger_timeout_ms", "1000",        nullptr};
    context_ = ::mg_start(&callbacks, this, options.data());
    if (context_ == nullptr)
      throw std::runtime_error("carpool's admin page cannot listen on " + where + (why_.empty() ? "" : ": " + why_));
    threads_.wait_for(1 + std::atoi(workers));
  }

  static void* count_thread(const mg_context* context, int) noexcept {
    static_cast<WebServer*>(::mg_get_user_data(context))->threads_.count();
    return nullptr;
  }
  [[nodiscard]] static WebServer& self(const mg_connection* connection) noexcept {
    return *static_cast<WebServer*>(::mg_get_user_data(::mg_get_context(connection)));
  }
  static int keep_message(const mg_connection* connection, const char* message) noexcept {
    auto* const server = static_cast<WebServer*>(::mg_get_user_data(::mg_get_context(connection)));
    if (server == nullptr) return 1;
    try {
      const std::scoped_lock lock(server->why_mutex_);
      if (server->why_.empty()) server->why_ = message;
    } catch (...) {  // then the error is said without its cause
    }
    return 1;  // civetweb is not to print it
  }

  /// Called by civetweb's threads, through C: nothing may be thrown.
  static int serve(mg_connection* connection) noexcept {
    const mg_request_info& info = *::mg_get_request_info(connection);
    try {
      const AdminAnswer answer = self(connection).answer(connection, info);
      send(connection, answer, std::string_view(info.request_method) != "HEAD");
      return answer.status;
    } catch (...) {
      static constexpr std::string_view sorry =
          "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
      ::mg_write(connection, sorry.data(), sorry.size());
      return 500;
    }
  }
  [[nodiscard]] AdminAnswer answer(mg_connection* connection, const mg_request_info& info) const {
    AdminRequest request{.method = info.request_method,
                         .path = info.local_uri == nullptr ? "" : info.local_uri,
                         .host = header(connection, "Host"),
                         .origin = header(connection, "Origin"),
                         .fetch_site = header(connection, "Sec-Fetch-Site"),
                         .authorization = header(connection, "Authorization"),
                         .body = {}};
    if (are_too_long(info)) return admin_error(431, "there may be 63 headers, of 16384 bytes together");
    if (info.content_length > longest_body) return admin_error(413, "the body may have at most 4096 bytes");
    if (!header(connection, "Transfer-Encoding").empty()) return admin_error(411, "a body must come with its length");
    const std::size_t expected =
        request.method == "POST" && info.content_length > 0 ? static_cast<std::size_t>(info.content_length) : 0;
    request.body = body_of(connection, expected);
    // A part of a form is another form: max_size=10 of max_size=100.
    if (request.body.size() != expected) return admin_error(400, "the body was not complete in time");
    return handler_(request);
  }
  /// civetweb drops headers beyond its table, and one that this server looks for could be among them.
  [[nodiscard]] static bool are_too_long(const mg_request_info& info) noexcept {
    std::size_t length = info.request_uri == nullptr ? 0 : std::strlen(info.request_uri);
    for (int i = 0; i < info.num_headers; ++i)
      length += std::strlen(info.http_headers[i].name) + std::strlen(info.http_headers[i].value);
    return info.num_headers >= MG_MAX_HEADERS || length > longest_headers;
  }
  [[nodiscard]] static std::string_view header(const mg_connection* connection, const char* name) noexcept {
    const char* const value = ::mg_get_header(connection, name);
    return value == nullptr ? std::string_view() : std::string_view(value);
  }
  /// As much as came before the peer ended, or the time was over.
  [[nodiscard]] static std::string body_of(mg_connection* connection, std::size_t expected) {
    std::string body(expected, '\0');
    const int got = expected == 0 ? 0 : ::mg_read(connection, body.data(), expected);  // waits for all of it
    body.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return body;
  }

  /// What civetweb refuses by itself: what is no request, or too slow, or endless.
  static int say_error(mg_connection* connection, int status, const char*) noexcept {
    try {
      send(connection, admin_error(status, phrase(connection, status)), true);
    } catch (...) {  // no memory: the connection is closed without a word
    }
    return 0;
  }

  static void send(mg_connection* connection, const AdminAnswer& answer, bool with_body) {
    std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " " + phrase(connection, answer.status) + "\r\n";
    text += "Content-Type: " + std::string(answer.type) + "\r\nContent-Length: " + std::to_string(answer.body.size());
    text +=
        "\r\nConnection: close\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        "Referrer-Policy: no-referrer\r\nX-Frame-Options: DENY\r\nCross-Origin-Resource-Policy: same-origin\r\n"
        "Cross-Origin-Opener-Policy: same-origin\r\n";
    text += answer.headers + "\r\n";
    if (with_body) text += answer.body;
    ::mg_write(connection, text.data(), text.size());  // a peer that has gone is no error
  }
  [[nodiscard]] static const char* phrase(const mg_connection* connection, int status) noexcept {
    if (status == 431) return "Request Header Fields Too Large";  // newer than civetweb's table
    return ::mg_get_response_code_text(connection, status);
  }

  const Handler handler_;
  ThreadsBegun threads_;
  std::mutex why_mutex_;
  std::string why_;  // civetweb's first message: why it could not start
  mg_context* context_ = nullptr;
  std::uint16_t port_ = 0;
  ServerSockets sockets_{{}, 0};
  const pid_t process_ = ::getpid();
};

}  // namespace carpool::inline v0_1::detail

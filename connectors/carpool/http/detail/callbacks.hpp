/// What libcurl calls back with: a response piece by piece, bounded, and what it wants to wait for.
#pragma once

#include <carpool/http/detail/curl.hpp>
#include <carpool/http/message.hpp>
#include <carpool/time.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <poll.h>

namespace carpool::inline v0_1::detail {

/// C calls these: nothing may be thrown through it.
class HttpCallbacks {
 public:
  HttpCallbacks(const HttpCallbacks&) = delete;
  HttpCallbacks& operator=(const HttpCallbacks&) = delete;

 protected:
  HttpCallbacks(std::size_t max_header_bytes, std::size_t max_body_bytes) noexcept
      : max_header_bytes_(max_header_bytes), max_body_bytes_(max_body_bytes) {}
  virtual ~HttpCallbacks() = default;

  void attach(const CurlHandles& curl) noexcept {
    ::curl_multi_setopt(curl.multi, CURLMOPT_SOCKETFUNCTION, &HttpCallbacks::on_socket);
    ::curl_multi_setopt(curl.multi, CURLMOPT_SOCKETDATA, this);
    ::curl_multi_setopt(curl.multi, CURLMOPT_TIMERFUNCTION, &HttpCallbacks::on_timer);
    ::curl_multi_setopt(curl.multi, CURLMOPT_TIMERDATA, this);
    ::curl_easy_setopt(curl.easy, CURLOPT_HEADERFUNCTION, &HttpCallbacks::on_header);
    ::curl_easy_setopt(curl.easy, CURLOPT_HEADERDATA, this);
    ::curl_easy_setopt(curl.easy, CURLOPT_WRITEFUNCTION, &HttpCallbacks::on_body);
    ::curl_easy_setopt(curl.easy, CURLOPT_WRITEDATA, this);
    ::curl_easy_setopt(curl.easy, CURLOPT_OPENSOCKETFUNCTION, &HttpCallbacks::on_open);
    ::curl_easy_setopt(curl.easy, CURLOPT_OPENSOCKETDATA, this);
    ::curl_easy_setopt(curl.easy, CURLOPT_SOCKOPTFUNCTION, &HttpCallbacks::on_opened);
    ::curl_easy_setopt(curl.easy, CURLOPT_CLOSESOCKETFUNCTION, &HttpCallbacks::on_close);
    ::curl_easy_setopt(curl.easy, CURLOPT_CLOSESOCKETDATA, this);
  }

  void begin_response() noexcept {
    response_ = {};
    header_bytes_ = 0;
    in_head_ = false;
    head_done_ = too_long_ = out_of_memory_ = false;
  }
  [[nodiscard]] HttpResponse take_response() noexcept { return std::exchange(response_, {}); }
  /// Whether any of the answer has come.
  [[nodiscard]] bool answering() const noexcept { return header_bytes_ > 0; }
  /// Whether all of its headers have.
  [[nodiscard]] bool head_done() const noexcept { return head_done_; }
  [[nodiscard]] bool refused_size() const noexcept { return too_long_; }
  [[nodiscard]] std::string refusal() const {
    return head_done_ ? "the body is longer than max_body_bytes, " + std::to_string(max_body_bytes_)
                      : "the headers are longer than max_header_bytes, " + std::to_string(max_header_bytes_);
  }
  [[nodiscard]] bool out_of_memory() const noexcept { return out_of_memory_; }

  /// poll(2)'s bits; 0: nothing.
  [[nodiscard]] unsigned wanted() const noexcept { return wanted_; }
  /// When libcurl wants to be called, though nothing came.
  [[nodiscard]] std::optional<TimePoint> timer() const noexcept { return timer_; }
  void clear_timer() noexcept { timer_.reset(); }

 private:
  /// Once; then CURL_SOCKET_BAD.
  [[nodiscard]] virtual curl_socket_t lend_socket() noexcept = 0;
  virtual void end_socket() noexcept = 0;
  [[nodiscard]] virtual TimePoint now() const noexcept = 0;

  static HttpCallbacks& self(void* pointer) noexcept { return *static_cast<HttpCallbacks*>(pointer); }

  static int on_socket(CURL*, curl_socket_t, int what, void* pointer, void*) noexcept {
    const bool reads = what == CURL_POLL_IN || what == CURL_POLL_INOUT;
    const bool writes = what == CURL_POLL_OUT || what == CURL_POLL_INOUT;
    self(pointer).wanted_ = (reads ? static_cast<unsigned>(POLLIN) : 0U) | (writes ? POLLOUT : 0U);
    return 0;
  }
  static int on_timer(CURLM*, long milliseconds, void* pointer) noexcept {
    HttpCallbacks& it = self(pointer);
    it.timer_.reset();
    if (milliseconds >= 0) it.timer_ = after(it.now(), std::chrono::milliseconds(milliseconds));
    return 0;
  }
  static curl_socket_t on_open(void* pointer, curlsocktype, curl_sockaddr*) noexcept {
    return self(pointer).lend_socket();
  }
  static int on_opened(void*, curl_socket_t, curlsocktype) noexcept { return CURL_SOCKOPT_ALREADY_CONNECTED; }
  static int on_close(void* pointer, curl_socket_t) noexcept {
    self(pointer).end_socket();
    return 0;
  }

  /// A result other than count ends the transfer.
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* pointer) noexcept {
    return self(pointer).guard([&] { return self(pointer).take_header({data, size * count}); }) ? size * count : 0;
  }
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* pointer) noexcept {
    return self(pointer).guard([&] { return self(pointer).take_body({data, size * count}); }) ? size * count : 0;
  }

  template <class Take>
  bool guard(Take take) noexcept {
    try {
      if (take()) return true;
      too_long_ = true;
    } catch (const std::exception&) {  // std::bad_alloc, std::length_error
      out_of_memory_ = true;
    }
    return false;
  }

  /// A status line begins a head anew, for a provisional one (1xx) may have gone before. What comes after the body is a
  /// trailer, which must not pass for a header.
  bool take_header(std::string_view line) {
    header_bytes_ += line.size();
    if (header_bytes_ > max_header_bytes_) return false;
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
    if (line.starts_with("HTTP/")) return begin_head(line);
    if (!in_head_) return true;
    if (!line.empty()) return add_header(line), true;
    in_head_ = false;
    head_done_ = response_.status >= 200;
    return true;
  }
  bool begin_head(std::string_view status_line) {
    if (!response_.body.empty()) return true;
    response_.headers.clear();
    const std::size_t blank = std::min(status_line.find(' '), status_line.size());
    int status = 0;
    for (const char digit : status_line.substr(blank).substr(0, 4)) {
      if (digit >= '0' && digit <= '9') status = 10 * status + (digit - '0');
    }
    response_.status = status;
    head_done_ = false;
    in_head_ = true;
    return true;
  }
  void add_header(std::string_view line) {
    const std::size_t colon = std::min(line.find(':'), line.size());
    std::string_view value = line.substr(std::min(colon + 1, line.size()));
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    response_.headers.push_back({std::string(line.substr(0, colon)), std::string(value)});
  }
  bool take_body(std::string_view piece) {
    if (piece.size() > max_body_bytes_ - response_.body.size()) return false;
    response_.body.append(piece);
    return true;
  }

  const std::size_t max_header_bytes_;
  const std::size_t max_body_bytes_;
  HttpResponse response_;
  std::size_t header_bytes_ = 0;
  bool in_head_ = false;
  bool head_done_ = false;
  bool too_long_ = false;
  bool out_of_memory_ = false;
  unsigned wanted_ = 0;
  std::optional<TimePoint> timer_;
};

}  // namespace carpool::inline v0_1::detail

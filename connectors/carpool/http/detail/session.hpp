/// One HTTP/1.1 connection: libcurl speaks, over a socket of ours, and waits through the backend.
#pragma once

#include <carpool/budget.hpp>
#include <carpool/common/redirect_to_dev_null.hpp>
#include <carpool/http/detail/callbacks.hpp>
#include <carpool/http/detail/curl.hpp>
#include <carpool/http/detail/setup.hpp>
#include <carpool/http/message.hpp>
#include <carpool/time.hpp>

#include <curl/curl.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <poll.h>

namespace carpool::inline v0_1::detail {

/// Stays where it is: libcurl calls back with its address. The socket is ours from before the first request to after
/// the last; libcurl borrows it once, and when it would close it, or open another, the connection is over.
template <class Backend>
class HttpSession final : public HttpCallbacks {
 public:
  using Socket = typename Backend::Socket;

  HttpSession(Socket socket, HttpSettings settings)
      : HttpCallbacks(settings.max_header_bytes, settings.max_body_bytes),
        socket_(std::move(socket)),
        settings_(std::move(settings)),
        fork_generation_(Backend::fork_generation()) {
    attach(curl_);
    apply(settings_, curl_, numeric_host(socket_.peer()));
  }
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;
  ~HttpSession() override {
    if (fork_generation_ != Backend::fork_generation()) abandon();
    curl_.end();  // while it can still call back
  }

  /// The answer, whatever its status.
  [[nodiscard]] HttpResponse perform(const HttpRequest& request, TimePoint deadline) {
    request.validate();
    if (!sound()) fail(std::make_error_code(std::errc::not_connected), request, "an earlier request failed");
    consume_budget<Backend>(budget_of_exchange);
    in_doubt_ = true;
    begin_response();
    const CurlHeaders headers(request);
    describe(curl_.easy, settings_.base + request.path, request, headers.list());
    const CURLcode code = run(request, deadline);
    if (code != CURLE_OK) explain(code, request);
    // libcurl takes an end within the headers for the end of an answer without a body.
    if (!head_done()) explain(answering() ? CURLE_PARTIAL_FILE : CURLE_GOT_NOTHING, request);
    in_doubt_ = false;
    ++exchanges_;
    return take_response();
  }

  [[nodiscard]] bool sound() const noexcept { return !in_doubt_ && socket_.native_handle() >= 0; }
  [[nodiscard]] bool is_connected() const noexcept { return socket_.is_connected(); }
  [[nodiscard]] std::uint64_t exchanges() const noexcept { return exchanges_; }
  [[nodiscard]] int descriptor() const noexcept { return socket_.native_handle(); }
  [[nodiscard]] std::string peer() const { return socket_.peer().to_string(); }
  [[nodiscard]] Duration io_timeout() const noexcept { return settings_.io_timeout; }
  [[nodiscard]] Duration lifetime() const noexcept { return settings_.lifetime; }
  [[nodiscard]] const std::string& base() const noexcept { return settings_.base; }
  /// Where the last answer would have its reader go; empty where nowhere.
  [[nodiscard]] std::string redirect_url() const {
    char* url = nullptr;
    ::curl_easy_getinfo(curl_.easy, CURLINFO_REDIRECT_URL, &url);
    return url == nullptr ? "" : url;
  }

  /// In a forked child: says nothing, not even TLS's goodbye. Without a descriptor to spare it would rather leak.
  void abandon() noexcept {
    fork_generation_ = Backend::fork_generation();
    const int descriptor = socket_.native_handle();
    if (descriptor < 0) return;
    Backend::forget(descriptor);
    if (!redirect_to_dev_null(descriptor)) curl_.leak();
    curl_.end();
    socket_.close();
  }

 private:
  /// While a request is under way, libcurl has it on its list.
  struct Transfer {
    explicit Transfer(CurlHandles& handles) : curl(handles) { ::curl_multi_add_handle(curl.multi, curl.easy); }
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;
    ~Transfer() { ::curl_multi_remove_handle(curl.multi, curl.easy); }
    CurlHandles& curl;
  };

  [[nodiscard]] CURLcode run(const HttpRequest& request, TimePoint deadline) {
    const Transfer transfer(curl_);
    for (;;) {
      drive(request, deadline);
      if (const auto code = result()) return *code;
      if (Backend::now() >= deadline) fail(std::make_error_code(std::errc::timed_out), request, "");
    }
  }

  /// Waits for what libcurl waits for, and tells it.
  void drive(const HttpRequest& request, TimePoint deadline) {
    const unsigned events = wanted();
    const std::optional<TimePoint> timer = this->timer();
    if (events == 0 && !timer) fail(std::make_error_code(std::errc::bad_message), request, "libcurl waits for nothing");
    const TimePoint wake = std::min(deadline, timer.value_or(never));
    unsigned came = 0;
    if (events != 0 && (!timer || Backend::now() < *timer)) {
      came = Backend::wait(socket_.native_handle(), events, wake);
    } else if (Backend::now() < wake) {
      Backend::sleep_until(wake);
    }
    if (came != 0 || (timer && Backend::now() >= *timer)) act(came);
  }

  void act(unsigned came) {
    int running = 0;
    if (came == 0) {
      clear_timer();
      ::curl_multi_socket_action(curl_.multi, CURL_SOCKET_TIMEOUT, 0, &running);
      return;
    }
    int bits = (came & POLLIN) != 0 ? CURL_CSELECT_IN : 0;
    if ((came & POLLOUT) != 0) bits |= CURL_CSELECT_OUT;
    if ((came & (POLLERR | POLLHUP | POLLNVAL)) != 0) bits |= CURL_CSELECT_ERR;
    ::curl_multi_socket_action(curl_.multi, socket_.native_handle(), bits, &running);
  }

  [[nodiscard]] std::optional<CURLcode> result() {
    int left = 0;
    for (const CURLMsg* message = nullptr; (message = ::curl_multi_info_read(curl_.multi, &left)) != nullptr;) {
      if (message->msg == CURLMSG_DONE) return message->data.result;
    }
    return std::nullopt;
  }

  /// "127.0.0.1", "[::1]"; empty for a Unix socket.
  template <class Address>
  [[nodiscard]] static std::string numeric_host(const Address& address) {
    if (address.is_unix()) return {};
    const std::string text = address.to_string();
    return text.substr(0, text.rfind(':'));
  }

  // --- HttpCallbacks ---

  [[nodiscard]] curl_socket_t lend_socket() noexcept override {
    return std::exchange(lent_, true) ? CURL_SOCKET_BAD : socket_.native_handle();
  }
  void end_socket() noexcept override { socket_.close(); }
  [[nodiscard]] TimePoint now() const noexcept override { return Backend::now(); }

  // --- what went wrong ---

  [[noreturn]] void explain(CURLcode code, const HttpRequest& request) {
    if (refused_size()) fail(std::make_error_code(std::errc::message_size), request, refusal());
    if (out_of_memory()) throw std::bad_alloc();
    const std::string detail = curl_.error[0] != '\0' ? curl_.error.data() : ::curl_easy_strerror(code);
    const bool over = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING ||
                      code == CURLE_COULDNT_CONNECT;
    if (over && !answering()) {
      throw HttpUnanswered(std::make_error_code(std::errc::connection_reset),
                           what(request) + ": the connection ended before the answer: " + detail);
    }
    fail({code, curl_category()}, request, detail);
  }

  [[noreturn]] void fail(std::error_code code, const HttpRequest& request, const std::string& detail) const {
    throw std::system_error(code, what(request) + (detail.empty() ? "" : ": " + detail));
  }
  /// Without the query, which may hold secrets.
  [[nodiscard]] std::string what(const HttpRequest& request) const {
    return request.method + ' ' + settings_.base + request.path.substr(0, request.path.find('?'));
  }

  Socket socket_;
  HttpSettings settings_;
  CurlHandles curl_;  // after the socket: what it still says, it says before the close
  std::uint64_t fork_generation_;
  std::uint64_t exchanges_ = 0;
  bool lent_ = false;
  bool in_doubt_ = false;  // a request began and did not end well
};

}  // namespace carpool::inline v0_1::detail

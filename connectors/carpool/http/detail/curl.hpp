/// libcurl's handles for one connection, and how they are set: one connection, one request at a time, nothing unasked.
#pragma once

#include <carpool/http/message.hpp>

#include <curl/curl.h>

#include <array>
#include <cstddef>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace carpool::inline v0_1 {

namespace detail {

class CurlCategory final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "curl"; }
  [[nodiscard]] std::string message(int code) const override {
    return ::curl_easy_strerror(static_cast<CURLcode>(code));
  }
  [[nodiscard]] std::error_condition default_error_condition(int code) const noexcept override {
    switch (code) {
      case CURLE_COULDNT_CONNECT:
      case CURLE_SEND_ERROR:
      case CURLE_RECV_ERROR:
      case CURLE_GOT_NOTHING:
      case CURLE_PARTIAL_FILE: return std::errc::connection_reset;
      case CURLE_PEER_FAILED_VERIFICATION:
      case CURLE_SSL_CACERT_BADFILE:
      case CURLE_SSL_CERTPROBLEM: return std::errc::permission_denied;
      case CURLE_SSL_CONNECT_ERROR: return std::errc::protocol_error;
      case CURLE_OUT_OF_MEMORY: return std::errc::not_enough_memory;
      case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9
      case CURLE_BAD_CONTENT_ENCODING:
      case CURLE_WEIRD_SERVER_REPLY: return std::errc::bad_message;
      default: return {code, *this};
    }
  }
};

}  // namespace detail

/// libcurl's own codes; its name is "curl".
[[nodiscard]] inline const std::error_category& curl_category() noexcept {
  static const detail::CurlCategory category;
  return category;
}

namespace detail {

/// libcurl's own start, once and before any thread uses it.
inline void start_curl() {
  static const CURLcode failed = ::curl_global_init(CURL_GLOBAL_DEFAULT);
  if (failed != CURLE_OK) throw std::runtime_error("libcurl does not start");
}

/// Owns the pair. Ending it ends the connection that it holds.
struct CurlHandles {
  CurlHandles() {
    start_curl();
    multi = ::curl_multi_init();
    easy = ::curl_easy_init();
    if (multi != nullptr && easy != nullptr) return;
    end();
    throw std::bad_alloc();
  }
  CurlHandles(const CurlHandles&) = delete;
  CurlHandles& operator=(const CurlHandles&) = delete;
  ~CurlHandles() { end(); }

  void end() noexcept {
    if (easy != nullptr) ::curl_easy_cleanup(std::exchange(easy, nullptr));
    if (multi != nullptr) ::curl_multi_cleanup(std::exchange(multi, nullptr));
    ::curl_slist_free_all(std::exchange(hosts, nullptr));
  }
  void leak() noexcept { easy = nullptr, multi = nullptr, hosts = nullptr; }

  CURLM* multi = nullptr;
  CURL* easy = nullptr;
  curl_slist* hosts = nullptr;
  std::array<char, CURL_ERROR_SIZE> error{};
};

/// A request's headers as libcurl wants them; must live as long as the request.
class CurlHeaders {
 public:
  explicit CurlHeaders(const HttpRequest& request) {
    bool typed = false;
    for (const HttpHeader& header : request.headers) {
      add(header.value.empty() ? header.name + ';' : header.name + ": " + header.value);
      typed = typed || same_header_name(header.name, "Content-Type");
    }
    if (request.body.empty()) return;
    add("Expect:");                    // of which a server may make us wait a second
    if (!typed) add("Content-Type:");  // libcurl takes every body for a form
  }
  CurlHeaders(const CurlHeaders&) = delete;
  CurlHeaders& operator=(const CurlHeaders&) = delete;
  ~CurlHeaders() { ::curl_slist_free_all(list_); }

  [[nodiscard]] curl_slist* list() const noexcept { return list_; }

 private:
  void add(const std::string& line) {
    curl_slist* const longer = ::curl_slist_append(list_, line.c_str());
    if (longer == nullptr) {
      ::curl_slist_free_all(list_);
      throw std::bad_alloc();
    }
    list_ = longer;
  }

  curl_slist* list_ = nullptr;
};

/// The request must live until it has been sent.
inline void describe(CURL* easy, const std::string& url, const HttpRequest& request, curl_slist* headers) noexcept {
  ::curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  ::curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  ::curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);  // undoes what the last request set
  ::curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, nullptr);
  if (request.method == "HEAD") ::curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  if (request.method == "GET" || request.method == "HEAD") {
    if (request.body.empty()) return;
  }
  const bool has_body =
      !request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (has_body) {
    ::curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
    ::curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  ::curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

}  // namespace detail

}  // namespace carpool::inline v0_1

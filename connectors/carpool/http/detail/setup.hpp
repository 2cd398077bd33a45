/// Sets up libcurl for one connection: HTTP/1.1, a socket that is there already, and nothing that was not asked for.
#pragma once

#include <carpool/http/detail/curl.hpp>
#include <carpool/http/options.hpp>

#include <curl/curl.h>

#include <cstdint>
#include <limits>
#include <new>
#include <optional>
#include <string>

namespace carpool::inline v0_1::detail {

/// Where libcurl's own default is a bundle of all certificates, it is read and parsed for each connection: some 35 ms.
/// The folder beside it, if there is one, is looked into for the one certificate that is needed.
inline void trust_the_system(CURL* easy) noexcept {
  const curl_version_info_data* const version = ::curl_version_info(CURLVERSION_NOW);
  if (version->age < CURLVERSION_SEVENTH || version->capath == nullptr) return;
  ::curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);
  ::curl_easy_setopt(easy, CURLOPT_CAPATH, version->capath);
}

inline void apply_tls(const HttpTls& tls, CURL* easy) noexcept {
  const auto set = [easy](CURLoption option, const std::string& path) {
    if (!path.empty()) ::curl_easy_setopt(easy, option, path.c_str());
  };
  ::curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
  ::curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
  if (tls.ca_file.empty()) {
    trust_the_system(easy);
  } else {
    ::curl_easy_setopt(easy, CURLOPT_CAINFO, tls.ca_file.c_str());
    ::curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);  // the file alone says who is trusted
  }
  set(CURLOPT_SSLCERT, tls.cert_file);
  set(CURLOPT_SSLKEY, tls.key_file);
}

/// An empty proxy keeps libcurl from those that the environment names.
inline void apply_proxy(const std::optional<HttpProxy>& proxy, CURL* easy) noexcept {
  ::curl_easy_setopt(easy, CURLOPT_PROXY, proxy ? proxy->host.c_str() : "");
  ::curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  if (!proxy) return;
  ::curl_easy_setopt(easy, CURLOPT_PROXYTYPE, static_cast<long>(CURLPROXY_HTTP));
  ::curl_easy_setopt(easy, CURLOPT_PROXYPORT, static_cast<long>(proxy->port));
  if (!proxy->user.empty()) ::curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, proxy->user.c_str());
  if (!proxy->password.empty()) ::curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, proxy->password.c_str());
}

/// The socket is connected; libcurl need look up nothing, and must not.
inline void apply_address(const HttpSettings& settings, CurlHandles& curl, const std::string& numeric_host) {
  if (!settings.unix_path.empty()) {
    ::curl_easy_setopt(curl.easy, CURLOPT_UNIX_SOCKET_PATH, settings.unix_path.c_str());
    return;
  }
  const std::string& host = settings.proxy ? settings.proxy->host : settings.host;
  if (host.find(':') != std::string::npos) return;  // an IPv6 number: there is nothing to look up
  const std::uint16_t port = settings.proxy ? settings.proxy->port : settings.port;
  const std::string entry = host + ':' + std::to_string(port) + ':' + numeric_host;
  curl.hosts = ::curl_slist_append(nullptr, entry.c_str());
  if (curl.hosts == nullptr) throw std::bad_alloc();
  ::curl_easy_setopt(curl.easy, CURLOPT_RESOLVE, curl.hosts);
}

inline void apply(const HttpSettings& settings, CurlHandles& curl, const std::string& numeric_host) {
  constexpr long for_ever = std::numeric_limits<int>::max();
  CURL* const easy = curl.easy;
  ::curl_multi_setopt(curl.multi, CURLMOPT_MAXCONNECTS, 1L);
  ::curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, curl.error.data());
  ::curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  ::curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  ::curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  ::curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  ::curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  ::curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 24L * 3600 * 1000);  // TLS's; the deadline is each request's
  ::curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, for_ever);                 // how long to keep it is the pool's affair
  ::curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!settings.user.empty()) {
    ::curl_easy_setopt(easy, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    ::curl_easy_setopt(easy, CURLOPT_USERNAME, settings.user.c_str());
    ::curl_easy_setopt(easy, CURLOPT_PASSWORD, settings.password.c_str());
  } else if (!settings.bearer_token.empty()) {
    ::curl_easy_setopt(easy, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
    ::curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, settings.bearer_token.c_str());
  }
  apply_proxy(settings.proxy, easy);
  apply_address(settings, curl, numeric_host);
  if (settings.tls) apply_tls(*settings.tls, easy);
}

}  // namespace carpool::inline v0_1::detail

/// What an admin page is asked, and what it answers.
#pragma once

#include <string>
#include <string_view>

namespace carpool::inline v0_1::detail {

/// A request whose headers a web server has read. The views are good while it is answered.
struct AdminRequest {
  std::string_view method = {};
  std::string_view path = {};  ///< without the query
  std::string_view host = {};  ///< each of these headers is empty where it was not sent
  std::string_view origin = {};
  std::string_view fetch_site = {};  ///< Sec-Fetch-Site
  std::string_view authorization = {};
  std::string body = {};
};

struct AdminAnswer {
  int status = 200;
  std::string body = {};
  std::string_view type = "application/json";
  std::string headers = {};  ///< more than each answer has: whole lines
};

}  // namespace carpool::inline v0_1::detail

// needs: http_connector
/// http:// and https://: a GET of the URL's path. What is sent back is not ours to judge, so long as all of it comes.
#include "spoken.hpp"

#include <carpool/common/url.hpp>
#include <carpool/http_connector.hpp>

#include <memory>
#include <string>
#include <utility>

namespace carpool::compare {
namespace {

struct Get {
  std::string path;

  template <class Connection>
  void operator()(Connection& connection, const std::string&, TimePoint deadline) const {
    connection.get(path, deadline).throw_for_status();
  }
};

Dials prepare(const std::string& text) {
  Url url = Url::parse(text);
  Get request{::carpool::detail::percent_encoded(std::exchange(url.path, ""), "/")};
  if (request.path.empty()) request.path = "/";
  return speak_through(std::make_shared<const HttpConnector>(HttpConnector::from_url(url.to_string())), request);
}

const Speaks http{
    {.schemes = {"http", "https"}, .example = "http://host:port/path", .request = "GET", .prepare = prepare}};

}  // namespace
}  // namespace carpool::compare

/// Where the server is and what it speaks: the URL that the user gave.
#pragma once

#include "protocol.hpp"
#include "usage_error.hpp"

#include <carpool/common/url.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace carpool::compare {

/// A URL that one of the protocols understands.
class Endpoint {
 public:
  /// Throws UsageError in one line where none does, or where that one finds it wrong.
  [[nodiscard]] static Endpoint parse(std::string_view text) {
    try {
      const Url url = Url::parse(text);
      const Protocol* protocol = find_protocol(url.scheme);
      if (protocol == nullptr) throw std::invalid_argument("the scheme must be one of " + known_schemes());
      return Endpoint(url, *protocol, protocol->prepare(std::string(text)));
    } catch (const std::invalid_argument& error) {
      throw UsageError(std::string("--url: ") + error.what());
    }
  }

  template <class Backend>
  [[nodiscard]] const Dial<Backend>& dial() const {
    return std::get<Dial<Backend>>(dials_);
  }

  /// What one request is, in words.
  [[nodiscard]] const std::string& request() const { return request_; }

  /// The URL again, without its password.
  [[nodiscard]] std::string to_string() const { return url_.redacted(); }

 private:
  Endpoint(Url url, const Protocol& protocol, Dials dials)
      : url_(std::move(url)), request_(protocol.request), dials_(std::move(dials)) {}

  Url url_;
  std::string request_;
  Dials dials_;
};

}  // namespace carpool::compare

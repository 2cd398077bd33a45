/// The protocols that the tool can speak, each by the schemes of its URLs.
#pragma once

#include "conversation.hpp"

#include <carpool/boost_thread_backend.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/single_backend.hpp>
#include <carpool/thread_backend.hpp>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace carpool::compare {

/// How to connect to one server, on each backend.
using Dials = std::tuple<Dial<SingleBackend>, Dial<ThreadBackend>, Dial<BoostThreadBackend>, Dial<FiberBackend>>;

struct Protocol {
  std::vector<std::string> schemes;
  std::string example;  ///< a URL, for the help
  std::string request;  ///< what one request is, in words
  /// Throws std::invalid_argument where the URL is wrong.
  std::function<Dials(const std::string& url)> prepare;
};

/// Those that are built in. What a protocol needs may not have been there when the tool was built.
[[nodiscard]] inline std::vector<Protocol>& protocols() {
  static std::vector<Protocol> all;
  return all;
}

/// Null where no protocol has this scheme.
[[nodiscard]] inline const Protocol* find_protocol(std::string_view scheme) {
  for (const Protocol& one : protocols()) {
    if (std::find(one.schemes.begin(), one.schemes.end(), scheme) != one.schemes.end()) return &one;
  }
  return nullptr;
}

/// "http, https, redis ..." in the order of the alphabet.
[[nodiscard]] inline std::string known_schemes() {
  std::vector<std::string> all;
  for (const Protocol& one : protocols()) all.insert(all.end(), one.schemes.begin(), one.schemes.end());
  std::sort(all.begin(), all.end());
  std::string list;
  for (const std::string& one : all) list += (list.empty() ? "" : ", ") + one;
  return list;
}

/// A source that speaks a protocol has one of these, at namespace scope.
struct Speaks {
  explicit Speaks(Protocol protocol) { protocols().push_back(std::move(protocol)); }
};

}  // namespace carpool::compare

/// One request and its reply: a text that only this request has, there and back.
#pragma once

#include <carpool/time.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>

namespace carpool::compare {

/// A worker's text. Its first characters name the request and the worker, so a reply that was meant for somebody else
/// is noticed.
class Exchange {
 public:
  Exchange(std::size_t size, std::uint64_t worker) : text_(size, '.'), worker_(worker) {}

  /// Throws what the conversation throws.
  template <class Conversation>
  void run(Conversation& conversation, TimePoint deadline) {
    std::array<char, 48> name{};
    char* end = std::to_chars(name.data(), name.data() + 20, ++number_).ptr;
    *end++ = '-';
    end = std::to_chars(end, name.data() + name.size(), worker_).ptr;
    std::copy_n(name.data(), std::min(static_cast<std::size_t>(end - name.data()), text_.size()), text_.begin());
    conversation.exchange(text_, deadline);
  }

 private:
  std::string text_;
  std::uint64_t worker_;
  std::uint64_t number_ = 0;
};

}  // namespace carpool::compare

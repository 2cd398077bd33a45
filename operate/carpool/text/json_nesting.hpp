/// Where the brackets and commas of JSON stand.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace carpool::inline v0_1::detail {

/// What writers of JSON share: Writer derives from it, and says how values are spelt. The caller opens and closes;
/// commas come by themselves. Each call may throw std::bad_alloc.
template <class Writer>
class JsonNesting {
 public:
  Writer& open(char bracket) {  // '{' or '['
    separate();
    text_ += bracket;
    is_first_ = true;
    return writer();
  }
  Writer& close(char bracket) {
    text_ += bracket;
    is_first_ = false;
    return writer();
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 protected:
  /// A value as it stands.
  Writer& raw(std::string_view value) {
    separate();
    text_ += value;
    return writer();
  }
  void separate() {
    if (!std::exchange(is_first_, false)) text_ += ',';
  }
  /// Behind a key.
  Writer& expect_value() {
    text_ += ':';
    is_first_ = true;
    return writer();
  }

  std::string text_;

 private:
  [[nodiscard]] Writer& writer() noexcept { return static_cast<Writer&>(*this); }

  bool is_first_ = true;  // what comes next needs no comma
};

}  // namespace carpool::inline v0_1::detail

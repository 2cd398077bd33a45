/// Bytes from a Redis server, parsed by hiredis within limits of our own.
#pragma once

#include <carpool/redis/reply.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <hiredis/read.h>

namespace carpool::inline v0_1 {

namespace detail {

/// Of what is being read now. hiredis keeps its tasks in the reader up to 0.14, and behind pointers from 1.0 on.
template <class Reader>
[[nodiscard]] int hiredis_task_type(const Reader& reader) noexcept {
  if constexpr (requires { reader.rstack; }) {
    return reader.rstack[reader.ridx].type;
  } else {
    return reader.task[reader.ridx]->type;
  }
}

}  // namespace detail

/// How much a server may send as one reply. What it claims is held against them before memory is taken.
struct RedisLimits {
  std::size_t bytes = std::size_t{512} << 20U;   ///< of the whole reply; a server's own bound of one string is 512 MiB
  std::size_t elements = std::size_t{1} << 20U;  ///< of all the arrays of a reply together
  std::size_t depth = 7;                         ///< of arrays within arrays, 1 to 7: hiredis knows no more
};

/// Fed with what comes, in pieces of any size, it gives whole replies.
///
/// Errors:  RedisProtocolError for what is no RESP2 or is beyond the limits; the parser is of no use afterwards.
/// Threads: one at a time. It is not moved: hiredis knows its address.
class RedisParser {
 public:
  explicit RedisParser(RedisLimits limits = {})
      : limits_(limits), reader_(redisReaderCreateWithFunctions(&functions_)) {
    if (!reader_) throw std::bad_alloc();
    reader_->privdata = this;
  }
  RedisParser(const RedisParser&) = delete;
  RedisParser& operator=(const RedisParser&) = delete;
  ~RedisParser() = default;

  void feed(std::span<const std::byte> bytes) {
    fed_ += bytes.size();
    if (redisReaderFeed(reader_.get(), reinterpret_cast<const char*>(bytes.data()), bytes.size()) != REDIS_OK) fail();
  }

  /// The next whole reply, or nothing where more must be fed.
  [[nodiscard]] std::optional<RedisReply> next() {
    void* found = nullptr;
    if (redisReaderGetReply(reader_.get(), &found) != REDIS_OK) fail();
    if (found == nullptr) {
      check_what_is_pending();
      return std::nullopt;
    }
    if (fed_ - unparsed() > limits_.bytes) fail("more bytes than the limit");
    fed_ = unparsed();
    claimed_ = 0;
    return std::exchange(root_, RedisReply());
  }

  /// Whether nothing was fed that next() has not returned.
  [[nodiscard]] bool empty() const noexcept { return fed_ == 0; }

 private:
  using Task = redisReadTask;
  using Kind = RedisReply::Kind;
  struct Free {
    void operator()(redisReader* reader) const noexcept { redisReaderFree(reader); }
  };

  static RedisParser& parser(const Task* task) noexcept { return *static_cast<RedisParser*>(task->privdata); }

  /// Where hiredis' task belongs: at the root, or at the end of the array that is being filled. Arrays grow as their
  /// elements come, whatever length was claimed. Null, which hiredis takes for an error, where it has no place: an
  /// exception must not pass through C.
  static void* place(const Task* task, RedisReply reply) noexcept {
    try {
      RedisParser& self = parser(task);
      if (task->parent == nullptr) return &(self.root_ = std::move(reply));
      auto* array = static_cast<RedisReply*>(task->parent->obj);
      array->push_back(std::move(reply));
      return &array->back();
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }

  static void* create_string(const Task* task, char* bytes, std::size_t size) noexcept {
    if (task->type > REDIS_REPLY_ERROR) return refuse_type(task);
    const Kind kind = task->type == REDIS_REPLY_STATUS  ? Kind::status
                      : task->type == REDIS_REPLY_ERROR ? Kind::error
                                                        : Kind::string;
    try {
      return place(task, RedisReply::text(kind, std::string(bytes, size)));
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }
  /// Count is hiredis' own, which has grown with 1.0.
  template <class Count>
  static void* create_array(const Task* task, Count size) noexcept {
    RedisParser& self = parser(task);
    if (task->type != REDIS_REPLY_ARRAY) return refuse_type(task);
    self.claimed_ += static_cast<std::size_t>(size);
    if (self.claimed_ > self.limits_.elements) return self.refuse("more elements than the limit");
    std::size_t depth = 1;
    for (const Task* above = task->parent; above != nullptr; above = above->parent) ++depth;
    if (depth > self.limits_.depth) return self.refuse("arrays nested deeper than the limit");
    return place(task, RedisReply::array({}));
  }
  static void* create_integer(const Task* task, long long value) noexcept {
    return place(task, RedisReply::integer(value));
  }
  static void* create_nil(const Task* task) noexcept {
    return task->type == REDIS_REPLY_NIL ? refuse_type(task) : place(task, RedisReply());
  }
  static void* create_double(const Task* task, double, char*, std::size_t) noexcept { return refuse_type(task); }
  static void* create_bool(const Task* task, int) noexcept { return refuse_type(task); }
  /// Of RESP3, which hiredis reads from 1.0 on, whether it was agreed upon or not.
  static void* refuse_type(const Task* task) noexcept { return parser(task).refuse("a type that RESP2 does not have"); }
  /// All belongs to the root, and that to the parser.
  static void free_object(void*) noexcept {}

  void* refuse(const char* reason) noexcept {
    refusal_ = reason;
    return nullptr;
  }

  [[noreturn]] void fail() const {
    throw RedisProtocolError(refusal_ != nullptr ? std::string("the reply has ") + refusal_ : reader_->errstr);
  }
  [[noreturn]] void fail(const char* reason) {
    refusal_ = reason;
    fail();
  }

  [[nodiscard]] std::size_t unparsed() const noexcept { return reader_->len - reader_->pos; }

  /// hiredis waits for as much as was claimed, and looks for the end of a line from its beginning each time.
  void check_what_is_pending() {
    constexpr std::size_t longest_line = 65536;
    if (fed_ > limits_.bytes) fail("more bytes than the limit");
    if (reader_->ridx < 0) return;
    const std::string_view pending(reader_->buf + reader_->pos, unparsed());
    const std::size_t line = pending.find('\n');
    if (line == std::string_view::npos && pending.size() > longest_line) fail("a line that does not end");
    if (detail::hiredis_task_type(*reader_) != REDIS_REPLY_STRING || line == std::string_view::npos) return;
    if (claimed_size(pending.substr(0, line)) > limits_.bytes) fail("a string longer than the limit");
  }

  [[nodiscard]] static std::size_t claimed_size(std::string_view digits) noexcept {
    std::uint64_t size = 0;
    for (const char digit : digits) {
      if (digit < '0' || digit > '9') break;
      size = size > UINT64_MAX / 16 ? UINT64_MAX / 16 : size * 10 + static_cast<std::uint64_t>(digit - '0');
    }
    return size;
  }

  template <class Functions>
  [[nodiscard]] static Functions callbacks() noexcept {
    Functions made{};
    made.createString = &create_string;
    made.createArray = &create_array;
    made.createInteger = &create_integer;
    made.createNil = &create_nil;
    made.freeObject = &free_object;
    if constexpr (requires { made.createDouble, made.createBool; }) {
      made.createDouble = &create_double;
      made.createBool = &create_bool;
    }
    return made;
  }
  static inline redisReplyObjectFunctions functions_ = callbacks<redisReplyObjectFunctions>();

  const RedisLimits limits_;
  std::unique_ptr<redisReader, Free> reader_;
  RedisReply root_;                ///< the reply that is being read
  std::size_t fed_ = 0;            ///< bytes of it so far, and of what came behind it
  std::size_t claimed_ = 0;        ///< elements that its arrays are to have
  const char* refusal_ = nullptr;  ///< why we stopped hiredis, where we did
};

}  // namespace carpool::inline v0_1

/// What a Redis server answered, and the errors of answers that are not what was asked for.
#pragma once

#include <carpool/common/server_error.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// An error reply. code() is its first word: "WRONGTYPE", "READONLY", "ERR". The stream is intact.
class RedisError : public ServerError {
 public:
  using ServerError::ServerError;
};

/// The reply is of another type than the caller asked for. The stream is intact.
class RedisTypeError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The server sent what is no reply, or one beyond the limits. The stream is lost.
class RedisProtocolError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {

template <class T>
struct RedisConversion;  // redis/conversions.hpp

}  // namespace detail

/// One reply: a value that owns all of its text.
class RedisReply {
 public:
  enum class Kind {
    nil,      ///< nothing: no such key, or a time that passed
    integer,  ///< a number
    status,   ///< a word of the server's own: OK, PONG, QUEUED
    string,   ///< bytes
    array,    ///< replies within this reply
    error,    ///< what went wrong; command() throws it, pipelines and arrays hold it
  };

  RedisReply() = default;
  [[nodiscard]] static RedisReply integer(std::int64_t value) {
    RedisReply reply;
    reply.kind_ = Kind::integer;
    reply.integer_ = value;
    return reply;
  }
  /// kind: status, string or error.
  [[nodiscard]] static RedisReply text(Kind kind, std::string text) {
    RedisReply reply;
    reply.kind_ = kind;
    reply.text_ = std::move(text);
    return reply;
  }
  /// Of elements that it takes over.
  [[nodiscard]] static RedisReply array(std::vector<RedisReply> elements) {
    RedisReply reply;
    reply.kind_ = Kind::array;
    reply.elements_ = std::move(elements);
    return reply;
  }

  [[nodiscard]] Kind kind() const noexcept { return kind_; }  ///< what may be asked of it without a RedisTypeError
  /// as<std::optional<T>>() makes it std::nullopt.
  [[nodiscard]] bool is_nil() const noexcept { return kind_ == Kind::nil; }
  [[nodiscard]] bool is_error() const noexcept { return kind_ == Kind::error; }  ///< as<T>() throws it
  [[nodiscard]] bool is_array() const noexcept { return kind_ == Kind::array; }  ///< elements() has them

  /// The bytes of a string, a status or an error; throws RedisTypeError for another kind.
  [[nodiscard]] const std::string& text() const {
    if (kind_ != Kind::string && kind_ != Kind::status && kind_ != Kind::error) fail("text");
    return text_;
  }
  /// The number of an integer reply; throws RedisTypeError for another kind.
  [[nodiscard]] std::int64_t integer() const {
    if (kind_ != Kind::integer) fail("an integer");
    return integer_;
  }
  /// Those of an array; throws RedisTypeError for another kind.
  [[nodiscard]] const std::vector<RedisReply>& elements() const {
    if (kind_ != Kind::array) fail("an array");
    return elements_;
  }

  /// The reply as a T: std::string, a number, bool, std::optional (nil is std::nullopt), std::vector, std::pair,
  /// std::map or std::unordered_map (from pairs laid flat, as HGETALL answers), RedisReply, void.
  /// Throws: RedisError for an error reply, RedisTypeError where it is no T.
  template <class T>
  [[nodiscard]] T as() const& {
    throw_if_error();
    return detail::RedisConversion<T>::from(*this);
  }
  /// The same without a copy of a long text, for a reply that nobody needs any more.
  template <class T>
  [[nodiscard]] T as() && {
    throw_if_error();
    if constexpr (std::is_same_v<T, RedisReply>) {
      return std::move(*this);
    } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::optional<std::string>>) {
      if (kind_ == Kind::string) return std::move(text_);
    } else if constexpr (std::is_same_v<T, std::vector<RedisReply>>) {
      if (kind_ == Kind::array) return std::move(elements_);
    }
    return detail::RedisConversion<T>::from(*this);
  }

  /// Throws the RedisError that this reply is, if it is one. command is named in the message; what the server repeats
  /// of its words is not, for there may be secrets among them.
  void throw_if_error(const std::string& command = {}) const {
    if (!is_error()) return;
    const std::string what = text_.substr(0, text_.find(", with args beginning with"));
    throw RedisError(code(), (command.empty() ? "" : command + ": ") + what);
  }

  /// An error's first word; empty for every other kind.
  [[nodiscard]] std::string code() const { return is_error() ? text_.substr(0, text_.find(' ')) : std::string(); }

  /// "an array of 3", for messages.
  [[nodiscard]] std::string description() const {
    switch (kind_) {
      case Kind::nil: return "nil";
      case Kind::integer: return "the integer " + std::to_string(integer_);
      case Kind::status: return "the status " + text_;
      case Kind::string: return "a string of " + std::to_string(text_.size()) + " bytes";
      case Kind::array: return "an array of " + std::to_string(elements_.size());
      case Kind::error: return "the error " + text_;
    }
    return "of no known kind";
  }

  /// Throws the RedisTypeError that says what was wanted and what is here instead.
  [[noreturn]] void fail(const char* wanted) const {
    throw RedisTypeError(std::string("Redis: the reply was to be ") + wanted + ", but is " + description());
  }

  friend bool operator==(const RedisReply&, const RedisReply&) = default;

  /// For the parser, which fills an array as its elements come.
  void push_back(RedisReply element) { elements_.push_back(std::move(element)); }
  [[nodiscard]] RedisReply& back() noexcept { return elements_.back(); }  ///< of an array that is not empty

 private:
  Kind kind_ = Kind::nil;
  std::int64_t integer_ = 0;
  std::string text_;
  std::vector<RedisReply> elements_;
};

namespace detail {

/// Whether an exception is what the server answered, and says nothing against the connection: not where the server has
/// become a replica.
[[nodiscard]] inline bool is_redis_answer(std::exception_ptr error) {
  try {
    std::rethrow_exception(std::move(error));
  } catch (const RedisError& refusal) {
    return refusal.code() != "READONLY";
  } catch (const RedisTypeError&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace detail

}  // namespace carpool::inline v0_1

#include <carpool/redis/conversions.hpp>

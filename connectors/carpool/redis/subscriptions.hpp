/// Listening to Redis: channels, patterns, and the messages that come.
#pragma once

#include <carpool/redis/detail/arguments.hpp>
#include <carpool/redis/detail/command_table.hpp>
#include <carpool/redis/reply.hpp>
#include <carpool/time.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// What somebody published.
struct RedisMessage {
  std::string channel;  ///< where it was published
  std::string payload;  ///< bytes, as published
  std::string pattern;  ///< by which it was found; empty where the channel itself is subscribed to
};

/// A base of RedisConnection. While subscribed, a connection takes no other commands. Given back to the pool so, it is
/// reset; or unsubscribe() first.
template <class Connection>
class RedisSubscriptions {
 public:
  /// Waits: for the server's confirmation of each, at most io_timeout in all. Throws: RedisError where the server
  /// refuses. Messages that come meanwhile are kept for receive_message().
  template <RedisArgument... Channels>
  void subscribe(const Channels&... channels) {
    follow("SUBSCRIBE", channels...);
  }
  /// As subscribe; of all channels whose name fits: "news.*".
  template <RedisArgument... Patterns>
  void subscribe_patterns(const Patterns&... patterns) {
    follow("PSUBSCRIBE", patterns...);
  }
  template <RedisArgument... Channels>
  void unsubscribe(const Channels&... channels)
    requires(sizeof...(Channels) > 0)
  {
    follow("UNSUBSCRIBE", channels...);
  }
  /// From these patterns. The connection takes commands again when nothing is subscribed to any more.
  template <RedisArgument... Patterns>
  void unsubscribe_patterns(const Patterns&... patterns)
    requires(sizeof...(Patterns) > 0)
  {
    follow("PUNSUBSCRIBE", patterns...);
  }

  /// From everything: the connection takes commands again. Messages that were not received are lost.
  void unsubscribe(std::optional<TimePoint> deadline = {}) {
    std::string out;
    detail::RedisWriter::write(out, "UNSUBSCRIBE");
    detail::RedisWriter::write(out, "PUNSUBSCRIBE");
    detail::RedisWriter::write(out,
                               "PING");  // how many words of farewell there will be, nobody knows: this is the last
    const TimePoint end = self().until(deadline);
    self().stream_.send(out, 1, end);
    while (!is_pong(self().stream_.receive_any(end))) self().stream_.give_up_if_late(end);
    self().stream_.answered(1);
    messages_.clear();
    self().stream_.expect_messages(false);
  }

  /// The next message; nothing where none came until the deadline (default: io_timeout from now), which breaks nothing.
  [[nodiscard]] std::optional<RedisMessage> receive_message(std::optional<TimePoint> deadline = {}) {
    const TimePoint end = self().until(deadline);
    while (messages_.empty()) {
      std::optional<RedisReply> reply = self().stream_.receive_unless_late(end);
      if (!reply || (!keep_message(*reply) && self().stream_.late(end))) return std::nullopt;
    }
    RedisMessage message = std::move(messages_.front());
    messages_.erase(messages_.begin());
    return message;
  }

  /// Messages came that nobody received.
  [[nodiscard]] bool has_messages() const noexcept { return !messages_.empty(); }

 protected:
  /// They are the last user's, not the next one's.
  void forget_messages() noexcept { messages_.clear(); }

 private:
  [[nodiscard]] Connection& self() noexcept { return static_cast<Connection&>(*this); }

  /// One confirmation comes for each word, with messages between.
  template <class... Words>
  void follow(const char* command, const Words&... words) {
    std::string out;
    detail::RedisWriter::write(out, command, words...);
    std::size_t due = (detail::RedisWriter::words(words) + ...);
    const TimePoint end = self().until({});
    self().stream_.expect_messages(true);
    self().stream_.send(out, due, end);
    while (due > 0) {
      const RedisReply reply = self().stream_.receive_any(end);
      if (reply.is_error()) refused(reply, command, due);
      if (keep_message(reply)) {
        self().stream_.give_up_if_late(end);
        continue;
      }
      self().stream_.answered(1);
      if (--due == 0) self().stream_.expect_messages(subscriptions(reply) > 0);
    }
  }

  /// One error stands for all the words.
  [[noreturn]] void refused(const RedisReply& reply, const char* command, std::size_t due) {
    self().stream_.answered(due);
    self().session_.refused(detail::RedisEffect::alter);
    reply.throw_if_error(command);
    throw RedisError("ERR", command);
  }

  /// ["message", channel, payload] or ["pmessage", pattern, channel, payload]; whatever else came is no message.
  bool keep_message(const RedisReply& reply) {
    if (!reply.is_array()) return false;
    auto words = reply.elements();
    const std::string_view kind = words.empty() || words[0].kind() != RedisReply::Kind::string
                                      ? std::string_view()
                                      : std::string_view(words[0].text());
    if (kind == "message" && words.size() == 3) {
      messages_.push_back({words[1].text(), words[2].text(), {}});
    } else if (kind == "pmessage" && words.size() == 4) {
      messages_.push_back({words[2].text(), words[3].text(), words[1].text()});
    } else {
      return false;
    }
    return true;
  }

  /// The last word of a confirmation: how many channels and patterns are subscribed to now.
  [[nodiscard]] static std::int64_t subscriptions(const RedisReply& confirmation) {
    return confirmation.elements().empty() ? 0 : confirmation.elements().back().integer();
  }

  /// Within a subscription PING is answered by ["pong", ""], else by the status.
  [[nodiscard]] static bool is_pong(const RedisReply& reply) {
    if (!reply.is_array()) return true;
    const auto& words = reply.elements();
    return words.size() == 2 && words[0].kind() == RedisReply::Kind::string && words[0].text() == "pong";
  }

  std::vector<RedisMessage> messages_;  ///< came while something else was waited for
};

}  // namespace carpool::inline v0_1

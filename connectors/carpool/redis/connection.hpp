/// One connection to a Redis server: commands, pipelines, transactions, messages.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/credentials.hpp>
#include <carpool/redis/commands.hpp>
#include <carpool/redis/detail/arguments.hpp>
#include <carpool/redis/detail/blocking.hpp>
#include <carpool/redis/detail/command_table.hpp>
#include <carpool/redis/detail/login.hpp>
#include <carpool/redis/detail/renewal.hpp>
#include <carpool/redis/detail/session.hpp>
#include <carpool/redis/detail/stream.hpp>
#include <carpool/redis/pipeline.hpp>
#include <carpool/redis/reply.hpp>
#include <carpool/redis/subscriptions.hpp>
#include <carpool/time.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// Opened by RedisConnector; used through a lease. Has the typed commands (get, set, incr ...) of RedisCommands too.
///
///   lease->command("SET", "greeting", "hello");
///   const auto greeting = lease->command<std::optional<std::string>>("GET", "greeting");
///
/// Waits:    each operation at most until its deadline, the connector's io_timeout from its start where none is given.
/// Errors:   RedisError for an error reply, RedisTypeError for a reply of another type than was asked for: the
///           connection is as good as before. std::system_error naming the operation and the peer (std::errc::timed_out
///           at the deadline), RedisProtocolError: the connection is lost, and refuses whatever is asked of it next.
///           std::invalid_argument for commands that are not answered by one reply: nothing has been sent.
/// Threads:  one worker at a time.
template <class Backend>
class RedisConnection : public RedisCommands<RedisConnection<Backend>>,
                        public RedisSubscriptions<RedisConnection<Backend>> {
 public:
  /// By RedisConnector, which then logs in.
  RedisConnection(detail::RedisStream<Backend> stream, detail::RedisLogin login, detail::RedisRenewal<Backend> renewal,
                  Duration io_timeout) noexcept
      : stream_(std::move(stream)), login_(std::move(login)), renewal_(std::move(renewal)), io_timeout_(io_timeout) {}

  /// Says one command and returns its reply as a T (see RedisReply::as).
  template <class T = RedisReply, RedisArgument... Arguments>
  T command(const Arguments&... arguments) {
    return command_until<T>(until({}), arguments...);
  }
  /// As command(), with a deadline of its own.
  template <class T = RedisReply, RedisArgument... Arguments>
  T command_until(TimePoint deadline, const Arguments&... arguments) {
    return command_of<T>(detail::redis_traits(arguments...), deadline, arguments...);
  }

  /// A command that makes the server wait (BLPOP, BLMPOP, XREAD, WAIT ...), said without the time to wait: it is made
  /// from the deadline and put where the command wants it, BLOCK of XREAD and XREADGROUP too; last and in seconds for a
  /// command that is not known here. The reply is nil where nothing came in time (WAIT and WAITAOF: how far they came),
  /// and the connection sound; a server that says nothing within io_timeout after that is given up: timed_out.
  template <class T = RedisReply, RedisArgument... Arguments>
  T blocking_until(TimePoint deadline, const Arguments&... arguments) {
    const detail::RedisTraits traits = detail::redis_traits(arguments...);
    const auto left = deadline == never ? std::nullopt : std::optional<Duration>(deadline - Backend::now());
    const auto words = detail::with_time_to_wait(traits.wait, left, arguments...);
    return command_of<T>(traits, after(deadline, io_timeout_), words);
  }

  /// As blocking_until, with the deadline `timeout` from now.
  template <class T = RedisReply, RedisArgument... Arguments>
  T blocking_for(Duration timeout, const Arguments&... arguments) {
    return blocking_until<T>(after(Backend::now(), timeout), arguments...);
  }

  using RedisCommands<RedisConnection<Backend>>::ping;
  /// Where its credentials are about to expire, AUTH with new ones is the ping.
  bool ping(TimePoint deadline) {
    if (renewal_.due() && renew(deadline)) return true;
    return command_until<std::string>(deadline, "PING") == "PONG";
  }
  /// PING, answered within the timeout. Throws where there is no answer.
  void ping_for(Duration timeout) { command_until<void>(after(Backend::now(), timeout), "PING"); }

  /// One command's reply as it came: an error is a reply like any other.
  template <RedisArgument... Arguments>
  [[nodiscard]] RedisReply exchange(TimePoint deadline, const Arguments&... arguments) {
    return exchange_of(detail::redis_traits(arguments...), deadline, arguments...);
  }
  /// For RedisClient, which has looked the command up already.
  template <RedisArgument... Arguments>
  RedisReply command_of(const detail::RedisTraits& traits, const Arguments&... arguments) {
    return command_of<RedisReply>(traits, until({}), arguments...);
  }

  /// The replies of all its commands, in their order; errors are among them, not thrown.
  std::vector<RedisReply> run(const RedisPipeline& pipeline, std::optional<TimePoint> deadline = {}) {
    if (pipeline.empty()) return {};
    stream_.require_quiet();
    const TimePoint end = until(deadline);
    for (const detail::RedisEffect effect : pipeline.effects()) note_sent(effect);
    stream_.send(pipeline.bytes(), pipeline.size(), end);
    std::vector<RedisReply> replies;
    replies.reserve(pipeline.size());
    for (const detail::RedisEffect effect : pipeline.effects()) replies.push_back(receive(effect, end));
    ++uses_;
    return replies;
  }

  /// The same between MULTI and EXEC: all of it, with nothing between, or none. Nothing is returned where a key that
  /// was watched has changed: begin again at WATCH. Throws RedisError where the server refused a command.
  std::optional<std::vector<RedisReply>> transaction(const RedisPipeline& pipeline,
                                                     std::optional<TimePoint> deadline = {}) {
    std::vector<RedisReply> replies = run(pipeline.as_transaction(), deadline);
    for (const RedisReply& reply : replies) reply.throw_if_error("transaction");
    if (replies.back().is_nil()) return std::nullopt;
    return std::move(replies.back()).template as<std::vector<RedisReply>>();
  }

  /// "127.0.0.1:6379"
  [[nodiscard]] std::string peer() const { return stream_.peer(); }
  /// The descriptor, for poll and getsockopt; still owned by the connection.
  [[nodiscard]] int native_handle() const noexcept { return stream_.native_handle(); }
  /// How many commands and pipelines have been answered since it was opened.
  [[nodiscard]] std::uint64_t uses() const noexcept { return uses_; }
  /// Whether the session is not as the connector opened it: MULTI, WATCH, SELECT, SUBSCRIBE, CLIENT ...; or its
  /// credentials are about to expire.
  [[nodiscard]] bool dirty() const noexcept { return is_changed() || renewal_.due(); }
  /// Whether the peer is there, nothing has come unasked, and its credentials have not expired. No round trip.
  [[nodiscard]] bool is_connected() const noexcept {
    return !stream_.broken() && !renewal_.expired() && stream_.is_connected();
  }
  /// Whether the server has refused a write on it, as a replica does.
  [[nodiscard]] bool wrong_role() const noexcept { return wrong_role_; }
  /// Whether nothing failed, every command is answered, none was refused for the server's role, and the session is as
  /// it was or can be restored.
  [[nodiscard]] bool reusable() const noexcept {
    return !session_.ruined() && !wrong_role_ && (stream_.expects_messages() ? !stream_.broken() : stream_.settled());
  }
  /// Whether every command is answered, and no message of a channel may be under way.
  [[nodiscard]] bool in_step() const noexcept {
    return !session_.ruined() && stream_.settled() && !stream_.expects_messages();
  }
  /// Tells the peer of a TLS connection that the end is meant; others hear nothing.
  void invalidate(TimePoint deadline) { stream_.close_gracefully(deadline); }
  /// In a forked child: the parent's connection goes on as if nothing had happened.
  void abandon() noexcept { stream_.close(); }

  /// An error reply, or one of another type than was hoped, says nothing against the connection; a server that has
  /// become a replica does.
  [[nodiscard]] Verdict handle_exception(std::exception_ptr error) const {
    return reusable() && detail::is_redis_answer(std::move(error)) ? Verdict::keep : Verdict::close;
  }

  /// For the connector, once. Throws ConnectRefused, AuthenticationError or RedisError where the server refuses.
  void log_in(TimePoint deadline) {
    stream_.send(login_.bytes(), login_.size(), deadline);
    for (std::size_t step = 0; step < login_.size(); ++step) login_.check(step, stream_.receive(deadline), peer());
  }

  /// Makes the session what log_in made it: RESET and the log-in again, in one write; DISCARD, UNWATCH and SELECT where
  /// the server is older than 6.2. False where neither helps. Where nothing but its credentials is to be renewed, it
  /// says AUTH alone.
  bool reset(TimePoint deadline) {
    if (renewal_.due() && !is_changed()) return renew(deadline), true;
    if (renewal_.due()) take_new_credentials(deadline);
    detail::RedisWriter::rewrite(out_, "RESET");
    stream_.send(out_ + login_.bytes(), 1 + login_.size(), deadline);
    const bool has_reset = answer_to_reset(deadline).kind() == RedisReply::Kind::status;
    for (std::size_t step = 0; step < login_.size(); ++step) {
      const RedisReply reply = stream_.receive(deadline);
      if (has_reset) login_.check(step, reply, peer());
    }
    if (!has_reset && !restore_without_reset(deadline)) return false;
    session_.restored();
    stream_.expect_messages(false);
    this->forget_messages();
    return true;
  }

 private:
  friend RedisSubscriptions<RedisConnection<Backend>>;

  [[nodiscard]] TimePoint until(std::optional<TimePoint> deadline) const {
    return deadline ? *deadline : after(Backend::now(), io_timeout_);
  }
  [[nodiscard]] bool is_changed() const noexcept {
    return session_.dirty() || stream_.expects_messages() || this->has_messages();
  }

  /// False: nothing has changed, and the old credentials are kept while they last.
  bool renew(TimePoint deadline) {
    const std::optional<Credentials> fresh = renewal_.ask(deadline);
    if (!fresh) return false;
    detail::RedisLogin login = login_.with(fresh->user, fresh->password);
    if (!login.logs_in()) return false;
    stream_.require_quiet();
    stream_.send(login.auth_bytes(), 1, deadline);
    if (stream_.receive(deadline).is_error()) return false;
    login_ = std::move(login);
    renewal_.granted(fresh->expires);
    return true;
  }
  /// For a log-in that is about to be said.
  void take_new_credentials(TimePoint deadline) {
    const std::optional<Credentials> fresh = renewal_.ask(deadline);
    if (!fresh) return;
    login_ = login_.with(fresh->user, fresh->password);
    renewal_.granted(fresh->expires);
  }

  template <class T, RedisArgument... Arguments>
  T command_of(const detail::RedisTraits& traits, TimePoint deadline, const Arguments&... arguments) {
    RedisReply reply = exchange_of(traits, deadline, arguments...);
    if (reply.is_error()) [[unlikely]]
      reply.throw_if_error(std::string(detail::RedisWords(arguments...)[0]));
    return std::move(reply).template as<T>();
  }
  template <class... Arguments>
  [[nodiscard]] RedisReply exchange_of(const detail::RedisTraits& traits, TimePoint deadline,
                                       const Arguments&... arguments) {
    stream_.require_quiet();
    detail::RedisWriter::rewrite(out_, arguments...);
    note_sent(traits.effect);
    stream_.send(out_, 1, deadline);
    RedisReply reply = receive(traits.effect, deadline);
    ++uses_;
    return reply;
  }

  void note_sent(detail::RedisEffect effect) noexcept {
    if (effect != detail::RedisEffect::none) [[unlikely]]
      session_.sent(effect);
  }

  [[nodiscard]] RedisReply receive(detail::RedisEffect effect, TimePoint deadline) {
    RedisReply reply = stream_.receive(deadline);
    if (reply.is_error()) {
      session_.refused(effect);
      wrong_role_ = wrong_role_ || reply.code() == "READONLY";
    }
    return reply;
  }

  /// While it was subscribed, messages may have come before it.
  [[nodiscard]] RedisReply answer_to_reset(TimePoint deadline) {
    RedisReply reply = stream_.receive_any(deadline);
    while (stream_.expects_messages() && reply.is_array()) {
      stream_.give_up_if_late(deadline);
      reply = stream_.receive_any(deadline);
    }
    stream_.answered(1);
    return reply;
  }

  bool restore_without_reset(TimePoint deadline) {
    if (!session_.restored_without_reset() || stream_.expects_messages()) return false;
    RedisPipeline pipeline;
    if (session_.in_multi()) pipeline.add("DISCARD");
    pipeline.add("UNWATCH").add("SELECT", login_.database());
    for (const RedisReply& reply : run(pipeline, deadline)) {
      if (reply.is_error()) return false;
    }
    return true;
  }

  detail::RedisStream<Backend> stream_;
  detail::RedisLogin login_;
  detail::RedisRenewal<Backend> renewal_;
  detail::RedisSession session_;
  Duration io_timeout_;
  std::uint64_t uses_ = 0;
  bool wrong_role_ = false;
  std::string out_;  ///< the command that was written last; kept for its memory
};

}  // namespace carpool::inline v0_1

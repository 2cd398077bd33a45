/// Redis through a pool: each command takes a connection, says its word, and gives the connection back.
#pragma once

#include <carpool/redis/commands.hpp>
#include <carpool/redis/detail/arguments.hpp>
#include <carpool/redis/detail/command_table.hpp>
#include <carpool/redis/pipeline.hpp>
#include <carpool/redis/reply.hpp>
#include <carpool/source_location.hpp>
#include <carpool/time.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// Which commands are said once more, on a fresh connection, where the first one was lost before the reply had come:
/// whether the server has done it then, nobody knows.
enum class RedisRepeat {
  nothing,  ///< no command
  safe,  ///< reads but XREAD from "$" on, MSET, HMSET, SETEX, PSETEX, SET without NX, XX and GET: twice changes nothing
  always,  ///< all: the caller does not mind if INCR counts twice
};

/// How a RedisClient deals with lost connections.
struct RedisClientOptions {
  RedisRepeat repeat = RedisRepeat::safe;  ///< after a connection was lost before the reply came
  bool repeat_after_timeout = false;       ///< also where the reply did not come in time: the caller then waits twice
};

/// Cheap to copy; it refers to the pool, which must outlive it.
///
///   carpool::RedisClient client(pool);
///   client.set("greeting", "hello");
///   const std::optional<std::string> greeting = client.get("greeting");
///   const auto keys = client.command<std::vector<std::string>>("KEYS", "user:*");
///
/// Errors:   what the pool's acquire throws; RedisError, RedisTypeError; std::system_error and RedisProtocolError where
///           the connection was lost, the second time where the command was repeated. A READONLY reply from a server
///           that is no master any more is followed by one more try, on a connection that the connector opens anew.
/// Threads:  any number of workers at a time.
template <class Pool>
class RedisClient : public RedisCommands<RedisClient<Pool>> {
 public:
  using Connection = typename Pool::Connection;  ///< RedisConnection, or what a connector makes of it

  /// Does no I/O. Texts of time-outs name site as the place of its leases.
  explicit RedisClient(Pool& pool, RedisClientOptions options = {}, SourceLocation site = SourceLocation::current())
      : pool_(&pool), options_(options), site_(site) {}

  /// The same client but for this: client.with(carpool::RedisRepeat::always).incr("visits").
  [[nodiscard]] RedisClient with(RedisRepeat repeat) const {
    RedisClient other = *this;
    other.options_.repeat = repeat;
    return other;
  }

  /// As RedisConnection::command, on a lease of its own. Waits: for a connection, then io_timeout at most; longer where
  /// it is repeated.
  template <class T = RedisReply, RedisArgument... Arguments>
  T command(const Arguments&... arguments) const {
    const detail::RedisTraits traits = detail::redis_traits(arguments...);
    const auto say = [&](Connection& connection) { return connection.command_of(traits, arguments...); };
    return use(say, may_repeat(traits.repeatable)).template as<T>();
  }

  /// A command that makes the server wait: as RedisConnection::blocking_until, for this long. Never repeated. WAIT and
  /// WAITAOF ask for what their own connection has written: say them to a lease that has.
  template <class T = RedisReply, RedisArgument... Arguments>
  T blocking_for(Duration timeout, const Arguments&... arguments) const {
    const auto say = [&](Connection& connection) { return connection.blocking_for(timeout, arguments...); };
    return use(say, false).template as<T>();
  }

  /// The replies of all its commands, errors among them. Repeated only where each of them may be.
  std::vector<RedisReply> run(const RedisPipeline& pipeline) const {
    const auto say = [&](Connection& connection) { return connection.run(pipeline); };
    return use(say, may_repeat(pipeline.repeatable()));
  }

  /// All of it or none, and nothing between. Never repeated, unless always.
  std::vector<RedisReply> transaction(const RedisPipeline& pipeline) const {
    const auto say = [&](Connection& connection) { return connection.transaction(pipeline); };
    return use(say, may_repeat(false)).value_or(std::vector<RedisReply>());
  }

  /// Watches the keys, has prepare(connection, pipeline) read with the one and write into the other, and says the
  /// pipeline as a transaction; begins again where a key has changed meanwhile. Nothing after so many attempts in vain.
  template <RedisArgument Keys, class Prepare>
  std::optional<std::vector<RedisReply>> transaction(const Keys& keys, Prepare prepare, int attempts = 100) const {
    std::optional<std::vector<RedisReply>> replies;
    for (int attempt = 0; attempt < attempts && !replies; ++attempt) {
      const auto attempt_once = [&](Connection& connection) {
        RedisPipeline pipeline;
        connection.command("WATCH", keys);
        prepare(connection, pipeline);
        return connection.transaction(pipeline);
      };
      replies = use(attempt_once, false);
    }
    return replies;
  }

 private:
  [[nodiscard]] bool may_repeat(bool safe) const noexcept {
    return options_.repeat == RedisRepeat::always || (options_.repeat == RedisRepeat::safe && safe);
  }

  /// Whoever waits here for a second connection must have left the catch block of the first.
  template <class Use>
  auto use(const Use& say, bool repeatable) const {
    try {
      return pool_->with_connection(say, site_);
    } catch (const std::system_error& error) {
      if (!repeatable || (error.code() == std::errc::timed_out && !options_.repeat_after_timeout)) throw;
    } catch (const RedisError& error) {
      if (error.code() != "READONLY") throw;  // else it was not done
    }
    return use_fresh(say);
  }

  /// What was idle may have been lost with the first one: such a connection is asked before it is relied upon.
  template <class Use>
  auto use_fresh(const Use& say) const {
    bool proven = false;
    const auto prove_and_say = [&](Connection& connection) {
      if (connection.uses() > 0) connection.ping_for(pool_->options().validation_timeout);
      proven = true;
      return say(connection);
    };
    for (std::size_t left = pool_->options().max_size; left > 0; --left) {
      try {
        return pool_->with_connection(prove_and_say, site_);
      } catch (const std::system_error&) {
        if (proven) throw;
      }
    }
    return pool_->with_connection(prove_and_say, site_);
  }

  Pool* pool_;
  RedisClientOptions options_;
  SourceLocation site_;
};

}  // namespace carpool::inline v0_1

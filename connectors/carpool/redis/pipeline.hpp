/// Commands for Redis that are sent in one write and answered in one go.
#pragma once

#include <carpool/redis/detail/arguments.hpp>
#include <carpool/redis/detail/command_table.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace carpool::inline v0_1 {

/// Fill it, then give it to run() or transaction() of a connection or a RedisClient; it may be used again.
///
///   carpool::RedisPipeline pipeline;
///   pipeline.add("INCR", "visits").add("EXPIRE", "visits", 60);
///   const std::vector<carpool::RedisReply> replies = client.run(pipeline);
class RedisPipeline {
 public:
  /// Throws std::invalid_argument for a command that is not answered by one reply.
  template <RedisArgument... Arguments>
  RedisPipeline& add(const Arguments&... arguments) {
    const detail::RedisTraits traits = detail::redis_traits(arguments...);
    const Undo undo{bytes_, bytes_.size()};
    detail::RedisWriter::write(bytes_, arguments...);
    effects_.push_back(traits.effect);
    repeatable_ = repeatable_ && traits.repeatable;
    undo.keep();
    return *this;
  }

  /// Commands, each of which gets one reply.
  [[nodiscard]] std::size_t size() const noexcept { return effects_.size(); }
  /// run() then says nothing and returns nothing.
  [[nodiscard]] bool empty() const noexcept { return effects_.empty(); }
  /// For the next use: keeps its memory.
  void clear() noexcept {
    bytes_.clear();
    effects_.clear();
    repeatable_ = true;
  }

  /// The same between MULTI and EXEC.
  [[nodiscard]] RedisPipeline as_transaction() const {
    RedisPipeline whole;
    whole.add("MULTI");
    whole.bytes_ += bytes_;
    whole.effects_.insert(whole.effects_.end(), effects_.begin(), effects_.end());
    whole.add("EXEC");
    return whole;
  }

  /// Whether all of it may be said twice without a difference.
  [[nodiscard]] bool repeatable() const noexcept { return repeatable_; }
  /// What goes over the wire.
  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }
  /// For connections: what each command does to the session.
  [[nodiscard]] const std::vector<detail::RedisEffect>& effects() const noexcept { return effects_; }

 private:
  /// A command for which there is no memory leaves nothing behind.
  struct Undo {
    std::string& bytes;
    std::size_t start;
    mutable bool kept = false;
    void keep() const noexcept { kept = true; }
    ~Undo() {
      if (!kept) bytes.resize(start);
    }
  };

  std::string bytes_;
  std::vector<detail::RedisEffect> effects_;
  bool repeatable_ = true;
};

}  // namespace carpool::inline v0_1

/// What a Redis connection's own commands have done to its session, as far as a later user would notice.
#pragma once

#include <carpool/redis/detail/command_table.hpp>

namespace carpool::inline v0_1::detail {

/// Kept by what is sent, not by what is answered: the worst that may have happened.
class RedisSession {
 public:
  void sent(RedisEffect effect) noexcept {
    switch (effect) {
      case RedisEffect::multi: multi_ = true; break;
      case RedisEffect::end: multi_ = watching_ = false; break;
      case RedisEffect::watch: watching_ = true; break;
      case RedisEffect::unwatch: watching_ = false; break;
      case RedisEffect::select: selected_ = true; break;
      case RedisEffect::alter: altered_ = true; break;
      case RedisEffect::ruin: ruined_ = true; break;
      case RedisEffect::none:
      case RedisEffect::refuse: break;
    }
  }
  /// The server refused: whether it took effect is anybody's guess.
  void refused(RedisEffect effect) noexcept { altered_ = altered_ || effect != RedisEffect::none; }
  void restored() noexcept { multi_ = watching_ = selected_ = altered_ = false; }

  [[nodiscard]] bool in_multi() const noexcept { return multi_; }
  [[nodiscard]] bool ruined() const noexcept { return ruined_; }
  [[nodiscard]] bool dirty() const noexcept { return multi_ || watching_ || selected_ || altered_; }
  /// Whether DISCARD, UNWATCH and SELECT are all that is needed: a server before 6.2 has no RESET.
  [[nodiscard]] bool restored_without_reset() const noexcept { return !altered_; }

 private:
  bool multi_ = false;     ///< between MULTI and EXEC or DISCARD
  bool watching_ = false;  ///< WATCH since the last EXEC, DISCARD, UNWATCH
  bool selected_ = false;  ///< the database is perhaps not the connector's
  bool altered_ = false;   ///< user, name or a mode are perhaps not the connector's
  bool ruined_ = false;    ///< no reset helps
};

}  // namespace carpool::inline v0_1::detail

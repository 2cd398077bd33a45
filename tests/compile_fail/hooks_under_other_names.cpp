// error: Hooks have none of on_connect, before_acquire, after_release and on_close
#include <carpool/with_hooks.hpp>

#include "sound_policies.hpp"

struct Hooks {
  void on_conect(SoundOwnConnection&, carpool::TimePoint) const;
};
using Hooked = carpool::WithHooks<ConnectorOf<SoundOwnConnection>, Hooks>;
auto opened = Hooked({}).connect<SoundBackend>(carpool::never);

// error: Hooks have before_acquire, but not as bool before_acquire(Connection&, TimePoint deadline) const
#include <carpool/with_hooks.hpp>

#include "sound_policies.hpp"

struct Hooks {
  bool before_acquire(SoundOwnConnection&) const;
};
using Hooked = carpool::WithHooks<ConnectorOf<SoundOwnConnection>, Hooks>;
auto opened = Hooked({}).connect<SoundBackend>(carpool::never);

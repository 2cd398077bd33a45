/// How long a call takes, for every test.
#pragma once

#include <carpool/time.hpp>

/// By the backend's clock.
template <class Backend, class Call>
[[nodiscard]] carpool::Duration time_of(Call call) {
  const carpool::TimePoint started = Backend::now();
  call();
  return Backend::now() - started;
}

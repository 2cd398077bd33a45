/// A connector around another: every connect is counted and takes longer, as over a far network or a slow handshake.
#pragma once

#include "control.hpp"

#include <carpool/concepts.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

namespace carpool::compare {

/// Inner must connect through a backend: the delay is a sleep of that backend's. The control outlives the pool.
template <class Inner>
class DelayedConnector {
 public:
  template <class Backend>
  using Connection = typename Inner::template Connection<Backend>;

  DelayedConnector(Inner inner, Duration delay, Control& control)
      : inner_(std::move(inner)), delay_(delay), control_(&control) {}

  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(TimePoint deadline) const {
    control_->note_connect();
    if (delay_ > Duration::zero()) sleep<Backend>(deadline);
    return inner_.template connect<Backend>(deadline);
  }
  template <class Opened>
  [[nodiscard]] bool is_connected(const Opened& connection) const noexcept {
    return inner_.is_connected(connection);
  }
  template <class Opened>
  [[nodiscard]] bool reusable(const Opened& connection) const noexcept {
    return inner_.reusable(connection);
  }
  template <class Opened>
  [[nodiscard]] bool dirty(const Opened& connection) const noexcept {
    return inner_.dirty(connection);
  }
  template <class Opened>
  [[nodiscard]] bool reset(Opened& connection, TimePoint deadline) const {
    return inner_.reset(connection, deadline);
  }

  [[nodiscard]] std::string describe() const
    requires requires(const Inner& inner) { inner.describe(); }
  {
    return inner_.describe();
  }

 private:
  template <class Backend>
  void sleep(TimePoint deadline) const {
    const TimePoint end = after(Backend::now(), delay_);
    Backend::sleep_until(std::min(end, deadline));
    if (end > deadline) throw std::system_error(std::make_error_code(std::errc::timed_out), "the delayed connect");
  }

  Inner inner_;
  Duration delay_;
  Control* control_;
};

}  // namespace carpool::compare

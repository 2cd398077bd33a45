/// A connector without a network: does what a FakeServer's script says, in the backend's time alone.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/fake/connection.hpp>
#include <carpool/fake/server.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>

namespace carpool::inline v0_1 {

/// Everything that a connector can have. FakeServer::connector makes it.
class FakeConnector {
 public:
  template <class Backend>
  using Connection = FakeConnection<Backend>;

  template <class Backend>
  [[nodiscard]] FakeConnection<Backend> connect(TimePoint deadline) const {
    return open<Backend>({}, deadline);
  }

  template <class Backend>
  [[nodiscard]] bool is_connected(const FakeConnection<Backend>& connection) const noexcept {
    return connection.checked_alive();
  }

  template <class Backend>
  [[nodiscard]] bool reusable(const FakeConnection<Backend>& connection) const noexcept {
    return !connection.facts_.reply_unread;
  }

  template <class Backend>
  [[nodiscard]] bool in_step(const FakeConnection<Backend>& connection) const noexcept {
    return state_->in_step && !connection.facts_.reply_unread;
  }

  template <class Backend>
  [[nodiscard]] bool dirty(const FakeConnection<Backend>& connection) const noexcept {
    return connection.facts_.dirty;
  }

  template <class Backend>
  [[nodiscard]] bool ping(FakeConnection<Backend>& connection, TimePoint deadline) const {
    const FakeReply reply = state_->count_ping(connection.target()).value_or(connection.facts_.script.ping);
    state_->throw_if_told(FakeMethod::ping);
    return connection.answers(reply, deadline);
  }

  template <class Backend>
  [[nodiscard]] bool reset(FakeConnection<Backend>& connection, TimePoint deadline) const {
    state_->count_one(connection.target(), &FakeCounts::resets);
    state_->throw_if_told(FakeMethod::reset);
    connection.facts_.dirty = !connection.answers(connection.facts_.script.reset, deadline);
    return !connection.facts_.dirty;
  }

  template <class Backend>
  void invalidate(FakeConnection<Backend>& connection, TimePoint deadline) const {
    state_->count_one(connection.target(), &FakeCounts::invalidated);
    if (!connection.answers(FakeReply::yes, deadline)) {
      state_->count_one(connection.target(), &FakeCounts::goodbyes_to_dead);
    }
    state_->throw_if_told(FakeMethod::invalidate);
    const Duration time = connection.facts_.script.goodbye_time;
    if (time > Duration::zero()) Backend::sleep_until(std::min(deadline, after(Backend::now(), time)));
  }

  template <class Backend>
  void abandon(FakeConnection<Backend>& connection) const noexcept {
    if (!connection.state_) return;
    const std::scoped_lock lock(state_->mutex);
    state_->count(connection.target(), [](FakeCounts& counts) { --counts.open, ++counts.abandoned; });
    connection.state_.reset();
  }

  template <class Backend>
  [[nodiscard]] Verdict handle_exception(FakeConnection<Backend>&, const std::exception_ptr&) const {
    state_->throw_if_told(FakeMethod::handle_exception);
    const std::scoped_lock lock(state_->mutex);
    return state_->verdict;
  }

  template <class Backend>
  [[nodiscard]] Duration lifetime(const FakeConnection<Backend>& connection) const {
    state_->throw_if_told(FakeMethod::lifetime);
    return connection.facts_.script.announced_lifetime;
  }

 protected:
  explicit FakeConnector(std::shared_ptr<detail::FakeState> state) noexcept : state_(std::move(state)) {}

  template <class Backend>
  [[nodiscard]] FakeConnection<Backend> open(const std::string& target, TimePoint deadline) const {
    detail::FakeConnectAttempt attempt(*state_, target);
    state_->throw_if_told(FakeMethod::connect);
    const bool in_time = wait_for_server<Backend>(attempt.script(), deadline);
    if (!in_time) throw std::system_error(std::make_error_code(std::errc::timed_out), "connect to a fake server");
    if (attempt.script().ending == FakeConnect::Ending::failed) std::rethrow_exception(attempt.script().error);
    typename FakeConnection<Backend>::Facts facts;
    facts.target = target;
    facts.script = attempt.script();
    facts.born = Backend::now();
    facts.id = attempt.succeed();
    return {state_, std::move(facts)};
  }

  std::shared_ptr<detail::FakeState> state_;

 private:
  friend class FakeServer;

  /// False where the deadline passed first.
  template <class Backend>
  [[nodiscard]] bool wait_for_server(const FakeConnect& script, TimePoint deadline) const {
    const TimePoint answer = after(Backend::now(), script.delay);
    const bool hangs = script.ending == FakeConnect::Ending::hanging;
    if (script.delay > Duration::zero() || hangs) Backend::sleep_until(hangs ? deadline : std::min(deadline, answer));
    if (hangs || answer > deadline) return false;
    if (script.ending != FakeConnect::Ending::held) return true;
    while (!state_->take_pass()) {
      if (Backend::now() >= deadline) return false;
      Backend::sleep_until(std::min(deadline, after(Backend::now(), std::chrono::microseconds(200))));
    }
    return true;
  }
};

/// The same with a name as target: one server, many endpoints. FakeServer::target_connector makes it.
class FakeTargetConnector : public FakeConnector {
 public:
  using Target = std::string;  ///< a name; each has scripts and counts of its own

  template <class Backend>
  [[nodiscard]] FakeConnection<Backend> connect(const Target& target, TimePoint deadline) const {
    return open<Backend>(target, deadline);
  }

  template <class Backend>
  [[nodiscard]] bool matches(const FakeConnection<Backend>& connection, const Target& target) const {
    state_->throw_if_told(FakeMethod::matches);
    return connection.target() == target;
  }
  [[nodiscard]] std::string describe(const Target& target) const { return "fake:" + target; }  ///< "fake:a"

 private:
  friend class FakeServer;

  explicit FakeTargetConnector(std::shared_ptr<detail::FakeState> state) noexcept : FakeConnector(std::move(state)) {}
};

inline FakeConnector FakeServer::connector() const { return FakeConnector(state_); }
inline FakeTargetConnector FakeServer::target_connector() const { return FakeTargetConnector(state_); }

}  // namespace carpool::inline v0_1

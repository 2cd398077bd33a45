/// A server made up for scenarios: it counts its connections, watches who owns them, and fails when it is told to. For
/// simulated and for real backends.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/errors.hpp>
#include <carpool/simulation_backend.hpp>
#include <carpool/time.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "simulated_plain.hpp"

/// What has to hold in a scenario: ends a simulated run, fails a real test.
template <class Backend>
void law(bool holds, const char* text) {
  if constexpr (requires { requires Backend::simulated; }) {
    carpool::Simulation::check(holds, text);
  } else {
    EXPECT_TRUE(holds) << text;
  }
}

template <class Backend>
[[nodiscard]] bool under_lock() {
  if constexpr (requires { requires Backend::simulated; }) {
    return carpool::Simulation::holds_mutex();
  } else {
    return false;
  }
}

/// Others may come in between here, where that is up to us.
template <class Backend>
void let_others() {
  if constexpr (requires { requires Backend::simulated; }) carpool::Simulation::step();
}

struct [[maybe_unused]] NothingIsSearched {};

/// While what it returns lives, a depth-first search tries one schedule: for what a scenario is not about.
template <class Backend>
[[nodiscard]] auto unsearched() {
  if constexpr (requires { requires Backend::simulated; }) {
    return carpool::Simulation::Unsearched();
  } else {
    return NothingIsSearched();
  }
}

/// Those who are there now go on only where nobody else can: for a deep search among those who come.
template <class Backend>
void others_come_last() {
  if constexpr (requires { requires Backend::simulated; }) carpool::Simulation::others_come_last();
}

template <class Backend>
void advance_time(carpool::Duration time) {
  if (time > carpool::Duration::zero()) Backend::sleep_until(Backend::now() + time);
}

/// Longer than tasks are slow, where nobody has to wait for it.
template <class Backend>
inline constexpr carpool::Duration hang_time = [] {
  return requires { requires Backend::simulated; } ? std::chrono::milliseconds(5000) : std::chrono::milliseconds(50);
}();

enum class ServerCall { connect, is_connected, ping, reset, reusable, invalidate, matches };

/// Shared by a scenario's connector and its checks. Its own counters are no scheduling points.
template <class Backend>
struct SimulatedHost {
  carpool::Duration connect_takes{};
  std::optional<carpool::Duration> first_connect_takes;  // where that is another time
  carpool::Duration ping_takes{};
  carpool::Duration goodbye_takes{};
  std::string down;  // the target whose connects fail
  std::set<std::pair<std::string, ServerCall>>
      hung;  // these calls take hang_time, or until their deadline, and fail then
  /// Whether this call, the n-th of its kind from 1, fails: connect and the like throw, is_connected says no.
  std::function<bool(ServerCall call, int nth)> fails = [](ServerCall, int) { return false; };
  int pauses_left = 0;  ///< so many pings and connects end with ServerPaused

  std::atomic<int> open = 0;
  std::atomic<int> most_open = 0;
  std::atomic<int> connects = 0;         // begun
  std::atomic<int> connecting = 0;       // now
  std::atomic<int> most_connecting = 0;  // at once
  std::atomic<int> goodbyes = 0;         // being said now
  std::atomic<int> leased = 0;           // by scenarios, now
  std::atomic<int> detached = 0;         // open, and no more of the pool's concern
  std::atomic<int> calls[7] = {};
  std::set<carpool::TimePoint> goodbye_deadlines;  // that goodbyes were given: in simulations alone
  std::multiset<std::string> jobs;  // targets to which a goodbye, ping or reset is under way: in simulations alone

  [[nodiscard]] bool fails_now(ServerCall call) { return fails(call, ++calls[static_cast<std::size_t>(call)]); }
  /// Takes its time. False: it hung.
  [[nodiscard]] bool answers(const std::string& target, ServerCall call, carpool::Duration usual,
                             carpool::TimePoint deadline) const {
    const bool hangs = hung.count({target, call}) > 0;
    if (hangs || call == ServerCall::connect) {
      const carpool::Duration takes = hangs ? hang_time<Backend> : usual;
      if (takes > carpool::Duration::zero()) Backend::sleep_until(std::min(deadline, Backend::now() + takes));
    } else {
      advance_time<Backend>(usual);
    }
    return !hangs;
  }
  static void raise(std::atomic<int>& most, int now) {
    for (int before = most; before < now && !most.compare_exchange_weak(before, now);) {
    }
  }
};

/// What is no atomic: where the backend knows of data races, they are found.
template <class Backend>
class Plain {
 public:
  void write() const {}
};
template <>
class Plain<carpool::SimulationBackend> : public SimulatedPlain {};

template <class Backend>
class SimulatedSession {
 public:
  SimulatedSession(SimulatedHost<Backend>& server, std::string target) : server_(&server), target_(std::move(target)) {
    SimulatedHost<Backend>::raise(server.most_open, ++server.open);
  }
  SimulatedSession(SimulatedSession&& other) noexcept
      : server_(std::exchange(other.server_, nullptr)),
        target_(std::move(other.target_)),
        owners_(other.owners_.load()) {
    other.inside_.write();
  }
  SimulatedSession& operator=(SimulatedSession&&) = delete;
  ~SimulatedSession() {
    if (server_ == nullptr) return;
    inside_.write();
    law<Backend>(!under_lock<Backend>(), "law 6: a connection is destroyed under the pool's lock");
    law<Backend>(owners_ == 0, "law 2: a connection is closed under its owner");
    --server_->open;
  }

  [[nodiscard]] SimulatedHost<Backend>& server() const noexcept { return *server_; }
  [[nodiscard]] const std::string& target() const noexcept { return target_; }

  // A scenario's hold on what it has leased.
  void take() {
    inside_.write();
    law<Backend>(++owners_ == 1, "law 2: a connection has two owners");
    ++server_->leased;
  }
  void give() {
    inside_.write();
    --owners_;
    --server_->leased;
  }
  bool dirty = false;
  bool dead = false;

 private:
  SimulatedHost<Backend>* server_;
  std::string target_;
  std::atomic<int> owners_ = 0;
  [[no_unique_address]] Plain<Backend> inside_;
};

/// The two required members.
template <class B>
struct SimulatedConnector {
  using Connection = SimulatedSession<B>;
  SimulatedHost<B>* server;
  std::shared_ptr<int> copies = {};  // counts those who still have a copy of this connector

  [[nodiscard]] Connection connect(carpool::TimePoint deadline) const { return open("", deadline); }
  [[nodiscard]] bool is_connected(const Connection& connection) const noexcept {
    return !connection.dead && !server->fails_now(ServerCall::is_connected);
  }

 protected:
  [[nodiscard]] Connection open(const std::string& target, carpool::TimePoint deadline) const {
    const int nth = ++server->connects;
    SimulatedHost<B>::raise(server->most_connecting, ++server->connecting);
    const bool fails = server->fails_now(ServerCall::connect) || (!target.empty() && target == server->down);
    let_others<B>();
    const carpool::Duration takes =
        nth == 1 ? server->first_connect_takes.value_or(server->connect_takes) : server->connect_takes;
    const bool answered = server->answers(target, ServerCall::connect, takes, deadline);
    --server->connecting;
    if (server->pauses_left > 0 && server->pauses_left-- > 0) throw carpool::ServerPaused("connect");
    if (fails || !answered) throw std::runtime_error("refused");
    return Connection(*server, target);
  }
};

/// With names of endpoints.
template <class B>
struct SimulatedTargetConnector : SimulatedConnector<B> {
  using typename SimulatedConnector<B>::Connection;
  using Target = std::string;
  [[nodiscard]] Connection connect(const Target& target, carpool::TimePoint deadline) const {
    return this->open(target, deadline);
  }
  [[nodiscard]] bool matches(const Connection& connection, const Target& target) const {
    if (this->server->fails_now(ServerCall::matches)) throw std::runtime_error("matches");
    return connection.target() == target;
  }
};

/// With every optional member that can wait or fail.
template <class B, template <class> class Base>
struct SimulatedWhole : Base<B> {
  using typename Base<B>::Connection;

  [[nodiscard]] bool ping(Connection& connection, carpool::TimePoint deadline) const {
    const ServerJob job(*this->server, connection);
    let_others<B>();
    const bool answered = job.done(ServerCall::ping, this->server->ping_takes, deadline);
    if (this->server->pauses_left > 0 && this->server->pauses_left-- > 0) throw carpool::ServerPaused("ping");
    return answered && !said_no(ServerCall::ping);
  }
  [[nodiscard]] bool reset(Connection& connection, carpool::TimePoint deadline) const {
    const ServerJob job(*this->server, connection);
    let_others<B>();
    const bool answered = job.done(ServerCall::reset, this->server->ping_takes, deadline);
    connection.dirty = false;
    return answered && !said_no(ServerCall::reset);
  }
  [[nodiscard]] bool dirty(const Connection& connection) const noexcept { return connection.dirty; }
  [[nodiscard]] bool reusable(const Connection& connection) const noexcept {
    return !connection.dead && !this->server->fails_now(ServerCall::reusable);
  }
  void invalidate(Connection& connection, carpool::TimePoint deadline) const {
    const ServerJob job(*this->server, connection);
    ++this->server->goodbyes;
    if constexpr (requires { requires B::simulated; }) this->server->goodbye_deadlines.insert(deadline);
    let_others<B>();
    static_cast<void>(job.done(ServerCall::invalidate, this->server->goodbye_takes, deadline));
    --this->server->goodbyes;
    if (this->server->fails_now(ServerCall::invalidate)) throw std::runtime_error("goodbye");
  }

 private:
  /// Every second failure is a throw.
  [[nodiscard]] bool said_no(ServerCall call) const {
    if (!this->server->fails_now(call)) return false;
    if (this->server->calls[static_cast<std::size_t>(call)] % 2 == 0) throw std::runtime_error("no answer");
    return true;
  }

  /// Stands in the server's list while it is under way.
  class ServerJob {
   public:
    ServerJob(SimulatedHost<B>& server, const Connection& connection) : server_(server), target_(connection.target()) {
      if constexpr (requires { requires B::simulated; }) mine_ = server_.jobs.insert(target_);
    }
    ServerJob(const ServerJob&) = delete;
    ServerJob& operator=(const ServerJob&) = delete;
    ~ServerJob() {
      if constexpr (requires { requires B::simulated; }) server_.jobs.erase(mine_);
    }
    [[nodiscard]] bool done(ServerCall call, carpool::Duration usual, carpool::TimePoint deadline) const {
      return server_.answers(target_, call, usual, deadline);
    }

   private:
    SimulatedHost<B>& server_;
    const std::string target_;
    std::multiset<std::string>::iterator mine_;
  };
};

template <class B>
using SimulatedFullConnector = SimulatedWhole<B, SimulatedConnector>;
template <class B>
using SimulatedFullTargetConnector = SimulatedWhole<B, SimulatedTargetConnector>;

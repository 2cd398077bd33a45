/// What a FakeServer counts, and the state that it shares with its connectors and their connections.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/fake/script.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace carpool::inline v0_1 {

/// What happened at a FakeServer, or at one of its targets.
struct FakeCounts {
  std::size_t connecting = 0;       ///< connects in flight now
  std::size_t peak_connecting = 0;  ///< the most at once
  std::size_t open = 0;             ///< connections open now
  std::size_t peak_open = 0;        ///< the most at once
  std::size_t peak_size = 0;        ///< the most of open + connecting at once: what a pool's max_size bounds
  std::size_t connects = 0;         ///< connects begun
  std::size_t opened = 0;           ///< connects that succeeded
  std::size_t closed = 0;           ///< connections destroyed, abandoned ones not counted
  std::size_t checks = 0;           ///< is_connected asked
  std::size_t pings = 0;
  std::size_t resets = 0;
  std::size_t invalidated = 0;       ///< goodbyes said
  std::size_t goodbyes_to_dead = 0;  ///< of these, to a connection that was dead
  std::size_t abandoned = 0;
  std::size_t uses = 0;              ///< FakeConnection::use
  std::size_t overlapping_uses = 0;  ///< use entered while another use of that connection ran: two owners
};

/// The methods of FakeConnector that can be told to throw. is_connected, reusable, dirty and abandon cannot.
enum class FakeMethod { connect, ping, reset, invalidate, handle_exception, lifetime, matches };

namespace detail {

/// What a FakeServer, its connectors and their connections share. All of it is guarded by the mutex, which is never
/// held across a wait; a plain std::mutex therefore serves fibers too.
struct FakeState {
  struct Throw {
    FakeMethod method;
    std::size_t calls_to_go;  // 1: the next call throws; 0: has thrown
    std::exception_ptr error;
  };

  std::mutex mutex;
  std::deque<FakeConnect> next;
  std::map<std::string, std::deque<FakeConnect>> next_at;
  FakeConnect otherwise;
  std::map<std::string, FakeConnect> otherwise_at;
  FakeCounts counts;
  std::map<std::string, FakeCounts> counts_at;
  std::vector<Throw> throws;
  std::uint64_t last_id = 0;
  std::uint64_t dead_through = 0;  // connections with this id and lower were killed
  std::set<std::uint64_t> dead;
  std::size_t passes = 0;  // held connects that may go on
  std::optional<FakeReply> every_ping;
  Verdict verdict = Verdict::close;
  std::atomic<bool> in_step = false;  // beside the mutex, because it is asked where nothing may fail

  /// Under the mutex.
  template <class Change>
  void count(const std::string& target, Change change) {
    for (FakeCounts* each : {&counts, &counts_at[target]}) {
      change(*each);
      each->peak_connecting = std::max(each->peak_connecting, each->connecting);
      each->peak_open = std::max(each->peak_open, each->open);
      each->peak_size = std::max(each->peak_size, each->open + each->connecting);
    }
  }

  /// Under the mutex: the script of the next connect to target.
  [[nodiscard]] FakeConnect take_script(const std::string& target) {
    for (std::deque<FakeConnect>* line : {&next_at[target], &next}) {
      if (line->empty()) continue;
      FakeConnect script = line->front();
      line->pop_front();
      return script;
    }
    const auto found = otherwise_at.find(target);
    return found == otherwise_at.end() ? otherwise : found->second;
  }

  /// Throws what the script wants thrown from this call of method.
  void throw_if_told(FakeMethod method) {
    const std::scoped_lock lock(mutex);
    for (Throw& each : throws) {
      if (each.method != method || each.calls_to_go == 0) continue;
      if (--each.calls_to_go == 0) std::rethrow_exception(each.error);
    }
  }

  /// One more of what field counts.
  void count_one(const std::string& target, std::size_t FakeCounts::* field) {
    const std::scoped_lock lock(mutex);
    count(target, [field](FakeCounts& each) { ++(each.*field); });
  }

  /// What the server says to every ping, if it does.
  [[nodiscard]] std::optional<FakeReply> count_ping(const std::string& target) {
    const std::scoped_lock lock(mutex);
    count(target, [](FakeCounts& each) { ++each.pings; });
    return every_ping;
  }

  [[nodiscard]] bool take_pass() {
    const std::scoped_lock lock(mutex);
    if (passes == 0) return false;
    --passes;
    return true;
  }
};

/// One connect in flight: counted from its construction to its success, or to its end without one.
class FakeConnectAttempt {
 public:
  FakeConnectAttempt(FakeState& state, const std::string& target) : state_(state), target_(target) {
    const std::scoped_lock lock(state_.mutex);
    script_ = state_.take_script(target_);
    state_.count(target_, [](FakeCounts& each) { ++each.connects, ++each.connecting; });
  }
  FakeConnectAttempt(const FakeConnectAttempt&) = delete;
  FakeConnectAttempt& operator=(const FakeConnectAttempt&) = delete;
  ~FakeConnectAttempt() {
    if (succeeded_) return;
    const std::scoped_lock lock(state_.mutex);
    state_.count(target_, [](FakeCounts& each) { --each.connecting; });
  }

  [[nodiscard]] const FakeConnect& script() const noexcept { return script_; }

  /// The connection is open from now on; its id.
  [[nodiscard]] std::uint64_t succeed() {
    const std::scoped_lock lock(state_.mutex);
    state_.count(target_, [](FakeCounts& each) { --each.connecting, ++each.open, ++each.opened; });
    succeeded_ = true;
    return ++state_.last_id;
  }

 private:
  FakeState& state_;
  const std::string target_;
  FakeConnect script_;
  bool succeeded_ = false;
};

}  // namespace detail

}  // namespace carpool::inline v0_1

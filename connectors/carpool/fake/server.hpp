/// The other end of FakeConnector: a script of what shall happen, and a count of what did. No network.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/fake/detail/state.hpp>
#include <carpool/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

class FakeConnector;
class FakeTargetConnector;

/// A handle: copies speak of the same server. Every method may be called at any time by any worker.
///
///   using namespace carpool::fake;
///   carpool::FakeServer server;
///   server.next_connects({refuse("down"), slow(150ms), ok().dying_after_uses(3)});
///   using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::FakeConnector>;
///   Pool pool(server.connector());
class FakeServer {
 public:
  [[nodiscard]] FakeConnector connector() const;  ///< for a pool without targets. Lifetime: keeps the server's state
  /// For a pool whose targets are names. Lifetime: keeps the server's state.
  [[nodiscard]] FakeTargetConnector target_connector() const;

  /// The next connects follow these scripts, one each; with a target, the next ones to it.
  void next_connects(std::vector<FakeConnect> scripts) {
    const std::scoped_lock lock(state_->mutex);
    state_->next.insert(state_->next.end(), scripts.begin(), scripts.end());
  }
  void next_connects(const std::string& target, std::vector<FakeConnect> scripts) {
    const std::scoped_lock lock(state_->mutex);
    auto& line = state_->next_at[target];
    line.insert(line.end(), scripts.begin(), scripts.end());
  }

  /// Every connect for which no script is left does this; at first, ok().
  void other_connects(const FakeConnect& script) {
    const std::scoped_lock lock(state_->mutex);
    state_->otherwise = script;
  }
  void other_connects(const std::string& target, const FakeConnect& script) {
    const std::scoped_lock lock(state_->mutex);
    state_->otherwise_at[target] = script;
  }

  /// So many held connects may go on, those to come included.
  void let_through(std::size_t connects = 1) {
    const std::scoped_lock lock(state_->mutex);
    state_->passes += connects;
  }

  /// The server closes every connection that is open now; or one of them.
  void kill_all() {
    const std::scoped_lock lock(state_->mutex);
    state_->dead_through = state_->last_id;
  }
  /// The connection with this id; one that is still to be opened will be dead from the start.
  void kill(std::uint64_t id) {
    const std::scoped_lock lock(state_->mutex);
    state_->dead.insert(id);
  }

  /// Whatever the scripts say of pings; std::nullopt gives them the word again.
  void answer_every_ping(std::optional<FakeReply> reply) {
    const std::scoped_lock lock(state_->mutex);
    state_->every_ping = reply;
  }

  /// What handle_exception returns; at first, Verdict::close.
  void judge_exceptions(Verdict verdict) {
    const std::scoped_lock lock(state_->mutex);
    state_->verdict = verdict;
  }

  /// What in_step returns of a connection without an unread reply; at first false, as of a raw byte stream.
  void keep_in_step(bool in_step) { state_->in_step = in_step; }

  /// The nth call of method from now on throws; 1 is the next.
  void throw_from(FakeMethod method, std::size_t nth,
                  std::exception_ptr error = std::make_exception_ptr(std::runtime_error("as the script says"))) {
    const std::scoped_lock lock(state_->mutex);
    state_->throws.push_back({method, nth, std::move(error)});
  }

  /// Copied under the lock: of all targets together, or of one.
  [[nodiscard]] FakeCounts counts() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->counts;
  }
  [[nodiscard]] FakeCounts counts(const std::string& target) const {
    const std::scoped_lock lock(state_->mutex);
    return state_->counts_at[target];
  }

  /// Waits until condition(counts()) holds; false where it does not within `timeout`.
  template <class Backend, class Condition>
  [[nodiscard]] bool await(Condition condition, Duration timeout = std::chrono::seconds(10)) const {
    const TimePoint end = after(Backend::now(), timeout);
    while (!condition(counts())) {
      if (Backend::now() >= end) return false;
      Backend::sleep_until(after(Backend::now(), std::chrono::microseconds(200)));
    }
    return true;
  }

 private:
  std::shared_ptr<detail::FakeState> state_ = std::make_shared<detail::FakeState>();
};

}  // namespace carpool::inline v0_1

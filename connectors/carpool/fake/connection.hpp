/// What FakeConnector opens: a connection that lives, serves and dies by its script.
#pragma once

#include <carpool/fake/detail/state.hpp>
#include <carpool/time.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>

namespace carpool::inline v0_1 {

/// What FakeConnector and FakeTargetConnector open. Its destructor closes it, and the server counts that.
template <class Backend>
class FakeConnection {
 public:
  FakeConnection(FakeConnection&&) noexcept = default;
  FakeConnection& operator=(FakeConnection&& other) noexcept {
    std::swap(state_, other.state_);  // other closes what this one had
    std::swap(facts_, other.facts_);
    return *this;
  }
  ~FakeConnection() {
    if (!state_) return;
    const std::scoped_lock lock(state_->mutex);
    state_->count(facts_.target, [](FakeCounts& counts) { --counts.open, ++counts.closed; });
  }

  /// Ascending from 1 in the order of the connects' success; never used twice by one server.
  [[nodiscard]] std::uint64_t id() const noexcept { return facts_.id; }
  /// Empty for FakeConnector's. Lifetime: the connection's.
  [[nodiscard]] const std::string& target() const noexcept { return facts_.target; }

  /// One exchange with the server, which takes so long. Throws std::system_error (connection_reset) where it is dead.
  void use(Duration time = Duration::zero()) {
    begin_use();
    if (time > Duration::zero()) Backend::sleep_until(after(Backend::now(), time));
    const std::scoped_lock lock(state_->mutex);
    facts_.busy = false;
    ++facts_.uses;
    facts_.dirty = facts_.dirty || facts_.script.gets_dirty;
  }

  /// What a user may leave behind: a reply not read (not reusable), or a state to be reset.
  void leave_a_reply_unread() noexcept { facts_.reply_unread = true; }
  void get_dirty() noexcept { facts_.dirty = true; }  ///< as a use of a dirtied_by_use() script does
  /// The peer goes away.
  void die() noexcept { facts_.dead = true; }

 private:
  friend class FakeConnector;

  struct Facts {
    std::uint64_t id = 0;
    std::string target;
    FakeConnect script;
    TimePoint born{};
    std::size_t uses = 0;
    std::size_t checks = 0;
    bool dead = false;
    bool dirty = false;
    bool reply_unread = false;
    bool busy = false;  // guarded by the state's mutex: tells a second owner from the first
  };

  FakeConnection(std::shared_ptr<detail::FakeState> state, Facts facts) noexcept
      : state_(std::move(state)), facts_(std::move(facts)) {}

  void begin_use() {
    const std::scoped_lock lock(state_->mutex);
    const bool overlaps = std::exchange(facts_.busy, true);
    state_->count(facts_.target,
                  [overlaps](FakeCounts& counts) { ++counts.uses, counts.overlapping_uses += overlaps; });
    if (alive()) return;
    facts_.busy = false;
    throw std::system_error(std::make_error_code(std::errc::connection_reset), "use of a fake connection");
  }

  /// Under the mutex.
  [[nodiscard]] bool alive() const noexcept {
    const FakeConnect& script = facts_.script;
    if (facts_.dead || facts_.id <= state_->dead_through || state_->dead.contains(facts_.id)) return false;
    if (script.uses_to_live && facts_.uses >= *script.uses_to_live) return false;
    if (script.checks_to_live && facts_.checks > *script.checks_to_live) return false;
    return !script.time_to_live || Backend::now() < after(facts_.born, *script.time_to_live);
  }

  [[nodiscard]] bool checked_alive() const noexcept {
    if (!state_) return false;
    const std::scoped_lock lock(state_->mutex);
    state_->count(facts_.target, [](FakeCounts& counts) { ++counts.checks; });
    ++facts_.checks;
    return alive();
  }

  /// How a ping or a reset ends.
  [[nodiscard]] bool answers(FakeReply reply, TimePoint deadline) const {
    if (reply == FakeReply::silence) Backend::sleep_until(deadline);
    const std::scoped_lock lock(state_->mutex);
    return reply == FakeReply::yes && alive();
  }

  std::shared_ptr<detail::FakeState> state_;  ///< null where it was moved from or abandoned
  mutable Facts facts_;                       ///< is_connected counts, though it changes nothing
};

}  // namespace carpool::inline v0_1

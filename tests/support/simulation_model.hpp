/// A small sequential model of a pool, kept beside the real one in a simulation: which connections there are and who
/// has them, who stands in line in which order, and whose turn it is.
#pragma once

#include <carpool/observer.hpp>
#include <carpool/pool_stats.hpp>
#include <carpool/simulation_backend.hpp>
#include <carpool/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <utility>
#include <vector>

/// The pool's own tickets, which its waiters have drawn.
struct DrawnTickets {
  std::uint64_t newest = 0;
  std::vector<std::uint64_t> waiting;

  [[nodiscard]] bool is_waiting(std::uint64_t ticket) const noexcept {
    return std::find(waiting.begin(), waiting.end(), ticket) != waiting.end();
  }
};

/// It learns of connections by the observer's events, and of the wait queue by comparing the stats before and after
/// each step of a task: so it needs nothing from the pool that users have not. It knows one line only: no targets.
class PoolModel {
 public:
  explicit PoolModel(carpool::Duration handoff_after) noexcept : handoff_after_(handoff_after) {}

  // --- what happens to connections -----------------------------------------------------------------------

  void pool_ready() { pool_ready_ = true; }
  void created(std::uint64_t id) {
    expect(pool_ready_, "events: a connect begins before the pool is told to be ready");
    expect(begun_.insert(id).second && !leased_.contains(id), "events: two connects have one id");
  }
  void ready(std::uint64_t id) {
    expect(begun_.erase(id) == 1, "events: a connect succeeds that has not begun");
    expect(leased_.emplace(id, false).second, "law 2: a connection is made twice");
  }
  void leased(std::uint64_t id) {
    const auto found = leased_.find(id);
    expect(found != leased_.end(), "law 2: a connection is handed out that there is not");
    expect(!found->second, "law 2: a connection is handed out twice");
    found->second = true;
    mine().served = true;
  }
  void released(std::uint64_t id) {
    const auto found = leased_.find(id);
    expect(found != leased_.end() && found->second, "law 2: a connection comes back that was not out");
    found->second = false;
  }
  void closed(std::uint64_t id, carpool::CloseReason reason) {
    if (reason == carpool::CloseReason::connect_failed) {
      return expect(begun_.erase(id) == 1, "events: a connect fails that has not begun");
    }
    const auto found = leased_.find(id);
    expect(found != leased_.end(), "law 2: a connection is closed twice");
    expect(!found->second, "law 2: a connection is closed under its owner");
    leased_.erase(found);
  }
  [[nodiscard]] std::size_t open() const noexcept { return leased_.size(); }
  /// Connects that were told to begin, and not yet to end.
  [[nodiscard]] std::size_t begun() const noexcept { return begun_.size(); }
  [[nodiscard]] std::size_t out() const noexcept {
    return static_cast<std::size_t>(
        std::count_if(leased_.begin(), leased_.end(), [](const auto& each) { return each.second; }));
  }

  // --- what callers do -----------------------------------------------------------------------------------

  /// Who comes again may not have been looked at since it went; who is in line still, in the last look, has left it.
  void comes() {
    Caller& caller = mine();
    if (caller.enqueued) {
      caller.comes_again = true;
    } else {
      caller = came();
    }
  }
  void goes_without() { mine().failed = true; }

  /// After each step: what the running task has done to the state, and whether it might. Whoever looks may serve those
  /// in front of it, and stay in line itself, or draw a ticket and leave the line at once: that tell the `tickets`.
  /// Who was `at_entry` takes what was its own before the stats show it: ends() looks at that.
  template <class AtEntry>
  void look(const carpool::PoolStats& stats, const DrawnTickets& tickets, AtEntry at_entry) {
    for (auto& [task, each] : callers_) each.at_entry = each.at_entry || at_entry(task);
    const auto caller = callers_.find(me());
    Caller* const known = caller == callers_.end() ? nullptr : &caller->second;
    if (known != nullptr && known->comes_again && !known->enqueued) *known = came();  // others have seen it go
    if (std::exchange(newest_, tickets.newest) < tickets.newest) draws(known, tickets.newest);
    const bool stays = known != nullptr && known->ticket != 0 && tickets.is_waiting(known->drawn);
    if (stays && !known->enqueued) {
      joins(*known);
      ++stats_.waiting;
    }
    expect(stats.waiting <= stats_.waiting, "law 8: nobody puts others in line");
    moves(stats, known, stays);
    if (known != nullptr) known->at_entry = at_entry(caller->first);
    if (known != nullptr) ends(caller);
    expect(line_.size() == stats.waiting, "law 7: somebody stands in line who has left, or has left without a word");
    stats_ = stats;
    looked_at_ = carpool::SimulationBackend::now();
  }

 private:
  struct Caller {
    std::uint64_t came_after = 0;  // the last ticket that had been drawn then
    std::uint64_t ticket = 0;
    std::uint64_t drawn = 0;  // the pool's own ticket
    carpool::TimePoint since{};
    bool enqueued = false;
    bool out_of_line = false;  // has rejected what it owned, and is not back in line
    bool owns = false;         // has taken a connection, or was granted one
    bool served = false;       // acquire returns a lease
    bool failed = false;       // acquire throws
    bool comes_again = false;
    bool at_entry = false;  // was seen there, by whoever looked, since its own last look
  };
  using Callers = std::map<std::uint32_t, Caller>;

  static void expect(bool holds, const char* law) { carpool::Simulation::check(holds, law); }
  [[nodiscard]] static std::uint32_t me() { return carpool::Simulation::current().self().id; }
  [[nodiscard]] Caller& mine() { return callers_[me()]; }
  [[nodiscard]] Caller came() const {
    Caller caller;
    caller.came_after = last_ticket_;
    return caller;
  }

  void draws(Caller* caller, std::uint64_t drawn) {
    expect(caller != nullptr && caller->ticket == 0, "law 8: nobody puts others in line");
    caller->ticket = ++last_ticket_;
    caller->drawn = drawn;
    caller->since = carpool::SimulationBackend::now();
  }
  void joins(Caller& caller) {
    expect(!caller.out_of_line, "law 8: who rejects a connection has lost its turn meanwhile");
    caller.enqueued = true;
    caller.owns = false;
    const auto later = [&](const Caller* each) { return each->ticket > caller.ticket; };
    line_.insert(std::find_if(line_.begin(), line_.end(), later), &caller);
  }

  /// Somebody has left the line, or none has: by itself or for a connection that it took, granted one, or sent away.
  void moves(const carpool::PoolStats& stats, Caller* caller, bool stays) {
    const bool was_enqueued = caller != nullptr && caller->enqueued;
    const bool leaves_itself = was_enqueued && !stays;
    const std::size_t others = stats_.waiting - stats.waiting - (leaves_itself ? 1 : 0);
    if (caller != nullptr && caller->ticket != 0 && caller->owns && stats.in_use < stats_.in_use) {
      caller->out_of_line = true;  // unless it fails now
    }
    for (std::size_t left = others; left > 0; --left) {
      const std::size_t at = !line_.empty() && line_.front() == caller ? 1 : 0;
      expect(at < line_.size(), "law 7: more have left the wait queue than stood in it");
      Caller& first = *line_[at];
      first.owns = true;
      leaves(first);
    }
    const bool may_take = caller != nullptr && !stays && (leaves_itself || !was_enqueued);
    if (may_take && !caller->at_entry && stats.in_use == stats_.in_use + others + 1) takes_one(*caller);
    if (leaves_itself) leaves(*caller);
  }
  /// Who takes one by itself must not overtake anybody who was overdue already when it looked.
  void takes_one(Caller& caller) {
    for (const Caller* each : line_) {
      const bool before_it = each != &caller && (caller.ticket == 0 || each->ticket < caller.ticket);
      const bool overdue = looked_at_ >= carpool::after(each->since, handoff_after_);
      expect(!before_it || !overdue, "law 8: somebody who is overdue is overtaken");
    }
    caller.owns = true;
  }
  /// At its entry, without the lock: what was there is its own before the stats show it, and it may be stopped in
  /// between. Whoever gets in line closes the entries first, so nobody can have been in line before it came.
  void took_unseen(Caller& caller) const {
    for (const Caller* each : line_) {
      const bool overdue = looked_at_ >= carpool::after(each->since, handoff_after_);
      const bool before_it = each->ticket <= caller.came_after;
      expect(!before_it || !overdue, "law 8: somebody has a connection whose turn it was not");
    }
  }
  void leaves(Caller& caller) {
    caller.enqueued = false;
    line_.erase(std::find(line_.begin(), line_.end(), &caller));
  }

  void ends(Callers::iterator who) {
    Caller& caller = who->second;
    if (caller.served && !caller.owns) took_unseen(caller);
    expect(!caller.failed || !caller.enqueued, "law 7: somebody who left still stands in line");
    expect(!caller.served || !caller.enqueued, "law 8: somebody was served whose turn it was not");
    if (!caller.served && !caller.failed) return;
    if (caller.comes_again) {
      caller = came();
    } else {
      callers_.erase(who);
    }
  }

  carpool::Duration handoff_after_;
  bool pool_ready_ = false;
  std::set<std::uint64_t> begun_;         // ids of the connects in flight
  std::map<std::uint64_t, bool> leased_;  // by the connection's id: whether it is out
  Callers callers_;                       // by task: who is inside acquire
  std::vector<Caller*> line_;             // by ticket
  std::uint64_t last_ticket_ = 0;
  std::uint64_t newest_ = 0;  // of the pool's own tickets
  carpool::PoolStats stats_;  // at the last look
  carpool::TimePoint looked_at_{};
};

/// Tells a model what the pool says. Law 6: never under the lock.
struct ModelObserver {
  PoolModel* model;

  void acquire_started() noexcept { tell().comes(); }
  void acquired(std::uint64_t id, carpool::Duration) noexcept { tell().leased(id); }
  void acquire_failed(carpool::AcquireFailure) noexcept { tell().goes_without(); }
  void released(std::uint64_t id, carpool::Duration) noexcept { tell().released(id); }
  void pool_ready() noexcept { tell().pool_ready(); }
  void connection_created(std::uint64_t id) noexcept { tell().created(id); }
  void connection_ready(std::uint64_t id, carpool::Duration) noexcept { tell().ready(id); }
  void connection_closed(std::uint64_t id, carpool::CloseReason reason) noexcept { tell().closed(id, reason); }

 private:
  [[nodiscard]] PoolModel& tell() const {
    carpool::Simulation::check(!carpool::Simulation::holds_mutex(), "law 6: an observer is called under the lock");
    return *model;
  }
};

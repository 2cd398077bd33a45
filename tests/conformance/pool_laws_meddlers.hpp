/// Policies and connections that call back into their pool, or watch what they are told: for the laws of watching.
#pragma once

#include "pool_laws_fixture.hpp"

#include <atomic>
#include <functional>
#include <set>

namespace pool_laws {

/// Calls back into the pool from wherever the pool calls its user's code, and remembers from where.
class Meddler {
 public:
  /// The act begins with the scope and ends with it.
  void begin(std::function<void()> act) {
    act_ = std::move(act);
    active_.store(true);
  }
  void end() noexcept { active_.store(false); }
  void meddle(const char* from) {
    if (!active_.load()) return;
    act_();
    const std::scoped_lock lock(mutex_);
    from_.insert(from);
  }
  [[nodiscard]] std::set<std::string> seen() const {
    const std::scoped_lock lock(mutex_);
    return from_;
  }

 private:
  std::function<void()> act_;
  std::atomic<bool> active_{false};
  mutable std::mutex mutex_;
  std::set<std::string> from_;
};
using MeddlerPointer = std::shared_ptr<Meddler>;

/// A connection whose destructor meddles.
class MeddlingConnection {
 public:
  explicit MeddlingConnection(MeddlerPointer meddler) noexcept : meddler_(std::move(meddler)) {}
  MeddlingConnection(MeddlingConnection&&) noexcept = default;
  MeddlingConnection& operator=(MeddlingConnection&&) noexcept = default;
  ~MeddlingConnection() {
    if (meddler_) meddler_->meddle("~Connection");
  }

 private:
  MeddlerPointer meddler_;
};

struct MeddlingConnector {
  using Target = std::string;
  using Connection = MeddlingConnection;
  MeddlerPointer meddler;

  [[nodiscard]] Connection connect(const Target& target, TimePoint) const {
    meddler->meddle("connect");
    if (target == "nowhere") throw std::runtime_error("there is nothing here");
    return Connection(meddler);
  }
  [[nodiscard]] bool is_connected(const Connection&) const noexcept { return meddler->meddle("is_connected"), true; }
  [[nodiscard]] bool reusable(const Connection&) const noexcept { return meddler->meddle("reusable"), true; }
  [[nodiscard]] bool dirty(const Connection&) const noexcept { return meddler->meddle("dirty"), true; }
  [[nodiscard]] bool matches(const Connection&, const Target&) const { return meddler->meddle("matches"), true; }
  [[nodiscard]] bool ping(Connection&, TimePoint) const { return meddler->meddle("ping"), true; }
  [[nodiscard]] bool reset(Connection&, TimePoint) const { return meddler->meddle("reset"), true; }
  void invalidate(Connection&, TimePoint) const { meddler->meddle("invalidate"); }
  [[nodiscard]] Duration lifetime(const Connection&) const { return meddler->meddle("lifetime"), carpool::forever; }
  [[nodiscard]] Verdict handle_exception(Connection&, const std::exception_ptr&) const {
    return meddler->meddle("handle_exception"), Verdict::close;
  }
};

struct MeddlingEviction {
  MeddlerPointer meddler;
  [[nodiscard]] bool expired(const carpool::Slot&, TimePoint) const { return meddler->meddle("expired"), false; }
};

/// Evicts nothing, remembers what it is told, and throws when it is asked about one connection.
class ProbingEviction {
 public:
  struct Seen {
    std::set<double> jitters;
    std::set<TimePoint> births;
    std::uint64_t uses = 0;
  };

  explicit ProbingEviction(std::uint64_t unspeakable = 0) : unspeakable_(unspeakable) {}
  [[nodiscard]] bool expired(const carpool::Slot& slot, TimePoint) const {
    if (slot.id == unspeakable_) throw std::domain_error("cannot tell");
    const std::scoped_lock lock(log_->mutex);
    Seen& seen = log_->seen[slot.id];
    seen.jitters.insert(slot.jitter);
    seen.births.insert(slot.born);
    seen.uses = std::max(seen.uses, slot.uses);
    return false;
  }
  [[nodiscard]] std::map<std::uint64_t, Seen> seen() const {
    const std::scoped_lock lock(log_->mutex);
    return log_->seen;
  }

 private:
  struct Log {
    std::mutex mutex;
    std::map<std::uint64_t, Seen> seen;
  };
  std::uint64_t unspeakable_;
  std::shared_ptr<Log> log_ = std::make_shared<Log>();
};

template <class Backend>
using ProbedPool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::FakeConnector, ProbingEviction>;

struct MeddlingObserver {
  MeddlerPointer meddler;
  void acquire_started() const noexcept { meddler->meddle("acquire_started"); }
  void acquired(std::uint64_t, Duration) const noexcept { meddler->meddle("acquired"); }
  void acquire_failed(carpool::AcquireFailure) const noexcept { meddler->meddle("acquire_failed"); }
  void released(std::uint64_t, Duration) const noexcept { meddler->meddle("released"); }
  void connection_created(std::uint64_t) const noexcept { meddler->meddle("connection_created"); }
  void connection_ready(std::uint64_t, Duration) const noexcept { meddler->meddle("connection_ready"); }
  void connection_failed(std::uint64_t, std::string_view, Duration) const noexcept {
    meddler->meddle("connection_failed");
  }
  void connection_closed(std::uint64_t, CloseReason) const noexcept { meddler->meddle("connection_closed"); }
  void pool_ready() const noexcept { meddler->meddle("pool_ready"); }
  void pool_cleared() const noexcept { meddler->meddle("pool_cleared"); }
  void pool_closed() const noexcept { meddler->meddle("pool_closed"); }
  void leak_suspected(carpool::SourceLocation, Duration) const noexcept { meddler->meddle("leak_suspected"); }
};

}  // namespace pool_laws

/// A scenario's pool over a made-up server, with the laws looked after at every step.
#pragma once

#include <carpool/connection_pool.hpp>
#include <carpool/evictions.hpp>
#include <carpool/lifo_stack.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "awaiting_pool.hpp"
#include "simulation_model.hpp"
#include "simulation_server.hpp"
#include "simulation_state.hpp"

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): a test header

template <class Backend, template <class> class ConnectorOf = SimulatedConnector, class Eviction = carpool::NeverEvict,
          class Queue = carpool::LifoStack>
class Scene {
  static constexpr bool simulated = requires { requires Backend::simulated; };
  static constexpr bool has_targets = requires { typename ConnectorOf<Backend>::Target; };

 public:
  using Connector = ConnectorOf<Backend>;
  using Observer = std::conditional_t<simulated, ModelObserver, carpool::NoObserver>;
  using Pool = PoolOf<Backend, Queue, Connector, Eviction, Observer>;
  using Lease = typename Pool::Lease;
  using Task = decltype(Backend::spawn(std::declval<void (*)()>()));

  explicit Scene(carpool::PoolOptions options, Eviction eviction = {}, SimulatedHost<Backend>* server = nullptr)
      : server_(server == nullptr ? own_server_ : *server), model_(options.handoff_after), bound_(options.max_size) {
    const auto start = unsearched<Backend>();  // a scenario of its own, as is the end
    max_connecting_ = options.max_connecting;
    Connector connector;
    connector.server = &server_;
    connector.copies = copies_;
    Observer observer;
    if constexpr (simulated) observer.model = &model_;
    pool_ = std::make_unique<Pool>(connector, std::move(options), std::move(eviction), observer);
    if constexpr (simulated) watch();
    advance_time<Backend>(1us);
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;
  ~Scene() {
    workers_.clear();
    const auto end = unsearched<Backend>();
    end_pool();
    law<Backend>(server_.open == 0, "law 5: a connection has been forgotten");
    law<Backend>(copies_.use_count() == 1, "law 16: the pool's state outlives its last lease");
    law<Backend>(server_.leased == 0, "a scenario forgot its lease");
  }

  [[nodiscard]] Pool& pool() noexcept { return *pool_; }
  [[nodiscard]] SimulatedHost<Backend>& server() noexcept { return server_; }
  /// Targets that the pool remembers, in simulations alone.
  [[nodiscard]] std::size_t endpoints_known() { return StateReader(*pool_).endpoints(); }

  template <class Work>
  void worker(Work work) {
    workers_.push_back(Backend::spawn(std::move(work)));
  }
  /// Then lets the pool's own work come to rest.
  void join() {
    workers_.clear();
    const auto end = unsearched<Backend>();
    advance_time<Backend>(1us);
  }
  /// Destroys it; the laws about it are off then.
  void end_pool() {
    watched_ = nullptr;
    pool_.reset();
  }
  /// resize, which the laws have to know of.
  void resize(std::size_t size) {
    bound_ = std::max(bound_, size);
    resized_ = true;
    pool_->resize(size);
  }

  /// Holds a connection for so long. What acquire throws passes through.
  void use(carpool::Duration time, carpool::Duration timeout = 10s) { hold(acquire(timeout), time); }
  /// Law 4 is looked after meanwhile.
  [[nodiscard]] Lease acquire(carpool::Duration timeout) {
    if constexpr (!simulated) return pool_->acquire_for(timeout);
    struct Stay {
      Stays& all;
      typename Stays::iterator mine;
      ~Stay() { all.erase(mine); }
    };
    const carpool::TimePoint deadline = Backend::now() + timeout;
    const Stay stay{stays_, stays_.emplace(carpool::Simulation::current().self().id, deadline)};
    return pool_->acquire_until(deadline);
  }
  static void hold(Lease lease, carpool::Duration time) {
    lease->take();
    let_others<Backend>();
    advance_time<Backend>(time);
    lease->give();
    lease.release();
  }
  /// 0: used it; else why not.
  [[nodiscard]] std::optional<carpool::PoolErrc> try_use(carpool::Duration time, carpool::Duration timeout = 10s) {
    try {
      use(time, timeout);
    } catch (const carpool::PoolError& error) {
      return static_cast<carpool::PoolErrc>(error.code().value());
    }
    return std::nullopt;
  }
  /// When everybody has gone: every slot is idle or free (but for a while, where the pool itself pings), nobody waits.
  void expect_calm() {
    const auto end = unsearched<Backend>();
    law<Backend>(pool_->stats().waiting == 0, "law 7: somebody who left still stands in line");
    await([&] { return pool_->stats().in_use == 0; }, "law 5: a slot is in use by nobody");
    const auto all_idle = [&] {
      const carpool::PoolStats stats = pool_->stats();
      return stats.size() == stats.idle;
    };
    await(all_idle, "law 5: a slot is neither idle nor free");
  }
  /// Within ten seconds.
  template <class Condition>
  void await(Condition condition, const char* what) {
    const carpool::TimePoint end = Backend::now() + 10s;
    bool holds = condition();  // once is enough: it may change again
    for (carpool::Duration pause = 100us; !holds && Backend::now() < end; pause *= 2) {
      advance_time<Backend>(pause);
      holds = condition();
    }
    law<Backend>(holds, what);
  }

 private:
  using Invariant = carpool::Simulation::Invariant;
  using Stays = std::multimap<std::uint32_t, carpool::TimePoint>;  // inside acquire: the task, and its deadline

  void watch() {
    watched_ = pool_.get();
    each_step_.emplace(Invariant::When::each_step, [this] { check_step(); });
    at_rest_.emplace(Invariant::When::at_rest, [this] { check_rest(); });
  }

  void check_step() {
    if (watched_ == nullptr) return;
    const carpool::PoolStats stats = watched_->stats();
    law<Backend>(stats.size() <= bound_, "law 1: more slots than max_size");
    law<Backend>(resized_ || stats.size() <= stats.max_size, "law 1: more slots than max_size");
    law<Backend>(static_cast<std::size_t>(server_.open - server_.detached) <= stats.size(),
                 "law 1: a connection without a slot");
    law<Backend>(static_cast<std::size_t>(server_.leased) <= stats.in_use, "law 2: leased, but not in use");
    law<Backend>(
        has_targets || stats.connecting <= max_connecting_ || StateReader(*watched_).coming() <= max_connecting_,
        "law 9: more connects than max_connecting");
    law<Backend>(model_.out() <= stats.in_use, "law 2: leased, but not in use");
    if constexpr (has_targets) return;
    StateReader reader(*watched_);
    reader.read_tickets(tickets_);
    model_.look(stats, tickets_, [&](std::uint32_t task) { return reader.at_its_cache_entry(task); });
  }

  /// Nobody can go on, and the clock is about to jump: whoever is in line now is asleep. Workers may be stopped
  /// meanwhile: they own what they have taken, and may be about to look at what they were told of.
  void check_rest() {
    if (watched_ == nullptr) return;
    const carpool::PoolStats stats = watched_->stats();
    law<Backend>(carpool::Simulation::somebody_is_stopped() || model_.open() == stats.size() - stats.connecting,
                 "law 5: the pool has lost a connection, or count one too many");
    law<Backend>(carpool::Simulation::somebody_is_stopped() ||
                     model_.begun() == stats.connects - stats.created - stats.connect_failures,
                 "events: a connect that was told to begin is not told to end");
    note_trouble(stats);
    for (const auto& [caller, deadline] : stays_) {
      // Whoever has something for a caller that does not sleep may be stopped before it resumes it.
      const bool excused = callers_await == CallersAwait::none ? carpool::Simulation::is_stopped(caller)
                                                               : carpool::Simulation::somebody_is_stopped();
      law<Backend>(Backend::now() < deadline || excused, "law 4: somebody sleeps in acquire after its deadline");
    }
    const StateFacts facts = StateReader(*watched_).read();
    if (facts.serving) check_endpoints(facts);
    const std::size_t asleep = facts.asleep();
    if (asleep == 0 || stats.suspended) return;
    law<Backend>(!stats.closed, "law 16: somebody sleeps before a closed pool");
    law<Backend>(stats.size() >= stats.max_size || stats.connecting > 0 || in_trouble_ || has_targets,
                 "law 9: somebody sleeps, a slot is free, and nobody connects");
    law<Backend>(stats.connecting >= wanted_connects(stats, asleep),
                 "law 9: fewer connects than waiters, slots and max_connecting ask for");
    law<Backend>(stats.closing == 0 || server_.goodbyes > 0, "law 3: what is to be closed holds a slot");
  }

  /// Each by itself: no endpoint waits for what the pool has to do for another.
  void check_endpoints(const StateFacts& facts) {
    for (const EndpointFacts& each : facts.endpoints) {
      law<Backend>(each.asleep == 0 || each.idle <= each.told,
                   "law 3: somebody who was not told sleeps beside an idle connection");
      law<Backend>(each.connecting <= max_connecting_, "law 9: more connects than max_connecting");
      law<Backend>(facts.free == 0 || facts.wanted_connects(each) == 0,
                   "law 9: an endpoint waits beside a free slot, and one more connect may start");
      law<Backend>(facts.spare_beside(each) == 0 || facts.free + facts.closing >= facts.wanted_connects(),
                   "law 9: an endpoint waits for room, and others have idle connections to spare");
      law<Backend>(each.closing + each.refreshing == 0 || server_.jobs.count(each.target) > 0,
                   "law 9: an endpoint's goodbyes, pings or resets wait for another's");
    }
  }

  /// The pool has taken note of all that has happened. It is in trouble from a failed connect until a successful one.
  void note_trouble(const carpool::PoolStats& stats) {
    const bool failed = stats.connect_failures != seen_.connect_failures;
    if (failed || stats.created != seen_.created) in_trouble_ = failed;
    seen_ = stats;
  }
  /// After trouble, two at once at first; with targets, each has trouble of its own.
  [[nodiscard]] std::size_t wanted_connects(const carpool::PoolStats& stats, std::size_t asleep) const {
    if (in_trouble_ || has_targets) return 0;  // then the endpoints tell more
    const std::size_t room = stats.max_size - std::min(stats.max_size, stats.size() - stats.connecting);
    const std::size_t ramp = stats.connect_failures > 0 ? 2 : max_connecting_;
    return std::min({asleep, room, max_connecting_, ramp});
  }

  std::shared_ptr<int> copies_ = std::make_shared<int>();
  SimulatedHost<Backend> own_server_;
  SimulatedHost<Backend>& server_;
  PoolModel model_;
  std::size_t bound_;
  std::size_t max_connecting_ = 0;
  bool resized_ = false;
  bool in_trouble_ = false;
  carpool::PoolStats seen_;  // at the last rest
  Stays stays_;
  DrawnTickets tickets_;  // at the last step
  std::unique_ptr<Pool> pool_;
  Pool* watched_ = nullptr;
  std::optional<Invariant> each_step_;
  std::optional<Invariant> at_rest_;
  std::vector<Task> workers_;
};

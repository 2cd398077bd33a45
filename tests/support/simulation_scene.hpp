/// A scenario's pool over a made-up server, with the laws looked after at every step.
#pragma once

#include <carpool/connection_pool.hpp>
#include <carpool/evictions.hpp>
#include <carpool/lifo_stack.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "simulation_server.hpp"

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): a test header

template <class Backend, template <class> class ConnectorOf = MadeUpConnector, class Eviction = carpool::NeverEvict>
class Scene {
 public:
  using Connector = ConnectorOf<Backend>;
  using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, Connector, Eviction>;
  using Lease = typename Pool::Lease;
  using Task = decltype(Backend::spawn(std::declval<void (*)()>()));

  explicit Scene(carpool::PoolOptions options, Eviction eviction = {}, MadeUpServer<Backend>* server = nullptr)
      : server_(server == nullptr ? own_server_ : *server), bound_(options.max_size) {
    max_connecting_ = options.max_connecting;
    Connector connector;
    connector.server = &server_;
    connector.keepers = keepers_;
    pool_ = std::make_unique<Pool>(connector, std::move(options), std::move(eviction));
    if constexpr (simulated) watch();
    pass<Backend>(1us);  // the pool's own start is a scenario of its own
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;
  ~Scene() {
    workers_.clear();
    end_pool();
    law<Backend>(server_.open == 0, "law 5: a connection has been forgotten");
    law<Backend>(keepers_.use_count() == 1, "law 16: the pool's books outlive its last lease");
    law<Backend>(server_.leased == 0, "a scenario forgot its lease");
  }

  [[nodiscard]] Pool& pool() noexcept { return *pool_; }
  [[nodiscard]] MadeUpServer<Backend>& server() noexcept { return server_; }

  template <class Work>
  void worker(Work work) {
    workers_.push_back(Backend::spawn(std::move(work)));
  }
  /// Then lets the pool's own work come to rest.
  void join() {
    workers_.clear();
    pass<Backend>(1us);
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
  void may_rest_beside_idle() noexcept { idle_for_others_ = true; }

  /// Holds a connection for so long. What acquire throws passes through.
  void use(carpool::Duration time, carpool::Duration patience = 10s) { hold(pool_->acquire_for(patience), time); }
  static void hold(Lease lease, carpool::Duration time) {
    lease->take();
    let_others<Backend>();
    pass<Backend>(time);
    lease->give();
    lease.release();
  }
  /// 0: used it; else why not.
  [[nodiscard]] std::optional<carpool::PoolErrc> try_use(carpool::Duration time, carpool::Duration patience = 10s) {
    try {
      use(time, patience);
    } catch (const carpool::PoolError& error) {
      return static_cast<carpool::PoolErrc>(error.code().value());
    }
    return std::nullopt;
  }
  /// When everybody has gone: every place is idle or free (but for a while, where the pool itself pings), nobody waits.
  void expect_calm() {
    law<Backend>(pool_->stats().waiting == 0, "law 7: somebody who left still stands in line");
    await([&] { return pool_->stats().in_use == 0; }, "law 5: a place is in use by nobody");
  }
  /// Within ten seconds.
  template <class Condition>
  void await(Condition condition, const char* what) {
    const carpool::TimePoint end = Backend::now() + 10s;
    while (!condition() && Backend::now() < end) pass<Backend>(100us);
    law<Backend>(condition(), what);
  }

 private:
  static constexpr bool simulated = requires { requires Backend::simulated; };
  using Invariant = carpool::Simulation::Invariant;

  void watch() {
    watched_ = pool_.get();
    each_step_.emplace(Invariant::When::each_step, [this] { check_step(); });
    at_rest_.emplace(Invariant::When::at_rest, [this] { check_rest(); });
  }

  void check_step() {
    if (watched_ == nullptr) return;
    const carpool::PoolStats stats = watched_->stats();
    law<Backend>(stats.size() <= bound_, "law 1: more places than max_size");
    law<Backend>(resized_ || stats.size() <= stats.max_size, "law 1: more places than max_size");
    law<Backend>(static_cast<std::size_t>(server_.open - server_.detached) <= stats.size(),
                 "law 1: a connection without a place");
    law<Backend>(static_cast<std::size_t>(server_.leased) <= stats.in_use, "law 2: leased, but not in use");
    law<Backend>(stats.connecting <= max_connecting_, "law 9: more connects than max_connecting");
  }

  /// Nobody can go on, and the clock is about to jump: whoever is in line now is asleep.
  void check_rest() {
    if (watched_ == nullptr) return;
    const carpool::PoolStats stats = watched_->stats();
    if (stats.waiting == 0 || stats.suspended) return;
    law<Backend>(!stats.closed, "law 16: somebody sleeps before a closed pool");
    law<Backend>(idle_for_others_ || stats.idle == 0, "law 3: somebody sleeps beside an idle connection");
    law<Backend>(stats.size() >= stats.max_size || stats.connecting > 0,
                 "law 9: somebody sleeps, a place is free, and nobody connects");
    law<Backend>(stats.closing == 0 || server_.goodbyes > 0, "law 3: what is to be closed holds a place");
  }

  std::shared_ptr<int> keepers_ = std::make_shared<int>();
  MadeUpServer<Backend> own_server_;
  MadeUpServer<Backend>& server_;
  std::size_t bound_;
  std::size_t max_connecting_ = 0;
  bool resized_ = false;
  bool idle_for_others_ = false;
  std::unique_ptr<Pool> pool_;
  Pool* watched_ = nullptr;
  std::optional<Invariant> each_step_;
  std::optional<Invariant> at_rest_;
  std::vector<Task> workers_;
};

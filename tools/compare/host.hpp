/// Runs a plan on one backend: chooses the pool's type, starts the workers, collects what they saw.
#pragma once

#include "delayed_connector.hpp"
#include "endpoint_connector.hpp"
#include "plan.hpp"
#include "worker.hpp"

#include <carpool/affine_bag.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/evictions.hpp>
#include <carpool/fifo_queue.hpp>
#include <carpool/lifetime_queue.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/pool_registry.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace carpool::compare {

namespace detail {

using Connector = DelayedConnector<EndpointConnector>;

/// The timed evictions are one type with different times, so that they need not be compiled three times.
inline DefaultEviction timed_eviction(EvictionKind kind) {
  using std::chrono::milliseconds, std::chrono::minutes;
  if (kind == EvictionKind::max_lifetime)
    return DefaultEviction(Jittered(MaxLifetime(milliseconds(100))), IdleTimeout());
  if (kind == EvictionKind::idle) return DefaultEviction(Jittered(MaxLifetime()), IdleTimeout(milliseconds(20)));
  return {};
}

inline constexpr std::uint64_t few_uses = 1000;

inline PoolOptions pool_options(const Plan& plan) {
  PoolOptions options;
  options.name = to_string(plan.combination);
  options.max_size = plan.workload.pool_size;
  options.min_idle = plan.workload.min_idle;
  options.acquire_timeout = request_timeout;
  options.connect_timeout = request_timeout;
  if (plan.workload.scenario == Scenario::outage)
    options.connect_backoff = {outage_backoff_initial, outage_backoff_max};
  return options;
}

/// Starts run(0), run(1) ... as tasks of the backend. They are joined when they are let go of.
template <class Backend, class Run>
auto spawn_tasks(std::size_t count, const Run& run) {
  std::vector<decltype(Backend::spawn([&run] { run(std::size_t{0}); }))> tasks;
  tasks.reserve(count);
  for (std::size_t i = 0; i < count; ++i) tasks.push_back(Backend::spawn([&run, i] { run(i); }));
  return tasks;
}

template <class Backend, class Pool>
HostReport run_until_stop(Pool& pool, const Plan& plan, const Control& control) {
  HostReport report;
  report.logs.resize(workers_on(plan.combination.backend, plan.workload));
  const auto work = [&](std::size_t i) {
    Worker<Backend, Pool>(pool, plan.workload, control, report.logs[i], i).run_until_stop();
  };
  for (auto& task : spawn_tasks<Backend>(report.logs.size(), work)) task.join();
  report.stats = pool.stats();
  return report;
}

/// Where the callers of a spike wait for the signal. On SingleBackend nobody can wait, so they pass at once.
template <class Backend>
class StartLine {
 public:
  explicit StartLine(std::size_t callers) : places_(callers) {}
  void wait(std::size_t caller) { places_[caller].park_until(never); }
  void open() noexcept {
    for (auto& place : places_) static_cast<void>(place.unpark());
  }

 private:
  std::vector<typename Backend::ParkingSlot> places_;
};

/// Opens the line in any case: also where the pool cannot be made, for somebody waits.
template <class Backend>
struct OpensAtEnd {
  StartLine<Backend>& line;
  ~OpensAtEnd() { line.open(); }
};

/// Connects that were begun for the spike may outlast it; they count too.
template <class Backend, class Pool>
void await_last_connects(Pool& pool) {
  const TimePoint deadline = after(Backend::now(), request_timeout);
  while (pool.stats().connecting > 0 && Backend::now() < deadline) {
    Backend::sleep_until(after(Backend::now(), std::chrono::milliseconds(2)));
  }
}

/// Lets the callers go once the pool is made; returns when that was.
template <class Backend, class Make>
TimePoint start_spike(StartLine<Backend>& line, const Make& make) {
  const OpensAtEnd<Backend> signal{line};
  if (Backend::concurrent) make();
  return Backend::now();
}

/// Every caller makes one request, all at once on a pool that was made this moment. On SingleBackend they come one
/// after the other.
template <class Backend, class Pool, class Make>
HostReport run_spike(std::optional<Pool>& pool, const Make& make, const Plan& plan, Control& control) {
  HostReport report;
  report.logs.resize(plan.workload.workers);
  control.enter(Phase::measuring);
  std::vector<TimePoint> ends(report.logs.size());
  StartLine<Backend> line(report.logs.size());
  const auto call = [&](std::size_t i) {
    line.wait(i);
    if (pool) Worker<Backend, Pool>(*pool, plan.workload, control, report.logs[i], i).serve(Phase::measuring);
    ends[i] = Backend::now();
  };
  if (!Backend::concurrent) make();
  const TimePoint before = Backend::now();
  auto tasks = spawn_tasks<Backend>(report.logs.size(), call);
  const TimePoint start = Backend::concurrent ? start_spike<Backend>(line, make) : before;
  for (auto& task : tasks) task.join();
  report.all_served = *std::max_element(ends.begin(), ends.end()) - start;
  await_last_connects<Backend>(*pool);
  report.stats = pool->stats();
  return report;
}

template <class Backend, class Queue, class Eviction>
HostReport run_pool(const Plan& plan, Control& control, Eviction eviction) {
  std::optional<ConnectionPool<Backend, Queue, Connector, Eviction>> pool;
  PoolRegistry::Registration registration;
  const auto make = [&] {
    pool.emplace(Connector(EndpointConnector(plan.endpoint), plan.workload.connect_delay, control), pool_options(plan),
                 eviction);
    if constexpr (Backend::concurrent) {  // the page looks from threads of its own
      if (plan.watched) registration = PoolRegistry::of_process().add(*pool);
    }
  };
  if (plan.workload.scenario == Scenario::spike) return run_spike<Backend>(pool, make, plan, control);
  make();
  return run_until_stop<Backend>(*pool, plan, control);
}

template <class Backend, class Queue>
HostReport run_queue(const Plan& plan, Control& control) {
  switch (plan.combination.eviction) {
    case EvictionKind::max_uses: return run_pool<Backend, Queue>(plan, control, MaxUses(few_uses));
    case EvictionKind::never: return run_pool<Backend, Queue>(plan, control, NeverEvict());
    default: return run_pool<Backend, Queue>(plan, control, timed_eviction(plan.combination.eviction));
  }
}

}  // namespace detail

/// The body of run_on_single and its brothers.
template <class Backend>
HostReport run_on(const Plan& plan, Control& control) {
  switch (plan.combination.queue) {
    case QueueKind::lifo: return detail::run_queue<Backend, LifoStack>(plan, control);
    case QueueKind::lifetime: return detail::run_queue<Backend, LifetimeQueue>(plan, control);
    case QueueKind::fifo: return detail::run_queue<Backend, FifoQueue>(plan, control);
    case QueueKind::affine: break;
  }
  return detail::run_queue<Backend, AffineBag>(plan, control);
}

}  // namespace carpool::compare

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

#include <chrono>
#include <utility>
#include <vector>

namespace carpool::compare {

namespace detail {

using Connector = DelayedConnector<EndpointConnector>;

/// The timed evictions are one type with different times, so that they need not be compiled three times.
inline DefaultEviction timed_eviction(EvictionKind kind) {
  using std::chrono::milliseconds, std::chrono::minutes;
  if (kind == EvictionKind::max_lifetime) return DefaultEviction(Jittered(MaxLifetime(milliseconds(100))), IdleTimeout());
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
  if (plan.workload.scenario == Scenario::outage) options.connect_backoff = {outage_backoff_initial, outage_backoff_max};
  return options;
}

/// As many workers as the plan wants, each from run(worker number) until it returns.
template <class Backend, class Run>
void run_tasks(std::size_t workers, const Run& run) {
  std::vector<decltype(Backend::spawn([&run] { run(std::size_t{0}); }))> tasks;
  tasks.reserve(workers);
  for (std::size_t i = 0; i < workers; ++i) tasks.push_back(Backend::spawn([&run, i] { run(i); }));
  for (auto& task : tasks) task.join();
}

template <class Backend, class Pool>
HostReport run_until_stop(Pool& pool, const Plan& plan, const Control& control) {
  HostReport report;
  report.logs.resize(workers_on(plan.combination.backend, plan.workload));
  run_tasks<Backend>(report.logs.size(), [&](std::size_t i) {
    Worker<Backend, Pool>(pool, plan.workload, control, report.logs[i], i).run_until_stop();
  });
  report.stats = pool.stats();
  return report;
}

/// Connects that were begun for the spike may outlast it; they count too.
template <class Backend, class Pool>
void await_last_connects(Pool& pool) {
  const TimePoint patience = after(Backend::now(), request_timeout);
  while (pool.stats().connecting > 0 && Backend::now() < patience) {
    Backend::sleep_until(after(Backend::now(), std::chrono::milliseconds(2)));
  }
}

/// Every caller makes one request, all at the same moment. On SingleBackend they come one after the other.
template <class Backend, class Pool>
HostReport run_spike(Pool& pool, const Plan& plan, Control& control) {
  HostReport report;
  report.logs.resize(plan.workload.workers);
  std::vector<TimePoint> ends(plan.workload.workers);
  control.enter(Phase::measuring);
  const TimePoint start = after(Backend::now(), std::chrono::milliseconds(20));
  run_tasks<Backend>(plan.workload.workers, [&](std::size_t i) {
    Worker<Backend, Pool> worker(pool, plan.workload, control, report.logs[i], i);
    Backend::sleep_until(start);
    worker.serve(Phase::measuring);
    ends[i] = Backend::now();
  });
  report.all_served = *std::max_element(ends.begin(), ends.end()) - start;
  await_last_connects<Backend>(pool);
  report.stats = pool.stats();
  return report;
}

template <class Backend, class Queue, class Eviction>
HostReport run_pool(const Plan& plan, Control& control, Eviction eviction) {
  using Pool = ConnectionPool<Backend, Queue, Connector, Eviction>;
  Pool pool(Connector(EndpointConnector(plan.endpoint), plan.workload.connect_delay, control), pool_options(plan), eviction);
  return plan.workload.scenario == Scenario::spike ? run_spike<Backend>(pool, plan, control)
                                                   : run_until_stop<Backend>(pool, plan, control);
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

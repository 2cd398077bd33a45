/// The pools that are measured, and the plain pool that stands beside each: same connector, same verbs, same run.
#pragma once

#include "null_connector.hpp"
#include "plain_pool.hpp"

#include <carpool/affine_bag.hpp>
#include <carpool/boost_thread_backend.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/fifo_queue.hpp>
#include <carpool/lifetime_queue.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/single_backend.hpp>
#include <carpool/thread_backend.hpp>

#include <boost/fiber/condition_variable.hpp>
#include <boost/fiber/mutex.hpp>

#include <chrono>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

namespace carpool::bench {

/// A pool with all its max_size connections open.
template <class Pool, class Connector>
[[nodiscard]] std::unique_ptr<Pool> make_warm(Connector connector, const PoolOptions& options) {
  if constexpr (std::constructible_from<Pool, Connector, PoolOptions>) {
    auto pool = std::make_unique<Pool>(std::move(connector), options);
    const std::size_t open = pool->prewarm(options.max_size, std::chrono::seconds(30));
    if (open != options.max_size) throw std::runtime_error("the pool could not be filled");
    return pool;
  } else {
    auto pool = std::make_unique<Pool>(std::move(connector), options.max_size, options.acquire_timeout);
    pool->prewarm(options.max_size);
    return pool;
  }
}

/// The plain pool of each kind of worker.
template <class Backend>
struct PlainLock;
template <>
struct PlainLock<SingleBackend> {
  using Mutex = NoMutex;
  using ConditionVariable = NoConditionVariable;
};
template <>
struct PlainLock<ThreadBackend> {
  using Mutex = std::mutex;
  using ConditionVariable = std::condition_variable;
};
template <>
struct PlainLock<BoostThreadBackend> : PlainLock<ThreadBackend> {};
template <>
struct PlainLock<FiberBackend> {
  using Mutex = boost::fibers::mutex;
  using ConditionVariable = boost::fibers::condition_variable;
};
template <class Backend, class Connector>
using PlainPoolOn =
    PlainPool<typename PlainLock<Backend>::Mutex, typename PlainLock<Backend>::ConditionVariable, Connector>;

/// glibc leaves the lock prefix out of its mutexes for as long as a process has one thread. No server has: so that rows
/// of one thread tell of real programs, one more sleeps beside them.
class SecondThread {
 private:
  std::mutex mutex_;
  std::condition_variable_any never_;
  std::jthread thread_{[this](const std::stop_token& end) {
    std::unique_lock lock(mutex_);
    never_.wait(lock, end, [] { return false; });
  }};
};

[[nodiscard]] inline PoolOptions of_size(std::int64_t size) { return {.max_size = static_cast<std::size_t>(size)}; }

/// Calls add.template operator()<Pool>("<backend>/<queue>") for the plain pool and for a pool with each queue. A build
/// with assertions, whose figures mean nothing, shows that it compiles and runs: there one queue stands for all.
template <class Backend, class Connector, class Add>
void for_each_pool(const std::string& backend, Add add) {
  add.template operator()<PlainPoolOn<Backend, Connector>>(backend + "/plain");
  add.template operator()<ConnectionPool<Backend, LifoStack, Connector>>(backend + "/lifo");
#ifdef NDEBUG
  add.template operator()<ConnectionPool<Backend, AffineBag, Connector>>(backend + "/affine");
  add.template operator()<ConnectionPool<Backend, FifoQueue, Connector>>(backend + "/fifo");
  add.template operator()<ConnectionPool<Backend, LifetimeQueue, Connector>>(backend + "/lifetime");
#endif
}

}  // namespace carpool::bench

/// What the tests of a pool's behaviour share: a pool over a FakeServer, and ways to wait for what it does beside us.
#pragma once

#include <carpool/connection_pool.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/time.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "eventually.hpp"

/// A pool of connections to a FakeServer, which closes none of them for its age unless it is told to.
template <class Backend, class Queue = carpool::LifoStack, class Eviction = carpool::NeverEvict,
          class Observer = carpool::NoObserver>
using FakePool = carpool::ConnectionPool<Backend, Queue, carpool::FakeConnector, Eviction, Observer>;

/// The same for endpoints with names.
template <class Backend, class Queue = carpool::LifoStack, class Eviction = carpool::NeverEvict>
using FakeTargetPool = carpool::ConnectionPool<Backend, Queue, carpool::FakeTargetConnector, Eviction>;

/// No test waits long for a connect that is to fail.
inline constexpr carpool::Backoff short_backoff{.initial = std::chrono::milliseconds(1),
                                                .max = std::chrono::milliseconds(2)};

/// Whether the pool has soon closed so many for that reason. Its own count comes last: what the server sees is done
/// then.
template <class Backend, class... Policies>
[[nodiscard]] bool closed_soon(const carpool::ConnectionPool<Backend, Policies...>& pool, carpool::CloseReason reason,
                               std::size_t connections) {
  return eventually<Backend>([&] { return pool.stats().closed_for(reason) >= connections; });
}

/// The threads of this process.
[[nodiscard]] inline std::size_t threads_now() {
  const std::filesystem::directory_iterator here("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(here), end(here)));
}

/// An eviction that goes by what the test has said, not by time: condemn one connection by its number, or all.
class Verdicts {
 public:
  void condemn(std::uint64_t id) const { *condemned_ = id; }
  void condemn_all() const { condemn(all); }

  [[nodiscard]] bool expired(const carpool::Slot& slot, carpool::TimePoint) const {
    const std::uint64_t id = *condemned_;
    return id == all || id == slot.id;
  }

 private:
  static constexpr std::uint64_t all = ~std::uint64_t{0};
  std::shared_ptr<std::atomic<std::uint64_t>> condemned_ = std::make_shared<std::atomic<std::uint64_t>>(0);
};

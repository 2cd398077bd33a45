/// What the laws of the pool share: two suites, the pools they look at, an observer, and ways to await a condition.
#pragma once

#include <carpool/connection_pool.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "awaiting_pool.hpp"
#include "contains.hpp"
#include "eventually.hpp"
#include "thrown.hpp"
#include "time_of.hpp"

namespace pool_laws {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): a test header
using namespace carpool::fake;         // NOLINT(google-build-using-namespace)

using carpool::CloseReason;
using carpool::Duration;
using carpool::FakeConnect;
using carpool::FakeCounts;
using carpool::FakeMethod;
using carpool::FakeReply;
using carpool::FakeServer;
using carpool::PoolErrc;
using carpool::PoolStats;
using carpool::TimePoint;
using carpool::Verdict;

template <class Backend>
void pause(Duration length) {
  Backend::sleep_until(Backend::now() + length);
}

/// How many connections were closed for that reason, once nothing is being closed any more.
template <class Backend, class Pool>
[[nodiscard]] std::size_t closed_for(Pool& pool, CloseReason reason) {
  EXPECT_TRUE(eventually<Backend>([&] { return pool.stats().closing == 0; }, pool));
  return pool.stats().closed_for(reason);
}

/// The code of the PoolError that call() throws; none where it throws nothing.
template <class Call>
[[nodiscard]] std::error_code error_of(Call call) {
  return code_thrown_by<carpool::PoolError>(std::move(call));
}

/// Workers of a backend, which all have ended when it goes.
template <class Backend>
class Workers {
 public:
  template <class Work>
  void start(Work work) {
    tasks_.push_back(Backend::spawn(std::move(work)));
  }
  template <class Work>
  void start(std::size_t count, const Work& work) {
    for (; count > 0; --count) start(work);
  }
  void join() { tasks_.clear(); }

 private:
  std::vector<decltype(Backend::spawn(std::declval<void (*)()>()))> tasks_;
};

/// What a RecordingObserver saw, in order.
struct Event {
  std::string what;
  std::uint64_t id = 0;
  Duration length{};
  TimePoint at{};
  std::optional<CloseReason> reason = {};
  std::optional<carpool::AcquireFailure> failure = {};
  carpool::SourceLocation site = {};
  std::string text = {};
};

/// An observer that writes down everything; copies write to the same list.
template <class Backend>
class RecordingObserver {
 public:
  void acquire_started() const noexcept { note({"acquire_started"}); }
  void acquired(std::uint64_t id, Duration wait) const noexcept { note({"acquired", id, wait}); }
  void acquire_failed(carpool::AcquireFailure why, Duration waited) const noexcept {
    note({.what = "acquire_failed", .length = waited, .failure = why});
  }
  void released(std::uint64_t id, Duration held) const noexcept { note({"released", id, held}); }
  void connection_created(std::uint64_t id) const noexcept { note({"connection_created", id}); }
  void connection_ready(std::uint64_t id, Duration took) const noexcept { note({"connection_ready", id, took}); }
  void connection_failed(std::uint64_t id, std::string_view why, Duration took) const noexcept {
    note({.what = "connection_failed", .id = id, .length = took, .text = std::string(why)});
  }
  void connection_closed(std::uint64_t id, CloseReason reason) const noexcept {
    note({.what = "connection_closed", .id = id, .reason = reason});
  }
  void pool_ready() const noexcept { note({"pool_ready"}); }
  void pool_cleared() const noexcept { note({"pool_cleared"}); }
  void pool_closed() const noexcept { note({"pool_closed"}); }
  void leak_suspected(carpool::SourceLocation site, Duration age) const noexcept {
    note({.what = "leak_suspected", .length = age, .site = site});
  }

  [[nodiscard]] std::vector<Event> seen() const {
    const std::scoped_lock lock(log_->mutex);
    return log_->events;
  }
  [[nodiscard]] std::vector<Event> seen(const std::string& what) const {
    std::vector<Event> all = seen();
    std::erase_if(all, [&](const Event& event) { return event.what != what; });
    return all;
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const Event& event : seen()) names.push_back(event.what);
    return names;
  }
  /// Connections whose close was seen for that reason.
  [[nodiscard]] std::size_t closed_for(CloseReason reason) const {
    const auto closes = seen("connection_closed");
    return static_cast<std::size_t>(
        std::count_if(closes.begin(), closes.end(), [&](const Event& event) { return event.reason == reason; }));
  }

 private:
  struct Log {
    std::mutex mutex;  // never held across a wait, so fibers may use it
    std::vector<Event> events;
  };
  void note(Event event) const noexcept {
    event.at = Backend::now();
    const std::scoped_lock lock(log_->mutex);
    log_->events.push_back(std::move(event));
  }
  std::shared_ptr<Log> log_ = std::make_shared<Log>();
};

/// An eviction with every kind of limit, none of them set.
using Limits = carpool::AnyOf<carpool::MaxLifetime, carpool::IdleTimeout, carpool::MaxUses>;
[[nodiscard]] inline Limits limits(Duration lifetime, Duration idle = carpool::forever,
                                   std::uint64_t uses = 1'000'000'000) {
  return Limits(carpool::MaxLifetime(lifetime), carpool::IdleTimeout(idle), carpool::MaxUses(uses));
}
[[nodiscard]] inline Limits no_limits() { return limits(carpool::forever); }

// What most tests look at; one that watches and evicts as it is told; one with targets.
template <class Backend>
using Pool = PoolOf<Backend, carpool::LifoStack, carpool::FakeConnector>;
template <class Backend>
using ObservedPool = PoolOf<Backend, carpool::LifoStack, carpool::FakeConnector, Limits, RecordingObserver<Backend>>;
template <class Backend>
using TargetPool = PoolOf<Backend, carpool::LifoStack, carpool::FakeTargetConnector>;

}  // namespace pool_laws

using namespace pool_laws;  // NOLINT(google-build-using-namespace): a test header

/// The laws that hold on every backend. When a test and its pools are over, nothing may be left at the server.
template <class Backend>
class PoolLaws : public ::testing::Test {
 protected:
  void TearDown() override {
    const FakeCounts counts = server.counts();
    EXPECT_EQ(counts.connecting, 0U);
    EXPECT_EQ(counts.open, 0U);
    EXPECT_EQ(counts.closed + counts.abandoned, counts.opened) << "each connection is closed once";
    EXPECT_EQ(counts.overlapping_uses, 0U) << "law 2: one lease, one owner";
    EXPECT_TRUE(counts.goodbyes_to_dead == 0 || deaths_race_with_goodbyes) << counts.goodbyes_to_dead;
  }

  FakeServer server;
  bool deaths_race_with_goodbyes = false;  ///< set where the server kills while the pool says goodbye
};
TYPED_TEST_SUITE_P(PoolLaws);

/// The laws that need several workers.
template <class Backend>
class PoolLawsAmongWorkers : public PoolLaws<Backend> {};
TYPED_TEST_SUITE_P(PoolLawsAmongWorkers);

/// Names the instances by the backend: Laws/PoolLaws/ThreadBackend.
struct PoolBackendName {
  template <class Backend>
  static std::string GetName(int) {
    const std::string function = __PRETTY_FUNCTION__;
    const std::string parameter = "Backend = ";
    const std::size_t from = function.find(parameter) + parameter.size();
    const std::string name = function.substr(from, function.find_first_of("];", from) - from);
    return name.substr(name.rfind(':') + 1);  // GoogleTest's filters are separated by colons
  }
};

// With the tests' own few names of P2300 (support/minimal_execution.hpp), because Debian 12 has no library of it: a
// real one has not been compiled with.
#include <carpool/acquire_sender.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "allocation_faults.hpp"
#include "eventually.hpp"
#include "minimal_execution.hpp"

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): a test

namespace {

namespace ex = minimal_execution;
using carpool::TimePoint;
using Backend = carpool::ThreadBackend;
using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::FakeConnector>;

/// What a scheduler has been asked to run. It allocates nothing.
class RunQueue {
 public:
  struct Task {
    virtual void run() noexcept = 0;
    virtual void stop() noexcept = 0;
    Task* next = nullptr;

   protected:
    ~Task() = default;
  };

  void push(Task& task) {
    {
      const std::lock_guard lock(mutex_);
      task.next = nullptr;
      (last_ == nullptr ? first_ : last_->next) = &task;
      last_ = &task;
      more_.notify_one();
    }
    if (pushed) pushed();
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const Task* each = first_; each != nullptr; each = each->next) ++count;
    return count;
  }
  /// What is there now; as `stopped` where it is not to run any more.
  void run(bool stopped = false) {
    for (std::size_t left = size(); left > 0; --left) {
      std::unique_lock lock(mutex_);
      Task& task = pop();
      lock.unlock();
      stopped ? task.stop() : task.run();
    }
  }
  /// Until end().
  void work() {
    for (std::unique_lock lock(mutex_);;) {
      more_.wait(lock, [&] { return ended_ || first_ != nullptr; });
      if (first_ == nullptr) return;
      Task& task = pop();
      lock.unlock();
      task.run();
      lock.lock();
    }
  }
  void end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    more_.notify_all();
  }

  /// Called after each push, by the worker that pushed. Set before any other worker is there.
  std::function<void()> pushed;
  /// A connect() that throws, from then on.
  std::atomic<bool> refuses{false};
  /// An operation that ends with an error, from then on.
  std::atomic<bool> fails{false};

 private:
  [[nodiscard]] Task& pop() noexcept {
    Task& task = *std::exchange(first_, first_->next);
    if (first_ == nullptr) last_ = nullptr;
    return task;
  }

  mutable std::mutex mutex_;
  std::condition_variable more_;
  Task* first_ = nullptr;
  Task* last_ = nullptr;
  bool ended_ = false;
};

struct Scheduler {
  RunQueue* queue;

  template <class Receiver>
  struct Operation final : RunQueue::Task {
    using operation_state_concept = ex::operation_state_t;
    Operation(RunQueue& own, Receiver whose) : queue(own), receiver(std::move(whose)) {}
    Operation(Operation&&) = delete;
    ~Operation() = default;
    void start() noexcept { queue.push(*this); }
    void run() noexcept override {
      if (queue.fails) {
        ex::set_error(std::move(receiver), std::runtime_error("the scheduler is broken"));
      } else {
        ex::set_value(std::move(receiver));
      }
    }
    void stop() noexcept override { ex::set_stopped(std::move(receiver)); }
    RunQueue& queue;
    Receiver receiver;
  };
  struct Sender {
    using sender_concept = ex::sender_t;
    RunQueue* queue;
    template <class Receiver>
    [[nodiscard]] Operation<Receiver> connect(Receiver receiver) const {
      if (queue->refuses) throw std::runtime_error("the scheduler is full");
      return Operation<Receiver>(*queue, std::move(receiver));
    }
  };
  [[nodiscard]] Sender schedule() const noexcept { return {queue}; }
};

enum class Ended { no, value, error, stopped };

template <class Lease>
struct Outcome {
  std::atomic<Ended> how{Ended::no};
  Lease lease;
  std::exception_ptr error;
  std::thread::id thread;

  void end(Ended ended) noexcept {
    thread = std::this_thread::get_id();
    EXPECT_EQ(how.exchange(ended), Ended::no) << "it completed twice";
  }
  template <class Error>
  void expect_error() const {
    ASSERT_EQ(how, Ended::error);
    EXPECT_THROW(std::rethrow_exception(error), Error);
  }
};

struct Environment {
  RunQueue* queue;
  ex::inplace_stop_source* source;
  [[nodiscard]] Scheduler query(ex::get_scheduler_t) const noexcept { return {queue}; }
  [[nodiscard]] ex::inplace_stop_token query(ex::get_stop_token_t) const noexcept {
    return ex::inplace_stop_token(*source);
  }
};

template <class Lease>
struct Receiver {
  using receiver_concept = ex::receiver_t;
  Environment environment;
  Outcome<Lease>* outcome;
  void set_value(Lease lease) noexcept {
    outcome->lease = std::move(lease);
    outcome->end(Ended::value);
  }
  void set_error(const std::exception_ptr& error) noexcept {
    outcome->error = error;
    outcome->end(Ended::error);
  }
  void set_stopped() noexcept { outcome->end(Ended::stopped); }
  [[nodiscard]] Environment get_env() const noexcept { return environment; }
};

/// A sender of one lease, connected.
template <class AnyPool>
struct Call {
  using Lease = typename AnyPool::Lease;
  using Sender = carpool::AcquireSender<AnyPool>;

  Call(RunQueue& queue, const Sender& sender)
      : operation(ex::connect(sender, Receiver<Lease>{{&queue, &source}, &outcome})) {}
  void start() { ex::start(operation); }
  [[nodiscard]] Ended how() const { return outcome.how; }

  ex::inplace_stop_source source;
  Outcome<Lease> outcome;
  ex::connect_result_t<const Sender&, Receiver<Lease>> operation;
};

static_assert(std::is_same_v<carpool::AcquireSender<Pool>::completion_signatures,
                             ex::completion_signatures<ex::set_value_t(Pool::Lease),
                                                       ex::set_error_t(std::exception_ptr), ex::set_stopped_t()>>);

class AcquireSender : public testing::Test {
 protected:
  [[nodiscard]] static bool run_until(RunQueue& queue, const std::function<bool()>& condition) {
    return eventually<Backend>([&] { return queue.run(), condition(); });
  }
  carpool::FakeServer server;
  RunQueue queue;
};

// --- value -------------------------------------------------------------------------------------------------

TEST_F(AcquireSender, GivesWhatIsReadyWithinItsStart) {
  Pool pool(server.connector(), {.max_size = 1});
  EXPECT_TRUE(pool.acquire());
  Call<Pool> call(queue, carpool::acquire_sender(pool));
  EXPECT_EQ(pool.stats().in_use, 0U) << "it asks when it is started";
  call.start();
  ASSERT_EQ(call.how(), Ended::value);
  EXPECT_TRUE(call.outcome.lease);
  EXPECT_EQ(queue.size(), 0U);
}

TEST_F(AcquireSender, GivesWhatIsConnectedForIt) {
  Pool pool(server.connector(), {.max_size = 1});
  Call<Pool> call(queue, carpool::acquire_sender(pool));
  call.start();
  ASSERT_TRUE(run_until(queue, [&] { return call.how() != Ended::no; }));
  EXPECT_EQ(call.how(), Ended::value);
  EXPECT_EQ(call.outcome.thread, std::this_thread::get_id());
}

// Laws 6 and 11.
TEST_F(AcquireSender, CompletesOnItsSchedulerAndNotWithinARelease) {
  Pool pool(server.connector(), {.max_size = 1});
  auto lease = pool.acquire();
  Call<Pool> call(queue, carpool::acquire_sender(pool));
  call.start();
  EXPECT_EQ(pool.stats().waiting, 1U);
  std::thread([&] { lease.release(); }).join();
  EXPECT_EQ(call.how(), Ended::no);
  EXPECT_EQ(queue.size(), 1U);
  queue.run();
  EXPECT_EQ(call.how(), Ended::value);
  EXPECT_EQ(call.outcome.thread, std::this_thread::get_id());
}

TEST_F(AcquireSender, MayBeStartedAgain) {
  Pool pool(server.connector(), {.max_size = 2});
  const auto sender = carpool::acquire_sender(pool);
  Call<Pool> first(queue, sender);
  Call<Pool> second(queue, sender);
  first.start();
  second.start();
  EXPECT_TRUE(run_until(queue, [&] { return first.how() == Ended::value && second.how() == Ended::value; }));
}

TEST_F(AcquireSender, AsksForItsTarget) {
  using TargetPool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::FakeTargetConnector>;
  TargetPool pool(server.target_connector(), {.max_size = 1});
  auto held = pool.acquire("a");
  Call<TargetPool> call(queue, carpool::acquire_sender(pool, "b", Backend::now() + 10s));
  call.start();
  held.release();
  ASSERT_TRUE(run_until(queue, [&] { return call.how() != Ended::no; }));
  ASSERT_EQ(call.how(), Ended::value);
  EXPECT_EQ(server.counts("b").opened, 1U);
}

// One look may be in vain: the next turn is another operation of the scheduler.
TEST_F(AcquireSender, LooksAgainWhereAnotherCallerWasFaster) {
  Pool pool(server.connector(), {.max_size = 1, .handoff_after = 10s});
  auto lease = pool.acquire();
  Call<Pool> call(queue, carpool::acquire_sender(pool));
  call.start();
  for (int i = 0; i < 3; ++i) {
    lease.release();
    ASSERT_EQ(queue.size(), 1U) << i;
    lease = pool.acquire();
    queue.run();
    ASSERT_EQ(call.how(), Ended::no) << i;
  }
  lease.release();
  queue.run();
  EXPECT_EQ(call.how(), Ended::value);
}

TEST_F(AcquireSender, AllocatesNothing) {
  Pool pool(server.connector(), {.max_size = 1});
  EXPECT_TRUE(pool.acquire());
  const auto sender = carpool::acquire_sender(pool);
  const std::size_t before = allocation_faults::made_here;
  Call<Pool> ready(queue, sender);
  Call<Pool> waiting(queue, sender);
  ready.start();
  waiting.start();
  ready.outcome.lease.release();
  queue.run();
  EXPECT_EQ(waiting.how(), Ended::value);
  waiting.outcome.lease.release();
  EXPECT_EQ(allocation_faults::made_here, before);
}

// --- error -------------------------------------------------------------------------------------------------

TEST_F(AcquireSender, EndsAtItsDeadline) {
  Pool pool(server.connector(), {.max_size = 1});
  const auto lease = pool.acquire();
  Call<Pool> call(queue, carpool::acquire_sender(pool, Backend::now() + 20ms));
  call.start();
  ASSERT_TRUE(run_until(queue, [&] { return call.how() != Ended::no; }));
  call.outcome.expect_error<carpool::AcquireTimeout>();
  EXPECT_EQ(pool.stats().waiting, 0U);
}

TEST_F(AcquireSender, OfAClosedPoolEndsWithinItsStart) {
  Pool pool(server.connector(), {.max_size = 1});
  pool.close();
  Call<Pool> call(queue, carpool::acquire_sender(pool));
  call.start();
  call.outcome.expect_error<carpool::PoolClosed>();
}

TEST_F(AcquireSender, EndsWithItsPool) {
  auto pool = std::make_unique<Pool>(server.connector(), carpool::PoolOptions{.max_size = 1});
  auto lease = pool->acquire();
  {
    Call<Pool> call(queue, carpool::acquire_sender(*pool));
    call.start();
    pool.reset();
    EXPECT_EQ(call.how(), Ended::no);
    queue.run();
    call.outcome.expect_error<carpool::PoolClosed>();
  }
  EXPECT_TRUE(lease);
}

TEST_F(AcquireSender, ThatHasALeaseMayOutliveItsPool) {
  auto pool = std::make_unique<Pool>(server.connector(), carpool::PoolOptions{.max_size = 1});
  Call<Pool> call(queue, carpool::acquire_sender(*pool));
  call.start();
  ASSERT_TRUE(run_until(queue, [&] { return call.how() == Ended::value; }));
  pool.reset();
  EXPECT_TRUE(call.outcome.lease);
}

TEST_F(AcquireSender, EndsWithTheErrorOfItsScheduler) {
  Pool pool(server.connector(), {.max_size = 1, .handoff_after = 0ms});
  auto lease = pool.acquire();
  RunQueue broken;
  Call<Pool> full(broken, carpool::acquire_sender(pool));
  Call<Pool> failing(broken, carpool::acquire_sender(pool));
  Call<Pool> next(queue, carpool::acquire_sender(pool));
  full.start();
  failing.start();
  next.start();
  broken.refuses = true;
  lease.release();
  broken.run();  // it was granted the connection, and cannot prepare another turn
  full.outcome.expect_error<std::runtime_error>();
  broken.fails = true;
  broken.run();
  failing.outcome.expect_error<std::runtime_error>();
  queue.run();
  EXPECT_EQ(next.how(), Ended::value) << "what they were given was passed on";
  Call<Pool> late(broken, carpool::acquire_sender(pool));
  late.start();
  late.outcome.expect_error<std::runtime_error>();
  EXPECT_EQ(pool.stats().waiting, 0U);
}

// --- stopped -----------------------------------------------------------------------------------------------

TEST_F(AcquireSender, StoppedBeforeItStartsAsksForNothing) {
  Pool pool(server.connector(), {.max_size = 1});
  EXPECT_TRUE(pool.acquire());
  Call<Pool> call(queue, carpool::acquire_sender(pool));
  call.source.request_stop();
  call.start();
  EXPECT_EQ(call.how(), Ended::stopped);
  EXPECT_EQ(pool.stats().acquired, 1U);
}

TEST_F(AcquireSender, StoppedWhileItWaitsLeavesTheQueue) {
  Pool pool(server.connector(), {.max_size = 1});
  const auto lease = pool.acquire();
  Call<Pool> call(queue, carpool::acquire_sender(pool));
  call.start();
  call.source.request_stop();
  EXPECT_EQ(call.how(), Ended::no) << "within the stop request";
  queue.run();
  EXPECT_EQ(call.how(), Ended::stopped);
  EXPECT_EQ(pool.stats().waiting, 0U);
}

// What the stop request still touches may not be gone.
TEST_F(AcquireSender, CompletesAfterTheStopRequestThatIsUnderWay) {
  Pool pool(server.connector(), {.max_size = 1});
  const auto lease = pool.acquire();
  Call<Pool> call(queue, carpool::acquire_sender(pool));
  call.start();
  std::atomic<bool> goes_on{false};
  queue.pushed = [&] { EXPECT_TRUE(eventually<Backend>([&] { return goes_on.load(); })); };
  std::thread requester([&] { call.source.request_stop(); });
  EXPECT_TRUE(eventually<Backend>([&] { return queue.size() == 1; }));
  std::thread worker([&] { queue.run(); });
  EXPECT_TRUE(eventually<Backend>([&] { return queue.size() == 0; }));
  std::this_thread::sleep_for(20ms);  // time to do it wrong
  EXPECT_EQ(call.how(), Ended::no);
  goes_on = true;
  requester.join();
  worker.join();
  EXPECT_EQ(call.how(), Ended::stopped);
}

// Law 7: whichever was first, the next waiter has its connection.
TEST_F(AcquireSender, StoppedAtTheHandOverLosesNoConnection) {
  for (const auto handoff_after : {0s, 10s}) {
    for (const bool stopped_first : {false, true}) {
      Pool pool(server.connector(), {.max_size = 1, .handoff_after = handoff_after});
      auto lease = pool.acquire();
      Call<Pool> first(queue, carpool::acquire_sender(pool));
      Call<Pool> second(queue, carpool::acquire_sender(pool));
      first.start();
      second.start();
      if (stopped_first) first.source.request_stop();
      lease.release();
      if (!stopped_first) first.source.request_stop();
      ASSERT_TRUE(run_until(queue, [&] { return first.how() != Ended::no; }));
      EXPECT_NE(first.how(), Ended::error);
      first.outcome.lease.release();
      ASSERT_TRUE(run_until(queue, [&] { return second.how() != Ended::no; }));
      EXPECT_EQ(second.how(), Ended::value);
    }
  }
}

TEST_F(AcquireSender, StoppedByItsSchedulerPassesOnWhatItWasGiven) {
  for (const auto handoff_after : {0s, 10s}) {
    Pool pool(server.connector(), {.max_size = 1, .handoff_after = handoff_after});
    auto lease = pool.acquire();
    RunQueue ending;
    Call<Pool> first(ending, carpool::acquire_sender(pool));
    Call<Pool> second(queue, carpool::acquire_sender(pool));
    first.start();
    second.start();
    lease.release();
    ASSERT_EQ(ending.size(), 1U);
    ending.run(true);
    EXPECT_EQ(first.how(), Ended::stopped);
    queue.run();
    EXPECT_EQ(second.how(), Ended::value);
  }
}

// --- two workers -------------------------------------------------------------------------------------------

/// A chain of acquires, each of which is started by the completion of the one before.
class Chain {
 public:
  using Sender = carpool::AcquireSender<Pool>;
  Chain(Pool& pool, RunQueue& queue, int number, int calls)
      : pool_(pool), queue_(queue), number_(number), left_(calls) {}

  void next() {
    lease_.release();
    if (left_-- == 0) return over_.store(true);
    const auto deadline = number_ % 4 == 0 ? Backend::now() + 200us : Backend::now() + 10s;
    operation_.reset();
    {
      const std::lock_guard lock(mutex_);
      source_ = std::make_unique<ex::inplace_stop_source>();
    }
    operation_.emplace(*this, carpool::acquire_sender(pool_, deadline));
    ex::start(operation_->state);
  }
  void stop_one() {
    const std::lock_guard lock(mutex_);
    if (source_ != nullptr) source_->request_stop();
  }
  [[nodiscard]] bool is_over() const { return over_; }

  int late = 0, stopped = 0, served = 0;

 private:
  struct Link {
    using receiver_concept = ex::receiver_t;
    Chain* chain;
    void set_value(Pool::Lease lease) noexcept {
      chain->lease_ = std::move(lease);
      ++chain->served;
      chain->go_on();
    }
    void set_error(const std::exception_ptr& error) noexcept {
      EXPECT_THROW(std::rethrow_exception(error), carpool::AcquireTimeout);
      ++chain->late;
      chain->go_on();
    }
    void set_stopped() noexcept {
      ++chain->stopped;
      chain->go_on();
    }
    [[nodiscard]] Environment get_env() const noexcept { return {&chain->queue_, chain->source_.get()}; }
  };
  /// A lease ends in a turn of its own, and there the next one begins.
  struct Step final : RunQueue::Task {
    explicit Step(Chain& own) : chain(own) {}
    ~Step() = default;
    void run() noexcept override { chain.next(); }
    void stop() noexcept override {}
    Chain& chain;
  };
  struct Connected {
    Connected(Chain& chain, const Sender& sender) : state(ex::connect(sender, Link{&chain})) {}
    ex::connect_result_t<const Sender&, Link> state;
  };

  void go_on() { queue_.push(step_); }

  Pool& pool_;
  RunQueue& queue_;
  const int number_;
  int left_;
  std::mutex mutex_;  // whose source it is
  std::unique_ptr<ex::inplace_stop_source> source_;
  std::optional<Connected> operation_;
  Pool::Lease lease_;
  Step step_{*this};
  std::atomic<bool> over_{false};
};

TEST_F(AcquireSender, SharesThreeConnectionsOverTwoWorkers) {
  static constexpr int chains = 40, calls = 50;
  Pool pool(server.connector(), {.max_size = 3});
  std::deque<Chain> all;
  for (int i = 0; i < chains; ++i) all.emplace_back(pool, queue, i, calls);
  std::vector<std::thread> workers;
  for (auto& chain : all) chain.next();
  for (int i = 0; i < 2; ++i) workers.emplace_back([&] { queue.work(); });
  const auto is_over = [](const Chain& chain) { return chain.is_over(); };
  const auto all_over = [&] { return std::all_of(all.begin(), all.end(), is_over); };
  for (const auto end = Backend::now() + 20s; !all_over() && Backend::now() < end; std::this_thread::yield())
    for (std::size_t i = 1; i < all.size(); i += 4) all[i].stop_one();
  EXPECT_TRUE(all_over());
  queue.end();
  for (auto& worker : workers) worker.join();
  int served = 0, late = 0, stopped = 0;
  for (const auto& chain : all) served += chain.served, late += chain.late, stopped += chain.stopped;
  EXPECT_EQ(served + late + stopped, chains * calls);
  EXPECT_GE(served, chains * calls / 2);
  EXPECT_LE(server.counts().peak_size, 3U);
  EXPECT_EQ(pool.stats().in_use + pool.stats().waiting, 0U);
}

}  // namespace

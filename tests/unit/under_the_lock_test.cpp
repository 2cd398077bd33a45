// Law 6: nothing of the user's runs under a pool's lock, not even the destructor of what a connector has thrown; nor
// does anybody who waits for the lock wait for the kernel to wake others.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

std::atomic<int> roused = 0;
std::atomic<int> roused_under_the_lock = 0;

/// A backend whose threads know whether they hold a pool's lock.
struct TellingBackend : carpool::ThreadBackend {
  static inline thread_local int locks_held = 0;

  class Wakeup {
   public:
    Wakeup() = default;
    explicit Wakeup(carpool::FutexWakeup own) noexcept : own_(std::move(own)), due_(true) {}
    Wakeup(Wakeup&& other) noexcept : own_(std::move(other.own_)), due_(std::exchange(other.due_, false)) {}
    Wakeup& operator=(Wakeup&& other) noexcept {
      own_ = std::move(other.own_);
      due_ = std::exchange(other.due_, false);
      return *this;
    }
    ~Wakeup() {
      if (!due_) return;
      ++roused;
      if (locks_held > 0) ++roused_under_the_lock;
    }

   private:
    carpool::FutexWakeup own_;
    bool due_ = false;
  };
  class ParkingSlot {
   public:
    bool park_until(carpool::TimePoint deadline) noexcept { return own_.park_until(deadline); }
    [[nodiscard]] Wakeup unpark() noexcept { return Wakeup(own_.unpark()); }

   private:
    carpool::FutexParkingSlot own_;
  };
  class Mutex {
   public:
    void lock() noexcept {
      own_.lock();
      ++locks_held;
    }
    void unlock() noexcept {
      --locks_held;
      own_.unlock();
    }

   private:
    carpool::ImmortalMutex own_;
  };
};

std::atomic<int> last_copies_gone = 0;
std::atomic<int> gone_under_the_lock = 0;

/// An error that notices where its last copy ends.
class TracedError : public std::runtime_error {
 public:
  TracedError() : std::runtime_error("down") {}
  TracedError(const TracedError&) = default;
  TracedError& operator=(const TracedError&) = delete;
  ~TracedError() override {
    if (copies_.use_count() > 1) return;
    ++last_copies_gone;
    if (TellingBackend::locks_held > 0) ++gone_under_the_lock;
  }

 private:
  std::shared_ptr<int> copies_ = std::make_shared<int>(0);
};

struct FailsTwice {
  struct Connection {};
  [[nodiscard]] Connection connect(carpool::TimePoint) const {
    if (++*tries <= 2) throw TracedError();
    return {};
  }
  [[nodiscard]] static bool is_connected(const Connection&) noexcept { return true; }
  std::shared_ptr<std::atomic<int>> tries = std::make_shared<std::atomic<int>>(0);
};

// The second failure replaces the first one, and the success replaces the second one.
TEST(UnderTheLock, EndsNoExceptionOfAConnector) {
  using Pool = carpool::ConnectionPool<TellingBackend, carpool::LifoStack, FailsTwice>;
  auto pool = std::make_unique<Pool>(
      FailsTwice{}, carpool::PoolOptions{.max_size = 1, .connect_attempts = 1, .connect_backoff = {1ms, 1ms}});
  last_copies_gone = 0;
  gone_under_the_lock = 0;
  for (bool served = false; !served;) {
    try {
      served = static_cast<bool>(pool->acquire());
    } catch (const carpool::ConnectError&) {
      TellingBackend::sleep_until(TellingBackend::now() + 1ms);
    }
  }
  pool.reset();  // and with it all who might still be on their way
  EXPECT_EQ(last_copies_gone, 2);
  EXPECT_EQ(gone_under_the_lock, 0);
}

/// Connects when it is told to, as it is told to.
struct Gate {
  std::atomic<bool> open = false;
  bool fails = false;
};
struct WaitsAtAGate {
  struct Connection {};
  [[nodiscard]] Connection connect(carpool::TimePoint) const {
    while (!gate->open) TellingBackend::sleep_until(TellingBackend::now() + 1ms);
    if (gate->fails) throw std::runtime_error("down");
    return {};
  }
  [[nodiscard]] static bool is_connected(const Connection&) noexcept { return true; }
  Gate* gate;
};

/// Many callers who wait in line, until they are let go.
class Crowd : public ::testing::Test {
 protected:
  static constexpr std::size_t size = 60;
  using Pool = carpool::ConnectionPool<TellingBackend, carpool::LifoStack, WaitsAtAGate>;

  void SetUp() override {
    roused = 0;
    roused_under_the_lock = 0;
  }
  void gather() {
    for (std::size_t i = 0; i < size; ++i) callers_.emplace_back([this] { ask(); });
    while (pool.stats().waiting < size) TellingBackend::sleep_until(TellingBackend::now() + 1ms);
  }
  void expect_all_gone_by_rousing(int served) {
    for (auto& caller : callers_) caller.join();
    EXPECT_EQ(served_, served);
    EXPECT_GE(roused, static_cast<int>(size));
    EXPECT_EQ(roused_under_the_lock, 0);
  }

  Gate gate;
  Pool pool{WaitsAtAGate{&gate}, {.max_size = size, .max_connecting = 1, .connect_attempts = 1}};

 private:
  void ask() {
    try {
      if (pool.acquire()) ++served_;
    } catch (const carpool::PoolError&) {
    }
  }
  std::atomic<int> served_ = 0;
  std::vector<std::thread> callers_;
};

TEST_F(Crowd, IsToldOfAFailedConnectAfterTheLock) {
  gate.fails = true;
  gather();
  gate.open = true;
  expect_all_gone_by_rousing(0);
}

TEST_F(Crowd, IsToldOfTheEndAfterTheLock) {
  gather();
  pool.close();
  gate.open = true;
  expect_all_gone_by_rousing(0);
}

TEST_F(Crowd, IsServedAfterTheLockWhenThePoolGoesOn) {
  gate.open = true;
  ASSERT_EQ(pool.prewarm(size, 30s), size);
  pool.suspend();
  gather();
  roused = 0;
  roused_under_the_lock = 0;
  pool.resume();
  expect_all_gone_by_rousing(size);
}

}  // namespace

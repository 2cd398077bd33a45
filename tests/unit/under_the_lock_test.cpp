// Law 6: nothing of the user's runs under a pool's lock, not even the destructor of what a connector has thrown.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>

namespace {

using namespace std::chrono_literals;

/// A backend whose threads know whether they hold a pool's lock.
struct TellingBackend : carpool::ThreadBackend {
  static inline thread_local int locks_held = 0;
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
    carpool::LastingMutex own_;
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

// The second failure takes the first one's place, and the success takes the second one's.
TEST(UnderTheLock, EndsNoExceptionOfAConnector) {
  using Pool = carpool::ConnectionPool<TellingBackend, carpool::LifoStack, FailsTwice>;
  auto pool = std::make_unique<Pool>(
      FailsTwice{}, carpool::PoolOptions{.max_size = 1, .connect_attempts = 1, .connect_backoff = {1ms, 1ms}});
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

}  // namespace

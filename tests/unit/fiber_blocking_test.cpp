// needs: fiber_backend
// Calls that cannot but block, on helper threads.
#include <carpool/fiber_backend.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "fiber_situations.hpp"

namespace {

using namespace std::chrono_literals;

TEST(FiberBlocking, TheOtherFibersGoOnWhileOneBlocks) {
  bool done = false;
  int beats = 0;
  auto heartbeat = Fibers::spawn([&] {
    while (!done) {
      Fibers::sleep_until(Fibers::now() + 1ms);
      ++beats;
    }
  });
  std::vector<Fibers::Task> blocking;
  for (int i = 0; i < 8; ++i) {
    blocking.push_back(Fibers::spawn([] { Fibers::run_blocking([] { std::this_thread::sleep_for(100ms); }); }));
  }
  blocking.clear();
  done = true;
  heartbeat.join();
  EXPECT_GT(beats, 20) << "eight calls that hold up the thread leave about as many";
}

/// Calls that end when they are told to.
class Hanging {
 public:
  explicit Hanging(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) fibers_.push_back(Fibers::spawn([this] { hang(); }));
  }
  Hanging(const Hanging&) = delete;
  Hanging& operator=(const Hanging&) = delete;
  ~Hanging() { let_go(); }

  void let_go() {
    gate_.count_down();
    fibers_.clear();
  }
  [[nodiscard]] std::size_t running() const { return running_; }

 private:
  void hang() {
    Fibers::run_blocking([this] {
      ++running_;
      gate_.wait();
    });
  }

  std::latch gate_{1};
  std::atomic<std::size_t> running_{0};
  std::vector<Fibers::Task> fibers_;
};

template <class Condition>
[[nodiscard]] bool comes_true(Condition condition) {
  const auto limit = Fibers::now() + 30s;
  while (!condition()) {
    if (Fibers::now() >= limit) return false;
    Fibers::sleep_until(Fibers::now() + 1ms);
  }
  return true;
}

TEST(FiberBlocking, CallsThatHangDoNotHoldUpOthers) {
  Hanging hanging(8);
  bool answered = false;
  auto other = Fibers::spawn([&] { answered = Fibers::run_blocking([] { return true; }); });
  EXPECT_TRUE(comes_true([&] { return answered; })) << hanging.running() << " calls hang";
  hanging.let_go();
}

TEST(FiberBlocking, NoMoreThanSixtyFourCallsRunAtATime) {
  Hanging hanging(100);
  EXPECT_TRUE(comes_true([&] { return hanging.running() == 64; }));
  Fibers::sleep_until(Fibers::now() + 100ms);
  EXPECT_EQ(hanging.running(), 64u);
}

TEST(FiberBlocking, CallsDoNotRunOnTheFibersOwnThread) {
  const carpool::WorkerId caller = Fibers::worker();
  EXPECT_NE(Fibers::run_blocking([] { return Fibers::worker(); }), caller);
}

[[nodiscard]] std::size_t helper_threads() {
  std::size_t count = 0;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(thread.path() / "comm"), name);
    count += name == "carpool-helper";
  }
  return count;
}

TEST(FiberBlocking, HelpersEndWhenNothingIsLeftToDo) {
  Fibers::run_blocking([] {});
  EXPECT_GT(helper_threads(), 0u);
  EXPECT_TRUE(comes_true([] { return helper_threads() == 0; }));
  EXPECT_EQ(Fibers::run_blocking([] { return 7; }), 7) << "and are started again";
}

TEST(FiberBlocking, WhoHasADeadlineLeavesACallThatHangsToItself) {
  const auto told = std::make_shared<std::latch>(1);
  const auto answer = Fibers::run_blocking_until([told] { return told->wait(), 7; }, Fibers::now() + 10ms);
  EXPECT_FALSE(answer);
  told->count_down();
  EXPECT_TRUE(comes_true([&] { return told.use_count() == 1; })) << "the call lets go of what it owns";
}

TEST(FiberBlocking, WhoHasADeadlineWithdrawsACallThatNobodyHasBegun) {
  Hanging hanging(64);
  ASSERT_TRUE(comes_true([&] { return hanging.running() == 64; }));
  const auto owned = std::make_shared<int>(7);
  EXPECT_FALSE(Fibers::run_blocking_until([owned] { return *owned; }, Fibers::now() + 10ms));
  EXPECT_EQ(owned.use_count(), 1);
}

TEST(FiberBlocking, BeforeTheDeadlineAnAnswerOrAnExceptionComesBack) {
  const auto deadline = Fibers::now() + 60s;
  EXPECT_EQ(Fibers::run_blocking_until([owned = std::make_unique<int>(7)] { return *owned; }, deadline), 7);
  const auto fail = []() -> int { throw std::out_of_range("from the call"); };
  EXPECT_THROW((void)Fibers::run_blocking_until(fail, deadline), std::out_of_range);
  std::thread plain([deadline] { EXPECT_EQ(Fibers::run_blocking_until([] { return 7; }, deadline), 7); });
  plain.join();
}

TEST(FiberBlocking, FibersOfManyThreadsShareTheHelpers) {
  std::atomic<int> sum{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&sum] {
      std::vector<Fibers::Task> tasks;
      for (int i = 0; i < 50; ++i) {
        tasks.push_back(Fibers::spawn([&sum] {
          for (int call = 0; call < 20; ++call) sum += Fibers::run_blocking([] { return 1; });
        }));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sum, 4 * 50 * 20);
}

TEST(FiberBlocking, AnyKindOfResultComesBack) {
  EXPECT_EQ(*Fibers::run_blocking([] { return std::make_unique<int>(7); }), 7);
  EXPECT_EQ(Fibers::run_blocking([] { return std::string("seven"); }), "seven");
  int object = 7;
  int& reference = Fibers::run_blocking([&]() -> int& { return object; });
  EXPECT_EQ(&reference, &object);
  auto&& moved = Fibers::run_blocking([&]() -> int&& { return static_cast<int&&>(object); });
  EXPECT_EQ(&moved, &object);
  static_assert(std::is_void_v<decltype(Fibers::run_blocking([] {}))>);
  auto once = [owned = std::make_unique<int>(7)]() mutable { return std::move(owned); };
  EXPECT_EQ(*Fibers::run_blocking(std::move(once)), 7);
}

TEST(FiberBlocking, AnExceptionComesBackAsItWasThrown) {
  struct Own : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  for (int i = 0; i < 100; ++i) {
    try {
      Fibers::run_blocking([i] { throw Own(std::to_string(i)); });
      ADD_FAILURE() << "nothing was thrown";
    } catch (const Own& error) {
      EXPECT_EQ(error.what(), std::to_string(i));
    }
  }
}

TEST(FiberBlocking, ACallMayUseTheBackendItself) {
  const int sum = Fibers::run_blocking([] {
    Fibers::sleep_until(Fibers::now() + 1ms);  // gives the helper a scheduler
    return 1 + Fibers::run_blocking([] { return 1; });
  });
  EXPECT_EQ(sum, 2);
}

}  // namespace

// needs: thread_backend
// The one thread that looks after all pools on threads, and the heap that tells it who is next.
#include <carpool/posix/reaper_service.hpp>
#include <carpool/thread_backend.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "eventually.hpp"

namespace {

using namespace std::chrono_literals;
using carpool::TimePoint;
using carpool::detail::Due;
using carpool::detail::DueHeap;
using carpool::detail::ReaperService;
using Backend = carpool::ThreadBackend;

// Against the least of all, looked for one by one.
TEST(DueHeap, HasTheFirstAlways) {
  std::array<Due, 40> items;
  DueHeap heap;
  heap.reserve(items.size());
  std::mt19937 chance(1);
  for (int step = 0; step < 20'000; ++step) {
    Due& item = items[chance() % items.size()];
    if (chance() % 4 == 0) {
      heap.remove(item);
      EXPECT_EQ(item.at, carpool::never);
    } else {
      heap.set(item, TimePoint(carpool::Duration(chance() % 100)));
    }
    const auto least = std::min_element(items.begin(), items.end(), [](auto& a, auto& b) { return a.at < b.at; });
    const Due* const first = heap.first();
    ASSERT_EQ(first == nullptr ? carpool::never : first->at, least->at) << "in step " << step;
  }
}
TEST(DueHeap, TakesOutWhatIsNeverDue) {
  Due item;
  DueHeap heap;
  heap.reserve(1);
  heap.set(item, TimePoint::min());
  heap.set(item, carpool::never);
  EXPECT_EQ(heap.first(), nullptr);
}

/// Counts its steps, and is due again as it is told.
class Counted final : public ReaperService::Client {
 public:
  explicit Counted(carpool::Duration period = carpool::forever) : period_(period) { ReaperService::enroll(*this); }
  ~Counted() {
    ReaperService::dismiss(*this);
    EXPECT_FALSE(in_step_);
  }
  void call_now() { const auto wakeup = call(); }
  [[nodiscard]] int steps() const { return steps_; }
  [[nodiscard]] bool in_step() const { return in_step_; }
  std::atomic<bool> held = false;

 private:
  [[nodiscard]] TimePoint step() noexcept override {
    in_step_ = true;
    while (held) std::this_thread::yield();
    ++steps_;
    in_step_ = false;
    return carpool::after(Backend::now(), period_);
  }
  const carpool::Duration period_;
  std::atomic<int> steps_ = 0;
  std::atomic<bool> in_step_ = false;
};

TEST(ReaperService, StepsWhenCalledAndNotElse) {
  Counted client, other;
  for (int calls = 1; calls <= 100; ++calls) {
    client.call_now();
    ASSERT_TRUE(eventually<Backend>([&] { return client.steps() >= calls; }));
  }
  EXPECT_EQ(other.steps(), 0);
}

TEST(ReaperService, StepsAgainWhenDue) {
  Counted often(1ms);
  often.call_now();
  EXPECT_TRUE(eventually<Backend>([&] { return often.steps() >= 20; }));
}

// A call during the step is not part of it: what its caller did may have come too late for that step to see.
TEST(ReaperService, StepsAgainAfterACallDuringItsStep) {
  Counted client;
  client.held = true;
  client.call_now();
  ASSERT_TRUE(eventually<Backend>([&] { return client.in_step(); }));
  const int before = client.steps();
  client.call_now();
  client.held = false;
  EXPECT_TRUE(eventually<Backend>([&] { return !client.in_step() && client.steps() > before + 1; }));
}

// Clients come and go while they and others are called for and due: no step outlives its client, and none is lost.
TEST(ReaperService, LetsClientsComeAndGo) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int round = 0; round < 300; ++round) {
        Counted lasting, periodic(t * 10us);
        periodic.call_now();
        lasting.call_now();
        if (round % 3 == 0) {
          ASSERT_TRUE(eventually<Backend>([&] { return lasting.steps() > 0; }));
        }
        lasting.call_now();
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace

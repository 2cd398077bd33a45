// needs: simulation_backend
// What others may see in a memory of views: the litmus tests that the literature knows, each with all of its outcomes.
#include <carpool/simulation_backend.hpp>

#include <atomic>
#include <functional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "simulated_plain.hpp"

namespace {

using B = carpool::SimulationBackend;
using Word = B::Atomic<int>;
using Order = std::memory_order;
using Outcomes = std::set<std::string>;
using carpool::SimulatedMemory;
using carpool::Simulation;

constexpr Order relaxed = std::memory_order_relaxed;
constexpr Order acquire = std::memory_order_acquire;
constexpr Order release = std::memory_order_release;
constexpr Order acq_rel = std::memory_order_acq_rel;
constexpr Order seq_cst = std::memory_order_seq_cst;

carpool::SimulationReport run_all(std::function<void()> scenario, std::size_t preemptions = 6) {
  return carpool::simulate({.search = carpool::SimulationSearch::depth_first,
                            .schedules = 400'000,
                            .preemptions = preemptions,
                            .early_timers = 0,
                            .memory = SimulatedMemory::views},
                           std::move(scenario));
}

/// What was read, in every execution.
Outcomes outcomes_of(const std::function<std::string()>& litmus, std::size_t preemptions = 6) {
  Outcomes seen;
  const auto report = run_all([&] { seen.insert(litmus()); }, preemptions);
  EXPECT_TRUE(report.ok() && report.complete) << report.to_string();
  return seen;
}

template <class... Read>
std::string in_digits(Read... read) {
  return (std::to_string(read) + ...);
}

/// Reads the flag, then what it stands for.
std::string message_passing(Order stored, Order loaded) {
  Word data{0};
  Word ready{0};
  int flag = 0;
  int seen = 0;
  auto reader = B::spawn([&] {
    flag = ready.load(loaded);
    seen = data.load(relaxed);
  });
  data.store(1, relaxed);
  ready.store(1, stored);
  reader.join();
  return in_digits(flag, seen);
}

TEST(Views, AMessageIsPassedByReleaseAndAcquireOnly) {
  const Outcomes any{"00", "01", "10", "11"};
  EXPECT_EQ(outcomes_of([] { return message_passing(release, acquire); }), (Outcomes{"00", "01", "11"}));
  EXPECT_EQ(outcomes_of([] { return message_passing(seq_cst, seq_cst); }), (Outcomes{"00", "01", "11"}));
  EXPECT_EQ(outcomes_of([] { return message_passing(relaxed, acquire); }), any);
  EXPECT_EQ(outcomes_of([] { return message_passing(release, relaxed); }), any);
  EXPECT_EQ(outcomes_of([] { return message_passing(relaxed, relaxed); }), any);
}

using Barrier = std::function<void()>;

/// Each stores its own and reads the other's.
std::string store_buffering(Order stored, Order loaded, const Barrier& mine, const Barrier& others) {
  Word x{0};
  Word y{0};
  int x_seen = 0;
  int y_seen = 0;
  auto other = B::spawn([&] {
    y.store(1, stored);
    others();
    x_seen = x.load(loaded);
  });
  x.store(1, stored);
  mine();
  y_seen = y.load(loaded);
  other.join();
  return in_digits(x_seen, y_seen);
}

TEST(Views, OneOfTwoSeesTheOtherBySeqCstOrByALightAndAHeavyBarrier) {
  const auto none = [] {};
  const auto light = [] { B::light_barrier(); };
  const auto heavy = [] { B::heavy_barrier(); };
  const auto buffering = [](Order stored, Order loaded, const Barrier& mine, const Barrier& others) {
    return outcomes_of([&] { return store_buffering(stored, loaded, mine, others); });
  };
  const Outcomes any{"00", "01", "10", "11"};
  const Outcomes ordered{"01", "10", "11"};
  EXPECT_EQ(buffering(release, acquire, none, none), any);
  EXPECT_EQ(buffering(seq_cst, seq_cst, none, none), ordered);
  EXPECT_EQ(buffering(seq_cst, acquire, none, none), any);
  EXPECT_EQ(buffering(release, seq_cst, none, none), any);
  EXPECT_EQ(buffering(relaxed, relaxed, light, heavy), ordered);
  EXPECT_EQ(buffering(relaxed, relaxed, heavy, light), ordered);
  EXPECT_EQ(buffering(relaxed, relaxed, heavy, heavy), ordered);
  EXPECT_EQ(buffering(relaxed, relaxed, light, light), any) << "they are for the compiler only";
  EXPECT_EQ(buffering(relaxed, relaxed, heavy, none), any);
}

TEST(Views, NobodySeesOneWordGoBack) {
  const Outcomes seen = outcomes_of([] {
    Word x{0};
    int first = 0;
    int second = 0;
    auto reader = B::spawn([&] {
      first = x.load(relaxed);
      second = x.load(relaxed);
    });
    x.store(1, relaxed);
    x.store(2, relaxed);
    reader.join();
    return in_digits(first, second);
  });
  EXPECT_EQ(seen, (Outcomes{"00", "01", "02", "11", "12", "22"}));
}

TEST(Views, ATaskSeesItsOwnStores) {
  EXPECT_EQ(outcomes_of([] {
              Word x{0};
              x.store(1, relaxed);
              return in_digits(x.load(relaxed));
            }),
            (Outcomes{"1"}));
}

/// Two write, two others read both words, in opposite directions: do they agree on who was first?
std::string two_readers(Order stored, Order loaded) {
  Word x{0};
  Word y{0};
  int xy[2] = {};
  int yx[2] = {};
  auto writes_x = B::spawn([&] { x.store(1, stored); });
  auto writes_y = B::spawn([&] { y.store(1, stored); });
  auto reads_x_first = B::spawn([&] { xy[0] = x.load(loaded), xy[1] = y.load(loaded); });
  yx[0] = y.load(loaded);
  yx[1] = x.load(loaded);
  reads_x_first.join(), writes_y.join(), writes_x.join();
  return in_digits(xy[0], xy[1], yx[0], yx[1]);
}

TEST(Views, TwoReadersAgreeOnTheOrderOfTwoWritersBySeqCstOnly) {
  EXPECT_TRUE(outcomes_of([] { return two_readers(release, acquire); }, 3).contains("1010"));
  EXPECT_FALSE(outcomes_of([] { return two_readers(seq_cst, seq_cst); }, 3).contains("1010"));
}

/// What one has learnt from another, a third one learns from it.
std::string causality(Order stored, Order loaded) {
  Word x{0};
  Word y{0};
  int y_seen = 0;
  int x_seen = 0;
  auto passes_on = B::spawn([&] {
    if (x.load(loaded) == 1) y.store(1, stored);
  });
  auto reads = B::spawn([&] {
    y_seen = y.load(loaded);
    x_seen = x.load(relaxed);
  });
  x.store(1, stored);
  passes_on.join(), reads.join();
  return in_digits(y_seen, x_seen);
}

TEST(Views, WhatIsReleasedBringsAlongWhatWasAcquired) {
  EXPECT_FALSE(outcomes_of([] { return causality(release, acquire); }).contains("10"));
  EXPECT_TRUE(outcomes_of([] { return causality(relaxed, relaxed); }).contains("10"));
}

/// `more` changes the flag from 1 to 2, after it was released.
std::string release_sequence(const std::function<void(Word&)>& own, const std::function<void(Word&)>& others) {
  Word data{0};
  Word flag{0};
  int seen = 0;
  int read = 0;
  auto other = B::spawn([&] { others(flag); });
  auto reader = B::spawn([&] {
    seen = flag.load(acquire);
    read = data.load(relaxed);
  });
  data.store(1, relaxed);
  flag.store(1, release);
  own(flag);
  reader.join(), other.join();
  return in_digits(seen, read);
}

TEST(Views, AReadModifyWritePassesOnWhatWasReleasedAndAStoreDoesNot) {
  const auto nothing = [](Word&) {};
  const auto adds = [](Word& flag) {
    for (int one = 1; !flag.compare_exchange_strong(one, 2, relaxed) && one == 1;) {
    }
  };
  EXPECT_FALSE(outcomes_of([&] { return release_sequence(nothing, adds); }).contains("20"));
  EXPECT_FALSE(outcomes_of([&] { return release_sequence(adds, nothing); }).contains("20"));
  const auto stores = [](Word& flag) { flag.store(2, relaxed); };
  EXPECT_TRUE(outcomes_of([&] { return release_sequence(stores, nothing); }).contains("20")) << "as of C++20";
}

TEST(Views, ReadModifyWritesLoseNothingAndSeeTheLatest) {
  EXPECT_EQ(outcomes_of([] {
              Word count{0};
              auto other = B::spawn([&] { count.fetch_add(1, relaxed), count.fetch_sub(3, relaxed); });
              count.fetch_add(1, relaxed);
              other.join();
              return in_digits(count.exchange(0, relaxed) + 1);
            }),
            (Outcomes{"0"}));
}

/// A failing one is no more than a load.
TEST(Views, AFailingCompareExchangeMaySeeWhatIsOld) {
  const auto seen = outcomes_of([] {
    Word x{0};
    int expected = 5;
    Word stored{0};
    auto other = B::spawn([&] { x.store(1, relaxed), stored.store(1, relaxed); });
    const int late = stored.load(relaxed);
    static_cast<void>(x.compare_exchange_strong(expected, 2, acq_rel));
    other.join();
    return in_digits(late, expected);
  });
  EXPECT_TRUE(seen.contains("10"));
  EXPECT_EQ(outcomes_of([] {
              Word x{0};
              auto other = B::spawn([&] { x.store(1, relaxed); });
              other.join();
              int expected = 0;
              const bool changed = x.compare_exchange_strong(expected, 2, relaxed);
              return in_digits(changed ? 1 : 0, expected);
            }),
            (Outcomes{"01"}));
}

/// What must have been seen, however it was passed on.
void expect_passed(const std::function<void(std::function<void()> write, std::function<void()> read)>& pass) {
  const auto report = run_all([&] {
    SimulatedPlain data;
    Word word{0};
    pass([&] { data.write(), word.store(1, relaxed); },
         [&] { data.read(), Simulation::check(word.load(relaxed) == 1, "what was passed is not seen"); });
  });
  EXPECT_TRUE(report.ok() && report.complete) << report.to_string();
}

TEST(Views, MutexesTokensAndTheBeginningsAndEndsOfTasksPassOnWhatWasDone) {
  expect_passed([](auto write, auto read) {  // a task's beginning
    write();
    B::spawn(read).join();
  });
  expect_passed([](auto write, auto read) {  // its end
    B::spawn(write).join();
    read();
  });
  expect_passed([](auto write, auto read) {
    B::ParkingSlot bed;
    auto writer = B::spawn([&] { write(), static_cast<void>(bed.unpark()); });
    bed.park_until(carpool::never);
    read();
  });
  expect_passed([](auto write, auto read) {
    B::Mutex mutex;
    bool written = false;
    auto writer = B::spawn([&] {
      mutex.lock();
      write(), written = true;
      mutex.unlock();
    });
    mutex.lock();
    if (written) read();
    mutex.unlock();
  });
}

TEST(Views, ADataRaceIsFound) {
  const auto race = [](Order stored) {
    return run_all([stored] {
      SimulatedPlain data;
      Word ready{0};
      auto reader = B::spawn([&] {
        if (ready.load(acquire) == 1) data.read();
      });
      data.write();
      ready.store(1, stored);
    });
  };
  EXPECT_TRUE(race(release).ok());
  EXPECT_FALSE(race(relaxed).ok());
  const auto reads_while_another_writes = run_all([] {
    SimulatedPlain data;
    auto reader = B::spawn([&] { data.read(); });
    Simulation::step();
    data.write();
  });
  EXPECT_FALSE(reads_while_another_writes.ok());
}

/// C++ and ARM allow this one, load buffering, and the model has it not: tasks go step by step, so no load sees a store
/// that has not been carried out.
TEST(Views, WhatIsStoredLaterIsNotSeen) {
  EXPECT_FALSE(outcomes_of([] {
                 Word x{0};
                 Word y{0};
                 int seen[2] = {};
                 auto other = B::spawn([&] { seen[0] = y.load(relaxed), x.store(1, relaxed); });
                 seen[1] = x.load(relaxed);
                 y.store(1, relaxed);
                 other.join();
                 return in_digits(seen[0], seen[1]);
               }).contains("11"));
}

}  // namespace

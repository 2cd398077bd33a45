// needs: simulation_backend
// The simulator itself: it finds what it is there to find, says so, and says the same again.
#include <carpool/simulation_backend.hpp>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "simulation_explore.hpp"

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using B = carpool::SimulationBackend;
using carpool::Simulation;
using carpool::SimulationReport;
using carpool::SimulationSearch;
using Kind = carpool::SimulationFailure::Kind;

SimulationReport search_all(SimulationSearch search, const std::function<void()>& scenario) {
  return carpool::simulate({.search = search, .schedules = 20'000}, scenario);
}

/// Waits for a flag without looking again before it sleeps: wakes up only if the flag comes late enough.
void forgets_to_look_again() {
  B::Mutex mutex;
  bool flag = false;
  B::ParkingSlot* sleeper = nullptr;
  B::ParkingSlot bed;
  auto waiter = B::spawn([&] {
    Simulation::name_task("the waiter");
    mutex.lock();
    const bool sleeps = !flag;
    mutex.unlock();
    if (!sleeps) return;
    mutex.lock();
    sleeper = &bed;
    mutex.unlock();
    bed.park_until(carpool::never);
  });
  mutex.lock();
  flag = true;
  auto* const found = sleeper;
  mutex.unlock();
  if (found != nullptr) [[maybe_unused]]
    const auto now = found->unpark();
}

class EverySearch : public testing::TestWithParam<SimulationSearch> {};

TEST_P(EverySearch, FindsALostWakeUpAndSaysWhoWaits) {
  const SimulationReport report = search_all(GetParam(), forgets_to_look_again);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.failure->kind, Kind::deadlock);
  EXPECT_NE(report.failure->what.find("the waiter: park at simulator_test.cpp"), std::string::npos)
      << report.to_string();
}

TEST_P(EverySearch, GivesATraceThatFailsInTheSameWay) {
  const SimulationReport found = search_all(GetParam(), forgets_to_look_again);
  ASSERT_FALSE(found.ok());
  const SimulationReport again = carpool::simulate({.search = SimulationSearch::replay,
                                                    .seed = found.seed,
                                                    .trace = carpool::SimulationTrace::parse(found.trace.to_string())},
                                                   forgets_to_look_again);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.failure->what, found.failure->what);
  EXPECT_EQ(again.schedules, 1U);
}

TEST_P(EverySearch, ShrinksTheTrace) {
  const SimulationReport report = search_all(GetParam(), forgets_to_look_again);
  ASSERT_FALSE(report.ok());
  EXPECT_LE(report.trace.deviations().size(), 3U) << report.to_string();
  EXPECT_FALSE(report.story.empty());
}

TEST_P(EverySearch, FindsALockOrderDeadlock) {
  const SimulationReport report = search_all(GetParam(), [] {
    B::Mutex one;
    B::Mutex two;
    auto other = B::spawn([&] {
      one.lock();
      two.lock();
      two.unlock();
      one.unlock();
    });
    two.lock();
    one.lock();
    one.unlock();
    two.unlock();
  });
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.failure->kind, Kind::deadlock);
  EXPECT_NE(report.failure->what.find("holding 1 mutex"), std::string::npos) << report.to_string();
  EXPECT_NE(report.failure->what.find("for what the scenario holds"), std::string::npos) << report.to_string();
  EXPECT_NE(report.failure->what.find("for what task 1 holds"), std::string::npos) << report.to_string();
}

TEST_P(EverySearch, FindsALostUpdate) {
  const SimulationReport report = search_all(GetParam(), [] {
    B::Atomic<int> counter{0};
    const auto raise = [&] { counter.store(counter.load() + 1); };
    auto other = B::spawn(raise);
    raise();
    other.join();
    Simulation::check(counter.load() == 2, "an update is lost");
  });
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.failure->kind, Kind::law);
}

INSTANTIATE_TEST_SUITE_P(Simulator, EverySearch,
                         testing::Values(SimulationSearch::random, SimulationSearch::priorities,
                                         SimulationSearch::depth_first),
                         [](const auto& each) { return std::string(to_string(each.param)); });

TEST(Simulator, CountsAllSchedulesOfTwoTasks) {
  const auto report =
      carpool::simulate({.search = SimulationSearch::depth_first, .schedules = 1000, .preemptions = 9}, [] {
        auto other = B::spawn([] { Simulation::step(), Simulation::step(); });
        Simulation::step();
        Simulation::step();
      });
  EXPECT_TRUE(report.ok());
  EXPECT_TRUE(report.complete);
  EXPECT_GT(report.schedules, 5U);
  EXPECT_LT(report.schedules, 100U);
}

TEST(Simulator, TriesOneScheduleOfWhatIsNotSearched) {
  const auto schedules_of = [](bool searched) {
    return carpool::simulate({.search = SimulationSearch::depth_first, .schedules = 1000, .preemptions = 2},
                             [searched] {
                               std::optional<Simulation::Unsearched> all;
                               if (!searched) all.emplace();
                               auto other = B::spawn([] { Simulation::step(), Simulation::step(); });
                               Simulation::step();
                               other.join();
                             })
        .schedules;
  };
  EXPECT_GT(schedules_of(true), 3U);
  EXPECT_EQ(schedules_of(false), 1U);
}

TEST(Simulator, ThoseWhoComeLastGoOnWhereNobodyElseCan) {
  for (const SimulationSearch search : {SimulationSearch::depth_first, SimulationSearch::random}) {
    const auto report = search_all(search, [] {
      bool over = false;
      B::ParkingSlot gate;
      auto last = B::spawn([&] {
        gate.park_until(carpool::never);
        Simulation::check(over, "somebody else can go on");
      });
      Simulation::others_come_last();
      {
        const auto roused = gate.unpark();
      }
      auto other = B::spawn([] { Simulation::step(), Simulation::step(); });
      Simulation::step();
      other.join();
      over = true;
    });
    EXPECT_TRUE(report.ok()) << report.to_string();
  }
}

/// Fails where time passes at each step, and somebody comes in between.
void is_slow_beside_another() {
  const carpool::TimePoint start = B::now();
  bool came = false;
  auto other = B::spawn([&] { came = true; });
  for (int i = 0; i < 3; ++i) Simulation::step();
  Simulation::check(!came || B::now() - start < 3ms, "slow, and not alone");
}

TEST(Simulator, AnExplorationsFailureIsFoundAgainByTheEnvironment) {
  const ExploringBudget budget{.step_takes = 1ms, .memory = carpool::SimulatedMemory::sequential};
  const SimulationReport found = explore(is_slow_beside_another, budget);
  ASSERT_FALSE(found.ok());
  ::setenv("CARPOOL_SIMULATION_TRACE", found.trace.to_string().c_str(), 1);
  ::setenv("CARPOOL_SIMULATION_SEED", std::to_string(found.seed).c_str(), 1);
  ::setenv("CARPOOL_SIMULATION_COARSE", "1", 1);
  const SimulationReport again = explore(is_slow_beside_another, budget);
  for (const char* name : {"TRACE", "SEED", "COARSE"}) ::unsetenv((std::string("CARPOOL_SIMULATION_") + name).c_str());
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.failure->what, found.failure->what);
}

TEST(Simulator, SameSeedSameSchedule) {
  const auto times_of = [](std::uint64_t seed) {
    std::vector<int> order;
    (void)carpool::simulate({.schedules = 1, .seed = seed}, [&] {
      order.clear();
      std::vector<B::Task> tasks;
      for (int i = 0; i < 5; ++i) tasks.push_back(B::spawn([&, i] { Simulation::step(), order.push_back(i); }));
    });
    return order;
  };
  EXPECT_EQ(times_of(7), times_of(7));
  int different = 0;
  for (std::uint64_t seed = 1; seed < 20; ++seed) different += times_of(seed) != times_of(0);
  EXPECT_GT(different, 10);
}

TEST(Simulator, SaysWhenARunCannotBeRepeated) {
  int runs = 0;  // outside of the simulation's control
  const auto report = carpool::simulate({.schedules = 5000}, [&] {
    if (++runs % 3 == 0) B::Mutex().lock();
  });
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.failure->kind, Kind::diverged);
}

TEST(Simulator, FindsALivelock) {
  const auto report = carpool::simulate({.schedules = 1, .max_steps = 1000}, [] {
    const B::Atomic<int> never_set{0};
    while (never_set.load() == 0) {
    }
  });
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.failure->kind, Kind::livelock);
}

TEST(Simulator, SaysWhoWaitsForWhoseEnd) {
  const auto report = carpool::simulate({.schedules = 1}, [] {
    B::ParkingSlot bed;
    auto sleeper = B::spawn([&] { bed.park_until(carpool::never); });
    sleeper.join();
  });
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.failure->kind, Kind::deadlock);
  EXPECT_NE(report.failure->what.find("for the end of task 1"), std::string::npos) << report.to_string();
  EXPECT_NE(report.failure->what.find("for somebody to unpark it"), std::string::npos) << report.to_string();
}

/// A livelock has nobody asleep: what each was about to do is told all the same.
TEST(Simulator, SaysWhoGoesRoundInCircles) {
  const auto report = carpool::simulate({.schedules = 1, .max_steps = 1000}, [] {
    const B::Atomic<int> never_set{0};
    Simulation::name_task("the spinner");
    while (never_set.load() == 0) {
    }
  });
  ASSERT_FALSE(report.ok());
  EXPECT_NE(report.failure->what.find("the spinner: load at simulator_test.cpp"), std::string::npos)
      << report.to_string();
}

TEST(Simulator, TellsWhichTaskThrew) {
  const auto report = carpool::simulate({}, [] {
    B::spawn([] {
      Simulation::name_task("the thrower");
      throw std::runtime_error("of its own accord");
    }).join();
  });
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.failure->kind, Kind::thrown);
  EXPECT_EQ(report.failure->what, "the thrower threw: of its own accord");
}

TEST(Simulator, FindsAMutexThatIsLockedTwiceOrUnlockedByAnother) {
  const auto twice = carpool::simulate({}, [] {
    B::Mutex mutex;
    mutex.lock();
    mutex.lock();
  });
  EXPECT_EQ(twice.failure.value().kind, Kind::misuse);
  const auto by_another = carpool::simulate({}, [] { B::Mutex().unlock(); });
  EXPECT_EQ(by_another.failure.value().kind, Kind::misuse);
}

TEST(Simulator, FindsWhoWaitsWhileItHoldsAMutex) {
  const auto report = carpool::simulate({}, [] {
    B::Mutex mutex;
    mutex.lock();
    B::sleep_until(B::now() + 1ms);
    mutex.unlock();
  });
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.failure->kind, Kind::misuse);
}

TEST(Simulator, AnHourTakesNoTime) {
  const auto real_start = std::chrono::steady_clock::now();
  const auto report = carpool::simulate({.schedules = 10}, [] {
    const carpool::TimePoint start = B::now();
    B::sleep_until(start + 1h);
    Simulation::check(B::now() == start + 1h, "a sleep ends at its deadline");
  });
  EXPECT_TRUE(report.ok()) << report.to_string();
  EXPECT_LT(std::chrono::steady_clock::now() - real_start, 30s);
}

/// Two tasks whose deadlines are apart: without slow tasks, the first is always done first.
TEST(Simulator, TimeMayPassWhileSomebodyCouldGoOn) {
  const auto scenario = [] {
    bool done = false;
    auto worker = B::spawn([&] {
      for (int i = 0; i < 3; ++i) Simulation::step();
      done = true;
    });
    B::sleep_until(B::now() + 1ms);
    Simulation::check(done, "the worker is slow");
  };
  EXPECT_FALSE(carpool::simulate({.schedules = 5000}, scenario).ok());
  EXPECT_TRUE(carpool::simulate({.schedules = 5000, .early_timers = 0}, scenario).ok());
}

TEST(Simulator, ExceptionsBelongToTheirTasks) {
  expect_holds([] {
    const auto rethrow_after_others = [](int mine) {
      try {
        throw mine;
      } catch (int) {
        B::sleep_until(B::now() + 1ms);
        try {
          throw;
        } catch (int own) {
          Simulation::check(own == mine, "another task's exception");
        }
        Simulation::check(std::uncaught_exceptions() == 0, "another task's unwinding");
      }
    };
    auto first = B::spawn([&] { rethrow_after_others(1); });
    auto second = B::spawn([&] { rethrow_after_others(2); });
  });
}

TEST(Simulator, InvariantsAreAskedAtEachStepAndAtRest) {
  int steps = 0;
  int rests = 0;
  (void)carpool::simulate({.schedules = 1, .early_timers = 0}, [&] {
    const Simulation::Invariant each(Simulation::Invariant::When::each_step, [&] { ++steps; });
    const Simulation::Invariant rest(Simulation::Invariant::When::at_rest, [&] { ++rests; });
    B::sleep_until(B::now() + 1ms);
  });
  EXPECT_GT(steps, 1);
  EXPECT_EQ(rests, 2) << "once in the run, once in its replay";
}

TEST(Simulator, ParsesWhatItPrintsAndNothingElse) {
  const auto trace = carpool::SimulationTrace::parse("17:1 40:2");
  EXPECT_EQ(trace.to_string(), "17:1 40:2");
  EXPECT_TRUE(carpool::SimulationTrace::parse("").deviations().empty());
  for (const char* bad : {"x", "1", "1:", ":1", "1:x", "1;2"}) {
    EXPECT_THROW((void)carpool::SimulationTrace::parse(bad), std::invalid_argument) << bad;
  }
}

/// Others' time passes while a worker is stopped; and nobody is who holds a mutex.
TEST(SimulatedStop, IsAChoiceBesideAllOthers) {
  const auto scenario = [] {
    B::Mutex mutex;
    const carpool::TimePoint came = B::now();
    for (int i = 0; i < 2; ++i) {
      const auto worker = B::spawn([&] {
        Simulation::step();
        mutex.lock();
        const carpool::TimePoint locked = B::now();
        Simulation::step();
        Simulation::check(B::now() == locked, "stopped, and holds a mutex");
        mutex.unlock();
      });
    }
    Simulation::check(B::now() == came, "somebody was stopped");
  };
  carpool::SimulationOptions options;
  options.search = SimulationSearch::depth_first;
  options.preemptions = 1;
  EXPECT_TRUE(carpool::simulate(options, scenario).ok()) << "nobody is stopped unless that is asked for";
  options.stops = 1;
  const SimulationReport report = carpool::simulate(options, scenario);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.failure->what, "somebody was stopped");
}

}  // namespace

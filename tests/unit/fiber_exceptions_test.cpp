// needs: fiber_backend
// Before version 1.88 Boost.Context leaves the exceptions in flight to the thread, whichever of its fibers runs.
#include <carpool/fiber_backend.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <boost/fiber/algo/round_robin.hpp>
#include <boost/fiber/fiber.hpp>
#include <boost/fiber/operations.hpp>

#include "fiber_situations.hpp"

namespace {

constexpr std::size_t fibers = 400;

void run_fibers(const std::function<void(std::size_t)>& work) {
  std::vector<Fibers::Task> tasks;
  for (std::size_t i = 0; i < fibers; ++i) tasks.push_back(Fibers::spawn([&work, i] { work(i); }));
}

/// Suspends, differently long in different fibers, so that they do not come back in the order of a stack.
void suspend(std::size_t which) {
  for (std::size_t i = 0; i < 1 + which % 7; ++i) boost::this_fiber::yield();
}

struct SuspendsWhileItDies {
  std::size_t which;
  int& counted;
  ~SuspendsWhileItDies() {
    counted = std::uncaught_exceptions();
    suspend(which);
    if (std::uncaught_exceptions() != 1) counted = -1;
  }
};

TEST(FiberExceptions, ARethrowInACatchBlockThatWasSuspendedThrowsTheFibersOwn) {
  std::size_t wrong = 0;
  run_fibers([&](std::size_t which) {
    const std::string own = "the exception of " + std::to_string(which);
    try {
      try {
        throw std::runtime_error(own);
      } catch (const std::exception&) {
        suspend(which);
        throw;
      }
    } catch (const std::exception& caught) {
      wrong += own != caught.what();
    }
  });
  EXPECT_EQ(wrong, 0u);
}

TEST(FiberExceptions, TheCurrentExceptionIsTheFibersOwnAfterASuspension) {
  std::size_t wrong = 0;
  run_fibers([&](std::size_t which) {
    try {
      throw which;
    } catch (std::size_t) {
      suspend(which);
      try {
        std::rethrow_exception(std::current_exception());
      } catch (std::size_t again) {
        wrong += again != which;
      }
      suspend(which + 3);
    }
    wrong += std::current_exception() != nullptr;
  });
  EXPECT_EQ(wrong, 0u);
}

TEST(FiberExceptions, WhileAFiberUnwindsItsCountOfExceptionsIsItsOwn) {
  std::size_t wrong = 0;
  run_fibers([&](std::size_t which) {
    int counted = 0;
    wrong += std::uncaught_exceptions() != 0;
    try {
      const SuspendsWhileItDies dies{which, counted};
      throw which;
    } catch (std::size_t) {
    }
    wrong += counted != 1;
    suspend(which);
    wrong += std::uncaught_exceptions() != 0;
  });
  EXPECT_EQ(wrong, 0u);
}

TEST(FiberExceptions, AThreadThatGetsItsSchedulerInACatchBlockKeepsItsException) {
  std::string seen;
  std::thread([&seen] {
    try {
      throw std::runtime_error("the thread's");
    } catch (const std::exception&) {
      Gate caught, seen_by_thread;
      auto fiber = Fibers::spawn([&] {
        try {
          throw std::runtime_error("the fiber's");
        } catch (const std::exception&) {
          caught.open();
          seen_by_thread.pass();
        }
      });
      caught.pass();
      try {
        throw;
      } catch (const std::exception& again) {
        seen = again.what();
      }
      seen_by_thread.open();
    }
  }).join();
  EXPECT_EQ(seen, "the thread's");
}

TEST(FiberExceptions, FibersThatWereStartedByBoostAreServedToo) {
  Fibers::install();
  std::size_t wrong = 0;
  std::vector<boost::fibers::fiber> started;
  for (std::size_t which = 0; which < fibers; ++which) {
    started.emplace_back([&wrong, which] {
      try {
        throw which;
      } catch (std::size_t&) {
        suspend(which);
        try {
          throw;
        } catch (std::size_t again) {
          wrong += again != which;
        }
      }
    });
  }
  for (boost::fibers::fiber& fiber : started) fiber.join();
  EXPECT_EQ(wrong, 0u);
}

void dispatch(const std::function<void()>& work) { boost::fibers::fiber(boost::fibers::launch::dispatch, work).join(); }

/// Boost switches to the new fiber without asking the scheduler.
TEST(FiberExceptions, WhoDispatchesAFiberInACatchBlockKeepsItsException) {
  Fibers::install();
  std::string seen;
  try {
    try {
      throw std::runtime_error("the launcher's");
    } catch (const std::exception&) {
      dispatch([] {
        EXPECT_EQ(std::current_exception(), nullptr) << "the new fiber is in no catch block";
        suspend(3);
        EXPECT_EQ(std::current_exception(), nullptr);
        dispatch([] { EXPECT_EQ(std::current_exception(), nullptr); });
      });
      EXPECT_NE(std::current_exception(), nullptr);
      throw;
    }
  } catch (const std::exception& caught) {
    seen = caught.what();
  }
  EXPECT_EQ(seen, "the launcher's");
}

TEST(FiberExceptions, ADispatchedFiberMaySuspendInACatchBlockAtOnce) {
  Fibers::install();
  boost::fibers::fiber dispatched;
  int again = 0;
  dispatched = boost::fibers::fiber(boost::fibers::launch::dispatch, [&again] {
    try {
      throw 7;
    } catch (int) {
      suspend(2);
      try {
        throw;
      } catch (int number) {
        again = number;
      }
    }
  });
  EXPECT_EQ(std::current_exception(), nullptr);
  dispatched.join();
  EXPECT_EQ(std::current_exception(), nullptr);
  EXPECT_EQ(again, 7);
}

struct DispatchesWhileItDies {
  ~DispatchesWhileItDies() {
    EXPECT_EQ(std::uncaught_exceptions(), 1);
    dispatch([] { EXPECT_EQ(std::uncaught_exceptions(), 0); });
    EXPECT_EQ(std::uncaught_exceptions(), 1);
  }
};

TEST(FiberExceptions, WhoDispatchesAFiberWhileItUnwindsKeepsItsCount) {
  Fibers::install();
  try {
    const DispatchesWhileItDies dies;
    throw 1;
  } catch (int) {
  }
  EXPECT_EQ(std::uncaught_exceptions(), 0);
}

/// To take fibers to another scheduler Boost picks them without switching to them.
TEST(FiberExceptions, FibersThatAreTakenToAnotherSchedulerAndBackGiveTheirsToNobody) {
  std::thread([] {
    Fibers::install();
    boost::fibers::fiber holder([] {
      try {
        throw 7;
      } catch (int) {
        boost::this_fiber::yield();
        EXPECT_NE(std::current_exception(), nullptr);
      }
    });
    boost::this_fiber::yield();  // the other is in its catch block
    boost::fibers::use_scheduling_algorithm<boost::fibers::algo::round_robin>();
    Fibers::install();
    holder.join();
    EXPECT_EQ(std::current_exception(), nullptr);
    EXPECT_EQ(std::uncaught_exceptions(), 0);
  }).join();
}

}  // namespace

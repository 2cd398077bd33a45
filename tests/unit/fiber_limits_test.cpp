// needs: fiber_backend
// What happens where stacks, descriptors or system calls run out.
#include <carpool/fiber_backend.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <system_error>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "fiber_situations.hpp"
#include "process.hpp"
#include "processor_time.hpp"

namespace {

using namespace std::chrono_literals;

std::size_t mappings() {
  std::ifstream maps("/proc/self/maps");
  return static_cast<std::size_t>(
      std::count(std::istreambuf_iterator<char>(maps), std::istreambuf_iterator<char>(), '\n'));
}

/// Each frame refers to the one above, so that no compiler makes a loop of it.
[[gnu::noinline]] int use_stack(std::size_t kilobytes, volatile char* above = nullptr) {
  volatile char frame[1024];
  frame[0] = above == nullptr ? '\0' : above[0];
  frame[1023] = 1;
  return (kilobytes <= 1 ? 0 : use_stack(kilobytes - 1, frame)) + frame[1023];
}

TEST(FiberStacks, FortyKilobytesMayBeUsed) {
  int sum = 0;
  Fibers::spawn([&] { sum = use_stack(40); }).join();
  EXPECT_EQ(sum, 40);
}

TEST(FiberStacks, AnOverflowEndsTheProcessInsteadOfOverwritingOtherMemory) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(Fibers::spawn([] { EXPECT_GT(use_stack(80), 0); }).join(), "");
}

TEST(FiberStacks, AreUsedAgainAndGivenBack) {
  constexpr std::size_t cached = 64;
  Fibers::spawn([] {}).join();
  const std::size_t before = mappings();
  for (int i = 0; i < 1000; ++i) Fibers::spawn([] {}).join();
  EXPECT_LE(mappings(), before + 64);  // some have ended and wait for the dispatcher's turn
  std::vector<Fibers::Task> many;
  for (int i = 0; i < 1000; ++i) many.push_back(Fibers::spawn([] {}));
  EXPECT_GT(mappings(), before + 500);
  many.clear();
  Fibers::sleep_until(Fibers::now() + 1ms);  // the dispatcher's turn to clean up
  EXPECT_LE(mappings(), before + 2 * cached + 64);
}

/// Makes a system call fail with the error for this thread, for ever.
bool fail_system_call(unsigned number, unsigned error) {
  std::array<sock_filter, 4> program{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),  // seccomp_data::nr is its first member
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

template <class Deed>
bool fails_for_want_of(std::errc what, Deed deed) {
  try {
    deed();
    return false;
  } catch (const std::system_error& error) {
    return error.code() == what;
  }
}

TEST(FiberLimits, AThreadThatGetsNoDescriptorForItsReactorIsToldWhereItNeedsOne) {
  for (const unsigned number : {unsigned{SYS_eventfd2}, unsigned{SYS_epoll_create1}}) {
    std::thread([number] {
      if (!fail_system_call(number, EMFILE)) return;  // nothing to be seen where filters are forbidden
      for (int attempt = 0; attempt < 2; ++attempt) {
        EXPECT_TRUE(fails_for_want_of(std::errc::too_many_files_open, [] { Fibers::install(); }));
        EXPECT_TRUE(fails_for_want_of(std::errc::too_many_files_open, [] { Fibers::spawn([] {}).join(); }));
      }
    }).join();
  }
}

TEST(FiberLimits, AThreadThatGetsNoDescriptorForItsReactorCanStillWait) {
  Fibers::spawn_background([] {}).join();  // the service thread has its own
  std::thread([] {
    if (!fail_system_call(SYS_eventfd2, EMFILE)) return;
    TwoSockets sockets;
    sockets.send_to_near();
    EXPECT_EQ(Fibers::wait(sockets.near(), POLLIN, carpool::never), unsigned{POLLIN});
    Fibers::sleep_until(Fibers::now() + 1ms);
    EXPECT_EQ(Fibers::run_blocking([] { return 7; }), 7);
    Fibers::spawn_background([] { Fibers::sleep_until(Fibers::now() + 1ms); }).join();
  }).join();
}

TEST(FiberLimits, WhereNoThreadCanBeStartedTheCallerIsToldAndMayTryAgain) {
  EXPECT_EQ(run_in_forked_child([] {  // which has neither service thread nor helpers yet
              int told = 0;
              std::thread([&told] {
                if (!fail_system_call(SYS_clone, EAGAIN) || !fail_system_call(SYS_clone3, EAGAIN)) return;
                constexpr auto again = std::errc::resource_unavailable_try_again;
                told += fails_for_want_of(again, [] { Fibers::spawn_background([] {}).join(); });
                told += fails_for_want_of(again, [] { Fibers::run_blocking([] {}); });
              }).join();
              Fibers::spawn_background([&told] { ++told; }).join();
              Fibers::run_blocking([&told] { ++told; });
              return told;
            }),
            4);
}

TEST(FiberLimits, OnAnOldKernelDeadlinesAreKeptToTheMillisecond) {
  EXPECT_EQ(run_in_forked_child([] {
              if (!fail_system_call(SYS_epoll_pwait2, ENOSYS)) return 0;
              TwoSockets sockets;
              const auto deadline = Fibers::now() + 10ms + 300us;
              if (Fibers::wait(sockets.near(), POLLIN, deadline) != 0) return 1;
              const auto late = Fibers::now() - deadline;
              if (late < 0ms || late > 500ms) return 2;
              const auto spent = time_on_processor();
              Fibers::sleep_until(Fibers::now() + 50ms);
              if (time_on_processor() - spent > 20ms) return 3;
              sockets.send_to_near();
              return Fibers::wait(sockets.near(), POLLIN, carpool::never) == POLLIN ? 0 : 4;
            }),
            0);
}

TEST(FiberLimits, StacksLeaveTheProcessHalfOfItsMappings) {
  constexpr std::size_t enough = 40'000;  // with a guard each they would need 80,000 mappings of 65,530
  carpool::detail::ContextStackCache cache;
  std::vector<std::byte*> stacks;
  stacks.reserve(enough);
  const std::size_t before = mappings();
  for (std::size_t i = 0; i < enough; ++i) stacks.push_back(cache.take());
  EXPECT_LT(mappings(), before + 33'000);
  for (std::byte* const stack : stacks) cache.give_back(stack);
}

}  // namespace

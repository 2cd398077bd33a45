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
#include <sys/resource.h>
#include <sys/syscall.h>

#include "fiber_situations.hpp"
#include "process.hpp"

namespace {

using namespace std::chrono_literals;

std::size_t mappings() {
  std::ifstream maps("/proc/self/maps");
  return static_cast<std::size_t>(
      std::count(std::istreambuf_iterator<char>(maps), std::istreambuf_iterator<char>(), '\n'));
}

[[gnu::noinline]] int use_stack(std::size_t kilobytes) {
  volatile char frame[1024];
  frame[0] = 1;
  frame[1023] = 1;
  return kilobytes <= 1 ? frame[0] : use_stack(kilobytes - 1) + frame[1023];
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
  EXPECT_LE(mappings(), before + 4);
  std::vector<Fibers::Task> many;
  for (int i = 0; i < 1000; ++i) many.push_back(Fibers::spawn([] {}));
  EXPECT_GT(mappings(), before + 500);
  many.clear();
  Fibers::sleep_until(Fibers::now() + 1ms);  // the dispatcher's turn to clean up
  EXPECT_LE(mappings(), before + 2 * cached + 8);
}

TEST(FiberLimits, AThreadThatFindsNoDescriptorForItsReactorIsToldAndMayTryAgain) {
  EXPECT_EQ(run_in_forked_child([] {
              int told = 0;
              std::thread([&told] {
                rlimit before{};
                ::getrlimit(RLIMIT_NOFILE, &before);
                rlimit none = before;
                none.rlim_cur = 0;
                ::setrlimit(RLIMIT_NOFILE, &none);
                try {
                  Fibers::install();
                } catch (const std::system_error& error) {
                  told += error.code().value() == EMFILE;
                }
                ::setrlimit(RLIMIT_NOFILE, &before);
                Fibers::spawn([&told] { ++told; }).join();
              }).join();
              return told == 2 ? 0 : 1;
            }),
            0);
}

/// Makes a system call fail as in a kernel or a sandbox that does not know it, for this process and for ever.
bool forget_system_call(unsigned number) {
  std::array<sock_filter, 4> program{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),  // seccomp_data::nr is its first member
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

TEST(FiberLimits, OnAnOldKernelDeadlinesAreKeptToTheMillisecond) {
  EXPECT_EQ(run_in_forked_child([] {
              if (!forget_system_call(SYS_epoll_pwait2)) return 0;  // nothing to be seen where filters are forbidden
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

}  // namespace

// needs: thread_backend
#include <carpool/posix/membarrier.hpp>
#include <carpool/thread_backend.hpp>

#include "backend_conformance.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

namespace {

/// From now on the kernel answers membarrier(2) with "not permitted", as a sandbox would make it.
[[nodiscard]] bool refuse_membarrier() {
  std::array<sock_filter, 4> program{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{.len = program.size(), .filter = program.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

[[noreturn]] void check_barriers_after_refusal() {
  if (!refuse_membarrier()) std::exit(2);
  const int blind = rounds_in_which_neither_side_saw_the_other<carpool::ThreadBackend>();
  expect_mutex_excludes<carpool::ThreadBackend>([](auto work) { return carpool::ThreadBackend::spawn(work); });
  const bool noticed = carpool::detail::membarrier_state.load() == carpool::detail::Membarrier::refused;
  std::exit(blind == 0 && noticed && !::testing::Test::HasFailure() ? EXIT_SUCCESS : EXIT_FAILURE);
}

// In a process of its own, because a filter cannot be taken back.
TEST(Membarrier, WhenTheKernelBeginsToRefuseLightBarriersBecomeFences) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(check_barriers_after_refusal(), ::testing::ExitedWithCode(EXIT_SUCCESS), "");
}

TEST(Membarrier, IsRegisteredBeforeMain) {
  if (!carpool::detail::membarrier_registered_at_start) GTEST_SKIP() << "this kernel has no membarrier";
  EXPECT_EQ(carpool::detail::membarrier_state.load(), carpool::detail::Membarrier::works);
}

TEST(Membarrier, WorksInAForkedChild) {
  const auto state_after_heavy_barrier = [] {
    carpool::detail::heavy_barrier();
    return static_cast<int>(carpool::detail::membarrier_state.load());
  };
  const int here = state_after_heavy_barrier();
  EXPECT_EQ(run_in_forked_child(state_after_heavy_barrier), here);
}

}  // namespace

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(BackendConformance);

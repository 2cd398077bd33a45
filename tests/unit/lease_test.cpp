// sanitizers: not thread
/// What a lease without a connection does.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/single_backend.hpp>

#include <gtest/gtest.h>

#include <system_error>

namespace {

struct Plain {
  using Connection = int;
  [[nodiscard]] static int connect(carpool::TimePoint) { return 1; }
  [[nodiscard]] static bool is_connected(int) noexcept { return true; }
};
using Pool = carpool::ConnectionPool<carpool::SingleBackend, carpool::LifoStack, Plain>;

TEST(EmptyLease, IsFalseAndGivesNothingBack) {
  Pool::Lease lease;
  EXPECT_FALSE(lease);
  lease.release(), lease.discard();
}

TEST(EmptyLease, SaysThatItHasNoConnectionWhereItIsAsked) {
#ifdef NDEBUG
  GTEST_SKIP() << "NDEBUG leaves assertions out";
#else
  Pool pool(Plain{});
  pool.close();
  std::error_code error;
  const auto lease = pool.acquire(error);
  ASSERT_TRUE(error);
  EXPECT_DEATH(static_cast<void>(*lease), "an empty lease has no connection");
  EXPECT_DEATH(static_cast<void>(lease.operator->()), "an empty lease has no connection");
#endif
}

}  // namespace
